"""What arrived: masked for everybody, in clear for those who may see it and are recorded."""

import json
from contextlib import suppress
from typing import Any, Final, cast

import zstandard
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.trouble import Source
from crm_app.errors import NotFoundError
from crm_app.models import InboxEntry, Order
from crm_app.services import audit, reach
from crm_app.services.exceptions import closed, healed, listing
from crm_app.services.exceptions.rows import ExceptionRow
from crm_app.services.payloads import payload_of

# More than anybody reads on a page; the whole stays in the database.
_LONGEST: Final = 20_000
# A body that would unpack to more is not shown at all.
_MOST_BYTES: Final = 4_000_000
_MASK: Final = "•••"
# No order is folded deeper; somebody's trick is.
_DEEPEST: Final = 40


def reveal(session: Session, actor: Actor, key: str) -> str:
    """What arrived in clear; the audit trail remembers who looked.

    Raises:
        PermissionDeniedError: Without `orders.view` and `customers.see_personal_data`.
        NotFoundError: If it healed by itself, or its body is not kept.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    body = body_of(session, find(session, key))
    if body is None:
        raise NotFoundError("stored body of", key[:80])
    audit.record(
        session, actor, "exception:body:revealed", subject_type="exception", subject_id=key
    )
    return clear(body)


def clear(body: bytes) -> str:
    """What arrived, as people read it. Whoever asks for it is recorded by the caller."""
    parsed = _parsed(body)
    try:
        return _cut(body.decode(errors="replace") if parsed is None else _pretty(parsed))
    except RecursionError:
        return _cut(body.decode(errors="replace"))


def find(session: Session, key: str) -> ExceptionRow:
    """One that is open, that a person closed or that solved itself; raises NotFoundError."""
    for place in (listing, closed):
        with suppress(NotFoundError):
            return place.find(session, key)
    return healed.find(session, key)


def body_of(session: Session, row: ExceptionRow) -> bytes | None:
    """The bytes behind an exception; None where there are none (any more)."""
    if row.source is Source.INBOX:
        entry = session.get(InboxEntry, int(row.key.split(":")[1]))
        return None if entry is None else unpacked(entry.body)
    if row.source not in (Source.CHANGE, Source.WAIT) or row.order_id is None:
        return None
    order = session.get(Order, row.order_id)
    told = payload_of(session, order) if order else None
    return None if told is None else json.dumps(told, ensure_ascii=False).encode()


def masked(body: bytes) -> str:
    """Its shape: every name, no value."""
    parsed = _parsed(body)
    if parsed is None:
        return f"{len(body):,} bytes that are no JSON."
    return _cut(_pretty(_masked(parsed)))


def unpacked(packed: bytes) -> bytes:
    """A stored body; empty if it is damaged or larger than anything is shown."""
    try:
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST_BYTES)
    except zstandard.ZstdError:
        return b""


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _masked(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        return _MASK
    if isinstance(value, dict):
        named = cast(dict[str, Any], value)
        return {name: _masked(item, depth + 1) for name, item in named.items()}
    if isinstance(value, list):
        return [_masked(item, depth + 1) for item in cast(list[Any], value)]
    return value if value is None or isinstance(value, bool) else _MASK


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "\n… cut off here"
