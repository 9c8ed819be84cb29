"""Tags: the words themselves, and sticking them on orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, literal
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.working import TagColour
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import Order, OrderTag, SavedView, Tag
from crm_app.services import audit, reach
from crm_app.services.facets import Facet, Pick, parse_pick
from crm_app.services.working.among import one_of
from crm_app.services.working.changes import Fate, Made, make

LONGEST_NAME: Final = 40
MOST_TAGS: Final = 200


@dataclass(frozen=True, slots=True)
class TagView:
    id: int
    name: str
    colour: TagColour


@dataclass(frozen=True, slots=True)
class PutTag:
    """Stick a tag on orders, or with `is_on` False take it off."""

    tag: TagView
    is_on: bool
    permission: Permission = Permission.TAG_ORDERS

    @property
    def kind(self) -> str:
        return "order:tagged" if self.is_on else "order:untagged"

    def looks_at(self) -> tuple[Any, ...]:
        """See `Change`: whether the order has it."""
        here = columns(literal(1)).where(
            col(OrderTag.order_id) == col(Order.id), col(OrderTag.tag_id) == self.tag.id
        )
        return (here.correlate(Order).exists().label("has_tag"),)

    def fate(self, *seen: Any) -> Fate:
        """See `Change`."""
        (has_it,) = seen
        if has_it == self.is_on:
            said = f"It has the tag {self.tag.name}" if has_it else f"It has no tag {self.tag.name}"
            return Fate(f"{said} already." if has_it else f"{said}.", False)
        return Fate(f"{'Gets' if self.is_on else 'Loses'} the tag {self.tag.name}")

    def told(self, *seen: Any) -> dict[str, Any]:
        """See `Change`."""
        del seen
        name = self.tag.name
        return {"tag": [None, name] if self.is_on else [name, None], "tag_id": self.tag.id}

    def write(
        self, session: Session, actor: Actor, order_ids: Sequence[int], run_id: int | None
    ) -> None:
        """See `Change`."""
        del actor, run_id
        if not self.is_on:
            session.execute(
                delete(OrderTag).where(
                    one_of(order_ids, col(OrderTag.order_id)), col(OrderTag.tag_id) == self.tag.id
                )
            )
            return
        rows = columns(col(Order.id), literal(self.tag.id), col(Order.placed_at))
        session.execute(
            upsert(OrderTag)
            .from_select(["order_id", "tag_id", "placed_at"], rows.where(one_of(order_ids)))
            .on_conflict_do_nothing()
        )


def put_tag(
    session: Session, actor: Actor, order_ids: Sequence[int], tag_id: int, *, is_on: bool
) -> Made:
    """Stick a tag on orders or take it off.

    Raises:
        NotFoundError: If there is no such tag or order; else as `changes.make`.
    """
    reach.require(session, actor, Permission.TAG_ORDERS)
    return make(session, actor, PutTag(get_tag(session, tag_id), is_on), order_ids)


def list_tags(session: Session, actor: Actor) -> list[TagView]:
    """The tags that are offered, by name.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    offered = select(Tag).where(col(Tag.is_retired).is_(False))
    return [_view(tag) for tag in session.exec(offered.order_by(func.lower(Tag.name)))]


@dataclass(frozen=True, slots=True)
class TagUse:
    """A tag as those who keep the tags see it."""

    id: int
    name: str
    colour: TagColour
    is_retired: bool


def all_tags(session: Session, actor: Actor) -> list[TagUse]:
    """Every tag by name, retired ones last.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    found = session.exec(select(Tag).order_by(col(Tag.is_retired), func.lower(Tag.name)))
    return [TagUse(tag.id, tag.name, tag.colour, tag.is_retired) for tag in found]


def get_tag(session: Session, tag_id: int) -> TagView:
    """One tag, retired or not.

    Raises:
        NotFoundError: If there is none.
    """
    tag = session.get(Tag, tag_id)
    if tag is None:
        raise NotFoundError("tag", tag_id)
    return _view(tag)


def named(session: Session, name: str) -> TagView:
    """The tag of this name, whatever its case; for callers that have checked the permission.

    Raises:
        InvalidInputError: If there is none.
    """
    tag = _by_name(session, name)
    if tag is None:
        said = f"There is no tag {name}."
        raise InvalidInputError(said, details={"tag": said})
    return _view(tag)


def tags_of(session: Session, order_ids: Sequence[int]) -> dict[int, list[TagView]]:
    """The tags of these orders, by name; for callers that have checked the permission."""
    found: dict[int, list[TagView]] = {}
    rows = session.exec(
        select(OrderTag.order_id, Tag)
        .join(Tag, col(Tag.id) == OrderTag.tag_id)
        .where(one_of(order_ids, col(OrderTag.order_id)))
        .order_by(func.lower(Tag.name))
    )
    for order_id, tag in rows:
        found.setdefault(order_id, []).append(_view(tag))
    return found


def make_tag(
    session: Session, actor: Actor, name: str, colour: TagColour = TagColour.GRAY
) -> TagView:
    """The tag of this name, made if there is none; a retired one is offered again.

    Raises:
        PermissionDeniedError: Without `orders.tag`.
        InvalidInputError: If the name is empty, too long, or not printable.
        ConflictError: If there are too many tags already.
    """
    reach.require(session, actor, Permission.TAG_ORDERS)
    name = _clean(name)
    known = _by_name(session, name)
    if known is None:
        count = session.exec(
            select(func.count()).select_from(Tag).where(col(Tag.is_retired).is_(False))
        ).one()
        if count >= MOST_TAGS:
            raise ConflictError(f"There are {MOST_TAGS} tags already: retire one first.")
        fresh = upsert(Tag).values(name=name, colour=colour, is_retired=False)
        session.execute(fresh.on_conflict_do_nothing())
        # Ours, or that of a colleague who was faster.
        known = session.exec(select(Tag).where(func.lower(Tag.name) == name.lower())).one()
        _note(session, actor, known, "tag:created", {}, {"name": name, "colour": colour.value})
    elif known.is_retired:
        known.is_retired = False
        _note(session, actor, known, "tag:offered", {"retired": True}, {"retired": False})
    return _view(known)


def change_tag(
    session: Session,
    actor: Actor,
    tag_id: int,
    *,
    name: str | None = None,
    colour: TagColour | None = None,
    is_retired: bool | None = None,
) -> TagView:
    """Rename, recolour or retire a tag; None leaves a thing as it is.

    Raises:
        PermissionDeniedError: Without `orders.tag`.
        NotFoundError: If there is no such tag.
        InvalidInputError: If the name cannot be used.
        ConflictError: If another tag has this name.
    """
    reach.require(session, actor, Permission.TAG_ORDERS)
    tag = session.exec(select(Tag).where(Tag.id == tag_id).with_for_update()).one_or_none()
    if tag is None:
        raise NotFoundError("tag", tag_id)
    wanted = {
        "name": None if name is None else _clean(name),
        "colour": colour,
        "is_retired": is_retired,
    }
    other = _by_name(session, str(wanted["name"])) if wanted["name"] else None
    if other is not None and other.id != tag.id:
        said = f"There is a tag {other.name} already."
        raise ConflictError(said, details={"name": said})
    after = {key: new for key, new in wanted.items() if new not in (None, getattr(tag, key))}
    if after:
        before = {key: getattr(tag, key) for key in after}
        if "name" in after:
            _follow(session, tag.name, str(after["name"]))
        for key, new in after.items():
            setattr(tag, key, new)
        _note(session, actor, tag, "tag:changed", before, after)
    return _view(tag)


def _follow(session: Session, old: str, new: str) -> None:
    """Saved views ask for tags by name: those that ask for this one go on doing so."""
    for view in session.exec(
        select(SavedView).where(col(SavedView.params).has_key(Facet.TAG.value)).with_for_update()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    ):
        pick = parse_pick(Facet.TAG, view.params[Facet.TAG.value], {})
        followed = Pick(
            Facet.TAG,
            tuple(new if one.lower() == old.lower() else one for one in pick.values),
            tuple(new if one.lower() == old.lower() else one for one in pick.without),
        )
        if followed != pick:
            view.params = {**view.params, Facet.TAG.value: followed.text()}


def _by_name(session: Session, name: str) -> Tag | None:
    return session.exec(select(Tag).where(func.lower(Tag.name) == name.lower())).one_or_none()


def _clean(name: str) -> str:
    words = " ".join(name.split())
    if not words or len(words) > LONGEST_NAME or not words.isprintable():
        said = f"A tag has 1 to {LONGEST_NAME} characters that can be printed."
        raise InvalidInputError(said, details={"name": said})
    return words


def _view(tag: Tag) -> TagView:
    return TagView(tag.id, tag.name, tag.colour)


def _note(
    session: Session,
    actor: Actor,
    tag: Tag,
    action: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    session.flush()
    audit.record(
        session,
        actor,
        action,
        subject_type="tag",
        subject_id=tag.id,
        before=before,
        after=after,
    )
