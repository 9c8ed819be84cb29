"""No list, search, filter or count reads more for having more orders behind it."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlmodel import Session, col, select

from benchmarks import finding
from benchmarks import reading as lists
from crm_app.models import Order
from crm_app.services import dashboard, order_search, order_view, view_lists
from crm_app.services.order_query import OrderQuery, Sort
from tests.plans.plan import Work, work_of

# The most that one statement may look at: counting stops at ten thousand.
MOST = 12_000
# Orders of some days lie together, so those of a month are gathered and sorted.
MOST_OF_A_MONTH = 30_000


def queries() -> Iterator[tuple[str, OrderQuery]]:
    yield from lists.lists().items()
    for name, value in finding.FACETS.items():
        for sort in (Sort.NEWEST, Sort.SHIP_BY, Sort.TOTAL):
            params = {finding.facet_of(name): value, "sort": sort.value}
            yield f"{name}, by {sort.value}", OrderQuery.parse(params)
    for name, params in finding.mixed().items():
        yield name, OrderQuery.parse(params)


QUERIES = dict(queries())


def is_cheap(done: list[Work], most: int = MOST) -> None:
    assert done
    for one in done:
        assert one.scans == (), one.statement
        assert one.rows <= most, f"{one.rows} rows: {one.statement}"


@pytest.mark.parametrize("name", QUERIES)
def test_no_list_reads_the_table(reading: Session, name: str) -> None:
    query = QUERIES[name]

    done = work_of(reading, lambda: order_search.list_orders(reading, lists.ACTOR, query))

    is_cheap(done, MOST_OF_A_MONTH if query.placed_from else MOST)


@pytest.mark.parametrize(
    ("name", "sort"), list(itertools.product(["list first page", "city", "text in a city"], Sort))
)
def test_pages_deep_in_a_list_cost_no_more_in_either_direction(
    reading: Session, name: str, sort: Sort
) -> None:
    query = replace(named(name), sort=sort)
    for _ in range(5):
        page = order_search.list_orders(reading, lists.ACTOR, query)
        if page.next_cursor is None:
            break
        query = replace(query, cursor=page.next_cursor)
    back = replace(
        query, cursor=order_search.list_orders(reading, lists.ACTOR, query).previous_cursor
    )

    for one in (query, back):
        is_cheap(work_of(reading, lambda q=one: order_search.list_orders(reading, lists.ACTOR, q)))


def named(name: str) -> OrderQuery:
    return QUERIES.get(name) or QUERIES[f"{name}, by {Sort.NEWEST.value}"]


def test_no_search_reads_the_table(reading: Session) -> None:
    texts = [OrderQuery.parse({"q": text}) for text in finding.texts().values()]

    for query in [*lists.searches().values(), *texts]:
        is_cheap(
            work_of(reading, lambda q=query: order_search.list_orders(reading, lists.ACTOR, q))
        )


def test_counts_of_the_sidebar_stop_early(reading: Session) -> None:
    view_lists.forget_counts()

    is_cheap(work_of(reading, lambda: view_lists.pinned(reading, lists.ACTOR)))


def test_an_order_and_the_dashboard_read_their_own_rows(reading: Session) -> None:
    order_id = reading.exec(select(Order.id).order_by(col(Order.id)).limit(1)).one()

    opened = work_of(reading, lambda: order_view.get_order(reading, lists.ACTOR, order_id))

    assert max(one.rows for one in opened) <= 300
    is_cheap(work_of(reading, lambda: dashboard.get_dashboard(reading, lists.ACTOR)))


def test_the_measure_sees_a_table_that_is_read_whole(reading: Session) -> None:
    (one,) = work_of(reading, lambda: reading.exec(select(Order.id).where(Order.note == "x")).all())

    assert one.rows >= 40_000 or one.scans == ("orders",)
