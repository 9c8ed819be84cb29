"""The ledger of status changes: every one is counted, and the sum has to balance."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, tuple_
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.models import (
    ChannelAccount,
    IntentCount,
    IntentMove,
    LedgerCheck,
    Order,
    StatusIntent,
)
from crm_app.models.ledger import WRITTEN
from crm_app.services import ledger_search, reach
from crm_app.services.ledger_query import LedgerQuery, Place
from crm_app.services.ledger_search import Found
from crm_app.services.paging import plan_for_pages


@dataclass(frozen=True, slots=True)
class AccountProof:
    """One account's changes of a period. `states` has every state, zeros included."""

    account_id: int
    channel: Channel
    name: str
    written: int
    states: Mapping[IntentState, int]

    @property
    def is_balanced(self) -> bool:
        return sum(self.states.values()) == self.written


@dataclass(frozen=True, slots=True)
class Proof:
    """Where every status change of a period is.

    Attributes:
        written: How many people and rules have written.
        states: How many are in each state; they add up to `written`, or something is lost.
        accounts: The same for each account that has some.
        last_check: When the whole ledger was last recounted; None: never yet.
        last_check_intents: How many it found.
        last_check_differences: How many counts were wrong; zero is what it should find.
    """

    written: int
    states: Mapping[IntentState, int]
    accounts: tuple[AccountProof, ...]
    last_check: datetime | None = None
    last_check_intents: int = 0
    last_check_differences: int = 0

    @property
    def is_balanced(self) -> bool:
        """Every sum holds, and the last recount found what was kept."""
        return (
            sum(self.states.values()) == self.written
            and all(account.is_balanced for account in self.accounts)
            and not self.last_check_differences
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One status change as a row of the ledger."""

    id: int
    order_id: int
    order_number: str
    channel: Channel
    state: IntentState
    from_status: OrderStatus
    to_status: OrderStatus
    actor_label: str
    attempts: int
    reason: str
    created_at: datetime
    settled_at: datetime | None
    next_try_at: datetime
    made_on: date
    operation: str
    why: str
    run_id: int | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Newest first; `older` and `newer` are the queries of the pages around, if there are."""

    changes: tuple[Change, ...] = ()
    older: LedgerQuery | None = None
    newer: LedgerQuery | None = None


def prove(session: Session, actor: Actor, query: LedgerQuery) -> Proof:
    """Count the changes of a period by account and state, from the kept counts alone.

    The query's states do not matter here: a proof has all of them.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    counts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for account_id, state, intents in session.execute(_sums(query)):
        counts[account_id][state] = int(intents)
    accounts = tuple(
        AccountProof(
            account.id,
            account.channel,
            account.name,
            counts[account.id].get(WRITTEN, 0),
            _by_state(counts[account.id]),
        )
        for account in session.exec(select(ChannelAccount).order_by(col(ChannelAccount.id)))
        if any(counts[account.id].values())
    )
    check = session.exec(select(LedgerCheck).order_by(col(LedgerCheck.id).desc()).limit(1)).first()
    return Proof(
        written=sum(account.written for account in accounts),
        states={state: sum(account.states[state] for account in accounts) for state in IntentState},
        accounts=accounts,
        last_check=check.at if check else None,
        last_check_intents=check.intents if check else 0,
        last_check_differences=check.difference_count if check else 0,
    )


def _by_state(counts: Mapping[str, int]) -> dict[IntentState, int]:
    return {state: counts.get(state.value, 0) for state in IntentState}


def _sums(query: LedgerQuery) -> Any:
    """One statement over counts and open moves: a fold between two would count twice."""
    parts = [
        _chosen(columns(col(table.account_id), col(table.state), col(table.intents)), table, query)
        for table in (IntentCount, IntentMove)
    ]
    both = sa.union_all(*parts).subquery()
    return columns(both.c.account_id, both.c.state, func.sum(both.c.intents)).group_by(
        both.c.account_id, both.c.state
    )


def _chosen(statement: Any, table: Any, query: LedgerQuery) -> Any:
    if query.first:
        statement = statement.where(table.day >= query.first)
    if query.last:
        statement = statement.where(table.day <= query.last)
    if query.channels:
        statement = statement.where(table.account_id.in_(_accounts(query)))
    return statement


def _accounts(query: LedgerQuery) -> Any:
    accounts = select(ChannelAccount.id)
    if query.channels:
        accounts = accounts.where(col(ChannelAccount.channel).in_(query.channels))
    return accounts


def list_changes(session: Session, actor: Actor, query: LedgerQuery) -> ChangePage:
    """One page of the ledger, newest first.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    plan_for_pages(session)
    wanted = ledger_search.found_by(session, query.search) if query.search else None
    found = session.execute(_page(query, wanted)).all()
    has_more = len(found) > query.limit
    is_upward = query.after is not None
    rows = found[: query.limit][:: -1 if is_upward else 1]
    if not rows:
        return ChangePage()
    more_below = is_upward or has_more
    more_above = has_more if is_upward else query.before is not None
    return ChangePage(
        tuple(Change(*row) for row in rows),
        older=replace(query, before=_place(rows[-1]), after=None) if more_below else None,
        newer=replace(query, before=None, after=_place(rows[0])) if more_above else None,
    )


def _place(row: Any) -> Place:
    return Place(row.made_on, row.id)


def _page(query: LedgerQuery, wanted: Found | None) -> Any:
    day, key = col(StatusIntent.made_on), col(StatusIntent.id)
    order = (day.asc(), key.asc()) if query.after else (day.desc(), key.desc())
    if wanted is not None:
        ids: Any = _searched(query, wanted, order)
    elif query.states or query.channels:
        ids = _nearest(query, order)
    else:
        # Nothing is left out but days: the index of days has them in this order.
        ids = columns(key).where(*_bounds(query)).order_by(*order).limit(query.limit + 1)
    return (
        columns(*_COLUMNS)
        .join(Order, col(Order.id) == col(StatusIntent.order_id))
        .where(key.in_(ids))
        .order_by(*order)
        .limit(query.limit + 1)
    )


def _nearest(query: LedgerQuery, order: tuple[Any, ...]) -> Any:
    """The next few of each account and state by one index.

    So a state that hardly ever occurs costs what a frequent one does.
    """
    key = col(StatusIntent.id)
    account = _accounts(query).subquery("account")
    wanted = sa.values(sa.column("state", sa.String), name="wanted").data(
        [(state.value,) for state in query.states or IntentState]
    )
    nearest = (
        columns(key)
        .where(
            col(StatusIntent.account_id) == account.c.id,
            sa.type_coerce(col(StatusIntent.state), sa.String) == wanted.c.state,
            *_bounds(query),
        )
        .order_by(*order)
        .limit(query.limit + 1)
        .lateral("nearest")
    )
    return columns(nearest.c.id).select_from(
        account.join(wanted, sa.true()).join(nearest, sa.true())
    )


def _searched(query: LedgerQuery, wanted: Found, order: tuple[Any, ...]) -> Any:
    """The next few of each person by an index of theirs, and all of the orders that were named."""
    key = col(StatusIntent.id)
    conditions = list(_bounds(query))
    if query.states:
        conditions.append(col(StatusIntent.state).in_(query.states))
    if query.channels:
        conditions.append(col(StatusIntent.account_id).in_(_accounts(query)))
    person = sa.values(sa.column("label", sa.String), name="person").data(
        [(label,) for label in wanted.people or ("",)]
    )
    theirs = (
        columns(key)
        .where(col(StatusIntent.actor_label) == person.c.label, *conditions)
        .order_by(*order)
        .limit(query.limit + 1)
        .lateral("theirs")
    )
    named: Any = sa.literal(list(wanted.order_ids), ARRAY(sa.BigInteger))
    of_orders = columns(key).where(col(StatusIntent.order_id) == sa.any_(named), *conditions)
    of_people = columns(theirs.c.id).select_from(person.join(theirs, sa.true()))
    return sa.union_all(of_people, of_orders)


_COLUMNS: Final = (
    col(StatusIntent.id),
    col(StatusIntent.order_id),
    col(Order.order_number),
    col(Order.channel),
    col(StatusIntent.state),
    col(StatusIntent.from_status),
    col(StatusIntent.to_status),
    col(StatusIntent.actor_label),
    col(StatusIntent.attempts),
    col(StatusIntent.reason),
    col(StatusIntent.created_at),
    col(StatusIntent.settled_at),
    col(StatusIntent.next_try_at),
    col(StatusIntent.made_on),
    col(StatusIntent.operation),
    col(StatusIntent.why),
    col(StatusIntent.run_id),
)


def _bounds(query: LedgerQuery) -> list[ColumnElement[bool]]:
    day = col(StatusIntent.made_on)
    place = tuple_(day, col(StatusIntent.id))
    bounds: list[ColumnElement[bool]] = []
    if query.before:
        bounds.append(place < query.before.place)
    if query.after:
        bounds.append(place > query.after.place)
    if query.first:
        bounds.append(day >= query.first)
    if query.last:
        bounds.append(day <= query.last)
    return bounds
