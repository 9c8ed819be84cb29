"""A filter in words, for titles of what was made of it; and what of it no longer exists."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import ChannelAccount, Tag, User
from crm_app.services.facets import FLAGS, ME, NONE, Facet, Flag, Pick, day_range_of
from crm_app.services.order_query import OrderQuery

_NAMES: Final[Mapping[Facet, str]] = {
    Facet.DUE: "ship-by",
    Facet.SKU: "SKU",
    Facet.COD: "cash on delivery",
    Facet.CANCEL: "buyer wants to cancel",
    Facet.RETURN: "buyer wants to return",
    Facet.HOLD: "on hold",
    Facet.UNMAPPED: "unknown word",
}
_WHAT: Final[Mapping[Facet, str]] = {
    Facet.TAG: "tag",
    Facet.ASSIGNEE: "colleague",
    Facet.ACCOUNT: "account",
}
_Names = dict[Facet, dict[str, str]]


def title_of(session: Session, query: OrderQuery) -> str:
    """`Orders: Amazon, Flipkart; Confirmed; placed today; city Mumbai, not Pune; "meera"`."""
    names = _names(session, query)
    parts = [
        ", ".join(channel.label for channel in query.channels),
        ", ".join(status.label for status in query.statuses),
        (query.attention or "").replace("_", " "),
        _placed(query),
        *(_pick_words(pick, names) for pick in query.picks),
        f"word {query.word.word}" if query.word else "",
        f"“{query.text}”" if query.text else "",
    ]
    said = "; ".join(part for part in parts if part)
    return (f"Orders: {said}" if said else "All orders")[:300]


def _placed(query: OrderQuery) -> str:
    if query.placed:
        return f"placed {query.placed.label.lower()}"
    return f"placed {_days(query.placed_from, query.placed_to)}" if _is_ranged(query) else ""


def _is_ranged(query: OrderQuery) -> bool:
    return bool(query.placed_from or query.placed_to)


def _days(first: date | None, last: date | None) -> str:
    if first == last:
        return str(first)
    return " ".join(
        part for part in (f"from {first}" if first else "", f"to {last}" if last else "") if part
    )


def _pick_words(pick: Pick, names: _Names) -> str:
    name = _NAMES.get(pick.facet, pick.facet.value)
    if pick.facet in FLAGS:
        return name if pick.values == (Flag.YES.value,) else f"not {name}"
    chosen = [_value(pick.facet, value, names) for value in pick.values]
    left_out = [_value(pick.facet, value, names) for value in pick.without]
    said = ", ".join(chosen)
    if left_out:
        said += (", " if said else "") + "not " + ", ".join(left_out)
    return f"{name} {said}"


def _value(facet: Facet, value: str, names: _Names) -> str:
    if facet is Facet.CHANNEL:
        return Channel(value).label
    if facet is Facet.STATUS:
        return OrderStatus(value).label
    if facet is Facet.DUE and (days := day_range_of(value)):
        return _days(*days)
    known = names.get(facet, {}).get(value.lower() if facet is Facet.TAG else value)
    return known or value.replace("..", " to ").strip().replace("_", " ")


def _names(session: Session, query: OrderQuery) -> _Names:
    """Of accounts, colleagues and tags that are asked for, those that exist, by their values."""
    accounts = _asked(query, Facet.ACCOUNT)
    people = [one for one in _asked(query, Facet.ASSIGNEE) if one not in (ME, NONE)]
    tags = [one.lower() for one in _asked(query, Facet.TAG)]
    found: _Names = {}
    if accounts:
        found[Facet.ACCOUNT] = {
            str(key): name
            for key, name in session.exec(
                select(ChannelAccount.id, ChannelAccount.name).where(
                    col(ChannelAccount.id).in_([int(one) for one in accounts])
                )
            )
        }
    if people:
        found[Facet.ASSIGNEE] = {
            str(key): name
            for key, name in session.exec(
                select(User.id, User.name).where(col(User.id).in_([int(one) for one in people]))
            )
        }
    if tags:
        rows = session.exec(select(Tag.name).where(func.lower(Tag.name).in_(tags)))
        found[Facet.TAG] = {name.lower(): name for name in rows}
    return found


def _asked(query: OrderQuery, facet: Facet) -> list[str]:
    pick = query.pick(facet)
    return [*pick.values, *pick.without]


def gone(session: Session, query: OrderQuery) -> list[tuple[Facet, str]]:
    """Accounts, colleagues and tags that a filter names and that do not exist (any more)."""
    names = _names(session, query)
    return [
        (facet, value)
        for facet in _WHAT
        for value in _asked(query, facet)
        if value not in (ME, NONE)
        and (value.lower() if facet is Facet.TAG else value) not in names.get(facet, {})
    ]


def without_gone(query: OrderQuery, lost: list[tuple[Facet, str]]) -> OrderQuery:
    """The same filter without these values."""
    for facet in {facet for facet, _ in lost}:
        pick = query.pick(facet)
        dead = {value for one, value in lost if one is facet}
        kept = Pick(
            facet,
            tuple(one for one in pick.values if one not in dead),
            tuple(one for one in pick.without if one not in dead),
        )
        query = query.picking(kept)
    return query


def sentence_of(facet: Facet, value: str) -> str:
    """`There is no tag “Gift” (any more).`"""
    shown = f"“{value}”" if facet is Facet.TAG else value
    return f"There is no {_WHAT[facet]} {shown} (any more)."
