"""Notices: what one person is told in the app, and what they have read of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.address import safe_path
from crm_app.domain.time import now
from crm_app.errors import NotFoundError, NotSignedInError
from crm_app.models import Notice, User

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
# Nobody reads on from here: the bell says "99+".
MOST_COUNTED: Final = 100
_MAX_SENTENCE: Final = 300
_MAX_HREF: Final = 300
_MAX_KEY: Final = 120


@dataclass(frozen=True, slots=True)
class NoticePage:
    """The newest first. `older` is the id to go on below; None at the end."""

    notices: Sequence[Notice]
    older: int | None


def tell(
    session: Session,
    user_ids: Collection[int],
    *,
    kind: str,
    sentence: str,
    href: str,
    key: str,
) -> int:
    """Tell people something, in the caller's transaction; how many were told anew.

    Whoever still has an unread notice of the same key is not told again; people who were
    deactivated are told nothing. The caller has decided who may know of it.

    Args:
        session: The caller commits.
        user_ids: Whom; repeats and unknown ids do no harm.
        kind: One word: "mention", "watch", "alert".
        sentence: For people, without personal data; cut after 300 characters.
        href: A path of this product; anything else leads to the dashboard.
        key: What it is about, such as "order:5:comment:9"; 120 characters at most.

    Raises:
        ValueError: If the key is empty or too long: two subjects must not look alike.
    """
    if not key or len(key) > _MAX_KEY:
        raise ValueError(f"A notice's key has 1 to {_MAX_KEY} characters: {key!r}")
    if not user_ids:
        return 0
    path = safe_path(href)
    told = (
        sa.select(
            col(User.id),
            sa.literal(kind),
            sa.literal(_cut(sentence)),
            sa.literal(path if len(path) <= _MAX_HREF else "/"),
            sa.literal(key),
            sa.literal(now()),
        )
        .where(col(User.id).in_(set(user_ids)), col(User.is_active).is_(True))
        # Always in the same order: two that tell the same people do not wait for each other.
        .order_by(col(User.id))
    )
    statement = (
        insert(Notice)
        .from_select(["user_id", "kind", "sentence", "href", "key", "at"], told)
        .on_conflict_do_nothing()
        .returning(col(Notice.id))
    )
    return len(session.execute(statement).all())


def list_notices(
    session: Session,
    actor: Actor,
    *,
    only_unread: bool = False,
    before: int | None = None,
    limit: int = DEFAULT_LIMIT,
) -> NoticePage:
    """The actor's own notices, newest first.

    Args:
        session: An open session.
        actor: A person; nobody reads another's.
        only_unread: Leave out what was read.
        before: Only older ones than this id.
        limit: Most rows, 1 to 100.

    Raises:
        NotSignedInError: If the actor is no person.
    """
    user_id = _person(actor)
    limit = max(1, min(limit, MAX_LIMIT))
    statement = select(Notice).where(Notice.user_id == user_id)
    if only_unread:
        statement = statement.where(col(Notice.read_at).is_(None))
    if before is not None:
        statement = statement.where(col(Notice.id) < before)
    found = session.exec(statement.order_by(col(Notice.id).desc()).limit(limit + 1)).all()
    rows = found[:limit]
    return NoticePage(rows, rows[-1].id if len(found) > limit else None)


def count_unread(session: Session, actor: Actor) -> int:
    """How many the actor has not read; counting stops at 100.

    Raises:
        NotSignedInError: If the actor is no person.
    """
    unread = (
        select(Notice.id)
        .where(Notice.user_id == _person(actor), col(Notice.read_at).is_(None))
        .limit(MOST_COUNTED)
        .subquery()
    )
    return session.exec(select(func.count()).select_from(unread)).one()


def mark_read(session: Session, actor: Actor, notice_id: int) -> Notice:
    """Mark one of the actor's own notices as read; again does nothing.

    Raises:
        NotSignedInError: If the actor is no person.
        NotFoundError: If the actor has no such notice.
    """
    found = session.exec(
        select(Notice)
        .where(Notice.id == notice_id, Notice.user_id == _person(actor))
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFoundError("notice", notice_id)
    found.read_at = found.read_at or now()
    return found


def mark_all_read(session: Session, actor: Actor, *, up_to: int | None = None) -> int:
    """Mark all of the actor's notices as read; how many were not.

    Args:
        session: The caller commits.
        actor: A person.
        up_to: The newest id on the person's screen: what came after it stays unread.

    Raises:
        NotSignedInError: If the actor is no person.
    """
    statement = update(Notice).where(
        col(Notice.user_id) == _person(actor), col(Notice.read_at).is_(None)
    )
    if up_to is not None:
        statement = statement.where(col(Notice.id) <= up_to)
    return len(session.execute(statement.values(read_at=now()).returning(col(Notice.id))).all())


def withdraw(session: Session, *, key: str) -> int:
    """Mark what everybody was told of a subject as read: it is over; how many had not read it."""
    over = update(Notice).where(col(Notice.key) == key, col(Notice.read_at).is_(None))
    return len(session.execute(over.values(read_at=now()).returning(col(Notice.id))).all())


def forget_notices(session: Session, before: datetime, *, most: int) -> int:
    """Delete the oldest notices from before a moment, read or not; how many it was."""
    old = select(Notice.id).where(col(Notice.at) < before).order_by(col(Notice.at)).limit(most)
    ids = session.exec(old.with_for_update(skip_locked=True)).all()
    session.execute(sa.delete(Notice).where(col(Notice.id).in_(ids)))
    return len(ids)


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotSignedInError
    return actor.user_id


def _cut(sentence: str) -> str:
    sentence = " ".join(sentence.split())
    return sentence if len(sentence) <= _MAX_SENTENCE else f"{sentence[: _MAX_SENTENCE - 1]}…"
