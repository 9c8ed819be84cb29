"""A purchase order in our words, and what later events make of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_app.channels.base import ChannelOrder
from crm_app.channels.blinkit import mapping, webhook
from crm_app.channels.inbound import Deed, Told
from crm_app.channels.reading import BadFieldError
from crm_app.domain.order_status import OrderStatus
from tests.channels.purchase_orders import amendment, cancellation, item, purchase_order

NOW = datetime(2026, 11, 10, 7, tzinfo=UTC)


def tell(topic: str, body: Any, known: Any = None, at: datetime = NOW) -> ChannelOrder | None:
    return mapping.to_order(Told(topic, "7700001", body, at, known))


def created(**details: Any) -> ChannelOrder:
    order = tell(mapping.CREATION, purchase_order(**details))
    assert order is not None
    return order


def test_a_purchase_order_is_pending_until_we_accept_it() -> None:
    order = created()

    (line,) = order.lines
    assert (order.external_id, order.status, order.channel_status) == (
        "7700001",
        OrderStatus.PENDING,
        "PO_CREATION",
    )
    assert (order.total_minor, order.currency, order.payment_status) == (926_382, "INR", None)
    assert (line.quantity, line.unit_price_minor) == (12, 74_950)
    # 12 x 749.50 and 3 % of it.
    assert (line.tax_minor, line.total_minor) == (26_982, 899_400 + 26_982)
    assert order.is_business
    assert order.buyer.identity == "outlet:5521"
    assert (order.address.line1, order.address.line2) == ("Gala 12", "Kalyan Road")


def test_days_are_indian_and_the_goods_leave_before_the_day_begins() -> None:
    order = created(issue_date="2026-11-09")

    assert order.placed_at == datetime(2026, 11, 8, 18, 30, tzinfo=UTC)
    assert order.ship_by == datetime(2026, 11, 15, 18, 30, tzinfo=UTC)
    assert order.deliver_by == datetime(2026, 11, 16, 18, 30, tzinfo=UTC)


def test_of_a_purchase_order_of_today_the_hour_is_known() -> None:
    assert created().placed_at == NOW
    assert created(issue_date=None).placed_at == NOW


def test_a_cancellation_ends_it_for_good() -> None:
    first = created()

    cancelled = tell(mapping.CANCEL, cancellation(), first.raw, NOW + timedelta(hours=1))
    assert cancelled is not None
    again = tell(mapping.CREATION, purchase_order(), cancelled.raw, NOW + timedelta(hours=2))

    assert again is not None
    assert (cancelled.status, again.status) == (OrderStatus.CANCELLED, OrderStatus.CANCELLED)
    assert cancelled.lines[0].quantity_cancelled == 12
    assert cancelled.ship_by is None
    assert cancelled.updated_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("topic", "body"), [(mapping.CANCEL, cancellation()), (mapping.AMENDMENT, amendment())]
)
def test_what_follows_waits_for_the_creation(topic: str, body: Any) -> None:
    assert tell(topic, body) is None


def test_an_amendment_is_noted_for_its_own_purchase_order_only() -> None:
    body = amendment("7700001")
    body["request_data"] += amendment("9999", mrp=1.0)["request_data"]

    order = tell(mapping.AMENDMENT, body, created().raw)

    assert order is not None
    assert order.note == ("Amended by Blinkit. Item 10077: upc 8901234500024, mrp 1599.0, uom 1 pc")
    assert len(mapping.amendments(order.raw)) == 1


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"item_data": []}, "item_data is missing"),
        ({"item_data": [item(), item()]}, r"item_data\[1\].item_id stands on two lines"),
        ({"item_data": [item(units_ordered=None)]}, r"item_data\[0\].units_ordered is missing"),
        ({"item_data": [item(basic_price=None)]}, r"item_data\[0\].basic_price is missing"),
        ({"item_data": [item(basic_price=-1)]}, r"item_data\[0\].basic_price is negative"),
        (
            {"item_data": [item(tax_details={"cgst_percentage": "x"})]},
            r"item_data\[0\].cgst_percentage is not a percentage",
        ),
        (
            {"item_data": [item(tax_details={"cgst_percentage": 101})]},
            r"item_data\[0\].cgst_percentage is not a percentage",
        ),
        ({"total_amount": -5.0}, "total_amount is a negative amount"),
        ({"delivery_date": "soon"}, "delivery_date is not a day"),
        ({"delivery_date": "0001-01-01"}, "delivery_date is an absurd day"),
    ],
)
def test_a_purchase_order_that_makes_no_sense_is_set_aside(details: Any, said: str) -> None:
    with pytest.raises(BadFieldError, match=said):
        created(**details)


def test_without_a_total_the_lines_are_added_up() -> None:
    assert created(total_amount=None).total_minor == 926_382


def test_a_long_uom_and_an_iso_time_are_read() -> None:
    change = {"item_id": "1", "variants": [{"uom": "PC", "po_numbers": ["7700001"]}]}

    order = tell(mapping.AMENDMENT, {"request_data": [change]}, created().raw)

    assert order is not None
    assert order.note.endswith("uom PC")
    due = created(delivery_date="2026-11-15T20:00:00+00:00").deliver_by
    assert due == datetime(2026, 11, 16, 18, 30, tzinfo=UTC)


def test_each_document_is_read_per_purchase_order() -> None:
    read = [
        [(e.topic, e.deed, e.external_id) for e in webhook.read({}, body)]
        for body in (
            purchase_order(),
            cancellation(),
            amendment("1", "2", "1"),
            {"request_data": []},
            {"type": "GRN", "po_number": 5},
        )
    ]

    assert read == [
        [("PO_CREATION", Deed.STORE, "7700001")],
        [("PO_CANCEL", Deed.STORE, "7700001")],
        [("PO_AMENDMENT", Deed.STORE, "1"), ("PO_AMENDMENT", Deed.STORE, "2")],
        [("PO_AMENDMENT", Deed.NOTHING, "")],
        [("GRN", Deed.PERSON, "5")],
    ]


@pytest.mark.parametrize(
    "body", [{}, {"type": "PO_CREATION"}, {"request_data": [{"variants": [{"po_numbers": 1}]}]}]
)
def test_a_document_without_its_names_is_no_event(body: Any) -> None:
    with pytest.raises(BadFieldError):
        webhook.read({}, body)


@pytest.mark.parametrize(
    ("told", "secret", "is_proved"),
    [("k-1", "k-1", True), ("k-2", "k-1", False), ("", "", False), ("é", "k-1", False)],
)
def test_the_key_proves_a_webhook(told: str, secret: str, is_proved: bool) -> None:
    headers = {"api-key": told}

    assert webhook.verify(headers, b"", secret, url="u", method="POST", now=NOW) is is_proved


def test_the_answer_says_processing() -> None:
    events = webhook.read({}, purchase_order())

    reply = webhook.reply(3, events, NOW)

    assert (reply["success"], reply["timestamp"]) == (True, "2026-11-10T07:00:00Z")
    assert (reply["data"]["po_status"], reply["data"]["po_number"]) == ("processing", "7700001")
