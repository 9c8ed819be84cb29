"""What a channel tells becomes orders: once each, the newest version, everything explained."""

import dataclasses

import pytest
from sqlmodel import Session, col, select

from crm_app.channels.base import ChannelAddress, ChannelBuyer
from crm_app.domain.actor import ActorKind
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.models import (
    ChannelAccount,
    Customer,
    Order,
    OrderEvent,
    OrderLine,
    OrderPayload,
    OrderRollup,
    UnmappedWord,
)
from crm_app.services import order_rows, rollups
from crm_app.services.importing import ImportCount, save_orders
from tests.factories import AccountFactory
from tests.services.fakes import at, line, told


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    return AccountFactory()


def events_of(session: Session, order: Order) -> list[OrderEvent]:
    return list(
        session.exec(select(OrderEvent).where(OrderEvent.order_id == order.id).order_by("id")).all()
    )


def test_a_new_order_is_stored_with_its_lines_payload_buyer_event_and_sums(
    session: Session, account: ChannelAccount
) -> None:
    order = told(lines=(line("1"), line("2", quantity=2, total_minor=None)))

    count = save_orders(session, account, [order])

    stored = session.exec(select(Order)).one()
    lines = session.exec(select(OrderLine).order_by("position")).all()
    event = events_of(session, stored)[0]
    rollup = session.exec(select(OrderRollup)).one()
    assert count == ImportCount(created=1)
    assert (stored.account_id, stored.external_id) == (account.id, "405-1")
    assert (stored.status, stored.total_minor, stored.unit_count) == (
        OrderStatus.CONFIRMED,
        149_900,
        3,
    )
    assert [(item.external_id, item.quantity) for item in lines] == [("1", 1), ("2", 2)]
    assert order_rows.unpack(session.exec(select(OrderPayload.body)).one()) == order.raw
    assert session.exec(select(Customer.name)).one() == "Meera Iyer"
    assert (event.kind, event.actor_kind, event.actor_label, event.data) == (
        "order:imported",
        ActorKind.CHANNEL,
        "Amazon",
        {"status": [None, "confirmed"]},
    )
    assert (rollup.orders, rollup.total_minor, rollup.currency) == (1, 149_900, "INR")


def test_the_same_payload_again_changes_nothing(session: Session, account: ChannelAccount) -> None:
    save_orders(session, account, [told()])
    before = session.exec(select(Order)).one().model_dump()

    count = save_orders(session, account, [told(), told()])

    session.expire_all()
    after = session.exec(select(Order)).one()
    assert count == ImportCount(unchanged=1)
    assert after.model_dump() == before
    assert len(events_of(session, after)) == 1
    assert len(session.exec(select(OrderPayload)).all()) == 1


def test_an_older_version_never_wins(session: Session, account: ChannelAccount) -> None:
    save_orders(session, account, [told(updated_at=at(5), status=OrderStatus.SHIPPED)])

    count = save_orders(session, account, [told(updated_at=at(4), total_minor=1)])

    order = session.exec(select(Order)).one()
    assert count == ImportCount(unchanged=1)
    assert (order.status, order.total_minor, order.version) == (OrderStatus.SHIPPED, 149_900, 1)


def test_the_newest_of_a_page_wins_wherever_it_stands(
    session: Session, account: ChannelAccount
) -> None:
    versions = [told(updated_at=at(n), total_minor=n) for n in (3, 9, 6)]

    count = save_orders(session, account, versions)

    assert count == ImportCount(created=1)
    assert session.exec(select(Order.total_minor)).one() == 9


def test_the_same_number_on_two_accounts_are_two_orders(session: Session) -> None:
    first, second = AccountFactory(), AccountFactory()

    save_orders(session, first, [told("1001")])
    save_orders(session, second, [told("1001", total_minor=5)])

    rows = session.exec(select(Order.account_id, Order.total_minor).order_by("account_id")).all()
    assert list(rows) == [(first.id, 149_900), (second.id, 5)]


def test_a_change_is_explained_by_an_event_with_before_and_after(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told()])

    save_orders(
        session,
        account,
        [told(updated_at=at(1), status=OrderStatus.SHIPPED, channel_status="SHIPPED")],
    )

    order = session.exec(select(Order)).one()
    event = events_of(session, order)[-1]
    assert order.version == 2
    assert (event.kind, event.actor_label) == ("order:updated", "Amazon")
    assert event.data == {
        "status": ["confirmed", "shipped"],
        "status_on_channel": ["confirmed", "shipped"],
        "channel_status": ["UNSHIPPED", "SHIPPED"],
    }


def test_personal_data_is_not_copied_into_the_history(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told()])

    moved = ChannelAddress(name="Meera Rao", line1="14 Hill Road", city="Pune", pincode="411001")
    buyer = ChannelBuyer("b-1", "Meera Rao")
    save_orders(
        session, account, [told(updated_at=at(1), address=moved, buyer=buyer, note="Ring Meera")]
    )

    event = events_of(session, session.exec(select(Order)).one())[-1]
    assert event.data == {"customer_name": "changed", "ship_to": "changed", "note": "changed"}


def test_lines_are_replaced_by_those_of_the_newer_version(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told(lines=(line("1"), line("2")))])

    save_orders(
        session,
        account,
        [told(updated_at=at(1), lines=(line("2", quantity_shipped=1), line("3"), line("4")))],
    )

    lines = session.exec(select(OrderLine).order_by("position")).all()
    order = session.exec(select(Order)).one()
    assert [(item.external_id, item.quantity_shipped) for item in lines] == [
        ("2", 1),
        ("3", 0),
        ("4", 0),
    ]
    assert (order.line_count, order.version) == (3, 2)
    assert events_of(session, order)[-1].data["lines"] == [2, 3]


def test_a_change_of_a_line_alone_counts_as_a_new_version_of_the_order(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told()])

    save_orders(session, account, [told(updated_at=at(1), lines=(line("1", quantity_shipped=1),))])

    order = session.exec(select(Order)).one()
    assert order.version == 2
    told_ = events_of(session, order)[-1].data
    assert (told_["lines"], list(told_["lines_were"])) == ([1, 1], ["0"])


def test_a_version_that_does_not_say_what_came_back_takes_nothing_away(
    session: Session, account: ChannelAccount
) -> None:
    back = line("1", quantity=3, quantity_shipped=3, quantity_returned=1)
    silent = dataclasses.replace(back, quantity_returned=None)
    save_orders(session, account, [told(lines=(back,))])

    save_orders(session, account, [told(updated_at=at(1), lines=(silent, line("2")))])
    save_orders(session, account, [told("405-2", lines=(silent,))])

    counts = session.exec(
        select(OrderLine.external_id, OrderLine.quantity_returned).order_by(col(OrderLine.id))
    ).all()
    assert sorted(counts) == [("1", 0), ("1", 1), ("2", 0)]


def test_an_order_may_lose_all_its_lines(session: Session, account: ChannelAccount) -> None:
    save_orders(session, account, [told()])

    save_orders(session, account, [told(updated_at=at(1), lines=())])

    assert session.exec(select(OrderLine)).all() == []
    assert session.exec(select(Order.line_count)).one() == 0


def test_a_word_that_nobody_mapped_is_reported_and_the_import_goes_on(
    session: Session, account: ChannelAccount
) -> None:
    odd = {"status": None, "channel_status": "TELEPORTED"}

    count = save_orders(session, account, [told("1", **odd), told("2", **odd), told("3")])

    word = session.exec(select(UnmappedWord)).one()
    statuses = session.exec(select(Order.status).order_by("external_id")).all()
    assert count == ImportCount(created=3)
    assert (word.word, word.example_external_id, word.times_seen) == ("TELEPORTED", "1", 2)
    assert list(statuses) == [OrderStatus.PENDING, OrderStatus.PENDING, OrderStatus.CONFIRMED]


def test_an_unknown_word_leaves_the_status_as_it_was(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told(status=OrderStatus.SHIPPED)])

    save_orders(session, account, [told(updated_at=at(1), status=None, channel_status="LOST?")])

    order = session.exec(select(Order)).one()
    assert (order.status, order.status_on_channel) == (OrderStatus.SHIPPED, OrderStatus.SHIPPED)
    assert order.channel_status == "LOST?"


def test_an_unknown_word_takes_back_nothing_that_the_status_said(
    session: Session, account: ChannelAccount
) -> None:
    sent = told(
        status=OrderStatus.SHIPPED,
        lines=(line(quantity_shipped=1),),
        ship_by=at(90),
        cancel_requested=True,
        return_requested=True,
    )
    save_orders(session, account, [sent])

    save_orders(session, account, [told(updated_at=at(1), status=None, channel_status="BILLED")])

    order = session.exec(select(Order)).one()
    assert (order.ship_by, order.cancel_requested, order.return_requested) == (at(90), True, True)
    assert session.exec(select(OrderLine.quantity_shipped)).one() == 1
    save_orders(session, account, [told(updated_at=at(2))])
    assert (order.ship_by, order.cancel_requested) == (None, False)
    assert session.exec(select(OrderLine.quantity_shipped)).one() == 0


def test_one_buyer_of_many_orders_is_one_customer(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told(str(n)) for n in range(5)])

    customer = session.exec(select(Customer)).one()
    assert customer.phone_digits == "919820012345"
    assert set(session.exec(select(Order.customer_id)).all()) == {customer.id}


@pytest.mark.parametrize("together", [True, False], ids=["one page", "two pages"])
def test_what_a_channel_withholds_later_is_not_forgotten(
    session: Session, account: ChannelAccount, together: bool
) -> None:
    known = told("1", address=ChannelAddress(name="Meera Iyer", city="Mumbai", pincode="400050"))
    withheld = told("2", buyer=ChannelBuyer("b-1"))

    for page in ([known, withheld],) if together else ([known], [withheld]):
        save_orders(session, account, page)

    customer = session.exec(select(Customer)).one()
    assert (customer.name, customer.email, customer.city) == (
        "Meera Iyer",
        "meera@mail.example",
        "Mumbai",
    )


def test_an_order_keeps_its_buyer_when_only_a_name_is_still_told(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told()])
    known = session.exec(select(Order.customer_id)).one()

    save_orders(session, account, [told(updated_at=at(1), buyer=ChannelBuyer(name="Meera Iyer"))])

    session.expire_all()
    assert session.exec(select(Order.customer_id)).one() == known


def test_tracking_and_payment_survive_a_version_that_does_not_tell_them(
    session: Session, account: ChannelAccount
) -> None:
    shipped = told(
        updated_at=at(1),
        status=OrderStatus.SHIPPED,
        carrier="BlueDart",
        tracking_number="BD1",
        shipped_at=at(1),
    )
    save_orders(session, account, [shipped])

    save_orders(
        session,
        account,
        [told(updated_at=at(2), status=OrderStatus.SHIPPED, payment_status=None)],
    )

    order = session.exec(select(Order)).one()
    assert (order.carrier, order.tracking_number, order.shipped_at) == ("BlueDart", "BD1", at(1))
    assert order.payment_status is PaymentStatus.PAID


def test_money_of_two_currencies_is_never_added(session: Session, account: ChannelAccount) -> None:
    dollars = told("2", currency="USD", total_minor=2_000)
    unpriced = told("3", currency=None, total_minor=None)

    save_orders(session, account, [told("1"), dollars, unpriced])

    sums = session.exec(
        select(OrderRollup.currency, OrderRollup.orders, OrderRollup.total_minor).order_by(
            "currency"
        )
    ).all()
    assert list(sums) == [("", 1, 0), ("INR", 1, 149_900), ("USD", 1, 2_000)]


def test_a_price_told_later_moves_the_order_to_its_currency(
    session: Session, account: ChannelAccount
) -> None:
    unpriced = told(currency=None, total_minor=None, status=OrderStatus.PENDING)
    save_orders(session, account, [unpriced])

    save_orders(session, account, [told(updated_at=at(1))])

    session.flush()
    assert rollups.differences(session) == ([], [])
    filled = select(OrderRollup.currency, OrderRollup.orders).where(OrderRollup.orders != 0)
    assert list(session.exec(filled)) == [("INR", 1)]


def test_an_order_placed_near_midnight_belongs_to_the_business_day(
    session: Session, account: ChannelAccount
) -> None:
    # 18:30 UTC is midnight in India.
    evening = at(0).replace(hour=18, minute=29, second=59)
    later = evening.replace(minute=30, second=0)

    save_orders(
        session,
        account,
        [
            told("1", placed_at=evening, updated_at=evening),
            told("2", placed_at=later, updated_at=later),
        ],
    )

    first, second = session.exec(select(col(Order.placed_on)).order_by("external_id")).all()
    assert first == evening.date()
    assert (second - first).days == 1


def test_a_version_with_the_same_time_and_another_payload_is_taken(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told()])

    count = save_orders(session, account, [dataclasses.replace(told(), total_minor=7, raw={})])

    assert count == ImportCount(updated=1)
    session.expire_all()
    assert session.exec(select(Order.total_minor)).one() == 7


def test_a_channel_may_go_back_to_what_it_said_before(
    session: Session, account: ChannelAccount
) -> None:
    first, second = told(), dataclasses.replace(told(), total_minor=7, raw={})

    counts = [save_orders(session, account, [version]) for version in (first, second, first)]

    assert counts == [ImportCount(created=1), ImportCount(updated=1), ImportCount(updated=1)]
    session.expire_all()
    assert session.exec(select(Order.total_minor)).one() == 149_900
    assert len(session.exec(select(OrderPayload)).all()) == 2
