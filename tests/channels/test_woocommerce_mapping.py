from datetime import UTC, datetime
from typing import Any

import pytest

from crm_app.channels.base import ChannelAddress, ChannelBuyer, ChannelOrderLine
from crm_app.channels.reading import BadFieldError
from crm_app.channels.woocommerce import mapping
from crm_app.domain.order_status import OrderStatus, PaymentStatus

from .orders import woo_line, woo_order


def to_order(**changes: Any) -> mapping.ChannelOrder:
    return mapping.to_order(woo_order(**changes), 48)


def test_an_order_is_read_whole() -> None:
    order = to_order()

    assert (order.external_id, order.order_number) == ("5001", "PAL-5001")
    assert (order.channel_status, order.status) == ("processing", OrderStatus.CONFIRMED)
    assert order.payment_status is PaymentStatus.PAID
    assert order.placed_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 1, 10, 5, tzinfo=UTC)
    assert order.ship_by == datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert order.note == "Gift wrap, please"
    assert order.address == ChannelAddress(
        name="Arjun Nair",
        phone="98470 11111",
        line1="8 MG Road",
        city="Kochi",
        state="KL",
        pincode="682016",
        country="IN",
    )


def test_amounts_include_tax_and_add_up() -> None:
    order = to_order()

    assert (order.currency, order.total_minor, order.tax_minor) == ("INR", 87_400, 2_400)
    parts = (order.subtotal_minor, order.discount_minor, order.shipping_minor)
    assert parts == (92_700, 10_300, 5_000)
    assert order.total_minor == 92_700 - 10_300 + 5_000
    assert order.lines == (
        ChannelOrderLine(
            external_id="31",
            sku="HOOP-S",
            title="Hoop earrings – small",
            quantity=3,
            unit_price_minor=30_900,
            tax_minor=2_400,
            discount_minor=10_300,
            total_minor=82_400,
        ),
    )


def test_parts_finer_than_a_paisa_are_rounded() -> None:
    line = woo_line(total="99.9949", total_tax="0.005", subtotal=99.995, subtotal_tax=0, quantity=2)

    (read,) = to_order(line_items=[line]).lines

    assert (read.total_minor, read.tax_minor, read.unit_price_minor) == (10_000, 1, 5_000)


def test_a_whole_number_may_come_as_a_decimal() -> None:
    (line,) = to_order(line_items=[woo_line(quantity=2.0)]).lines

    assert line.quantity == 2


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pending", OrderStatus.PENDING),
        ("on-hold", OrderStatus.PENDING),
        ("checkout-draft", OrderStatus.PENDING),
        ("processing", OrderStatus.CONFIRMED),
        ("completed", OrderStatus.SHIPPED),
        ("cancelled", OrderStatus.CANCELLED),
        ("trash", OrderStatus.CANCELLED),
        ("failed", OrderStatus.FAILED),
        ("refunded", OrderStatus.RETURNED),
        ("wc-engraving", None),
    ],
)
def test_each_word_of_an_order_has_a_meaning(word: str, expected: OrderStatus | None) -> None:
    order = to_order(status=word)

    assert (order.channel_status, order.status) == (word, expected)
    assert (order.ship_by is not None) is (expected is OrderStatus.CONFIRMED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PaymentStatus.PAID),
        ({"date_paid_gmt": None}, PaymentStatus.UNPAID),
        ({"date_paid_gmt": None, "payment_method": "cod"}, PaymentStatus.COD),
        ({"payment_method": "cod"}, PaymentStatus.PAID),
        ({"refunds": [{"id": 1, "total": "-10.00"}]}, PaymentStatus.PARTIALLY_REFUNDED),
        (
            {"refunds": [{"total": "-800.00"}, {"total": "-74.00"}]},
            PaymentStatus.REFUNDED,
        ),
        ({"status": "refunded"}, PaymentStatus.REFUNDED),
    ],
)
def test_payment(changes: dict[str, Any], expected: PaymentStatus) -> None:
    assert to_order(**changes).payment_status is expected


def test_quantities_follow_the_status() -> None:
    def told(word: str) -> tuple[int, int, int | None]:
        (line,) = to_order(status=word).lines
        return line.quantity_shipped, line.quantity_cancelled, line.quantity_returned

    assert told("processing") == (0, 0, 0)
    assert told("completed") == (3, 0, 0)
    assert told("cancelled") == (0, 3, 0)
    assert told("refunded") == (3, 0, 3)


def test_a_shipped_order_says_when() -> None:
    order = to_order(status="completed", date_completed_gmt="2026-11-02T08:00:00")

    assert order.shipped_at == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert to_order(date_completed_gmt="2026-11-02T08:00:00").shipped_at is None


def test_a_guest_is_known_by_mail_and_a_member_by_account() -> None:
    guest, member = to_order().buyer, to_order(customer_id=12).buyer

    assert guest == ChannelBuyer(
        identity="arjun@example.com",
        name="Arjun Nair",
        email="arjun@example.com",
        phone="98470 11111",
    )
    assert member.identity == "user:12"


def test_a_shipping_address_goes_first() -> None:
    shipping = {"first_name": "Lata", "address_1": "2 Hill Road", "city": "Ooty", "phone": "1"}

    address = to_order(shipping=shipping).address

    assert (address.name, address.line1, address.city) == ("Lata", "2 Hill Road", "Ooty")
    assert (address.phone, address.pincode) == ("1", "")


def test_an_order_that_was_never_changed_has_the_time_of_its_making() -> None:
    order = to_order(date_modified_gmt=None, number=None)

    assert order.updated_at == order.placed_at
    assert order.order_number == "5001"


OURS = [
    {"key": "_tracking_carrier", "value": "DTDC"},
    {"key": "_tracking_number", "value": "D-7"},
]
EXTENSION = {
    "key": "_wc_shipment_tracking_items",
    "value": [{"tracking_provider": "", "custom_tracking_provider": "X", "tracking_number": "9"}],
}


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        (OURS, ("DTDC", "D-7")),
        (OURS[1:], ("", "D-7")),
        ([EXTENSION], ("X", "9")),
        ([EXTENSION, *OURS], ("DTDC", "D-7")),
        ([{"key": "_tracking_number", "value": {"any": "thing"}}], ("", "")),
        ([{"key": "_wc_shipment_tracking_items", "value": "corrupt"}], ("", "")),
        ([{"key": ["odd"], "value": 1}, {}], ("", "")),
    ],
)
def test_tracking_is_read_where_it_is_written(meta: list[Any], expected: tuple[str, str]) -> None:
    order = to_order(meta_data=meta)

    assert (order.carrier, order.tracking_number) == expected


BAD: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "id is missing"),
    ({"id": True}, "id is not text"),
    ({"status": ""}, "status is missing"),
    ({"currency": "rupee"}, "currency is not a currency"),
    ({"total": None}, "total is missing"),
    ({"total": "-1.00"}, "total is a negative amount"),
    ({"total": "10.001"}, "has too many decimals."),
    ({"total": [1]}, "total is not an amount"),
    ({"total": 10**40}, "total is not an amount"),
    ({"total": "1_0"}, "total is not an amount"),
    ({"date_created_gmt": None}, "date_created_gmt is missing"),
    ({"date_created_gmt": "1970-01-01T00:00:00"}, "date_created_gmt is an absurd time"),
    ({"date_modified_gmt": 5}, "date_modified_gmt is not a time"),
    ({"line_items": None}, "line_items is missing"),
    ({"line_items": [woo_line(quantity=-1)]}, "line_items[0].quantity is negative"),
    ({"line_items": [woo_line(quantity=None)]}, "line_items[0].quantity is missing"),
    (
        {"line_items": [woo_line(total="-9", total_tax="0")]},
        "line_items[0].total is a negative amount",
    ),
    ({"line_items": [woo_line(), woo_line()]}, "line_items[1].id stands on two lines"),
    ({"billing": {"city": "Ko\x00chi"}}, "city holds a null byte"),
    ({"billing": "Kochi"}, "billing is not an object"),
]


@pytest.mark.parametrize(("changes", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_what_makes_no_sense_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadFieldError) as caught:
        to_order(**changes)

    assert str(caught.value).endswith(reason)
