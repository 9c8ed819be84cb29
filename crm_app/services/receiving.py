"""A webhook arrives: proved, stored, and only then acknowledged."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import zstandard
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, SQLModel

from crm_app import queue, vault
from crm_app.channels.inbound import Deed, Delivery, Hook, HookEvent, dedupe_keys, events_of
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.models import ChannelAccount, InboxState

logger = logging.getLogger(__name__)

# The name of a webhook's secret among an account's credentials.
SECRET: Final = "webhook_secret"  # noqa: S105
KIND: Final = "hook:"
_COMPRESSION_LEVEL: Final = 3
_STATES: Final = {
    Deed.STORE: InboxState.RECEIVED,
    Deed.READ: InboxState.RECEIVED,
    Deed.PERSON: InboxState.SET_ASIDE,
    Deed.NOTHING: InboxState.PROCESSED,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the channel is answered, once the transaction has committed.

    Attributes:
        reply: The body of the answer.
        is_new: Whether anything of it was not here before.
    """

    reply: dict[str, Any]
    is_new: bool


def receive(
    session: Session, channel: Channel, account_id: int, hook: Hook, delivery: Delivery
) -> Accepted | None:
    """Prove a delivery and store it; None if it is not proved or there is no such account.

    Both refusals take the same work, so that nobody learns from the time which accounts there
    are. A paused account still stores: what is sent once must not be lost.

    Args:
        session: The caller commits, and acknowledges after that.
        channel: As the address names it.
        account_id: As the address names it; 0 for what is no id.
        hook: Of the channel.
        delivery: As it arrived.
    """
    moment = now()
    account = session.get(ChannelAccount, account_id)
    if account is not None and account.channel is not channel:
        account = None
    sealed = account.credentials if account is not None else _nobodys()
    secret = vault.unseal(sealed).get(SECRET, "")
    is_proved = hook.verify(
        delivery.headers,
        delivery.body,
        # Without a secret nothing is proved, in the same time.
        secret or secrets.token_hex(16),
        url=delivery.url,
        method=delivery.method,
        now=moment,
    )
    if account is None or not is_proved:
        return None
    events = events_of(hook, delivery)
    is_new = _store(session, account, hook, delivery, events, moment)
    return Accepted(hook.reply(account.id, events, moment), is_new)


@lru_cache
def _nobodys() -> bytes:
    """Credentials that are unsealed where there is no account."""
    return vault.seal({SECRET: secrets.token_hex(16)})


def _store(
    session: Session,
    account: ChannelAccount,
    hook: Hook,
    delivery: Delivery,
    events: tuple[HookEvent, ...],
    moment: datetime,
) -> bool:
    """One row for each event, whatever repeats; whether any row is new."""
    body = zstandard.compress(delivery.body, _COMPRESSION_LEVEL)
    keys = dedupe_keys(hook, delivery, events)
    rows = [
        {
            "account_id": account.id,
            "kind": f"{KIND}{event.deed}",
            "topic": event.topic,
            "dedupe_key": key,
            "external_id": event.external_id,
            "state": _STATES[event.deed],
            "reason": event.why[:500],
            "body": body,
            "attempts": 0,
            "next_try_at": moment if _STATES[event.deed] is InboxState.RECEIVED else None,
            "times_seen": 1,
            "processed_at": moment if event.deed is Deed.NOTHING else None,
        }
        for key, event in zip(keys, events, strict=True)
    ]
    is_new = 1 in {_times_seen(session, row) for row in rows}
    for event in events:
        if event.deed is Deed.PERSON and is_new:
            logger.warning("A webhook of account %d needs a person: %s", account.id, event.topic)
    if is_new and any(row["next_try_at"] for row in rows):
        queue.hint_inbox(session, account.id)
    return is_new


def _statement() -> Any:
    """One event into the inbox; how often it came. Its columns are the parameters."""
    table = SQLModel.metadata.tables["inbox"]
    return (
        upsert(table)
        .on_conflict_do_update(
            index_elements=["account_id", "dedupe_key"],
            set_={
                "times_seen": table.c.times_seen + 1,
                "last_seen_at": func.clock_timestamp(),
            },
        )
        .returning(table.c.times_seen)
    )


# Built once: to build it anew for every delivery took a third of the work of a webhook.
_STATEMENT: Final = _statement()


def _times_seen(session: Session, row: dict[str, Any]) -> int:
    return session.connection().execute(_STATEMENT, row).scalar_one()
