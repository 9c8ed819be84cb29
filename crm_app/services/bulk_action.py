"""What a bulk action is: the protocol, and the records that go in and come out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.models import BulkRow, BulkRun, Order

EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One order whose turn has come: its row of the run, and itself, locked."""

    row: BulkRow
    order: Order


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one order; `reason` is a sentence for staff."""

    position: int
    outcome: Outcome
    reason: str = ""
    found_version: int | None = None
    from_status: OrderStatus | None = None
    to_status: OrderStatus | None = None
    intent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Example:
    order_id: int
    number: str


@dataclass(slots=True)
class Group:
    """Orders of a preview with the same fate; `examples` are the first few of them."""

    sentence: str
    changes: bool
    count: int = 0
    examples: list[Example] = field(default_factory=list[Example])

    def add(self, count: int, examples: Sequence[Example]) -> None:
        self.count += count
        self.examples += examples[: EXAMPLES - len(self.examples)]


@dataclass(slots=True)
class Preview:
    """What an action would do now.

    Attributes:
        groups: By fate; first what changes, then what cannot, each the largest first.
        lacks_parcel: Orders that change as soon as somebody gives carrier and tracking number.
        told: How many orders of which account are told which status.
    """

    groups: list[Group] = field(default_factory=list[Group])
    lacks_parcel: int = 0
    told: dict[tuple[int, OrderStatus], int] = field(
        default_factory=dict[tuple[int, OrderStatus], int]
    )
    _by_fate: dict[tuple[str, bool], Group] = field(default_factory=dict[tuple[str, bool], Group])

    @property
    def changes(self) -> int:
        return sum(group.count for group in self.groups if group.changes)

    @property
    def refuses(self) -> int:
        return sum(group.count for group in self.groups if not group.changes)

    def add(self, sentence: str, count: int, examples: Sequence[Example], *, changes: bool) -> None:
        """Count orders with this fate."""
        group = self._by_fate.get((sentence, changes))
        if group is None:
            group = self._by_fate[sentence, changes] = Group(sentence, changes)
            self.groups.append(group)
        group.add(count, examples)

    def tell(self, account_id: int, status: OrderStatus, count: int) -> None:
        """Count orders of an account that its channel is told this status of."""
        key = (account_id, status)
        self.told[key] = self.told.get(key, 0) + count

    def sorted(self) -> "Preview":
        self.groups.sort(key=lambda group: (not group.changes, -group.count))
        return self


def alike(session: Session, facts: Any) -> Iterator[tuple[int, list[Example], int, list[Any]]]:
    """Orders that are the same to the rules, counted by the database: some tens of rows.

    Args:
        session: An open session.
        facts: A query whose first columns are an order's id, number and account; what the rules
            look at follows.

    Yields:
        Count, a few examples, the account, and what the rules look at.
    """
    each = facts.subquery()
    order_id, number, *kept = each.c
    few = [
        func.array_agg(column, type_=ARRAY(column.type))[1:EXAMPLES]
        for column in (order_id, number)
    ]
    for count, ids, numbers, account_id, *same in session.execute(
        columns(func.count(), *few, *kept).group_by(*kept)
    ):
        examples = [Example(*pair) for pair in zip(ids, numbers, strict=True)]
        yield count, examples, account_id, same


class Action(Protocol):
    """One thing that can be done to many orders. Register it in `bulk_actions`."""

    name: str
    # Beside `orders.bulk`.
    permission: Permission
    can_be_undone: bool

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings as they are kept.

        Raises:
            InvalidInputError: If they make no sense; `details` names the fields.
        """
        ...

    def title(self, settings: dict[str, Any]) -> str:
        """`Mark packed`: what a person reads in a list of runs."""
        ...

    def preview(self, session: Session, actor: Actor, run: BulkRun) -> Preview:
        """What would happen, decided by the same rules as `apply`. Writes nothing."""
        ...

    def apply(
        self, session: Session, actor: Actor, run: BulkRun, items: Sequence[Item]
    ) -> list[Result]:
        """Do it to these orders in the caller's transaction; one result each, none raised."""
        ...
