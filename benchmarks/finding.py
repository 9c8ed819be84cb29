"""What narrows the list: each facet chosen, left out, rare and frequent, alone and together."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlmodel import Session, select

from benchmarks.figures import Recorder
from benchmarks.reading import ACTOR
from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.time import business_day, now
from crm_app.models import Order, OrderLine
from crm_app.services import order_search, view_lists
from crm_app.services.order_query import OrderQuery, Placed, Sort

FACETS: Final[dict[str, str]] = {
    "account": "2",
    "account of one in a hundred": "8",
    "account left out": "-1,-2",
    "payment": "cod",
    "payment that nobody has": "refunded",
    "payment left out": "-paid",
    "sync": "rejected,conflict",
    "sync in flight": "queued",
    "due": "overdue",
    "due today": "today",
    "due none": "none",
    "amount": "500..2000",
    "amount above nearly all": "9500..",
    "city": "Mumbai",
    "two cities": "Pune,Jaipur",
    "city that nobody has": "Atlantis",
    "city left out": "-Mumbai",
    "pincode": "400001",
    "pincode area": "40",
    "pincode left out": "-40",
    "sku": "PLM-RI-003",
    "sku that nobody has": "PLM-XX-999",
    "sku left out": "-PLM-RI-003",
    "hold": "yes",
    "hold not": "no",
    "cod": "yes",
    "cancel": "yes",
    "return": "yes",
    "unmapped": "yes",
    "unmapped not": "no",
    "tag": "gift",
    "tag that few have": "call first",
    "tag left out": "-gift",
    "assignee": "2",
    "assignee none": "none",
    "assignee left out": "-2",
    "priority": "urgent",
    "priority left out": "-normal",
    "archived": "yes",
    "archived or not": "all",
}


def measure(recorder: Recorder, orders: int) -> None:
    """Record a list for each facet, some by other orders, and the counts of the sidebar."""
    for name, value in FACETS.items():
        query = OrderQuery.parse({facet_of(name): value})
        _record(recorder, f"facet {name}", orders, query)
    for name, params in mixed().items():
        _record(recorder, f"facets {name}", orders, OrderQuery.parse(params))
    for name, text in texts().items():
        _record(recorder, f"search {name}", orders, OrderQuery.parse({"q": text}))
    for name in ("city", "sku", "payment", "hold"):
        for sort in (Sort.OLDEST, Sort.SHIP_BY, Sort.TOTAL_HIGHEST):
            query = OrderQuery.parse({name: FACETS[name], "sort": sort.value})
            _record(recorder, f"facet {name}, sorted {sort.value}", orders, query)
    for name, params in mixed().items():
        _record_deep(recorder, name, orders, params)
    recorder.time("counts of the sidebar's views", orders, _count_views)


def facet_of(name: str) -> str:
    """The filter that a figure of `FACETS` is about."""
    return name.split()[0].replace("two", "city")


def _record(recorder: Recorder, figure: str, orders: int, query: OrderQuery) -> None:
    def read() -> None:
        with db.transaction() as session:
            order_search.list_orders(session, ACTOR, query)

    recorder.time(figure, orders, read)


def _record_deep(recorder: Recorder, name: str, orders: int, params: Mapping[str, str]) -> None:
    """The page after the twentieth, if there are so many."""
    query = OrderQuery.parse(params)
    with db.transaction() as session:
        for _ in range(20):
            following = order_search.list_orders(session, ACTOR, query).next_cursor
            if following is None:
                return
            query = replace(query, cursor=following)
    _record(recorder, f"facets {name}, page 21", orders, query)


def mixed() -> Mapping[str, Mapping[str, str]]:
    today = business_day(now(), get_settings().zone)
    long_ago = f"{today - timedelta(days=90)}..{today - timedelta(days=60)}"
    return {
        "city and cod": {"city": "Mumbai", "cod": "yes"},
        "city and status": {"city": "Mumbai", "status": "delivered"},
        "city and sku": {"city": "Mumbai", "sku": "PLM-RI-003"},
        "cod and amount": {"cod": "yes", "amount": "2000.."},
        "cod and channels": {"cod": "yes", "channel": "amazon,-swiggy", "status": "-cancelled"},
        "that exclude each other": {"cod": "yes", "payment": "paid"},
        "open, on hold, not in a city": {"hold": "yes", "city": "-Mumbai", "status": "confirmed"},
        "due long ago": {"due": long_ago},
        "due long ago in a city": {"due": long_ago, "city": "Mumbai"},
        "this month of a city": {"placed": Placed.MONTH.value, "city": "Mumbai"},
        "text in a city": {"q": "priya", "city": "Mumbai"},
        "text and cash on delivery": {"q": "sharma", "cod": "yes"},
        "tag and colleague": {"tag": "gift", "assignee": "2", "status": "confirmed"},
    }


def texts() -> Mapping[str, str]:
    with db.transaction() as session:
        parcel = session.exec(
            select(Order.tracking_number).where(Order.tracking_number != "").limit(1)
        ).one()
        sku = session.exec(select(OrderLine.sku).limit(1)).one()
        pincode = session.exec(select(Order.pincode).where(Order.pincode != "").limit(1)).one()
    return {"tracking number": parcel, "SKU": sku, "pincode": pincode}


def _count_views() -> None:
    with db.transaction() as session:
        _count_afresh(session)


def _count_afresh(session: Session) -> None:
    view_lists.forget_counts()
    view_lists.pinned(session, ACTOR)
