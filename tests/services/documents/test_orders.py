from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.errors import InvalidInputError
from crm_app.services.documents import fields, mapping, words
from crm_app.services.documents.fields import Field
from crm_app.services.documents.mapping import Mapping
from crm_app.services.documents.orders import Reader, Verdict
from crm_app.services.documents.table import Line
from crm_app.services.documents.values import DateOrder
from crm_app.services.documents.words import Meaning
from tests.services.documents.files import HEADER, ROW

UPLOADED = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
INDIA = ZoneInfo("Asia/Kolkata")


def verdict(
    *rows: Sequence[str], header: Sequence[str] = HEADER, read_as: Mapping | None = None
) -> Verdict:
    """What becomes of lines of one order; their numbers begin with 2."""
    if read_as is None:
        read_as = mapping.with_words(mapping.guess(header), [row[2] for row in rows])
    lines = [Line(number, tuple(row)) for number, row in enumerate(rows, 2)]
    return Reader(read_as, header, INDIA, UPLOADED).read(rows[0][0], lines)


def test_columns_are_guessed_from_their_names() -> None:
    amazon = fields.guess(
        ("index", "Order ID", "Date", "Status", "Fulfilment", "Category", "Size", "Qty",
         "currency", "Amount", "ship-city", "ship-state", "ship-postal-code", "ship-country", "B2B")
    )  # fmt: skip
    shop = fields.guess(("Name", "Email", "Created at", "Financial Status", "Total",
                         "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku",
                         "Shipping Street", "Shipping Zip", "BuyerPhone", "AWB No."))  # fmt: skip

    assert amazon == {
        Field.ORDER_ID: "Order ID",
        Field.PLACED_AT: "Date",
        Field.STATUS: "Status",
        Field.FULFILLED_BY: "Fulfilment",
        Field.TITLE: "Category",
        Field.VARIANT: "Size",
        Field.QUANTITY: "Qty",
        Field.CURRENCY: "currency",
        Field.LINE_TOTAL: "Amount",
        Field.CITY: "ship-city",
        Field.STATE: "ship-state",
        Field.PINCODE: "ship-postal-code",
        Field.COUNTRY: "ship-country",
        Field.IS_BUSINESS: "B2B",
    }
    assert fields.guess(("Bill No", "Bill Date"))[Field.ORDER_ID] == "Bill No"
    assert shop[Field.TOTAL] == "Total"
    assert shop[Field.UNIT_PRICE] == "Lineitem price"
    assert shop[Field.LINE1] == "Shipping Street"
    assert shop[Field.TRACKING_NUMBER] == "AWB No."
    assert mapping.guess(("Product", "Price")).missing() == ("Order id", "Placed")


def test_a_line_becomes_an_order() -> None:
    order = verdict(ROW).order

    assert order is not None
    assert (order.external_id, order.order_number, order.channel_status) == (
        "CS-1",
        "CS-1",
        "Delivered",
    )
    assert (order.status, order.payment_status) == (OrderStatus.DELIVERED, None)
    assert (order.currency, order.total_minor, order.updated_at) == ("INR", 149_900, UPLOADED)
    assert order.placed_at == datetime(2026, 11, 17, 18, 30, tzinfo=UTC)
    assert (order.buyer.name, order.address.name) == ("Asha", "Asha")
    (line,) = order.lines
    assert (line.external_id, line.sku, line.title) == ("1", "PDE-18K", "Pearl Drop Earrings")
    assert (line.quantity, line.quantity_shipped, line.total_minor) == (1, 1, 149_900)


def test_lines_of_one_order_id_are_one_order_whose_total_is_their_sum() -> None:
    second = ("CS-1", "", "", "RING-7", "Ring", "2", "₹2,000", "")

    order = verdict(ROW, second).order

    assert order is not None
    assert [(line.external_id, line.quantity) for line in order.lines] == [("1", 1), ("2", 2)]
    assert (order.total_minor, order.buyer.name) == (349_900, "Asha")


def test_a_repeated_line_is_recognised_and_can_be_counted_instead() -> None:
    header = ("index", *HEADER)
    read_as = mapping.with_words(mapping.guess(header), ["Delivered"])
    lines = [Line(number, (str(number), *ROW)) for number in (2, 3)]

    left_out = Reader(read_as, header, INDIA, UPLOADED).read("CS-1", lines)
    counted = Reader(
        Mapping.from_json(read_as.to_json() | {"keep_repeats": True}), header, INDIA, UPLOADED
    ).read("CS-1", lines)

    assert left_out.order is not None
    assert counted.order is not None
    assert (left_out.order.total_minor, dict(left_out.repeats)) == (149_900, {3: 2})
    assert (counted.order.total_minor, len(counted.order.lines)) == (299_800, 2)


def test_one_bad_line_refuses_its_order_and_each_line_says_why() -> None:
    bad = ("CS-1", "", "", "RING-7", "Ring", "two", "5", "")

    found = verdict(ROW, bad)

    assert found.order is None
    assert found.refused == {
        2: "Line 3 of the same order cannot be read.",
        3: "The column “Qty” holds “two”, which is no whole number of units.",
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Order Date": "31/02/2026"}, "which is no date when read day first"),
        ({"Order Date": ""}, "The order has no date."),
        ({"Status": "Teleported"}, "The status “Teleported” has no meaning chosen for it."),
        ({"Amount": "-1"}, "which is negative"),
        ({"Amount": "=A1*2"}, "which is no amount"),
    ],
)
def test_a_cell_that_cannot_be_read_says_so(changed: dict[str, str], said: str) -> None:
    row = [changed.get(name, cell) for name, cell in zip(HEADER, ROW, strict=True)]

    found = verdict(row)

    assert found.order is None
    assert said in found.refused[2]


def test_a_problem_counts_only_in_a_column_that_is_read() -> None:
    header = (*HEADER, "Comment")
    read_as = mapping.with_words(mapping.guess(header), ["Delivered"])
    line = Line(2, (*ROW, "#REF!"), {8: "holds the error #REF!"})

    with_it = Reader(read_as, header, INDIA, UPLOADED).read("CS-1", [line])
    without = Reader(read_as.with_column(Field.NOTE, ""), header, INDIA, UPLOADED)

    assert with_it.refused == {2: "The column “Comment” holds the error #REF!."}
    assert without.read("CS-1", [line]).order is not None


def test_a_slipped_line_and_one_without_an_order_id_are_refused() -> None:
    reader = Reader(mapping.guess(HEADER), HEADER, INDIA, UPLOADED)

    slipped = reader.read("CS-1", [Line(7, ROW, slipped="The line has 9 cells.")])
    total = reader.read("", [Line(9, ("", "", "", "", "", "", "Total 5", ""))])

    assert slipped.refused == {7: "The line has 9 cells."}
    assert total.refused == {9: "The line has no order id (it begins with “Total 5”)."}


def test_two_currencies_in_one_order_are_never_added() -> None:
    header = (*HEADER, "Currency")

    found = verdict((*ROW, "INR"), (*ROW[:6], "5", "", "USD"), header=header)

    assert found.refused[3] == "Another line of the order is in INR, this one in USD."


def test_without_any_amount_the_order_has_no_currency() -> None:
    order = verdict((*ROW[:6], "", "Asha")).order

    assert order is not None
    assert (order.total_minor, order.currency) == (None, None)


def test_the_order_total_of_the_file_wins_over_the_sum() -> None:
    header = (*HEADER, "Order Total", "Shipping", "Discount")

    told = verdict((*ROW, "1600", "150", "49"), header=header).order
    summed = verdict((*ROW, "", "150", "49"), header=header).order

    assert told is not None
    assert summed is not None
    assert (told.total_minor, summed.total_minor) == (160_000, 160_000)
    assert (summed.shipping_minor, summed.discount_minor) == (15_000, 4_900)


def test_words_for_payment_are_read_and_a_general_one_claims_no_more_than_it_knows() -> None:
    header = (*HEADER, "Payment Mode")
    cod = verdict((*ROW, "COD"), header=header).order
    card = verdict((*ROW, "Credit card"), header=header).order
    general = Mapping.from_json(
        mapping.with_words(mapping.guess(HEADER), ["Delivered", "Pending", "Cancelled"]).to_json()
        | {"payment": "paid"}
    )
    of = {
        word: verdict((*ROW[:2], word, *ROW[3:]), read_as=general).order
        for word in ("Delivered", "Pending", "Cancelled")
    }

    assert cod is not None
    assert card is not None
    assert (cod.is_cod, cod.payment_status) == (True, PaymentStatus.PAID)
    assert (card.is_cod, card.payment_status) == (False, PaymentStatus.PAID)
    assert [order.payment_status for order in of.values() if order] == [
        PaymentStatus.PAID,
        PaymentStatus.UNPAID,
        None,
    ]


def test_an_unwanted_word_leaves_its_orders_out() -> None:
    found = verdict((*ROW[:2], "Draft", *ROW[3:]))

    assert (found.order, found.refused) == (None, {})
    assert found.left_out == "Left out: orders that are “Draft” are not wanted."


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Shipped - Delivered to Buyer", Meaning.DELIVERED),
        ("Shipped - Returned to Seller", Meaning.RETURNED),
        ("Shipped - Returning to Seller", Meaning.COMING_BACK),
        ("Shipped - Rejected by Buyer", Meaning.COMING_BACK),
        ("Shipped - Lost in Transit", Meaning.FAILED),
        ("Shipped - Out for Delivery", Meaning.OUT_FOR_DELIVERY),
        ("Pending - Waiting for Pick Up", Meaning.READY_TO_SHIP),
        ("Undelivered", Meaning.FAILED),
        ("unfulfilled", Meaning.CONFIRMED),
        ("CANCELED", Meaning.CANCELLED),
        ("RTO Initiated", Meaning.COMING_BACK),
        ("draft", Meaning.LEAVE_OUT),
        ("Blorp", None),
    ],
)
def test_status_words_are_guessed(word: str, meaning: Meaning | None) -> None:
    assert words.guess_status(word) is meaning


def test_a_mapping_survives_the_database_and_refuses_words_that_are_not_ours() -> None:
    made = Mapping(
        columns={Field.ORDER_ID: "Order ID", Field.PLACED_AT: "Date"},
        date_order=DateOrder.MONTH_FIRST,
        statuses={"Shipped": Meaning.SHIPPED},
        payment=PaymentStatus.COD,
        keep_repeats=True,
    )

    assert Mapping.from_json(made.to_json()) == made
    assert Mapping.from_json({}) == Mapping()
    with pytest.raises(InvalidInputError) as caught:
        Mapping.from_json({"columns": {"colour": "x"}, "status": "gone", "currency": "rupiah"})
    assert set(caught.value.details) == {"columns", "status", "currency"}
    for nonsense in ([], {"colour": 1}):
        with pytest.raises(InvalidInputError):
            Mapping.from_json(nonsense)


def test_another_mapping_makes_another_version_of_the_same_lines() -> None:
    first, second = (
        verdict(ROW, read_as=Mapping.from_json({**base, "currency": code})).order
        for base in [mapping.with_words(mapping.guess(HEADER), ["Delivered"]).to_json()]
        for code in ("INR", "USD")
    )

    assert first is not None
    assert second is not None
    assert first.raw["lines"] == second.raw["lines"]
    assert first.raw != second.raw
