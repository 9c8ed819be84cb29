from datetime import UTC, datetime
from typing import Any

import pytest

from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrderLine
from crm_app.channels.flipkart import statuses
from crm_app.channels.flipkart.mapping import to_order
from crm_app.channels.reading import BadFieldError
from crm_app.domain.order_status import OrderStatus as S
from crm_app.domain.order_status import PaymentStatus

from .orders import flipkart_item, flipkart_shipment


def test_a_shipment_is_read_whole() -> None:
    raw = flipkart_shipment()

    order = to_order(raw)

    assert (order.external_id, order.order_number) == ("S-1", "OD330000000000001000")
    assert (order.channel_status, order.status) == ("APPROVED", S.CONFIRMED)
    assert order.payment_status is PaymentStatus.PAID
    assert order.placed_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 1, 10, 5, 0, 250_000, tzinfo=UTC)
    assert order.ship_by == datetime(2026, 11, 3, 8, 30, tzinfo=UTC)
    assert (order.currency, order.total_minor) == ("INR", 85_050)
    assert (order.subtotal_minor, order.shipping_minor) == (80_000, 5_050)
    assert order.raw is raw


def test_prices_are_of_the_whole_line() -> None:
    assert to_order(flipkart_shipment()).lines == (
        ChannelOrderLine(
            external_id="71",
            sku="HOOP-S",
            title="Hoop earrings, small",
            quantity=3,
            unit_price_minor=26_667,
            total_minor=85_050,
        ),
    )


def test_nobody_is_named() -> None:
    order = to_order(flipkart_shipment())

    assert (order.buyer, order.address) == (ChannelBuyer(), ChannelAddress())


@pytest.mark.parametrize(
    ("words", "status"),
    [
        *[((word,), status) for word, status in statuses.ITEM.means.items()],
        (("PACKED", "APPROVED"), S.CONFIRMED),
        (("DELIVERED", "SHIPPED"), S.SHIPPED),
        (("DELIVERED", "RETURNED"), S.DELIVERED),
        (("PACKED", "FORM_FAILED"), S.FAILED),
        (("CANCELLED", "PACKED"), S.PACKED),
        (("CANCELLED", "CANCELLED"), S.CANCELLED),
        (("APPROVED", "TELEPORTED"), None),
        (("CANCELLED", "TELEPORTED"), None),
    ],
)
def test_a_shipment_is_as_far_as_its_last_item(words: tuple[str, ...], status: S | None) -> None:
    order = to_order(flipkart_shipment(*words))

    assert order.status is status
    assert order.channel_status == ", ".join(dict.fromkeys(words))


@pytest.mark.parametrize(
    ("raw", "status", "is_coming"),
    [
        (flipkart_shipment("RETURN_REQUESTED"), S.DELIVERED, True),
        (flipkart_shipment("DELIVERED", "RETURNED"), S.DELIVERED, True),
        (flipkart_shipment("RETURNED"), S.RETURNED, False),
        (
            flipkart_shipment(
                orderItems=[flipkart_item(status="RETURN_REQUESTED", courierReturn=True)]
            ),
            S.SHIPPED,
            True,
        ),
    ],
)
def test_what_comes_back_is_told_beside_the_status(raw: Any, status: S, is_coming: bool) -> None:
    order = to_order(raw)

    assert (order.status, order.return_requested) == (status, is_coming)


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        ("APPROVED", (0, 0, 0)),
        ("SHIPPED", (3, 0, 0)),
        ("RETURNED", (3, 0, 3)),
        ("CANCELLED", (0, 3, 0)),
    ],
)
def test_each_item_counts_for_itself(word: str, counts: tuple[int, int, int]) -> None:
    (line, _) = to_order(flipkart_shipment(word, "DELIVERED")).lines

    assert (line.quantity_shipped, line.quantity_cancelled, line.quantity_returned) == counts


def test_cancelled_items_cost_nothing_until_all_are_cancelled() -> None:
    assert to_order(flipkart_shipment("PACKED", "CANCELLED")).total_minor == 85_050
    assert to_order(flipkart_shipment("CANCELLED", "CANCELLED")).total_minor == 170_100


def test_a_hold_is_a_fact_beside_the_status() -> None:
    order = to_order(flipkart_shipment(hold=True))

    assert (order.status, order.on_hold) == (S.CONFIRMED, True)
    assert not to_order(flipkart_shipment(hold=None)).on_hold


@pytest.mark.parametrize(
    ("word", "payment_type", "expected"),
    [
        ("APPROVED", "COD", PaymentStatus.COD),
        ("DELIVERED", "COD", PaymentStatus.PAID),
        ("CANCELLED", "COD", PaymentStatus.COD),
        ("CANCELLED", "PREPAID", None),
        ("TELEPORTED", "PREPAID", None),
        ("SHIPPED", "PREPAID", PaymentStatus.PAID),
    ],
)
def test_cash_is_paid_at_the_door(
    word: str, payment_type: str, expected: PaymentStatus | None
) -> None:
    item = flipkart_item(status=word, paymentType=payment_type)

    order = to_order(flipkart_shipment(orderItems=[item]))

    assert (order.is_cod, order.payment_status) == (payment_type == "COD", expected)


@pytest.mark.parametrize(
    ("profile", "expected"), [("FBF", True), ("Flipkart_Fulfilment", True), ("FBF_LITE", False)]
)
def test_flipkarts_own_warehouse_ships_itself(profile: str, expected: bool) -> None:
    item = flipkart_item(serviceProfile=profile)

    assert to_order(flipkart_shipment(orderItems=[item])).fulfilled_by_channel is expected


def test_a_price_that_is_not_told_leaves_the_order_without_an_amount() -> None:
    items = [flipkart_item("1"), flipkart_item("2", priceComponents={"sellingPrice": 5})]

    order = to_order(flipkart_shipment(orderItems=items))

    assert (order.currency, order.total_minor, order.subtotal_minor) == (None, None, None)
    assert [line.total_minor for line in order.lines] == [85_050, None]


def test_nothing_is_divided_by_no_pieces() -> None:
    (line,) = to_order(flipkart_shipment(orderItems=[flipkart_item(quantity=0)])).lines

    assert line.unit_price_minor is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shipmentId": None}, "shipmentId is missing"),
        ({"updatedAt": None}, "updatedAt is missing"),
        ({"updatedAt": "soon"}, "updatedAt is not a time"),
        ({"orderItems": []}, "orderItems is missing"),
        ({"orderItems": [flipkart_item(status=None)]}, "orderItems[0].status is missing"),
        ({"orderItems": [flipkart_item(orderId=None)]}, "orderItems[0].orderId is missing"),
        ({"orderItems": [flipkart_item(orderDate=None)]}, "orderItems[0].orderDate is missing"),
        ({"orderItems": [flipkart_item(quantity=None)]}, "orderItems[0].quantity is missing"),
        (
            {"orderItems": [flipkart_item("1"), flipkart_item("1")]},
            "orderItems[1].orderItemId stands on two lines",
        ),
        (
            {"orderItems": [flipkart_item(priceComponents={"totalPrice": -1})]},
            "orderItems[0].priceComponents.totalPrice is a negative amount",
        ),
    ],
)
def test_a_shipment_that_makes_no_sense_says_where(changes: Any, reason: str) -> None:
    with pytest.raises(BadFieldError) as caught:
        to_order(flipkart_shipment(**changes))

    assert str(caught.value) == reason
