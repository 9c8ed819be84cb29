"""The figures of today against a recount by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from crm_app.channels.base import ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import business_day, day_start, now
from crm_app.errors import PermissionDeniedError
from crm_app.models import AccountStatus, ChannelAccount
from crm_app.services import dashboard
from crm_app.services.importing import save_orders
from crm_app.services.order_query import Attention
from tests.factories import AccountFactory, OrderFactory
from tests.services.fakes import told

ZONE = get_settings().zone
Told = Callable[..., ChannelOrder]


@pytest.fixture
def start() -> datetime:
    """Midnight of the business day, as UTC."""
    return day_start(business_day(now(), ZONE), ZONE)


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    return AccountFactory(watermark=datetime(2026, 11, 1, tzinfo=UTC))


def placed(key: str, moment: datetime, total: int | None = 1_000, **more: Any) -> ChannelOrder:
    currency = "INR" if total is not None else None
    values: dict[str, Any] = {"currency": currency, "total_minor": total} | more
    return told(key, placed_at=moment, updated_at=moment, **values)


def test_today_is_compared_with_the_same_time_a_week_ago(
    session: Session, asha: Actor, account: ChannelAccount, start: datetime
) -> None:
    week = timedelta(days=7)
    orders = [
        placed("first of the day", start),
        placed("last of yesterday", start - timedelta(seconds=1), 7_777),
        placed("dearer", start, 2_500),
        placed("cancelled", start, 9_000, status=OrderStatus.CANCELLED),
        placed("returned", start, 9_000, status=OrderStatus.RETURNED),
        placed("failed", start, 9_000, status=OrderStatus.FAILED),
        placed("unpriced", start, None, status=OrderStatus.PENDING),
        placed("dollars", start, 50_000, currency="USD"),
        placed("a week ago", start - week, 400),
        placed("later than now, a week ago", now() - week + timedelta(minutes=5), 8_888),
    ]
    save_orders(session, account, orders)

    found = dashboard.get_dashboard(session, asha)

    assert (found.currency, found.other_currencies) == ("INR", 1)
    assert (found.orders.now, found.orders.then) == (7, 1)
    assert (found.revenue.now, found.revenue.then) == (3_500, 400)
    assert (found.average.now, found.average.then) == (1_750, 400)


def test_an_empty_day_divides_by_nothing(session: Session, asha: Actor) -> None:
    found = dashboard.get_dashboard(session, asha)

    assert (found.orders.now, found.revenue.now, found.average.now) == (0, 0, 0)
    assert (found.currency, found.channels, len(found.days)) == ("INR", (), 30)


def test_thirty_days_by_channel_beside_the_thirty_before(
    session: Session, asha: Actor, account: ChannelAccount, start: datetime
) -> None:
    shop = AccountFactory(channel=Channel.WOOCOMMERCE)
    second = AccountFactory()
    for owner, back, count in ((account, 0, 2), (second, 0, 1), (shop, 29, 1), (account, 30, 3)):
        moment = start - timedelta(days=back)
        save_orders(
            session, owner, [placed(f"{owner.id}-{back}-{n}", moment) for n in range(count)]
        )
    save_orders(session, account, [placed("too old", start - timedelta(days=60))])

    days = dashboard.get_dashboard(session, asha).days

    today = business_day(now(), ZONE)
    assert [day.day for day in days] == [today - timedelta(days=n) for n in range(29, -1, -1)]
    assert (days[-1].by_channel, days[-1].total, days[-1].before) == ({Channel.AMAZON: 3}, 3, 3)
    assert (days[0].by_channel, days[0].total) == ({Channel.WOOCOMMERCE: 1}, 1)
    assert sum(day.total for day in days) == 4


def test_each_channel_with_the_oldest_watermark_of_its_accounts(
    session: Session, asha: Actor, account: ChannelAccount, start: datetime
) -> None:
    AccountFactory(watermark=now())
    AccountFactory(watermark=datetime(2020, 1, 1, tzinfo=UTC), status=AccountStatus.PAUSED)
    AccountFactory(channel=Channel.WOOCOMMERCE)
    save_orders(session, account, [placed("1", start, 1_000), placed("2", start, 2_001)])

    rows = dashboard.get_dashboard(session, asha).channels

    assert [(row.channel, row.orders, row.revenue_minor, row.average_minor) for row in rows] == [
        (Channel.AMAZON, 2, 3_001, 1_500),
        (Channel.WOOCOMMERCE, 0, 0, 0),
    ]
    assert rows[0].current_to == datetime(2026, 11, 1, tzinfo=UTC)
    assert rows[1].current_to is None


def test_what_needs_a_person_is_counted(session: Session, asha: Actor) -> None:
    moment = now()
    OrderFactory(ship_by=moment - timedelta(hours=1))
    OrderFactory(ship_by=moment - timedelta(hours=1), status=OrderStatus.SHIPPED)
    OrderFactory(ship_by=moment + timedelta(hours=3), status=OrderStatus.PACKED)
    OrderFactory(ship_by=moment + timedelta(hours=5))
    OrderFactory(cancel_requested=True)
    OrderFactory(cancel_requested=True, status=OrderStatus.CANCELLED)
    OrderFactory(sync_status=SyncStatus.REJECTED)
    OrderFactory(sync_status=SyncStatus.CONFLICT)
    OrderFactory(is_cod=True, status=OrderStatus.PENDING)
    OrderFactory(is_cod=True)

    needs = dashboard.get_dashboard(session, asha).needs

    assert {need.attention: (need.count, need.is_exact) for need in needs} == {
        Attention.LATE: (1, True),
        Attention.AT_RISK: (1, True),
        Attention.CANCEL_REQUESTED: (1, True),
        Attention.SYNC: (2, True),
        Attention.COD: (1, True),
    }


def test_the_currency_is_that_of_most_orders_of_late(
    session: Session, asha: Actor, account: ChannelAccount, start: datetime
) -> None:
    old = [placed(f"old{n}", start - timedelta(days=40), 100) for n in range(5)]
    new = [placed(f"new{n}", start, 100, currency="USD") for n in range(2)]
    save_orders(session, account, [*old, *new, placed("inr", start, 5)])

    found = dashboard.get_dashboard(session, asha)

    assert (found.currency, found.revenue.now, found.other_currencies) == ("USD", 200, 1)


def test_without_permission_there_are_no_figures(session: Session) -> None:
    with pytest.raises(PermissionDeniedError):
        dashboard.get_dashboard(session, SYSTEM)
