"""What an order was at a moment of its past, told back from its history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.working import HoldReason
from crm_app.errors import NotFoundError
from crm_app.models import Order, OrderEvent, OrderLine, User
from crm_app.services import edits, order_rows, reach
from crm_app.services.working import tagging

# What the history keeps both sides of, so that it can be told back; in the order of a page.
FIELDS: Final = (
    "status",
    "channel_status",
    "payment_status",
    "cancel_requested",
    "return_requested",
    "held_by_channel",
    "hold_reason",
    "held_until",
    "assignee",
    "priority",
    "tags",
    "archived",
    "ship_by",
    "deliver_by",
    "shipped_at",
    "carrier",
    "tracking_number",
    "total_minor",
    "subtotal_minor",
    "shipping_minor",
    "discount_minor",
    "tax_minor",
    "line_count",
    "unit_count",
    "units_shipped",
)
# Of the lines the history keeps what they were, in words.
_LINES: Final = "lines"
# Not worth a line: it was not so, and it is not.
_NEVER: Final = (("nothing", "nothing"), ("no", "no"))
_PERSONAL: Final = ("customer_name", "ship_to", "note")
_MOST_EVENTS: Final = 5_000


@dataclass(frozen=True, slots=True)
class PastField:
    """One field: its value then in words, and whether it is another one today."""

    name: str
    label: str
    then: str
    now: str

    @property
    def is_other_now(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class Past:
    """An order at a moment.

    Attributes:
        at: The moment.
        came_in: When the order reached this desk; nothing is known of before.
        exists: Whether it was here then.
        fields: What the history can tell back.
        changed_since: Personal fields that are another today; the history keeps no old ones.
        last: What had happened last, as its id; None if nothing had.
    """

    at: datetime
    came_in: datetime
    exists: bool
    fields: tuple[PastField, ...] = ()
    changed_since: tuple[str, ...] = ()
    last: int | None = None


def as_of(session: Session, actor: Actor, order_id: int, at: datetime) -> Past:
    """Rebuild an order as it was, by taking back everything that happened after `at`.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        NotFoundError: If there is no such order.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    order = session.get(Order, order_id)
    if order is None:
        raise NotFoundError("order", order_id)
    first = _events(session, order_id, newest_first=False, limit=1)
    came_in = first[0].at if first else order.created_at
    if at < came_in:
        return Past(at, came_in, exists=False)
    later = _events(session, order_id, after=at)
    present = _present(session, order)
    then = dict(present)
    for event in later:
        take_back(then, event.kind, event.data)
    last = _events(session, order_id, until=at, limit=1)
    sees_money = actor.may(Permission.SEE_MONEY, order.account_id)
    return Past(
        at=at,
        came_in=came_in,
        exists=True,
        fields=tuple(
            PastField(name, edits.label_of(name), words[0], words[1])
            for name in (*FIELDS, _LINES)
            if (sees_money or not name.endswith("_minor"))
            and (words := _words(name, then[name], present[name], order)) not in _NEVER
        ),
        changed_since=tuple(
            edits.label_of(name)
            for name in _PERSONAL
            if any(event.data.get(name) == edits.CHANGED for event in later)
        ),
        last=last[0].id if last else None,
    )


def take_back(fields: dict[str, Any], kind: str, data: dict[str, Any]) -> None:
    """Undo one event in a set of fields; pure. What an event says of others is left alone."""
    if kind in ("order:tagged", "order:untagged"):
        before, after = data["tag"]
        tags: set[str] = set(fields["tags"]) - {after} | {before}
        fields["tags"] = sorted(tags - {None}, key=str.lower)
        return
    if "lines_were" in data:
        fields[_LINES] = "; ".join(data["lines_were"].values())
    elif _LINES in data:
        # Of a release that did not keep them: then nobody knows.
        fields[_LINES] = "not kept"
    for name, pair in data.items():
        if (
            name != _LINES
            and name in fields
            and isinstance(pair, list)
            and len(cast("list[Any]", pair)) == 2
        ):
            fields[name] = cast("list[Any]", pair)[0]


def _present(session: Session, order: Order) -> dict[str, Any]:
    assignee = session.get(User, order.assignee_id) if order.assignee_id else None
    tags = tagging.tags_of(session, [order.id]).get(order.id, [])
    ours = {
        "assignee": assignee.name if assignee else None,
        "tags": [tag.name for tag in tags],
        "archived": order.archived_at is not None,
        _LINES: _lines(session, order.id),
    }
    columns = {name: _json(getattr(order, name)) for name in FIELDS if name not in ours}
    return columns | ours


def _lines(session: Session, order_id: int) -> str:
    lines = session.exec(
        select(OrderLine).where(OrderLine.order_id == order_id).order_by(col(OrderLine.position))
    )
    said = order_rows.lines_said([line.model_dump() for line in lines])
    return "; ".join(said.values())


def _json(value: Any) -> Any:
    """As events keep it."""
    return value.isoformat() if isinstance(value, datetime) else value


def _words(name: str, then: Any, present: Any, order: Order) -> tuple[str, str]:
    return _text(name, then, order), _text(name, present, order)


def _text(name: str, value: Any, order: Order) -> str:
    if name == "hold_reason" and value:
        return HoldReason(value).label
    # Its name does not end like those of other moments.
    return edits.text_of("held_by" if name == "held_until" else name, value, order)


def _events(
    session: Session,
    order_id: int,
    *,
    after: datetime | None = None,
    until: datetime | None = None,
    newest_first: bool = True,
    limit: int = _MOST_EVENTS,
) -> list[OrderEvent]:
    statement = select(OrderEvent).where(OrderEvent.order_id == order_id)
    if after is not None:
        statement = statement.where(col(OrderEvent.at) > after)
    if until is not None:
        statement = statement.where(col(OrderEvent.at) <= until)
    key = col(OrderEvent.id)
    found: Iterable[OrderEvent] = session.exec(
        statement.order_by(key.desc() if newest_first else key).limit(limit)
    )
    return list(found)
