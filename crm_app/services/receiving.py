"""Webhooks arrive: proved, stored, and only then acknowledged; many in one transaction."""

import logging
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import zstandard
from sqlalchemy import text
from sqlmodel import Session, col, select

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

# Column -> type. Arrays keep the statement the same however many come at once.
_COLUMNS: Final = {
    "account_id": "bigint",
    "kind": "text",
    "topic": "text",
    "dedupe_key": "text",
    "external_id": "text",
    "state": "text",
    "reason": "text",
    "body": "bytea",
    "next_try_at": "timestamptz",
    "processed_at": "timestamptz",
    "times_seen": "integer",
}
_STORE: Final = text(
    f"""
    INSERT INTO inbox ({", ".join(_COLUMNS)}, attempts)
    SELECT *, 0 FROM unnest(
        {", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _COLUMNS.items())}
    )
    ON CONFLICT (account_id, dedupe_key) DO UPDATE
    SET times_seen = inbox.times_seen + excluded.times_seen, last_seen_at = clock_timestamp()
    RETURNING account_id, dedupe_key, times_seen
    """  # noqa: S608 - column names of our own
)

# What is kept once: the account and the key of an event.
_Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery with where it came to.

    Attributes:
        channel: As the address names it.
        account_id: As the address names it; 0 for what is no id.
        hook: Of the channel.
    """

    channel: Channel
    account_id: int
    hook: Hook
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the channel is answered, once the transaction has committed.

    Attributes:
        reply: The body of the answer.
        is_new: Whether anything of it was not here before.
    """

    reply: dict[str, Any]
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Proved:
    """A delivery that may be stored, with the key of each of its events."""

    arrival: Arrival
    events: tuple[HookEvent, ...]
    keys: list[_Key]


def receive(session: Session, arrivals: Sequence[Arrival]) -> list[Accepted | None]:
    """Prove deliveries and store them; None for one that is not proved or has no such account.

    Both refusals take the same work, so that nobody learns from the time which accounts there
    are. A paused account still stores: what is sent once must not be lost.

    Args:
        session: The caller commits, and acknowledges after that.
        arrivals: In the order they came. What one of them raises fails all of them.

    Returns:
        One answer for each arrival, in the same order.

    Raises:
        SecretsUnreadableError: If the credentials of one account cannot be decrypted.
    """
    moment = now()
    sealed = _sealed(session, arrivals)
    # The right secret as of this transaction: one that was taken back proves nothing from now on.
    secrets_of = {key: vault.unseal(token).get(SECRET, "") for key, token in sealed.items()}
    proved = [_proved(arrival, secrets_of, moment) for arrival in arrivals]
    new = _store(session, [one for one in proved if one is not None], moment)
    return [None if one is None else _accepted(session, one, new, moment) for one in proved]


def _sealed(session: Session, arrivals: Sequence[Arrival]) -> dict[tuple[Channel, int], bytes]:
    """Encrypted credentials of every account that is spoken to; nobody's where there is none."""
    wanted = {(arrival.channel, arrival.account_id) for arrival in arrivals}
    found = session.exec(
        select(ChannelAccount.channel, ChannelAccount.id, ChannelAccount.credentials).where(
            col(ChannelAccount.id).in_({account_id for _, account_id in wanted})
        )
    ).all()
    known = {(channel, account_id): sealed for channel, account_id, sealed in found}
    return {key: known.get(key, _nobodys()) for key in wanted}


@lru_cache
def _nobodys() -> bytes:
    """Credentials that are unsealed where there is no account: they hold no secret."""
    return vault.seal({SECRET: ""})


def _proved(
    arrival: Arrival, secrets_of: Mapping[tuple[Channel, int], str], moment: datetime
) -> _Proved | None:
    secret = secrets_of[arrival.channel, arrival.account_id]
    delivery = arrival.delivery
    is_proved = arrival.hook.verify(
        delivery.headers,
        delivery.body,
        # Without a secret nothing is proved, in the same time.
        secret or secrets.token_hex(16),
        url=delivery.url,
        method=delivery.method,
        now=moment,
    )
    if not is_proved or not secret:
        return None
    events = events_of(arrival.hook, delivery)
    keys = [(arrival.account_id, key) for key in dedupe_keys(arrival.hook, delivery, events)]
    return _Proved(arrival, events, keys)


def _store(session: Session, proved: Sequence[_Proved], moment: datetime) -> set[_Key]:
    """One row for each event, whatever repeats; the keys of those that were not here before."""
    if not proved:
        return set()
    came = Counter(key for one in proved for key in one.keys)
    rows: dict[_Key, dict[str, Any]] = {}
    # One for all: to make a compressor takes longer than to use it.
    compressor = zstandard.ZstdCompressor(_COMPRESSION_LEVEL)
    for one in proved:
        body = compressor.compress(one.arrival.delivery.body)
        for key, event in zip(one.keys, one.events, strict=True):
            rows.setdefault(key, _row(key, event, body, moment) | {"times_seen": came[key]})
    # In one order everywhere: two processes that store the same deliveries must not deadlock.
    ordered = [rows[key] for key in sorted(rows)]
    values = {name: [row[name] for row in ordered] for name in _COLUMNS}
    stored: Iterable[Any] = session.execute(_STORE, values)
    return {(account_id, key) for account_id, key, seen in stored if seen == came[account_id, key]}


def _row(key: _Key, event: HookEvent, body: bytes, moment: datetime) -> dict[str, Any]:
    state = _STATES[event.deed]
    return {
        "account_id": key[0],
        "kind": f"{KIND}{event.deed}",
        "topic": event.topic,
        "dedupe_key": key[1],
        "external_id": event.external_id,
        "state": state.value,
        "reason": event.why[:500],
        "body": body,
        "next_try_at": moment if state is InboxState.RECEIVED else None,
        "processed_at": moment if event.deed is Deed.NOTHING else None,
    }


def _accepted(session: Session, one: _Proved, new: set[_Key], moment: datetime) -> Accepted:
    """The answer; the first delivery of what is new takes it out of `new` and has it worked on."""
    is_new = not new.isdisjoint(one.keys)
    new.difference_update(one.keys)
    account_id = one.arrival.account_id
    if is_new:
        for event in one.events:
            if event.deed is Deed.PERSON:
                said = "A webhook of account %d needs a person: %s"
                logger.warning(said, account_id, event.topic)
        if any(_STATES[event.deed] is InboxState.RECEIVED for event in one.events):
            queue.hint_inbox(session, account_id)
    return Accepted(one.arrival.hook.reply(account_id, one.events, moment), is_new)
