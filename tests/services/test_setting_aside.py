"""What cannot be an order yet waits in the inbox with its reason; the others go on."""

import pytest
from sqlmodel import Session, select

from crm_app.channels.base import BadOrder, ChannelOrder
from crm_app.models import (
    ChannelAccount,
    InboxEntry,
    InboxState,
    Order,
)
from crm_app.services import order_rows
from crm_app.services.importing import ImportCount, save_orders
from tests.factories import AccountFactory
from tests.services.fakes import at, line, told


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    return AccountFactory()


def test_bad_orders_are_set_aside_once_each_and_counted(
    session: Session, account: ChannelAccount
) -> None:
    bad = BadOrder("405-9", "orderTotal is missing", {"orderId": "405-9"})

    first = save_orders(session, account, [told()], [bad])
    save_orders(session, account, [], [bad])

    entry = session.exec(select(InboxEntry)).one()
    assert first == ImportCount(created=1, set_aside=1)
    assert (entry.state, entry.external_id, entry.reason, entry.times_seen) == (
        InboxState.SET_ASIDE,
        "405-9",
        "orderTotal is missing",
        2,
    )
    assert order_rows.unpack(entry.body) == {"orderId": "405-9"}


def test_a_bad_order_with_unstorable_characters_is_set_aside_all_the_same(
    session: Session, account: ChannelAccount
) -> None:
    bad = BadOrder("40\x005\ud83d", "the name \ud83d is bad\x00", {"name": "a\x00\ud83d"})

    save_orders(session, account, [], [bad])

    entry = session.exec(select(InboxEntry)).one()
    assert (entry.external_id, entry.reason) == ("405?", "the name ? is bad")
    assert order_rows.unpack(entry.body) == {"name": "a\x00\ud83d"}


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (told(external_id=""), "The order's id is empty"),
        (told(placed_at=at(60 * 24 * 30)), "The order claims to be placed on"),
        (told(lines=(line("1"), line("1"))), "Two lines of the order have the same id."),
        (told(updated_at=at(60 * 24 * 30)), "The order claims to be changed on"),
    ],
)
def test_an_order_that_contradicts_itself_is_set_aside(
    session: Session, account: ChannelAccount, order: ChannelOrder, reason: str
) -> None:
    count = save_orders(session, account, [order, told("good")])

    assert count == ImportCount(created=1, set_aside=1)
    assert session.exec(select(Order.external_id)).one() == "good"
    assert session.exec(select(InboxEntry.reason)).one().startswith(reason)


def test_a_later_good_version_takes_the_order_out_of_the_inbox(
    session: Session, account: ChannelAccount
) -> None:
    other = AccountFactory()
    bad = BadOrder("405-1", "orderTotal is missing", {"n": 1})
    save_orders(session, account, [], [bad])
    save_orders(session, other, [], [bad])

    save_orders(session, account, [told("405-1")])

    session.expire_all()
    states = session.exec(select(InboxEntry.account_id, InboxEntry.state)).all()
    assert dict(states) == {account.id: InboxState.PROCESSED, other.id: InboxState.SET_ASIDE}


def test_an_old_good_version_does_not_take_a_newer_bad_one_out_of_the_inbox(
    session: Session, account: ChannelAccount
) -> None:
    save_orders(session, account, [told("405-1")])
    save_orders(session, account, [], [BadOrder("405-1", "orderTotal is missing", {"n": 1})])

    save_orders(session, account, [told("405-1")])

    assert session.exec(select(InboxEntry.state)).one() is InboxState.SET_ASIDE
