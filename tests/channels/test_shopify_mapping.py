from datetime import UTC, datetime
from typing import Any

import pytest

from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrder, ChannelOrderLine
from crm_app.channels.reading import BadFieldError
from crm_app.channels.shopify import mapping, statuses
from crm_app.domain.order_status import OrderStatus as S
from crm_app.domain.order_status import PaymentStatus

from .orders import JsonObject, shop_money, shopify_line, shopify_order, shopify_parcel

COD = ["Cash on Delivery (COD)"]


def to_order(raw: JsonObject) -> ChannelOrder:
    return mapping.to_order(raw, 48)


def test_an_order_is_read_whole() -> None:
    raw = shopify_order()

    order = to_order(raw)

    assert (order.external_id, order.order_number) == ("6001", "#1001")
    assert (order.channel_status, order.status) == ("UNFULFILLED", S.CONFIRMED)
    assert order.payment_status is PaymentStatus.PAID
    assert order.placed_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 1, 10, 5, tzinfo=UTC)
    assert order.ship_by == datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert (order.currency, order.total_minor, order.subtotal_minor) == ("INR", 85_000, 80_000)
    assert (order.shipping_minor, order.tax_minor, order.discount_minor) == (5_000, 2_400, 10_000)
    assert order.note == "Gift wrap, please"
    assert order.raw is raw


def test_lines_buyer_and_address_are_read() -> None:
    order = to_order(shopify_order())

    assert order.lines == (
        ChannelOrderLine(
            external_id="11",
            sku="RING-TWIST-7",
            title="Twist ring, gold tone",
            quantity=3,
            unit_price_minor=30_000,
            discount_minor=10_000,
            total_minor=80_000,
        ),
    )
    assert order.buyer == ChannelBuyer(
        identity="customer:31",
        name="Meera Rao",
        email="meera@example.com",
        phone="+919820012345",
    )
    assert order.address == ChannelAddress(
        name="Meera Rao",
        phone="+91 98200 12345",
        line1="14 Lake View",
        line2="Baner",
        city="Pune",
        state="Maharashtra",
        pincode="411045",
        country="IN",
    )


def test_an_order_whose_buyer_is_withheld_is_an_order() -> None:
    order = to_order(shopify_order(customer=None, shippingAddress=None, note=None))

    assert (order.buyer, order.address) == (ChannelBuyer(), ChannelAddress())
    assert order.total_minor == 85_000


@pytest.mark.parametrize(("word", "status"), statuses.ORDER.means.items())
def test_each_word_of_shopify_means_one_of_ours(word: str, status: S) -> None:
    order = to_order(shopify_order(displayFulfillmentStatus=word))

    assert (order.status, order.channel_status) == (status, word)


@pytest.mark.parametrize(("word", "status"), statuses.PARCEL.means.items())
def test_a_parcel_refines_what_was_sent(word: str, status: S) -> None:
    assert to_order(shopify_order(shopify_parcel(word))).status is status


@pytest.mark.parametrize(
    ("parcels", "status", "words"),
    [
        (["DELIVERED", "IN_TRANSIT"], S.SHIPPED, "FULFILLED / DELIVERED / IN_TRANSIT"),
        (["DELIVERED", "FAILURE"], S.FAILED, "FULFILLED / DELIVERED / FAILURE"),
        (["TELEPORTED", "DELIVERED"], S.DELIVERED, "FULFILLED / TELEPORTED / DELIVERED"),
        (["TELEPORTED"], S.SHIPPED, "FULFILLED / TELEPORTED"),
        ([None], S.SHIPPED, "FULFILLED"),
        (["CANCELED", "FULFILLED"], S.SHIPPED, "FULFILLED"),
    ],
)
def test_an_order_is_as_far_as_its_last_parcel(parcels: list[Any], status: S, words: str) -> None:
    order = to_order(shopify_order(*[shopify_parcel(word) for word in parcels]))

    assert (order.status, order.channel_status) == (status, words)


def test_a_word_that_we_do_not_know_stops_nothing() -> None:
    order = to_order(shopify_order(displayFulfillmentStatus="TELEPORTED"))

    assert (order.status, order.channel_status) == (None, "TELEPORTED")


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"displayFinancialStatus": "PENDING"}, S.PENDING, "UNFULFILLED / payment PENDING"),
        ({"displayFinancialStatus": "AUTHORIZED"}, S.PENDING, "UNFULFILLED / payment AUTHORIZED"),
        (
            {"displayFinancialStatus": "PENDING", "paymentGatewayNames": COD},
            S.CONFIRMED,
            "UNFULFILLED",
        ),
        ({"displayFinancialStatus": "VOIDED"}, S.CANCELLED, "UNFULFILLED / payment VOIDED"),
        ({"displayFinancialStatus": "REFUNDED"}, S.CANCELLED, "UNFULFILLED / payment REFUNDED"),
        ({"displayFinancialStatus": None}, S.CONFIRMED, "UNFULFILLED"),
        ({"cancelledAt": "2026-11-02T00:00:00Z"}, S.CANCELLED, "UNFULFILLED / cancelled"),
    ],
)
def test_before_anything_is_sent_money_decides(changes: Any, status: S, words: str) -> None:
    order = to_order(shopify_order(**changes))

    assert (order.status, order.channel_status) == (status, words)


@pytest.mark.parametrize(
    ("returning", "status", "is_coming"),
    [
        ("RETURN_REQUESTED", S.DELIVERED, True),
        ("IN_PROGRESS", S.DELIVERED, True),
        ("RETURNED", S.RETURNED, False),
        ("INSPECTION_COMPLETE", S.RETURNED, False),
        ("RETURN_FAILED", S.DELIVERED, False),
    ],
)
def test_what_comes_back_is_told(returning: str, status: S, is_coming: bool) -> None:
    order = to_order(shopify_order(shopify_parcel("DELIVERED"), returnStatus=returning))

    assert (order.status, order.return_requested) == (status, is_coming)


@pytest.mark.parametrize(
    ("gateways", "is_cod"),
    [
        (COD, True),
        (["cash_on_delivery"], True),
        (["COD"], True),
        (["razorpay", "Snapmint cod"], True),
        (["Codebase Pay"], False),
        ([7], False),
        (None, False),
    ],
)
def test_cash_on_delivery_is_known_by_name(gateways: Any, is_cod: bool) -> None:
    order = to_order(shopify_order(paymentGatewayNames=gateways, displayFinancialStatus="PENDING"))

    expected = PaymentStatus.COD if is_cod else PaymentStatus.UNPAID
    assert (order.is_cod, order.payment_status) == (is_cod, expected)


@pytest.mark.parametrize(("word", "status"), [*mapping.PAYMENT.items(), ("BARTERED", None)])
def test_each_payment_word_means_one_of_ours(word: str, status: PaymentStatus | None) -> None:
    assert to_order(shopify_order(displayFinancialStatus=word)).payment_status is status


def part(status: str, fulfill_by: str | None = None) -> JsonObject:
    return {"id": "gid://shopify/FulfillmentOrder/41", "status": status, "fulfillBy": fulfill_by}


def test_a_hold_is_a_fact_beside_the_status() -> None:
    held = to_order(shopify_order(displayFulfillmentStatus="ON_HOLD"))
    partly = to_order(shopify_order(fulfillmentOrders={"nodes": [part("OPEN"), part("ON_HOLD")]}))
    gone = to_order(
        shopify_order(displayFulfillmentStatus="ON_HOLD", cancelledAt="2026-11-02T00:00:00Z")
    )

    assert (held.status, held.on_hold) == (S.CONFIRMED, True)
    assert (partly.on_hold, gone.on_hold) == (True, False)


def test_shopifys_own_deadline_counts_first() -> None:
    parts = [
        part("OPEN", "2026-11-02T12:00:00Z"),
        part("OPEN", "2026-11-02T09:00:00Z"),
        part("CLOSED", "2026-11-01T12:00:00Z"),
    ]

    order = to_order(shopify_order(fulfillmentOrders={"nodes": parts}))

    assert order.ship_by == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert to_order(shopify_order(shopify_parcel())).ship_by is None


def test_tracking_is_that_of_the_newest_parcel_and_the_last_one_left() -> None:
    order = to_order(
        shopify_order(
            shopify_parcel(status="CANCELLED", createdAt="2026-11-09T09:00:00Z"),
            shopify_parcel(trackingInfo=[]),
            shopify_parcel(createdAt="2026-11-03T09:00:00Z"),
            shopify_parcel(trackingInfo=[{"company": "DTDC", "number": "D-2"}]),
        )
    )

    assert (order.carrier, order.tracking_number) == ("DTDC", "D-2")
    assert order.shipped_at == datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parcels", "changes", "line", "counts"),
    [
        ([], {}, {}, (0, 0, 0)),
        ([], {}, {"currentQuantity": 2, "unfulfilledQuantity": 2}, (0, 1, 0)),
        ([], {"cancelledAt": "2026-11-02T00:00:00Z"}, {"currentQuantity": 0}, (0, 3, 0)),
        (["FULFILLED"], {}, {"unfulfilledQuantity": 0}, (3, 0, 0)),
        (
            ["FULFILLED"],
            {"displayFulfillmentStatus": "PARTIALLY_FULFILLED"},
            {"unfulfilledQuantity": 1},
            (2, 0, 0),
        ),
        (["FULFILLED"], {}, {"currentQuantity": 2, "unfulfilledQuantity": 0}, (2, 1, 0)),
        (
            ["FULFILLED"],
            {"cancelledAt": "2026-11-02T00:00:00Z"},
            {"currentQuantity": 2, "unfulfilledQuantity": 0},
            (2, 1, 0),
        ),
        (
            ["DELIVERED"],
            {"returnStatus": "IN_PROGRESS"},
            {"currentQuantity": 2, "unfulfilledQuantity": 0},
            (3, 0, 1),
        ),
        (["DELIVERED"], {"returnStatus": "RETURNED"}, {"unfulfilledQuantity": 0}, (3, 0, 3)),
        ([], {}, {"currentQuantity": None, "unfulfilledQuantity": None}, (0, 0, 0)),
    ],
)
def test_pieces_are_counted(
    parcels: list[str], changes: Any, line: Any, counts: tuple[int, int, int]
) -> None:
    raw = shopify_order(
        *[shopify_parcel(word) for word in parcels],
        lineItems={"nodes": [shopify_line(**line)]},
        **changes,
    )

    (found,) = to_order(raw).lines

    assert (found.quantity_shipped, found.quantity_cancelled, found.quantity_returned) == counts


def test_what_is_not_told_of_a_line_stays_unknown() -> None:
    line = shopify_line(discountedTotalSet=None, sku=None)

    (found,) = to_order(shopify_order(lineItems={"nodes": [line]})).lines

    assert (found.total_minor, found.discount_minor, found.sku) == (None, None, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"legacyResourceId": None}, "legacyResourceId is missing"),
        ({"createdAt": None}, "createdAt is missing"),
        ({"updatedAt": None}, "updatedAt is missing"),
        ({"displayFulfillmentStatus": None}, "displayFulfillmentStatus is missing"),
        ({"totalPriceSet": None}, "totalPriceSet is missing"),
        (
            {"totalTaxSet": shop_money("1", "USD")},
            "totalTaxSet.shopMoney.currencyCode is not the currency of the order",
        ),
        (
            {"totalPriceSet": shop_money("-1")},
            "totalPriceSet.shopMoney.amount is a negative amount",
        ),
        ({"lineItems": None}, "lineItems is missing"),
        (
            {"lineItems": {"nodes": [], "pageInfo": {"hasNextPage": True}}},
            "lineItems does not hold all lines",
        ),
        ({"lineItems": {"nodes": [], "pageInfo": None}}, "lineItems does not hold all lines"),
        (
            {"lineItems": {"nodes": [shopify_line(1), shopify_line(1)]}},
            "lineItems[1].id stands on two lines",
        ),
        (
            {"lineItems": {"nodes": [shopify_line(quantity=None)]}},
            "lineItems[0].quantity is missing",
        ),
        (
            {"fulfillments": [shopify_parcel(createdAt=7)]},
            "fulfillments[0].createdAt is not a time",
        ),
    ],
)
def test_an_order_that_makes_no_sense_says_where(changes: Any, reason: str) -> None:
    with pytest.raises(BadFieldError) as caught:
        to_order(shopify_order(**changes))

    assert str(caught.value) == reason


def test_packages_come_with_what_is_in_them() -> None:
    def inside(key: str, count: int) -> dict[str, object]:
        return {"nodes": [{"quantity": count, "lineItem": {"id": f"gid://shopify/LineItem/{key}"}}]}

    two = to_order(
        shopify_order(
            shopify_parcel(id="gid://shopify/Fulfillment/1", fulfillmentLineItems=inside("11", 1)),
            shopify_parcel(
                "IN_TRANSIT",
                id="gid://shopify/Fulfillment/2",
                trackingInfo=[{"company": "DTDC", "number": "D-2"}],
                fulfillmentLineItems=inside("12", 2),
            ),
        )
    )
    alone = to_order(shopify_order(shopify_parcel()))

    assert two.packages is not None
    assert [(one.external_id, one.tracking_number, one.lines) for one in two.packages] == [
        ("1", "D-9", (("11", 1),)),
        ("2", "D-2", (("12", 2),)),
    ]
    # Nobody asks what is in a parcel that is alone: all that has left.
    assert alone.packages is not None
    (package,) = alone.packages
    assert dict(package.lines) == {
        line.external_id: line.quantity_shipped for line in alone.lines if line.quantity_shipped
    }
