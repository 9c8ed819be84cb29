"""Saved views: lists of orders with a name, personal or shared, beside those in the box."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.view import Colour
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import SavedView, ViewChoice
from crm_app.models.user import User
from crm_app.services import audit, reach, standing_views
from crm_app.services.grid_layout import GridLayout
from crm_app.services.order_query import OrderQuery

MAX_NAME: Final = 60
MAX_OWN: Final = 100
# More would push the pages out of the sidebar, and each is counted.
MAX_PINNED: Final = 30


@dataclass(frozen=True, slots=True)
class View:
    """A view as one person has it.

    Attributes:
        key: Its name in an address: a word of those in the box, a number of saved ones.
        params: What it asks for, in the address bar's form.
        layout: How the table looks in it (`GridLayout.as_json`); empty: as the person likes it.
        version: What a change of it names; 0 for those in the box.
        may_change: Whether the person may change or delete it.
    """

    key: str
    name: str
    colour: Colour
    params: Mapping[str, str]
    layout: Mapping[str, Any]
    sentence: str = ""
    is_standing: bool = False
    is_shared: bool = False
    is_own: bool = False
    owner: str = ""
    may_change: bool = False
    is_pinned: bool = False
    is_default: bool = False
    version: int = 0
    changed_by: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ViewDraft:
    """What a person gives a view. `params` may be any address of the list of orders."""

    name: str
    params: Mapping[str, str]
    colour: Colour = Colour.GREY
    is_shared: bool = False
    layout: Mapping[str, Any] | None = None


class ViewChangedError(ConflictError):
    """Somebody saved the view since it was looked at; `details` has `version` and `changed_by`."""

    code = "view_changed"


def list_views(session: Session, actor: Actor) -> tuple[View, ...]:
    """Those in the box, then one's own and the shared ones by name.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    choices = _choices(session, actor)
    standing = (_standing(one, choices.get(one.key)) for one in standing_views.STANDING)
    found = session.exec(
        select(SavedView, User.name)
        .join(User, col(User.id) == SavedView.owner_id)
        .where(_is_visible(actor))
        .order_by(func.lower(SavedView.name), col(SavedView.id))
    ).all()
    saved = (_saved(row, owner, actor, choices.get(str(row.id))) for row, owner in found)
    return (*standing, *saved)


def get_view(session: Session, actor: Actor, key: str) -> View:
    """One view by its key.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        NotFoundError: If there is none, or it is somebody else's own.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    choice = _choices(session, actor, key).get(key)
    if key in standing_views.BY_KEY:
        return _standing(standing_views.BY_KEY[key], choice)
    row = _row(session, actor, key)
    return _saved(row, session.get_one(User, row.owner_id).name, actor, choice)


def create(session: Session, actor: Actor, draft: ViewDraft) -> View:
    """Save a view and pin it to the sidebar of who saves it.

    Raises:
        PermissionDeniedError: Without `orders.view`; without `views.share` for a shared one.
        InvalidInputError: If its name or a filter means nothing, or there are too many.
    """
    values = _checked(actor, draft)
    owner = _person(actor)
    mine = select(func.count()).select_from(SavedView).where(SavedView.owner_id == owner)
    if session.exec(mine).one() >= MAX_OWN:
        said = f"You have {MAX_OWN} views already. Delete one first."
        raise InvalidInputError(said, details={"name": said})
    row = SavedView(owner_id=owner, changed_by=actor.label, **values)
    session.add(row)
    session.flush()
    if len(_pinned_keys(list_views(session, actor))) < MAX_PINNED:
        choose(session, actor, str(row.id), is_pinned=True)
    _record(session, actor, "view:created", row, before={})
    return get_view(session, actor, str(row.id))


def change(session: Session, actor: Actor, key: str, draft: ViewDraft, *, version: int) -> View:
    """Save a view anew.

    Args:
        session: An open transaction; the row is locked until it ends.
        actor: Its owner, or for a shared one whoever holds `views.share`.
        key: A saved view's.
        draft: All of what it is from now on; without a layout the kept one stays.
        version: That of the view which was looked at.

    Raises:
        ViewChangedError: If somebody has saved it since.
        NotFoundError, PermissionDeniedError, InvalidInputError: As `create`.
    """
    row = _row(session, actor, key, lock=True)
    _require_change(actor, row)
    if row.version != version:
        raise ViewChangedError(
            f"{row.changed_by} changed this view since you opened it.",
            details={
                "version": row.version,
                "changed_by": row.changed_by,
                "changed_at": row.changed_at.isoformat(),
            },
        )
    values = _checked(actor, draft, was_shared=row.is_shared)
    if draft.layout is None:
        values.pop("layout")
    before = _told(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.changed_by, row.changed_at = actor.label, now()
    session.flush()
    _record(session, actor, "view:changed", row, before=before)
    return get_view(session, actor, key)


def remove(session: Session, actor: Actor, key: str) -> None:
    """Delete a view, and every pin on it. Raises as `change` does, whatever its version."""
    row = _row(session, actor, key, lock=True)
    _require_change(actor, row)
    session.execute(delete(ViewChoice).where(col(ViewChoice.view_key) == key))
    before = _told(row)
    session.delete(row)
    session.flush()
    _record(session, actor, "view:deleted", row, before=before)


def choose(
    session: Session,
    actor: Actor,
    key: str,
    *,
    is_pinned: bool | None = None,
    is_default: bool | None = None,
) -> None:
    """Pin a view to one's sidebar, or open the list with it; None leaves that as it is.

    Raises:
        InvalidInputError: If the sidebar is full.
        NotFoundError, PermissionDeniedError: As `get_view`.
    """
    person = _person(actor)
    view = get_view(session, actor, key)
    is_new = bool(is_pinned) and not view.is_pinned
    if is_new and len(_pinned_keys(list_views(session, actor))) >= MAX_PINNED:
        said = f"The sidebar holds {MAX_PINNED} views. Take another one out first."
        raise InvalidInputError(said, details={"is_pinned": said})
    if is_default:
        session.execute(
            update(ViewChoice)
            .where(col(ViewChoice.user_id) == person, col(ViewChoice.view_key) != key)
            .values(is_default=False)
        )
    values = {
        "is_pinned": view.is_pinned if is_pinned is None else is_pinned,
        "is_default": view.is_default if is_default is None else is_default,
    }
    session.execute(
        insert(ViewChoice)
        .values(user_id=person, view_key=key, **values)
        .on_conflict_do_update(index_elements=["user_id", "view_key"], set_=values)
    )


def default_key(session: Session, actor: Actor) -> str:
    """The view that a person's list opens with; empty for all orders."""
    reach.require(session, actor, Permission.VIEW_ORDERS)
    chosen = select(ViewChoice.view_key).where(
        ViewChoice.user_id == actor.user_id, col(ViewChoice.is_default)
    )
    return session.exec(chosen).one_or_none() or ""


def _is_visible(actor: Actor) -> Any:
    return or_(col(SavedView.owner_id) == actor.user_id, col(SavedView.is_shared))


def _row(session: Session, actor: Actor, key: str, *, lock: bool = False) -> SavedView:
    reach.require(session, actor, Permission.VIEW_ORDERS)
    is_number = key.isascii() and key.isdecimal() and len(key) < 19
    statement = select(SavedView).where(
        SavedView.id == (int(key) if is_number else 0), _is_visible(actor)
    )
    row = session.exec(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        raise NotFoundError("view", key[:40])
    return row


def _require_change(actor: Actor, row: SavedView) -> None:
    if row.owner_id != actor.user_id:
        actor.require(Permission.SHARE_VIEWS)


def _person(actor: Actor) -> int:
    actor.require(Permission.VIEW_ORDERS)
    if actor.user_id is None:
        raise PermissionDeniedError("Only people have views of their own.")
    return actor.user_id


def _checked(actor: Actor, draft: ViewDraft, *, was_shared: bool = False) -> dict[str, Any]:
    """The columns of a draft; its filters in their one written form, without page and length."""
    actor.require(Permission.VIEW_ORDERS)
    if draft.is_shared and not was_shared:
        actor.require(Permission.SHARE_VIEWS)
    name = " ".join(draft.name.replace("\x00", "").split())
    if not 1 <= len(name) <= MAX_NAME:
        said = f"Give the view a name of at most {MAX_NAME} characters."
        raise InvalidInputError(said, details={"name": said})
    params = OrderQuery.parse(draft.params).first_page().params()
    params.pop("limit", None)
    return {
        "name": name,
        "colour": draft.colour,
        "is_shared": draft.is_shared,
        "params": params,
        # Only what a layout can hold: anything else is another release's, or somebody's.
        "layout": GridLayout.parse(draft.layout).as_json() if draft.layout else {},
    }


def _choices(session: Session, actor: Actor, key: str | None = None) -> dict[str, ViewChoice]:
    statement = select(ViewChoice).where(ViewChoice.user_id == actor.user_id)
    if key is not None:
        statement = statement.where(ViewChoice.view_key == key[:40].replace("\x00", ""))
    # Written past the session, which may know an older row.
    fresh = session.exec(statement, execution_options={"populate_existing": True})
    return {one.view_key: one for one in fresh}


def _standing(one: standing_views.Standing, choice: ViewChoice | None) -> View:
    return View(
        key=one.key,
        name=one.name,
        colour=one.colour,
        params=one.params,
        layout={},
        sentence=one.sentence,
        is_standing=True,
        is_shared=True,
        is_pinned=choice.is_pinned if choice else True,
        is_default=bool(choice and choice.is_default),
    )


def _saved(row: SavedView, owner: str, actor: Actor, choice: ViewChoice | None) -> View:
    is_own = row.owner_id == actor.user_id
    return View(
        key=str(row.id),
        name=row.name,
        colour=row.colour,
        params=row.params,
        layout=row.layout,
        is_shared=row.is_shared,
        is_own=is_own,
        owner=owner,
        may_change=is_own or actor.may(Permission.SHARE_VIEWS),
        is_pinned=bool(choice and choice.is_pinned),
        is_default=bool(choice and choice.is_default),
        version=row.version,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


def _pinned_keys(found: tuple[View, ...]) -> list[str]:
    return [view.key for view in found if view.is_pinned]


def _told(row: SavedView) -> dict[str, Any]:
    # A filter may hold a buyer's name or pincode: the trail keeps what is filtered by, not which.
    return {"name": row.name, "is_shared": row.is_shared, "filters": sorted(row.params)}


def _record(
    session: Session, actor: Actor, action: str, row: SavedView, *, before: dict[str, Any]
) -> None:
    after = {} if action == "view:deleted" else _told(row)
    audit.record(
        session, actor, action, subject_type="view", subject_id=row.id, before=before, after=after
    )
