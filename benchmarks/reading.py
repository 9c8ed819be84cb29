"""What people wait for: lists, searches, an order, the dashboard. Through the real services."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Final

from sqlmodel import Session, col, func, select

from benchmarks.buyers import RARE
from benchmarks.figures import Recorder
from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import ROLE_PERMISSIONS, Role
from crm_app.domain.time import business_day, now
from crm_app.models import Customer, Order
from crm_app.services import dashboard, order_search, order_view
from crm_app.services.order_query import Attention, OrderQuery, Position, Sort

ACTOR: Final = Actor(
    ActorKind.PERSON, "Benchmark", user_id=1, permissions=ROLE_PERMISSIONS[Role.ADMIN]
)
_DEEP_PAGE: Final = 2_000


def measure(recorder: Recorder, orders: int) -> None:
    """Record every reading figure of the shop that this process points at."""
    for figure, query in {**lists(), **searches()}.items():
        recorder.time(figure, orders, _listing(query))
    _deep_pages(recorder, orders)
    recorder.time("order page", orders, _opening())
    recorder.time("dashboard", orders, _reading(dashboard.get_dashboard))


def _reading(service: Callable[[Session, Actor], object]) -> Callable[[], object]:
    def call() -> object:
        with db.transaction() as session:
            return service(session, ACTOR)

    return call


def _listing(query: OrderQuery) -> Callable[[], object]:
    return _reading(lambda session, actor: order_search.list_orders(session, actor, query))


def lists() -> Mapping[str, OrderQuery]:
    today = business_day(now(), get_settings().zone)
    week = OrderQuery(placed_from=today - timedelta(days=6), placed_to=today)
    month = OrderQuery(placed_from=today - timedelta(days=40), placed_to=today - timedelta(days=10))
    amazon, blinkit = (Channel.AMAZON,), (Channel.BLINKIT,)
    delivered, failed = (OrderStatus.DELIVERED,), (OrderStatus.FAILED,)
    open_ones = (OrderStatus.CONFIRMED, OrderStatus.PACKED, OrderStatus.READY_TO_SHIP)
    return {
        "list first page": OrderQuery(),
        "list oldest first": OrderQuery(sort=Sort.OLDEST),
        "list 200 rows": OrderQuery(limit=200),
        "list one status": OrderQuery(statuses=delivered),
        "list a rare status": OrderQuery(statuses=failed),
        "list three statuses": OrderQuery(statuses=open_ones),
        "list three statuses, oldest first": OrderQuery(statuses=open_ones, sort=Sort.OLDEST),
        "list one channel": OrderQuery(channels=blinkit),
        "list channel and status": OrderQuery(channels=amazon, statuses=failed),
        "list two channels and two statuses": OrderQuery(
            channels=(Channel.SWIGGY, Channel.BLINKIT), statuses=(*failed, OrderStatus.RETURNED)
        ),
        "list a week": week,
        "list a week by ship-by": replace(week, sort=Sort.SHIP_BY),
        "list a week by total": replace(week, sort=Sort.TOTAL_HIGHEST),
        "list a month of one channel": replace(month, channels=amazon),
        "list late": OrderQuery(attention=Attention.LATE),
        "list late, by ship-by": OrderQuery(attention=Attention.LATE, sort=Sort.SHIP_BY),
        "list at risk": OrderQuery(attention=Attention.AT_RISK, sort=Sort.SHIP_BY),
        "list sync trouble": OrderQuery(attention=Attention.SYNC),
        "list cash on delivery to confirm": OrderQuery(attention=Attention.COD),
        "list cancellation wishes": OrderQuery(attention=Attention.CANCEL_REQUESTED),
        "list by ship-by": OrderQuery(sort=Sort.SHIP_BY),
        "list by ship-by, last first": OrderQuery(sort=Sort.SHIP_BY_LAST),
        "list by total": OrderQuery(sort=Sort.TOTAL),
        "list by total, highest first": OrderQuery(sort=Sort.TOTAL_HIGHEST),
        "list open ones by ship-by": OrderQuery(statuses=open_ones, sort=Sort.SHIP_BY),
        "list one status by total": OrderQuery(statuses=failed, sort=Sort.TOTAL_HIGHEST),
        "list one channel by ship-by": OrderQuery(channels=amazon, sort=Sort.SHIP_BY),
        "list a channel without deadlines by ship-by": OrderQuery(
            channels=blinkit, sort=Sort.SHIP_BY
        ),
        "list a month by ship-by": replace(month, sort=Sort.SHIP_BY),
        "list a month by total": replace(month, sort=Sort.TOTAL_HIGHEST),
    }


def searches() -> Mapping[str, OrderQuery]:
    with db.transaction() as session:
        order = session.exec(
            select(Order).where(Order.channel == Channel.AMAZON).order_by(col(Order.id)).limit(1)
        ).one()
        buyer = session.exec(select(Customer).where(Customer.id == order.customer_id)).one()
    searches = {
        "order number": order.order_number,
        "beginning of an order number": order.order_number[:9],
        "beginning of a tenth of the numbers": "401",
        "rare name": RARE,
        "common first name": "priya",
        "one letter": "s",
        "first and last name": "priya sharma",
        "a name of one in a hundred": _name_of_one_in_a_hundred(),
        "no hit": "xqzw",
        "e-mail": buyer.email,
        "beginning of an e-mail": "priya.",
        "last phone digits": buyer.phone_digits[-5:],
        "all phone digits": buyer.phone_digits,
    }
    queries = {f"search {name}": OrderQuery(text=text) for name, text in searches.items()}
    common = OrderQuery(text="priya")
    rare = OrderQuery(text=RARE)
    return {
        **queries,
        "search common name in a channel": replace(common, channels=(Channel.BLINKIT,)),
        "search common name with a rare status": replace(common, statuses=(OrderStatus.FAILED,)),
        "search common name with an open status": replace(common, statuses=(OrderStatus.PACKED,)),
        "search common name by total": replace(common, sort=Sort.TOTAL_HIGHEST),
        "search common name, oldest first": replace(common, sort=Sort.OLDEST),
        "search rare name in a channel": replace(rare, channels=(Channel.AMAZON,)),
        "search rare name by ship-by": replace(rare, sort=Sort.SHIP_BY),
        "search no hit with a status": OrderQuery(text="xqzw", statuses=(OrderStatus.DELIVERED,)),
    }


def _name_of_one_in_a_hundred() -> str:
    """Neither rare nor common: where the way to search changes."""
    with db.transaction() as session:
        name = func.split_part(Customer.name, " ", 2)
        counts = session.exec(select(name, func.count()).group_by(name)).all()
        wanted = sum(count for _, count in counts) / 100
    return min(counts, key=lambda pair: abs(pair[1] - wanted))[0]


def _deep_pages(recorder: Recorder, orders: int) -> None:
    """Next and previous page, far down; the cursor is made here, not walked to."""
    page = min(_DEEP_PAGE, orders // 50 - 2)
    for name, sort, column in (
        ("newest first", Sort.NEWEST, col(Order.placed_at)),
        ("by ship-by", Sort.SHIP_BY, col(Order.ship_by)),
        ("by ship-by, last first", Sort.SHIP_BY_LAST, col(Order.ship_by)),
        ("by total, highest first", Sort.TOTAL_HIGHEST, col(Order.total_minor)),
    ):
        is_down = sort.startswith("-")
        keys = (column, col(Order.id))
        statement = (
            select(column, Order.id)
            .where(column.is_not(None))
            .order_by(*(key.desc() if is_down else key.asc() for key in keys))
            .offset(min(page * 50, int(orders * 0.7)))
            .limit(1)
        )
        with db.transaction() as session:
            value, order_id = session.exec(statement).one()
        assert value is not None
        value = value if isinstance(value, int) else value.isoformat()
        for way in ("forward", "backward"):
            cursor = Position(value, order_id, way == "backward").encode()
            recorder.time(
                f"page {_DEEP_PAGE} {way}, {name}",
                orders,
                _listing(OrderQuery(sort=sort, cursor=cursor)),
                page=page,
            )


def _opening() -> Callable[[], object]:
    with db.transaction() as session:
        newest = select(Order.id).order_by(col(Order.id).desc()).limit(500)
        ids = cycle(list(session.exec(newest))[::7])
    return _reading(lambda session, actor: order_view.get_order(session, actor, next(ids)))
