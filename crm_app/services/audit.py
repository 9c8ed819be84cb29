"""The audit trail: one hash-chained entry per deed, in the transaction of the deed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import desc, func, text
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain import chain
from crm_app.domain.actor import Actor
from crm_app.domain.chain import Break, Head, Link, Walk
from crm_app.domain.time import now
from crm_app.models import AuditEntry
from crm_app.services import bulk

# Verified at once: some megabytes, and a fraction of a second.
PIECE: Final = 10_000
_COLUMNS: Final = ", ".join(chain.COLUMNS)
_PIECE_SQL: Final = f"""
SELECT {_COLUMNS} FROM audit_entries WHERE id > :after ORDER BY id LIMIT :most
"""  # noqa: S608 - names of our own
_BEFORE_ALL: Final = -(2**63)


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
        link: Link = (
            number,
            moment,
            deed.action,
            deed.subject_type,
            deed.subject_id,
            actor.kind.value,
            actor.user_id,
            actor.label,
            deed.before,
            deed.after,
            chain.FORM,
            actor.address,
            actor.token_id,
            previous,
            b"",
        )
        previous = chain.digest(link)
        entries.append(dict(zip(chain.COLUMNS, (*link[:-1], previous), strict=True)))
    session.execute(bulk.insert_rows(AuditEntry, chain.COLUMNS), bulk.parameter(entries))


def head(session: Session) -> Head:
    """The chain's end; `Head()` while it is empty."""
    found = session.exec(
        select(AuditEntry.id, AuditEntry.hash).order_by(desc("id")).limit(1)
    ).one_or_none()
    return Head(*found) if found else Head()


def piece(session: Session, after: int) -> list[Link]:
    """The next entries as plain tuples, in their order; 0 begins before the first one."""
    # Somebody who slips an entry in may give it any number.
    start = after or _BEFORE_ALL
    rows = session.execute(text(_PIECE_SQL), {"after": start, "most": PIECE})
    return [tuple(row) for row in rows]  # pyright: ignore[reportReturnType] - typed by COLUMNS


def pieces(session: Session) -> Iterator[list[Link]]:
    """The whole chain, a piece at a time, so that memory stays flat."""
    found = piece(session, 0)
    while found:
        yield found
        found = piece(session, found[-1][0])


def verify(session: Session, *noted: Head) -> Break | None:
    """Walk the whole chain; the first entry that was changed, removed before, or slipped in.

    A chain whose newest entries were all removed is whole in itself: only a head that was noted
    earlier, outside the database, shows it.
    """
    walk = Walk(noted={one.id: one.hash for one in noted if one.id})
    for links in pieces(session):
        if broken := walk.take(links):
            return broken
    return walk.end()


def count(session: Session) -> int:
    """How many entries the chain holds."""
    return session.exec(select(func.count()).select_from(AuditEntry)).one()
