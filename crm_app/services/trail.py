"""The audit trail as people read it: searched, filtered, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, cast, func, or_, text
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.chain import Head
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import AuditEntry, User
from crm_app.services import audit

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
# One index look-up a kind, however many entries there are.
_KINDS: Final = text("""
WITH RECURSIVE kinds AS (
    (SELECT action FROM audit_entries ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT action FROM audit_entries WHERE action > kinds.action ORDER BY action LIMIT 1)
    FROM kinds WHERE kinds.action IS NOT NULL
)
SELECT action FROM kinds WHERE action IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class TrailQuery:
    """Which entries.

    Attributes:
        person: The id of the person who did it; their tokens' deeds included.
        action: A whole action, such as `order:status:changed`, or its beginning up to a colon.
        subject: What it was done to, as `order` or `order 123`.
        first_day: The first business day, included.
        last_day: The last business day, included.
        words: A person's name, an address, or a number of a subject.
    """

    person: int | None = None
    action: str = ""
    subject: str = ""
    first_day: date | None = None
    last_day: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class TrailPage:
    """The newest first. `older` is the id to go on below; None at the end."""

    entries: Sequence[AuditEntry]
    older: int | None


def list_entries(
    session: Session,
    actor: Actor,
    query: TrailQuery,
    *,
    before: int | None = None,
    limit: int = DEFAULT_LIMIT,
) -> TrailPage:
    """Entries that fit, the newest first. Needs `audit.view`.

    Raises:
        PermissionDeniedError: If the actor may not read the trail.
        InvalidInputError: If the days are in the wrong order, or the limit is out of range.
    """
    actor.require(Permission.SEE_AUDIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"A page has 1 to {MAX_LIMIT} entries.")
    conditions = list(_conditions(session, query))
    if before is not None:
        conditions.append(col(AuditEntry.id) < before)
    found = session.exec(
        select(AuditEntry).where(*conditions).order_by(col(AuditEntry.id).desc()).limit(limit + 1)
    ).all()
    is_more = len(found) > limit
    page = found[:limit]
    return TrailPage(page, page[-1].id if is_more else None)


def kinds(session: Session, actor: Actor) -> list[str]:
    """Every action that there is in the trail. Needs `audit.view`."""
    actor.require(Permission.SEE_AUDIT)
    return [row[0] for row in session.execute(_KINDS)]


def people(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Who may have done something, by name. Needs `audit.view`."""
    actor.require(Permission.SEE_AUDIT)
    return list(session.exec(select(User.id, User.name).order_by(User.name, col(User.id))).all())


def head(session: Session, actor: Actor) -> Head:
    """The chain's end, to be written down elsewhere. Needs `audit.view`."""
    actor.require(Permission.SEE_AUDIT)
    return audit.head(session)


def _conditions(session: Session, query: TrailQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.person is not None:
        found.append(col(AuditEntry.actor_id) == query.person)
    if query.action:
        begins = col(AuditEntry.action).startswith(f"{query.action}:", autoescape=True)
        found.append(or_(col(AuditEntry.action) == query.action, begins))
    if query.subject:
        kind, _, number = query.subject.strip().partition(" ")
        found.append(col(AuditEntry.subject_type) == kind.lower())
        if number.strip():
            found.append(col(AuditEntry.subject_id) == number.strip())
    if query.words.strip():
        found.append(_about(session, query.words.strip()))
    return found + _days(session, query)


def _about(session: Session, words: str) -> ColumnElement[bool]:
    # Names are looked up among the people, who are few, and not among the entries.
    named = session.exec(
        select(User.id).where(
            or_(
                col(User.name).icontains(words, autoescape=True),
                col(User.email).icontains(words, autoescape=True),
            )
        )
    ).all()
    return or_(
        col(AuditEntry.actor_id).in_(named),
        col(AuditEntry.subject_id) == words,
        col(AuditEntry.address) == words,
        col(AuditEntry.action) == words,
        col(AuditEntry.actor_label) == words,
    )


def _days(session: Session, query: TrailQuery) -> list[ColumnElement[bool]]:
    """The days as a span of ids: entries are numbered in the order of their time."""
    first, last = query.first_day, query.last_day
    if first and last and last < first:
        raise InvalidInputError("The last day is before the first.", details={"to": "Too early."})
    found: list[ColumnElement[bool]] = []
    if first:
        found.append(col(AuditEntry.id) >= _first_since(session, _begins(first)))
    if last:
        found.append(col(AuditEntry.id) < _first_since(session, _begins(last + timedelta(days=1))))
    return found


def _first_since(session: Session, moment: datetime) -> int:
    number = session.execute(
        columns(cast(col(AuditEntry.id), BigInteger))
        .where(col(AuditEntry.at) >= moment)
        .order_by(col(AuditEntry.at), col(AuditEntry.id))
        .limit(1)
    ).scalar_one_or_none()
    if number is not None:
        return int(number)
    return 1 + int(session.execute(columns(func.coalesce(func.max(AuditEntry.id), 0))).scalar_one())


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), get_settings().zone)
