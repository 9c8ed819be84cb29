"""The audit trail: one hash-chained entry per deed, in the transaction of the deed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import desc, func, text
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.time import now
from crm_app.models import AuditEntry
from crm_app.services import bulk

GENESIS: Final = bytes(32)
_FIELDS: Final = tuple(AuditEntry.model_fields)


def record(
    session: Session,
    actor: Actor,
    action: str,
    *,
    subject_type: str,
    subject_id: object,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an entry to the caller's transaction, so change and entry stand or fall together.

    Takes the chain's lock until the transaction ends: call it last, just before the commit.

    Args:
        session: The session that also holds the change.
        actor: Who did it.
        action: `subject:action`, such as `order:status:changed`.
        subject_type: Kind of the thing changed, such as `order`.
        subject_id: Its key.
        before: Changed fields only, JSON types only, no secrets, no personal data.
        after: The same fields, new values.
    """
    record_many(
        session, actor, [Deed(action, subject_type, str(subject_id), before or {}, after or {})]
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """What `record` takes, of one of many."""

    action: str
    subject_type: str
    subject_id: str
    before: dict[str, Any]
    after: dict[str, Any]


def record_many(session: Session, actor: Actor, deeds: Sequence[Deed]) -> None:
    """`record` for each deed, in their order, with two statements for all of them."""
    if not deeds:
        return
    session.execute(text("SELECT pg_advisory_xact_lock(:kind, 0)"), {"kind": db.LOCK_AUDIT_CHAIN})
    last = head(session)
    entries: list[dict[str, Any]] = []
    moment, previous = now(), last.hash
    for number, deed in enumerate(deeds, start=last.id + 1):
        entry = AuditEntry(
            id=number,
            at=moment,
            action=deed.action,
            subject_type=deed.subject_type,
            subject_id=deed.subject_id,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            actor_label=actor.label,
            before=deed.before,
            after=deed.after,
            previous_hash=previous,
            hash=b"",
        )
        entry.hash = previous = digest(entry)
        entries.append({name: getattr(entry, name) for name in _FIELDS})
    session.execute(bulk.insert_rows(AuditEntry, _FIELDS), bulk.parameter(entries))


def digest(entry: AuditEntry) -> bytes:
    """SHA-256 over the entry's fields and its predecessor's hash, in a fixed JSON form."""
    fields = {
        "id": entry.id,
        "at": _stamp(entry.at),
        "action": entry.action,
        "subject": [entry.subject_type, entry.subject_id],
        "actor": [entry.actor_kind, entry.actor_id, entry.actor_label],
        "before": entry.before,
        "after": entry.after,
    }
    body = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(entry.previous_hash + body.encode()).digest()


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry. Written down outside the database, it proves that none was cut off."""

    id: int
    hash: bytes


def head(session: Session) -> Head:
    """The chain's end; `Head(0, GENESIS)` while it is empty."""
    found = session.exec(
        select(AuditEntry.id, AuditEntry.hash).order_by(desc("id")).limit(1)
    ).one_or_none()
    return Head(*found) if found else Head(0, GENESIS)


def first_broken(session: Session, noted: Head | None = None) -> int | None:
    """Walk the whole chain; the id of the first entry that was changed, removed before, or
    inserted, or None if it is whole. Reads in batches, so memory stays flat.

    A chain whose newest entries were all removed is whole in itself: only a `noted` head from
    earlier, kept outside the database, shows it (the answer is the id of the first one missing).
    """
    previous, expected_id = GENESIS, 1
    walk = select(AuditEntry).order_by("id").execution_options(yield_per=1_000)
    with session.exec(walk) as entries:
        for entry in entries:
            is_next = entry.id == expected_id and entry.previous_hash == previous
            is_noted = noted is None or entry.id != noted.id or entry.hash == noted.hash
            if not (is_next and is_noted and digest(entry) == entry.hash):
                return entry.id
            previous, expected_id = entry.hash, entry.id + 1
    return expected_id if noted is not None and noted.id >= expected_id else None


def count(session: Session) -> int:
    """How many entries the chain holds."""
    return session.exec(select(func.count()).select_from(AuditEntry)).one()


def _stamp(moment: datetime) -> str:
    # PostgreSQL keeps microseconds, as `now()` gives them, so the text is the same on every read.
    return moment.isoformat(timespec="microseconds")
