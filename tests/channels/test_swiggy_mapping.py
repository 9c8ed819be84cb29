"""An order of the relay in our words, and what later events make of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crm_app.channels.base import ChannelOrder
from crm_app.channels.inbound import Deed, Told
from crm_app.channels.reading import BadFieldError
from crm_app.channels.swiggy import mapping, webhook
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from tests.channels.purchase_orders import dish, relay_order, rider, state_change

NOW = datetime(2026, 11, 15, 11, tzinfo=UTC)


def tell(topic: str, body: Any, known: Any = None) -> ChannelOrder | None:
    return mapping.to_order(Told(topic, "880001", body, NOW, known))


def told(topic: str, body: Any, known: Any = None) -> ChannelOrder:
    order = tell(topic, body, known)
    assert order is not None
    return order


def placed(**details: Any) -> ChannelOrder:
    return told(mapping.PLACED, relay_order(**details))


def with_parts(**parts: Any) -> Any:
    body = relay_order()
    return {**body, "order": {**body["order"], **parts}}


def test_an_order_of_the_relay_in_our_words() -> None:
    order = placed()

    (line,) = order.lines
    assert (order.external_id, order.order_number) == ("880001", "175500000000009")
    assert (order.status, order.channel_status) == (OrderStatus.PENDING, "Placed")
    assert order.payment_status is PaymentStatus.PAID
    assert (order.total_minor, order.subtotal_minor, order.discount_minor) == (78_400, 80_000, 5000)
    assert (order.shipping_minor, order.tax_minor) == (1_000, 2_400)
    assert (line.title, line.quantity, line.total_minor) == ("Hoop earrings + Gift box", 2, 82_400)
    assert line.tax_minor == 2_400
    assert order.placed_at == datetime(2026, 11, 15, 10, 50, tzinfo=UTC)
    assert order.ship_by == datetime(2026, 11, 15, 11, 15, tzinfo=UTC)
    assert (order.buyer.email, order.address.line1) == ("meera@mail.example", "14 Lake View, Baner")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Acknowledged", OrderStatus.CONFIRMED),
        ("Food Ready", OrderStatus.PACKED),
        ("Dispatched", OrderStatus.SHIPPED),
        ("Completed", OrderStatus.DELIVERED),
        ("Cancelled", OrderStatus.CANCELLED),
        ("customer_cancelled", OrderStatus.CANCELLED),
        ("Teleported", None),
    ],
)
def test_a_state_is_told_by_event_or_by_a_repeated_order(
    word: str, status: OrderStatus | None
) -> None:
    by_event = told(mapping.STATUS, state_change(word), placed().raw)
    by_order = told(mapping.PLACED, relay_order(order_state=word), placed().raw)

    assert (by_event.status, by_event.channel_status) == (status, word)
    assert (by_order.status, by_order.channel_status) == (status, word)


@pytest.mark.parametrize(
    ("first", "late"),
    [("Dispatched", "Acknowledged"), ("Cancelled", "Completed"), ("Food Ready", "Placed")],
)
def test_a_late_event_takes_nothing_back(first: str, late: str) -> None:
    known = told(mapping.STATUS, state_change(first), placed().raw).raw

    assert told(mapping.STATUS, state_change(late), known).channel_status == first
    assert told(mapping.PLACED, relay_order(order_state=late), known).channel_status == first


def test_what_follows_waits_for_the_order() -> None:
    assert tell(mapping.STATUS, state_change("Acknowledged")) is None
    assert tell(mapping.RIDER, rider("assigned")) is None
    assert tell(mapping.REPLACED, relay_order()) is None


def test_a_rider_under_way_is_out_for_delivery_once_dispatched() -> None:
    waiting = told(mapping.RIDER, rider("out-for-delivery"), placed().raw)
    gone = told(mapping.STATUS, state_change("Dispatched"), waiting.raw)

    assert waiting.status is OrderStatus.PENDING
    assert gone.status is OrderStatus.OUT_FOR_DELIVERY
    assert gone.lines[0].quantity_shipped == 2


def test_an_order_that_was_replaced_is_cancelled() -> None:
    by_old = told(mapping.PLACED, relay_order(modified_to=880002), placed().raw)
    by_new = told(mapping.REPLACED, relay_order(880002, modified_from=880001), placed().raw)

    assert (by_old.status, by_old.channel_status) == (OrderStatus.CANCELLED, "Modified")
    assert (by_new.status, by_new.external_id) == (OrderStatus.CANCELLED, "880001")


def test_a_new_order_names_the_one_it_replaces() -> None:
    events = webhook.read({}, relay_order(880002, modified_from=880001))

    assert [(event.topic, event.external_id) for event in events] == [
        (mapping.PLACED, "880002"),
        (mapping.REPLACED, "880001"),
    ]


def test_one_dish_with_two_sets_of_options_is_two_lines() -> None:
    order = told(mapping.PLACED, with_parts(items=[dish(), dish(), dish(7)]))

    assert [line.external_id for line in order.lines] == ["501", "501#2", "7"]


@pytest.mark.parametrize(
    "body",
    [
        with_parts(payment=[{"option": "Cash"}]),
        relay_order(ext_platforms=[{"extras": {"cash_to_be_collected": 784.0}}]),
    ],
)
def test_cash_is_cash_on_delivery(body: Any) -> None:
    order = told(mapping.PLACED, body)

    assert (order.is_cod, order.payment_status) == (True, PaymentStatus.COD)


def test_without_the_platforms_number_ours_is_read_out() -> None:
    order = placed(ext_platforms=None, created=None, order_state=None, state="Acknowledged")

    assert (order.order_number, order.placed_at) == ("880001", NOW)
    assert order.status is OrderStatus.CONFIRMED


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (relay_order(order_total=None), "order_total is missing"),
        (relay_order(order_total=-1), "order_total is a negative amount"),
        (relay_order(created="now"), "created is not a time"),
        (relay_order(created=1), "created is an absurd time"),
        (with_parts(items=[]), "items is missing"),
        (with_parts(items=[dish(quantity=None)]), r"items\[0\].quantity is missing"),
    ],
)
def test_an_order_that_makes_no_sense_is_set_aside(body: Any, said: str) -> None:
    with pytest.raises(BadFieldError, match=said):
        tell(mapping.PLACED, body)


def test_events_are_known_by_their_shape() -> None:
    bodies = (relay_order(), state_change("Placed"), rider("assigned"), {"stock": 1})

    events = [webhook.read({"x-upr-event-type": "60018"}, body)[0] for body in bodies]

    assert [(event.topic, event.deed, event.external_id) for event in events] == [
        (mapping.PLACED, Deed.STORE, "880001"),
        (mapping.STATUS, Deed.STORE, "880001"),
        (mapping.RIDER, Deed.STORE, "880001"),
        ("event 60018", Deed.NOTHING, ""),
    ]


@pytest.mark.parametrize(("sent", "is_proved"), [("Token x", True), ("token x", False)])
def test_the_registered_header_proves_a_webhook(sent: str, is_proved: bool) -> None:
    headers = {"authorization": sent}

    found = webhook.verify(headers, b"", "Token x", url="u", method="POST", now=NOW)

    assert found is is_proved


def test_our_reference_is_the_same_each_time() -> None:
    events = webhook.read({}, relay_order())

    assert webhook.reply(3, events, NOW) == {"order_ref_id": "CRM-3-880001"}
