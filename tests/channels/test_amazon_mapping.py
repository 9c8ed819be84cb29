from datetime import UTC, datetime
from typing import Any

import pytest

from crm_app.channels.amazon.mapping import to_order
from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrderLine
from crm_app.channels.reading import BadFieldError
from crm_app.domain.order_status import OrderStatus, PaymentStatus

from .orders import amazon_item, amazon_order, amazon_package, amazon_status, rupees


def test_an_order_is_read_whole() -> None:
    raw = amazon_order()

    order = to_order(raw)

    assert (order.external_id, order.order_number) == ("405-1000001-2000002",) * 2
    assert (order.channel_status, order.status) == ("UNSHIPPED", OrderStatus.CONFIRMED)
    assert order.payment_status is PaymentStatus.PAID
    assert order.placed_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 1, 10, 5, 0, 250_000, tzinfo=UTC)
    assert order.ship_by == datetime(2026, 11, 3, 18, 29, 59, tzinfo=UTC)
    assert order.deliver_by == datetime(2026, 11, 8, 18, 29, 59, tzinfo=UTC)
    assert (order.currency, order.total_minor) == ("INR", 154_900)
    assert (order.subtotal_minor, order.shipping_minor) == (145_534, 10_000)
    assert (order.discount_minor, order.tax_minor) == (5_000, 4_366)
    assert order.note == "Ring twice"
    assert order.raw is raw


def test_lines_buyer_and_address_are_read() -> None:
    order = to_order(amazon_order())

    assert order.lines == (
        ChannelOrderLine(
            external_id="11",
            sku="RING-TWIST-7",
            title="Twist ring, gold tone",
            quantity=2,
            unit_price_minor=74_950,
            tax_minor=4_366,
            total_minor=149_900,
        ),
    )
    assert order.buyer == ChannelBuyer(
        identity="q1w2@marketplace.amazon.in",
        name="Meera Rao",
        email="q1w2@marketplace.amazon.in",
        phone="+91 98200 12345",
    )
    assert order.address == ChannelAddress(
        name="Meera Rao",
        phone="+91 98200 12345",
        line1="14 Lake View",
        line2="Baner, Near the temple",
        city="Pune",
        state="Maharashtra",
        pincode="411045",
        country="IN",
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("PENDING_AVAILABILITY", OrderStatus.PENDING),
        ("PENDING", OrderStatus.PENDING),
        ("UNSHIPPED", OrderStatus.CONFIRMED),
        ("PARTIALLY_SHIPPED", OrderStatus.CONFIRMED),
        ("SHIPPED", OrderStatus.SHIPPED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("UNFULFILLABLE", OrderStatus.FAILED),
        ("TELEPORTED", None),
    ],
)
def test_each_word_of_an_order_has_a_meaning(word: str, expected: OrderStatus | None) -> None:
    order = to_order(amazon_order(fulfillment=amazon_status(word)))

    assert (order.channel_status, order.status) == (word, expected)


PARCELS: list[tuple[str, list[tuple[str, str | None]], OrderStatus, bool]] = [
    ("UNSHIPPED", [("PENDING", None)], OrderStatus.PACKED, False),
    ("UNSHIPPED", [("PENDING", "PENDING_SCHEDULE")], OrderStatus.PACKED, False),
    ("UNSHIPPED", [("PENDING", "PENDING_PICK_UP")], OrderStatus.READY_TO_SHIP, False),
    ("UNSHIPPED", [("PENDING", "Pending")], OrderStatus.CONFIRMED, False),
    ("UNSHIPPED", [("PENDING", "Pending - Waiting for Pick Up")], OrderStatus.READY_TO_SHIP, False),
    ("UNSHIPPED", [("CANCELLED", "LABEL_CANCELLED")], OrderStatus.CONFIRMED, False),
    ("UNSHIPPED", [("IN_TRANSIT", "PICKED_UP")], OrderStatus.CONFIRMED, False),
    ("PARTIALLY_SHIPPED", [("DELIVERED", "DELIVERED")], OrderStatus.CONFIRMED, False),
    ("CANCELLED", [("DELIVERED", "DELIVERED")], OrderStatus.CANCELLED, False),
    ("SHIPPED", [("IN_TRANSIT", "AT_ORIGIN_FC")], OrderStatus.SHIPPED, False),
    ("SHIPPED", [("IN_TRANSIT", "OUT_FOR_DELIVERY")], OrderStatus.OUT_FOR_DELIVERY, False),
    ("SHIPPED", [("DELIVERED", None)], OrderStatus.DELIVERED, False),
    ("SHIPPED", [("UNDELIVERABLE", None)], OrderStatus.FAILED, False),
    ("SHIPPED", [("UNDELIVERABLE", "RETURNED_TO_SELLER")], OrderStatus.RETURNED, False),
    ("SHIPPED", [("IN_TRANSIT", "REJECTED_BY_BUYER")], OrderStatus.SHIPPED, True),
    ("SHIPPED", [("IN_TRANSIT", "RETURNING_TO_SELLER")], OrderStatus.SHIPPED, True),
    ("SHIPPED", [("IN_TRANSIT", "LOST")], OrderStatus.FAILED, False),
    ("SHIPPED", [("SHIPPED", "Shipping")], OrderStatus.SHIPPED, False),
    ("SHIPPED", [("x", "Shipped - Picked Up")], OrderStatus.SHIPPED, False),
    ("SHIPPED", [("x", "Shipped - Out for Delivery")], OrderStatus.OUT_FOR_DELIVERY, False),
    ("SHIPPED", [("x", "Shipped - Delivered to Buyer")], OrderStatus.DELIVERED, False),
    ("SHIPPED", [("x", "Shipped - Rejected by Buyer")], OrderStatus.SHIPPED, True),
    ("SHIPPED", [("x", "Shipped - Returning to Seller")], OrderStatus.SHIPPED, True),
    ("SHIPPED", [("x", "Shipped - Returned to Seller")], OrderStatus.RETURNED, False),
    ("SHIPPED", [("x", "Shipped - Lost in Transit")], OrderStatus.FAILED, False),
    ("SHIPPED", [("x", "Shipped - Damaged")], OrderStatus.FAILED, False),
    ("SHIPPED", [("BEAMED", "BEAMED_UP")], OrderStatus.SHIPPED, False),
    ("SHIPPED", [("DELIVERED", "NEW_WORD")], OrderStatus.DELIVERED, False),
    # Several parcels: only as far as the last of them.
    ("SHIPPED", [("DELIVERED", None), ("IN_TRANSIT", None)], OrderStatus.SHIPPED, False),
    ("SHIPPED", [("DELIVERED", None), ("DELIVERED", None)], OrderStatus.DELIVERED, False),
    ("SHIPPED", [("DELIVERED", None), ("CANCELLED", None)], OrderStatus.DELIVERED, False),
    ("SHIPPED", [("DELIVERED", None), ("IN_TRANSIT", "LOST")], OrderStatus.FAILED, False),
    ("SHIPPED", [("DELIVERED", None), ("x", "RETURNED_TO_SELLER")], OrderStatus.DELIVERED, True),
    ("SHIPPED", [("DELIVERED", None), ("PENDING", None)], OrderStatus.SHIPPED, False),
]


@pytest.mark.parametrize(("word", "parcels", "expected", "is_return"), PARCELS)
def test_parcels_refine_the_order(
    word: str,
    parcels: list[tuple[str, str | None]],
    expected: OrderStatus,
    is_return: bool,
) -> None:
    packages = [amazon_package(*parcel) for parcel in parcels]

    order = to_order(amazon_order(fulfillment=amazon_status(word), packages=packages))

    assert (order.status, order.return_requested) == (expected, is_return)


def test_the_raw_words_are_kept_together() -> None:
    packages = [
        amazon_package("IN_TRANSIT", "Shipped - Out for Delivery"),
        amazon_package("DELIVERED"),
        amazon_package("SHIPPED"),
    ]

    order = to_order(amazon_order(fulfillment=amazon_status("SHIPPED"), packages=packages))

    assert order.channel_status == "SHIPPED / Shipped - Out for Delivery, DELIVERED"


def test_shipping_facts_come_from_the_parcels() -> None:
    packages = [
        amazon_package("IN_TRANSIT", carrier="Own van", trackingNumber=None),
        amazon_package("IN_TRANSIT", carrier="DTDC", trackingNumber="D-2"),
        amazon_package("IN_TRANSIT", trackingNumber="X-3", shipTime="2026-11-04T09:00:00+05:30"),
    ]

    order = to_order(amazon_order(fulfillment=amazon_status("SHIPPED"), packages=packages))

    assert (order.carrier, order.tracking_number) == ("Delhivery", "X-3")
    assert order.shipped_at == datetime(2026, 11, 4, 3, 30, tzinfo=UTC)


def test_packages_come_with_what_is_in_them() -> None:
    packages = [
        amazon_package("DELIVERED", packageReferenceId="7", trackingNumber="T-1"),
        amazon_package("CANCELLED", packageReferenceId="8", trackingNumber="T-2"),
        amazon_package(
            "IN_TRANSIT",
            "PICKED_UP",
            packageReferenceId="9",
            packageItems=[{"orderItemId": "11", "quantity": 1}],
        ),
    ]

    order = to_order(
        amazon_order(fulfillment=amazon_status("PARTIALLY_SHIPPED"), packages=packages)
    )

    assert order.packages is not None
    assert [
        (one.external_id, one.tracking_number, one.status, one.lines) for one in order.packages
    ] == [
        ("7", "T-1", "DELIVERED", (("11", 2),)),
        ("9", "TRACK-1", "PICKED_UP", (("11", 1),)),
    ]


def test_quantities_follow_what_happened() -> None:
    done = {"quantityFulfilled": 2}
    gone = {"cancellationExecution": {"cancelledBy": "BUYER"}}
    items = [
        amazon_item("1", fulfillment=done),
        amazon_item("2", cancellation=gone),
        amazon_item("3", fulfillment={"quantityFulfilled": 9}),
        amazon_item("4", quantityOrdered=0, fulfillment=None),
    ]

    lines = to_order(amazon_order(orderItems=items)).lines

    told = [(line.quantity, line.quantity_shipped, line.quantity_cancelled) for line in lines]
    assert told == [(2, 2, 0), (2, 0, 2), (2, 2, 0), (0, 0, 0)]


def test_what_came_back_is_counted_on_its_lines() -> None:
    order = to_order(
        amazon_order(
            fulfillment=amazon_status("SHIPPED"),
            packages=[amazon_package("UNDELIVERABLE", "RETURNED_TO_SELLER")],
            orderItems=[amazon_item(fulfillment={"quantityFulfilled": 2})],
        )
    )

    assert (order.lines[0].quantity_shipped, order.lines[0].quantity_returned) == (2, 2)


def test_an_order_without_a_price_has_no_currency_either() -> None:
    order = to_order(amazon_order(proceeds=None))

    assert (order.currency, order.total_minor, order.tax_minor) == (None, None, None)
    assert (order.lines[0].unit_price_minor, order.lines[0].total_minor) == (None, None)


@pytest.mark.parametrize(
    ("word", "method", "parcel", "expected"),
    [
        ("PENDING", "CreditCard", None, PaymentStatus.UNPAID),
        ("UNSHIPPED", "Other", None, PaymentStatus.PAID),
        ("UNSHIPPED", "CashOnDelivery", None, PaymentStatus.COD),
        ("PENDING", "COD", None, PaymentStatus.COD),
        ("SHIPPED", "COD", "IN_TRANSIT", PaymentStatus.COD),
        ("SHIPPED", "COD", "DELIVERED", PaymentStatus.PAID),
        ("CANCELLED", "CreditCard", None, None),
        ("TELEPORTED", "CreditCard", None, None),
    ],
)
def test_payment(
    word: str, method: str, parcel: str | None, expected: PaymentStatus | None
) -> None:
    order = to_order(
        amazon_order(
            fulfillment=amazon_status(word),
            payment={"paymentExecutions": [{"paymentMethod": method}]},
            packages=[amazon_package(parcel)] if parcel else None,
        )
    )

    assert order.payment_status is expected
    assert order.is_cod is (method != "CreditCard" and method != "Other")


def test_a_wish_to_cancel_counts_until_it_is_settled() -> None:
    wish = {"cancellationRequest": {"requester": "BUYER"}}
    settled = {**wish, "cancellationExecution": {"cancelledBy": "MERCHANT"}}

    def wants(word: str, cancellation: dict[str, Any]) -> bool:
        items = [amazon_item(cancellation=cancellation)]
        raw = amazon_order(fulfillment=amazon_status(word), orderItems=items)
        return to_order(raw).cancel_requested

    assert wants("UNSHIPPED", wish)
    assert wants("PENDING", wish)
    assert not wants("UNSHIPPED", settled)
    assert not wants("SHIPPED", wish)
    assert not wants("CANCELLED", wish)
    assert not wants("UNSHIPPED", {})


def test_business_and_fba_orders_are_told_apart() -> None:
    fba = {**amazon_status("SHIPPED"), "fulfilledBy": "AMAZON"}

    assert to_order(amazon_order(programs=["AMAZON_BUSINESS"])).is_business
    assert to_order(amazon_order(buyer={"buyerCompanyName": "Rao Traders"})).is_business
    assert not to_order(amazon_order()).is_business
    assert to_order(amazon_order(fulfillment=fba)).fulfilled_by_channel
    assert not to_order(amazon_order()).fulfilled_by_channel


def test_a_role_without_personal_data_gets_orders_all_the_same() -> None:
    raw = amazon_order()
    del raw["buyer"], raw["recipient"]

    order = to_order(raw)

    assert (order.buyer, order.address, order.note) == (ChannelBuyer(), ChannelAddress(), "")


def test_a_discount_is_positive_whatever_its_sign() -> None:
    parts = [{"type": "DISCOUNT", "subtotal": rupees("50.00")}] * 2

    order = to_order(
        amazon_order(proceeds={"grandTotal": rupees("1"), "breakdowns": parts}, orderItems=[])
    )

    assert order.discount_minor == 10_000


def test_a_currency_without_minor_units() -> None:
    raw = amazon_order(proceeds={"grandTotal": rupees("19940", "JPY")}, orderItems=[])

    order = to_order(raw)

    assert (order.currency, order.total_minor) == ("JPY", 19_940)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"orderId": None}, "orderId is missing"),
    ({"orderId": "1" * 129}, "orderId is longer than 128 characters"),
    ({"orderId": ["405"]}, "orderId is not text"),
    ({"createdTime": ""}, "createdTime is missing"),
    ({"createdTime": "2026-11-01T10:00:00"}, "createdTime is a time without a zone"),
    ({"lastUpdatedTime": "yesterday"}, "lastUpdatedTime is not a time"),
    ({"lastUpdatedTime": "9999-01-01T00:00:00Z"}, "lastUpdatedTime is an absurd time"),
    ({"fulfillment": None}, "fulfillment.fulfillmentStatus is missing"),
    ({"fulfillment": "SHIPPED"}, "fulfillment is not an object"),
    (
        {"fulfillment": {**amazon_status("SHIPPED"), "shipByWindow": {"latestDateTime": 1}}},
        "fulfillment.shipByWindow.latestDateTime is not a time",
    ),
    ({"proceeds": {"grandTotal": {"currencyCode": "INR"}}}, "grandTotal.amount is missing"),
    (
        {"proceeds": {"grandTotal": rupees("1"), "breakdowns": [{"subtotal": rupees("x")}]}},
        "proceeds.breakdowns[0].subtotal.amount cannot be read: 'x' is not an amount.",
    ),
    ({"orderItems": None}, "orderItems is missing"),
    ({"orderItems": {}}, "orderItems is not a list"),
    ({"orderItems": [7]}, "orderItems[0] is not an object"),
    (
        {"orderItems": [amazon_item(), amazon_item()]},
        "orderItems[1].orderItemId stands on two lines",
    ),
    (
        {"orderItems": [amazon_item(quantityOrdered=None)]},
        "orderItems[0].quantityOrdered is missing",
    ),
    (
        {"orderItems": [amazon_item(quantityOrdered=-1)]},
        "orderItems[0].quantityOrdered is negative",
    ),
    (
        {"orderItems": [amazon_item(quantityOrdered=10**9)]},
        "orderItems[0].quantityOrdered is absurdly large",
    ),
    (
        {"orderItems": [amazon_item(quantityOrdered=1.5)]},
        "orderItems[0].quantityOrdered is not a whole number",
    ),
    (
        {"orderItems": [amazon_item(proceeds={"proceedsTotal": rupees("1", "USD")})]},
        "orderItems[0].proceedsTotal.currencyCode is not the currency of the order",
    ),
    (
        {"orderItems": [amazon_item(proceeds={"proceedsTotal": rupees("-1.00")})]},
        "orderItems[0].proceedsTotal.amount is a negative amount",
    ),
    ({"proceeds": {"grandTotal": rupees("-5.00")}}, "amount is a negative amount"),
    ({"proceeds": {"grandTotal": rupees("9" * 30)}}, "is too large for one order."),
    ({"proceeds": {"grandTotal": rupees("1.005")}}, "has too many decimals."),
    (
        {"proceeds": {"grandTotal": rupees("free")}},
        "amount cannot be read: 'free' is not an amount.",
    ),
    ({"proceeds": {"grandTotal": rupees("1e999999")}}, "that is not an amount."),
    ({"proceeds": {"grandTotal": rupees("1", "RUPEES")}}, "currencyCode is not a currency"),
    ({"proceeds": {"grandTotal": {"amount": "1"}}}, "currencyCode is missing"),
    ({"buyer": {"buyerName": "Me\x00era"}}, "buyerName holds a null byte"),
    ({"buyer": {"buyerName": "Me\ud800era"}}, "buyerName holds half a character"),
    ({"packages": [{"packageStatus": 3}]}, "packageStatus is not an object"),
    ({"packages": [amazon_package("SHIPPED", shipTime=7)]}, "packages[0].shipTime is not a time"),
]


@pytest.mark.parametrize(("changes", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_what_makes_no_sense_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadFieldError) as caught:
        to_order(amazon_order(**changes))

    assert str(caught.value).endswith(reason)


def test_long_texts_are_cut_and_emoji_are_kept() -> None:
    buyer = {"buyerName": "🌸" * 10_000, "buyerEmail": "x" * 300 + "@example.com"}

    order = to_order(amazon_order(buyer=buyer))

    assert order.buyer.name == "🌸" * 299 + "…"
    assert (order.buyer.email, order.buyer.identity) == ("", "")
