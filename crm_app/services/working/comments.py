"""Comments on an order, and whom they name. The history keeps that they changed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import Order, OrderComment, User
from crm_app.services import reach
from crm_app.services.personal_data import WITHHELD
from crm_app.services.working import people, telling, watching
from crm_app.services.working.changes import explain, lock
from crm_app.services.working.people import Colleague

LONGEST: Final = 4_000
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class CommentView:
    """One comment. `text` is a word in its place where the actor may not see personal data."""

    id: int
    author_id: int
    author: str
    text: str
    is_mine: bool
    created_at: datetime
    edited_at: datetime | None


def list_comments(session: Session, actor: Actor, order_id: int) -> list[CommentView]:
    """The newest comments of an order, oldest first; deleted ones are gone.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    actor = _there(session, actor, order_id)
    rows = session.exec(
        select(OrderComment, User.name)
        .join(User, col(User.id) == OrderComment.author_id)
        .where(OrderComment.order_id == order_id, col(OrderComment.deleted_at).is_(None))
        .order_by(col(OrderComment.id).desc())
        .limit(_SHOWN)
    ).all()
    return [_view(actor, comment, author) for comment, author in reversed(rows)]


def add_comment(session: Session, actor: Actor, order_id: int, text: str) -> CommentView:
    """Write a comment. Its author and whomever it names with `@Name` watch the order from now on.

    Args:
        session: An open transaction.
        actor: Must hold `orders.comment`.
        order_id: Of an order that exists.
        text: 1 to `LONGEST` characters; line breaks stay.

    Raises:
        PermissionDeniedError: If the actor may not.
        NotFoundError: If there is no such order.
        InvalidInputError: If the text is empty or too long.
    """
    author_id = _author(session, actor)
    words = _clean(text)
    lock(session, [order_id])
    named = mentioned(words, people.colleagues(session, actor))
    ids = [one.id for one in named]
    comment = OrderComment(order_id=order_id, author_id=author_id, text=words, mentions=ids)
    session.add(comment)
    session.flush()
    watching.add(session, actor, order_id, [author_id, *ids])
    telling.mentioned(session, actor, ids, order_id, comment.id)
    told = {*ids, author_id}
    telling.watchers(
        session, actor, [order_id], lambda _: "wrote a comment", subject="comment", without=told
    )
    _explain(session, actor, comment, "comment:added", named)
    return _view(actor, comment, actor.label)


def edit_comment(session: Session, actor: Actor, comment_id: int, text: str) -> CommentView:
    """Change a comment of one's own.

    Raises:
        PermissionDeniedError: If it is somebody else's.
        NotFoundError: If there is no such comment (any more).
        InvalidInputError: If the text is empty or too long.
    """
    comment = _own(session, actor, comment_id)
    words = _clean(text)
    if words != comment.text:
        named = mentioned(words, people.colleagues(session, actor))
        newly = [one.id for one in named if one.id not in comment.mentions]
        comment.text, comment.mentions = words, [one.id for one in named]
        comment.edited_at = now()
        session.flush()
        watching.add(session, actor, comment.order_id, comment.mentions)
        telling.mentioned(session, actor, newly, comment.order_id, comment.id)
        _explain(session, actor, comment, "comment:edited", named)
    return _view(actor, comment, actor.label)


def delete_comment(session: Session, actor: Actor, comment_id: int) -> None:
    """Take a comment of one's own away; the history says that there was one.

    Raises: as `edit_comment`.
    """
    comment = _own(session, actor, comment_id)
    comment.text, comment.mentions, comment.deleted_at = "", [], now()
    session.flush()
    _explain(session, actor, comment, "comment:deleted")


def mentioned(text: str, colleagues: Sequence[Colleague]) -> list[Colleague]:
    """Whom a text names: `@Asha Kulkarni`, in any case; of two names that fit, the longer one."""
    found: dict[int, Colleague] = {}
    for start in re.finditer(r"(?<!\w)@", text):
        rest = text[start.end() :].casefold()
        fitting = [one for one in colleagues if _begins(rest, one.name.casefold())]
        longest = max((len(one.name) for one in fitting), default=0)
        found |= {one.id: one for one in fitting if len(one.name) == longest}
    return list(found.values())


def _begins(rest: str, name: str) -> bool:
    """Whether the text begins with this name as whole words."""
    after = rest[len(name) : len(name) + 1]
    return bool(name) and rest.startswith(name) and not after.isalnum()


def _there(session: Session, actor: Actor, order_id: int) -> Actor:
    """The actor with what they may do on the order's account."""
    if not actor.narrowed:
        return actor
    account_id = session.exec(select(Order.account_id).where(Order.id == order_id)).first()
    if account_id is None:
        raise NotFoundError("order", order_id)
    return actor.on_account(account_id)


def _author(session: Session, actor: Actor) -> int:
    # What a person may not read they would overwrite unread.
    reach.require(session, actor, Permission.COMMENT_ORDERS, Permission.SEE_PERSONAL_DATA)
    if actor.user_id is None:
        raise PermissionDeniedError("Only people write comments.")
    return actor.user_id


def _own(session: Session, actor: Actor, comment_id: int) -> OrderComment:
    author_id = _author(session, actor)
    comment = session.exec(
        select(OrderComment).where(OrderComment.id == comment_id).with_for_update()
    ).one_or_none()
    if comment is None or comment.deleted_at is not None:
        raise NotFoundError("comment", comment_id)
    if comment.author_id != author_id:
        raise PermissionDeniedError("Only who wrote a comment changes it.")
    return comment


def _clean(text: str) -> str:
    words = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not words or len(words) > LONGEST:
        said = f"A comment has 1 to {LONGEST:,} characters; this one has {len(words):,}."
        raise InvalidInputError(said, details={"text": said})
    return words


def _explain(
    session: Session,
    actor: Actor,
    comment: OrderComment,
    kind: str,
    named: Sequence[Colleague] = (),
) -> None:
    """Without the text: people write names and numbers into it, and a history is for ever."""
    told: dict[str, Any] = {"comment": comment.id}
    if named:
        told["to"] = ", ".join(one.name for one in named)
    explain(session, actor, kind, {comment.order_id: told})


def _view(actor: Actor, comment: OrderComment, author: str) -> CommentView:
    sees = actor.may(Permission.SEE_PERSONAL_DATA)
    return CommentView(
        id=comment.id,
        author_id=comment.author_id,
        author=author,
        text=comment.text if sees else WITHHELD,
        is_mine=comment.author_id == actor.user_id and actor.may(Permission.COMMENT_ORDERS),
        created_at=comment.created_at,
        edited_at=comment.edited_at,
    )
