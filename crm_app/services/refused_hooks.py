"""Webhooks without a proof: each one is counted, and the first of an hour are kept with who sent
them, so that an admin sees what is wrong and strangers fill no table."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, select

from crm_app import vault
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.models import ChannelAccount
from crm_app.services.receiving import SECRET

# Of one account and one hour; all addresses that name no account share one number.
KEPT_AN_HOUR: Final = 100

# One statement each for a wrong secret and for an account that does not exist: who measures the
# time learns nothing. A number that is no account of the channel counts for account 0.
_COUNT: Final = text(
    """
    INSERT INTO webhook_refusals (hour, account_id, refused, last_at)
    VALUES (date_trunc('hour', CAST(:moment AS timestamptz)), :account, 1, :moment)
    ON CONFLICT (hour, account_id) DO UPDATE
    SET refused = webhook_refusals.refused + 1, last_at = excluded.last_at
    RETURNING refused
    """
)
_KEEP: Final = text(
    """
    INSERT INTO refused_webhooks (at, account_id, path, address, topic, size, reason)
    SELECT :moment, :account, :path, :address, :topic, :size, :reason
    WHERE CAST(:seen AS integer) <= CAST(:most AS integer)
    """
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused.

    Attributes:
        channel: As the address names it.
        account_id: As the address names it; 0 for what is no id.
        path: The address as it was called.
        address: Who called.
        topic: What the headers call the event; "" where they do not.
        size: Of the body, in bytes.
    """

    channel: Channel
    account_id: int
    path: str
    address: str
    topic: str
    size: int


def record(session: Session, refusal: Refusal) -> None:
    """Count one refusal and keep it; the caller commits."""
    found = session.exec(
        select(ChannelAccount.id, ChannelAccount.credentials).where(
            ChannelAccount.id == refusal.account_id, ChannelAccount.channel == refusal.channel
        )
    ).one_or_none()
    account_id, sealed = found or (0, _nobodys())
    # Opened in both cases, for the time that it takes.
    has_secret = bool(vault.unseal(sealed).get(SECRET, ""))
    values = {"moment": now(), "account": account_id}
    seen = session.execute(_COUNT, values).scalar_one()
    kept = {
        "path": "" if account_id else printed(refusal.path, 80),
        "address": printed(refusal.address, 64),
        "topic": printed(refusal.topic, 60),
        "size": refusal.size,
        "reason": _reason(account_id, has_secret=has_secret),
        "seen": seen,
        "most": KEPT_AN_HOUR,
    }
    session.execute(_KEEP, values | kept)


def printed(text: str, most: int) -> str:
    """What a stranger sent, as far as it can be shown and stored."""
    return "".join(one if one.isprintable() else "?" for one in text[:most])


def _reason(account_id: int, *, has_secret: bool) -> str:
    if not account_id:
        return "No account of ours has this address."
    if not has_secret:
        return "No webhook secret is set for this account, so nothing can be proved."
    return "The proof is missing, wrong or too old."


@lru_cache
def _nobodys() -> bytes:
    return vault.seal({SECRET: ""})
