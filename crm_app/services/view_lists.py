"""Orders through a view: what an address with `view=` asks for, and the sidebar's counts."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, InvalidInputError, NotFoundError
from crm_app.services import filter_words, reach, views
from crm_app.services.facets import ME
from crm_app.services.order_query import NAMES, TAKEN_AWAY, OrderQuery, ViewBase, clean_text
from crm_app.services.order_search import count_orders
from crm_app.services.standing_views import ALL
from crm_app.services.views import View

# A count is as old as this at most, whoever looks and however quickly they click.
FRESH_S: Final = 12.0
_MOST_COUNTS: Final = 2_000

UNSEEN_TEXT: Final = "The search holds only characters that nobody can see."


@dataclass(frozen=True, slots=True)
class Shown:
    """What an address asks for.

    Attributes:
        view: The view behind it; None for all orders.
        notes: Sentences about what of the address or its view cannot be shown; the rest is.
        is_modified: Filters on top of the view make it another list.
    """

    query: OrderQuery
    view: View | None = None
    notes: tuple[str, ...] = ()
    is_modified: bool = False


def resolve(session: Session, actor: Actor, params: Mapping[str, str]) -> Shown:
    """Read an address: the filters of its view, with its own on top; `*` takes one away.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        InvalidInputError: If a filter of the address itself means nothing.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    own = {name: value for name, value in params.items() if name != "view"}
    key = params.get("view", "")
    if key in ("", ALL):
        query = OrderQuery.parse(_without_taken(own))
        return Shown(query, notes=(*_unseen(own), *_lost(session, query)))
    try:
        view = views.get_view(session, actor, key)
    except NotFoundError:
        said = "This view was deleted, or is no longer shared with you."
        query = OrderQuery.parse(_without_taken(own))
        return Shown(query, notes=(said, *_unseen(own), *_lost(session, query)))
    base, notes = _still_meant(session, view)
    merged = {**base, **own}
    if "placed" in own and own["placed"] != TAKEN_AWAY:
        merged |= {"from": own.get("from", ""), "to": own.get("to", "")}
    elif "from" in own or "to" in own:
        merged["placed"] = ""
    query = replace(OrderQuery.parse(_without_taken(merged)), view=ViewBase(key, base))
    changed = set(query.address()) - {"view", "cursor", "limit"}
    return Shown(query, view, (*notes, *_unseen(own), *_lost(session, query)), bool(changed))


def _unseen(params: Mapping[str, str]) -> tuple[str, ...]:
    text = params.get("q", "")
    is_unseen = text.strip() not in ("", TAKEN_AWAY) and not clean_text(text)
    return (UNSEEN_TEXT,) if is_unseen else ()


def _lost(session: Session, query: OrderQuery) -> tuple[str, ...]:
    """What an address itself asks for and nobody can have: it is asked for all the same."""
    return tuple(filter_words.sentence_of(*one) for one in filter_words.gone(session, query))


def _without_taken(params: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if value != TAKEN_AWAY}


def _still_meant(session: Session, view: View) -> tuple[dict[str, str], tuple[str, ...]]:
    """What of a view can still be asked for, in its one written form, and what cannot."""
    params = dict(view.params)
    gone = [name for name in params if name not in NAMES]
    for name in gone:
        del params[name]
    try:
        OrderQuery.parse(params)
    except InvalidInputError as error:
        for name in error.details:
            if params.pop(str(name), None) is not None:
                gone.append(str(name))
    notes = [
        f"The filter “{name}” of this view means nothing any more; it is left out." for name in gone
    ]
    query = OrderQuery.parse(params)
    lost = filter_words.gone(session, query)
    notes += [f"{filter_words.sentence_of(*one)} This view is shown without it." for one in lost]
    return filter_words.without_gone(query, lost).params(), tuple(notes)


@dataclass(frozen=True, slots=True)
class Counted:
    """A view with how many orders it shows; at least so many if not exact, None if unknown."""

    view: View
    count: int | None
    is_exact: bool


@dataclass(slots=True)
class _Kept:
    """Counts of this process, by what is asked and for whose eyes."""

    counts: dict[tuple[object, ...], tuple[float, int | None, bool]] = field(
        default_factory=dict[tuple[object, ...], tuple[float, int | None, bool]]
    )


_kept: Final = _Kept()


def forget_counts() -> None:
    """Count anew from now on. For tests and benchmarks."""
    _kept.counts.clear()


def pinned(session: Session, actor: Actor) -> tuple[Counted, ...]:
    """The views of a person's sidebar with their counts, none older than `FRESH_S`.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    found = [view for view in views.list_views(session, actor) if view.is_pinned]
    return tuple(_counted(session, actor, view) for view in found)


def _counted(session: Session, actor: Actor, view: View) -> Counted:
    # One count serves all who would get the same one.
    is_personal = any(ME in value.split(",") for value in view.params.values())
    key = (
        tuple(sorted(view.params.items())),
        actor.may(Permission.SEE_PERSONAL_DATA),
        actor.user_id if is_personal else None,
        actor.reach(Permission.VIEW_ORDERS),
    )
    moment = time.monotonic()
    known = _kept.counts.get(key)
    if known is None or moment - known[0] > FRESH_S:
        if len(_kept.counts) > _MOST_COUNTS:
            _kept.counts.clear()
        known = _kept.counts[key] = (moment, *_count(session, actor, view))
    return Counted(view, known[1], known[2])


def _count(session: Session, actor: Actor, view: View) -> tuple[int | None, bool]:
    params, _ = _still_meant(session, view)
    try:
        return count_orders(session, actor, OrderQuery.parse(params))
    except CrmError:
        # A filter that this role may not use: the page says so, the sidebar shows no figure.
        return None, False
