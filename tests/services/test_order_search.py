"""The list against a brute-force oracle: every filter, every sort, every page, forth and back."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP, OrderStatus, SyncStatus
from crm_app.domain.time import business_day, now
from crm_app.errors import InvalidInputError, PermissionDeniedError
from crm_app.models import Order
from crm_app.services.importing import save_orders
from crm_app.services.order_query import Attention, OrderQuery, Position, Sort
from crm_app.services.order_search import count_orders, list_orders
from tests.factories import AccountFactory
from tests.services.fakes import LONG_AGO, told

SORT_VALUES: dict[Sort, tuple[str, bool]] = {
    Sort.NEWEST: ("placed_at", True),
    Sort.OLDEST: ("placed_at", False),
    Sort.SHIP_BY: ("ship_by", False),
    Sort.SHIP_BY_LAST: ("ship_by", True),
    Sort.TOTAL: ("total_minor", False),
    Sort.TOTAL_HIGHEST: ("total_minor", True),
}


@pytest.fixture
def shelf(session: Session) -> list[Order]:
    """Sixty orders with many ties, some without a ship-by time or a total."""
    dice = random.Random(7)
    for channel in (Channel.AMAZON, Channel.WOOCOMMERCE):
        made = [
            told(
                f"{channel.mark}-{number}",
                status=dice.choice(list(OrderStatus)),
                placed_at=LONG_AGO - timedelta(hours=9 * dice.randrange(8)),
                ship_by=dice.choice([None, *(now() + timedelta(hours=h) for h in (-30, 2, 30))]),
                total_minor=(total := dice.choice([None, 100, 100, 5_000])),
                currency=None if total is None else dice.choice(["INR", "USD"]),
                cancel_requested=dice.random() < 0.3,
                is_cod=dice.random() < 0.4,
            )
            for number in range(30)
        ]
        save_orders(session, AccountFactory(channel=channel), made)
    session.execute(
        update(Order).where(col(Order.id) % 7 == 0).values(sync_status=SyncStatus.CONFLICT)
    )
    session.commit()
    return list(session.exec(select(Order)).all())


def expected(shelf: list[Order], query: OrderQuery) -> list[int]:
    """What the list must hold, in its order, by plain Python."""
    chosen = [order for order in shelf if _fits(order, query)]
    name, descending = SORT_VALUES[query.sort]
    valued = [order for order in chosen if getattr(order, name) is not None]
    empty = [order for order in chosen if getattr(order, name) is None]
    ranked = sorted(valued, key=lambda o: (getattr(o, name), o.id), reverse=descending)
    ranked += sorted(empty, key=lambda o: o.id, reverse=descending)
    return [order.id for order in ranked]


def _fits(order: Order, query: OrderQuery) -> bool:
    day = business_day(order.placed_at, get_settings().zone)
    return (
        (not query.channels or order.channel in query.channels)
        and (not query.statuses or order.status in query.statuses)
        and (query.placed_from is None or day >= query.placed_from)
        and (query.placed_to is None or day <= query.placed_to)
        and (query.attention is None or _needs(order, query.attention))
    )


def _needs(order: Order, attention: Attention) -> bool:
    moment = now()
    is_open = order.status in TO_SHIP
    if attention is Attention.LATE:
        return is_open and order.ship_by is not None and order.ship_by < moment
    if attention is Attention.AT_RISK:
        soon = moment + timedelta(hours=4)
        return is_open and order.ship_by is not None and moment <= order.ship_by < soon
    if attention is Attention.CANCEL_REQUESTED:
        return order.cancel_requested and (is_open or order.status is OrderStatus.PENDING)
    if attention is Attention.SYNC:
        return order.sync_status in (SyncStatus.REJECTED, SyncStatus.CONFLICT)
    return order.is_cod and order.status is OrderStatus.PENDING


days = st.none() | st.integers(0, 5).map(lambda back: (LONG_AGO - timedelta(days=back)).date())
queries = st.builds(
    OrderQuery,
    channels=st.sets(st.sampled_from([Channel.AMAZON, Channel.WOOCOMMERCE, Channel.SHOPIFY])).map(
        tuple
    ),
    statuses=st.sets(st.sampled_from(list(OrderStatus)), max_size=4).map(tuple),
    attention=st.none() | st.sampled_from(list(Attention)),
    placed_from=days,
    placed_to=days,
    sort=st.sampled_from(list(Sort)),
    limit=st.integers(1, 9),
)


def walk(session: Session, actor: Actor, query: OrderQuery) -> tuple[list[int], list[int]]:
    """Every id by following `next`, then every id by following `previous` from the last page."""
    forth: list[int] = []
    page = list_orders(session, actor, query)
    while True:
        forth += [row.id for row in page.orders]
        if page.next_cursor is None:
            break
        page = list_orders(session, actor, replace(query, cursor=page.next_cursor))
    back = [row.id for row in page.orders]
    while page.previous_cursor is not None:
        page = list_orders(session, actor, replace(query, cursor=page.previous_cursor))
        back = [row.id for row in page.orders] + back
    return forth, back


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(query=queries)
def test_filters_sorts_and_pages_agree_with_plain_python(
    session: Session, asha: Actor, shelf: list[Order], query: OrderQuery
) -> None:
    wanted = expected(shelf, query)

    forth, back = walk(session, asha, query)

    assert forth == wanted
    assert back == wanted
    assert count_orders(session, asha, query) == (len(wanted), True)
    first = list_orders(session, asha, query)
    assert (first.total, first.total_is_exact) == (len(wanted), True)
    assert first.previous_cursor is None


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("limit", [7, 60, 61])
def test_every_row_is_met_exactly_once_in_every_sort(
    session: Session, asha: Actor, shelf: list[Order], sort: Sort, limit: int
) -> None:
    query = OrderQuery(sort=sort, limit=limit)

    forth, back = walk(session, asha, query)

    assert forth == back == expected(shelf, query)
    assert len(set(forth)) == 60


def test_an_order_that_arrives_meanwhile_moves_no_page(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    query = OrderQuery(limit=10)
    first = list_orders(session, asha, query)
    before = list_orders(session, asha, replace(query, cursor=first.next_cursor))
    save_orders(session, AccountFactory(), [told("new", placed_at=LONG_AGO)])

    after = list_orders(session, asha, replace(query, cursor=first.next_cursor))

    assert after.orders == before.orders


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "é",
        "e30",
        "bnVsbA",
        "[" * 300,
        Position("2026-11-20T10:00:00", 1).encode(),  # without a zone
        Position("yesterday", 1).encode(),
        Position(None, 1).encode(),  # every order has a time of placing
        Position(5, 1).encode(),  # of another sort
        Position(2**70, 1).encode(),
        Position("2026-11-20T10:00:00+00:00", 0).encode(),
        Position("2026-11-20T10:00:00+00:00", 2**63).encode(),
        Position("2026-11-20T10:00:00+00:00", 1).encode()[:-4],
    ],
)
def test_a_damaged_cursor_is_refused(
    session: Session, asha: Actor, shelf: list[Order], cursor: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        list_orders(session, asha, OrderQuery(cursor=cursor))

    assert list(caught.value.details) == ["cursor"]


def test_refusing_cursors_keeps_no_memory_of_them() -> None:
    def depth() -> int:
        with pytest.raises(InvalidInputError) as caught:
            Position.decode("x")
        trace, steps = caught.value.__traceback__, 0
        while trace is not None:
            trace, steps = trace.tb_next, steps + 1
        return steps

    assert [depth() for _ in range(3)] == [depth()] * 3


@given(st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")) | st.text(max_size=60))
def test_no_cursor_breaks_the_reader(cursor: str) -> None:
    try:
        Position.decode(cursor)
    except InvalidInputError:
        return


@given(queries)
def test_the_address_bar_s_form_is_read_back_as_it_was(query: OrderQuery) -> None:
    if query.placed_from and query.placed_to and query.placed_from > query.placed_to:
        query = replace(query, placed_to=None)

    again = OrderQuery.parse(query.params())

    assert again == query


def test_without_permission_there_is_no_list(session: Session, shelf: list[Order]) -> None:
    for act in (list_orders, count_orders):
        with pytest.raises(PermissionDeniedError):
            act(session, SYSTEM, OrderQuery())


def test_a_reader_gets_rows_without_people(
    session: Session, reader: Actor, shelf: list[Order]
) -> None:
    session.execute(update(Order).values(pincode="400050"))
    session.execute(update(Order).where(col(Order.id) == shelf[0].id).values(customer_name=""))

    rows: list[Any] = list(list_orders(session, reader, OrderQuery(limit=100)).orders)

    assert {row.customer_name for row in rows} == {"Personal data withheld", ""}
    assert {row.pincode for row in rows} == {""}


def test_a_day_is_a_day_of_the_business(session: Session, asha: Actor) -> None:
    # Midnight in India is 18:30 UTC of the day before.
    edge = LONG_AGO.replace(hour=18, minute=30, second=0) - timedelta(days=1)
    last = edge - timedelta(microseconds=1)
    made = [told("after", placed_at=edge), told("before", placed_at=last)]
    save_orders(session, AccountFactory(), made)
    session.flush()

    def on(day: date) -> list[str]:
        found = list_orders(session, asha, OrderQuery(placed_from=day, placed_to=day))
        assert found.total == len(found.orders)
        return [row.external_id for row in found.orders]

    assert on(edge.date() + timedelta(days=1)) == ["after"]
    assert on(edge.date()) == ["before"]
