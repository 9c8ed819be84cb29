"""The seller report: each written rule on a small file, and a real one if it is at hand."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from crm_app.sandbox import store
from crm_app.sandbox.__main__ import main
from crm_app.sandbox.report import LoadResult, ReportError, load_report
from crm_app.sandbox.store import amazon_orders

REAL = Path(__file__).resolve().parents[3] / "shared/datasets/amazon_sale_report_in_2022.csv.gz"
COLUMNS = [
    "index",
    "Order ID",
    "Date",
    "Status",
    "Fulfilment",
    "Sales Channel",
    "ship-service-level",
    "Category",
    "Size",
    "Courier Status",
    "Qty",
    "currency",
    "Amount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "B2B",
    "fulfilled-by",
    "New",
    "PendingS",
]
ROW = {
    "Order ID": "404-0000001-0000001",
    "Date": "04-30-22",
    "Status": "Shipped",
    "Fulfilment": "Amazon",
    "Sales Channel": "Amazon.in",
    "ship-service-level": "Expedited",
    "Size": "XL",
    "Qty": "1",
    "currency": "INR",
    "Amount": "329",
    "ship-city": "NAVI MUMBAI",
    "ship-state": "MAHARASHTRA",
    "ship-postal-code": "410210",
    "ship-country": "IN",
    "B2B": "FALSE",
}


@pytest.fixture(scope="module")
def report_engine(sandbox_database: Callable[[str], str]) -> Generator[Engine]:
    engine = store.open_store(sandbox_database("sandbox_report"))
    yield engine
    engine.dispose()


@pytest.fixture
def clean(report_engine: Engine) -> Engine:
    with report_engine.begin() as connection:
        connection.execute(amazon_orders.delete())
    return report_engine


def write(path: Path, *rows: dict[str, str]) -> Path:
    """A report of rows that differ from ROW only as given."""
    file = path / "report.csv.gz"
    with gzip.open(file, "wt", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, COLUMNS, restval="")
        writer.writeheader()
        for index, row in enumerate(rows):
            writer.writerow({"index": str(index), **ROW, **row})
    return file


def loaded(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        texts = connection.scalars(select(amazon_orders.c.body).order_by(amazon_orders.c.order_id))
        return [json.loads(text) for text in texts]


def load_rows(engine: Engine, path: Path, *rows: dict[str, str]) -> tuple[LoadResult, list[Any]]:
    result = load_report(engine, write(path, *rows))
    return result, loaded(engine)


def test_rows_that_differ_only_in_their_index_are_one_line(clean: Engine, tmp_path: Path) -> None:
    result, [order] = load_rows(clean, tmp_path, {}, {}, {"Size": "S"})

    assert (result.rows, result.lines, result.duplicates) == (3, 2, 1)
    assert len(order["orderItems"]) == 2
    assert order["proceeds"]["grandTotal"] == {"amount": "658.00", "currencyCode": "INR"}
    assert len({item["orderItemId"] for item in order["orderItems"]}) == 2


def test_both_spellings_of_a_date_are_a_day_in_india(clean: Engine, tmp_path: Path) -> None:
    _, orders = load_rows(
        clean,
        tmp_path,
        {"Order ID": "404-1", "Date": "04-30-22"},
        {"Order ID": "404-2", "Date": "04-30-2022"},
        {"Order ID": "404-3", "Date": "05-01-2022"},
    )

    created = [order["createdTime"] for order in orders]
    # Midnight in India is 18:30 of the day before in UTC; a day's orders are spread over it.
    assert created == [
        "2022-04-29T18:30:00.000Z",
        "2022-04-30T06:30:00.000Z",
        "2022-04-30T18:30:00.000Z",
    ]
    assert [order["lastUpdatedTime"] for order in orders] == created


def test_a_line_without_an_amount_has_no_proceeds(clean: Engine, tmp_path: Path) -> None:
    nothing = {"Amount": "", "currency": ""}
    result, orders = load_rows(
        clean,
        tmp_path,
        {"Order ID": "404-1", **nothing, "Status": "Cancelled", "Qty": "0"},
        {"Order ID": "404-2", "Amount": "647.62"},
        {"Order ID": "404-2", "Size": "S", **nothing},
    )

    without, mixed = orders
    assert result.lines_without_amount == 2
    assert "proceeds" not in without
    assert without["orderItems"][0]["quantityOrdered"] == 0
    assert mixed["proceeds"]["grandTotal"]["amount"] == "647.62"
    assert ["proceeds" in item for item in mixed["orderItems"]] == [True, False]


@pytest.mark.parametrize(
    ("word", "status", "parcel"),
    [
        ("Pending", "UNSHIPPED", "PENDING"),
        ("Pending - Waiting for Pick Up", "UNSHIPPED", "PENDING"),
        ("Shipping", "SHIPPED", "SHIPPED"),
        ("Shipped", "SHIPPED", "SHIPPED"),
        ("Shipped - Picked Up", "SHIPPED", "IN_TRANSIT"),
        ("Shipped - Out for Delivery", "SHIPPED", "IN_TRANSIT"),
        ("Shipped - Delivered to Buyer", "SHIPPED", "DELIVERED"),
        ("Shipped - Rejected by Buyer", "SHIPPED", "IN_TRANSIT"),
        ("Shipped - Returning to Seller", "SHIPPED", "IN_TRANSIT"),
        ("Shipped - Returned to Seller", "SHIPPED", "UNDELIVERABLE"),
        ("Shipped - Lost in Transit", "SHIPPED", "UNDELIVERABLE"),
        ("Shipped - Damaged", "SHIPPED", "UNDELIVERABLE"),
        ("A word of tomorrow", "UNSHIPPED", "PENDING"),
    ],
)
def test_the_reports_status_travels_whole(
    clean: Engine, tmp_path: Path, word: str, status: str, parcel: str
) -> None:
    _, [order] = load_rows(clean, tmp_path, {"Status": word})

    assert order["fulfillment"]["fulfillmentStatus"] == status
    [package] = order["packages"]
    assert package["packageStatus"] == {"status": parcel, "detailedStatus": word}


def test_a_cancelled_order_has_no_parcel(clean: Engine, tmp_path: Path) -> None:
    _, [order] = load_rows(clean, tmp_path, {"Status": "Cancelled"})

    assert order["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert "packages" not in order


def test_orders_from_elsewhere_and_without_an_address_are_kept_and_counted(
    clean: Engine, tmp_path: Path
) -> None:
    nowhere = dict.fromkeys(("ship-city", "ship-state", "ship-postal-code", "ship-country"), "")
    result, orders = load_rows(
        clean,
        tmp_path,
        {"Order ID": "404-1", "Sales Channel": "Non-Amazon"},
        {"Order ID": "404-2", **nowhere},
        {"Order ID": "404-3", "B2B": "TRUE", "fulfilled-by": "Easy Ship", "Fulfilment": "Merchant"},
    )

    assert (result.non_amazon_orders, result.orders_without_address) == (1, 1)
    assert orders[0]["salesChannel"] == {"channelName": "NON_AMAZON"}
    assert "recipient" not in orders[1]
    assert orders[2]["programs"] == ["AMAZON_BUSINESS", "AMAZON_EASY_SHIP"]
    assert orders[2]["fulfillment"]["fulfilledBy"] == "MERCHANT"
    assert orders[2]["recipient"]["deliveryAddress"]["postalCode"] == "410210"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Date": "31-12-22"}, "with a bad date"),
        ({"Qty": "some"}, "with a bad quantity"),
        ({"Amount": "much"}, "with a bad amount"),
        ({"Amount": "1.005"}, "with a bad amount"),
        ({"Amount": "Infinity"}, "with a bad amount"),
        ({"Order ID": ""}, "without a readable order number"),
    ],
)
def test_an_unreadable_row_is_dropped_with_its_reason_and_the_rest_is_loaded(
    clean: Engine, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    result, orders = load_rows(clean, tmp_path, {"Order ID": "404-1", **change}, {})

    assert result.dropped == {reason: 1}
    assert [order["orderId"] for order in orders] == ["404-0000001-0000001"]
    assert f"1 {reason}" in result.describe()


def test_loading_twice_changes_nothing(clean: Engine, tmp_path: Path) -> None:
    _, before = load_rows(clean, tmp_path, {}, {"Order ID": "404-2"})

    result, after = load_rows(clean, tmp_path, {}, {"Order ID": "404-2"})

    assert (result.orders, result.orders_added) == (2, 0)
    assert after == before


def test_a_file_that_is_no_report_is_refused_in_a_sentence(clean: Engine, tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text("index,Order ID\n")
    other = tmp_path / "other.csv.gz"
    with gzip.open(other, "wt") as text:
        text.write("a,b\n1,2\n")

    with pytest.raises(ReportError, match="cannot be read as a gzipped CSV"):
        load_report(clean, plain)
    with pytest.raises(ReportError, match="column Order ID is missing"):
        load_report(clean, other)
    with pytest.raises(ReportError, match=r"missing\.csv\.gz"):
        load_report(clean, tmp_path / "missing.csv.gz")
    assert loaded(clean) == []


def test_the_command_needs_a_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from crm_app.config import get_settings

    monkeypatch.setenv("CRM_SANDBOX_DATABASE_URL", "")
    get_settings.cache_clear()

    assert main(["load", "x.csv.gz"]) == 2

    get_settings.cache_clear()
    assert "CRM_SANDBOX_DATABASE_URL" in capsys.readouterr().err


@pytest.mark.skipif(not REAL.exists(), reason="the real seller report is not beside the checkout")
def test_a_fifth_of_a_real_report_is_loaded_to_the_last_paisa(
    clean: Engine, tmp_path: Path
) -> None:
    # Whole orders by the last digit of their number: all the quirks, a fifth of the minutes.
    part = tmp_path / "part.csv.gz"
    # The same figures straight from the file: no parsing of ours, only the csv module.
    unique: set[tuple[str, ...]] = set()
    count = 0
    with (
        gzip.open(REAL, "rt", encoding="utf-8", newline="") as file,
        gzip.open(part, "wt", encoding="utf-8", newline="", compresslevel=1) as out,
    ):
        rows, writer = csv.reader(file), csv.writer(out)
        names = next(rows)
        writer.writerow(names)
        at = {name: index for index, name in enumerate(names)}
        for row in rows:
            if row[at["Order ID"]][-1] in "37":
                writer.writerow(row)
                count += 1
                unique.add(tuple(row[1:]))
    orders = {row[at["Order ID"] - 1] for row in unique}
    units = sum(int(row[at["Qty"] - 1]) for row in unique)
    money: dict[str, Decimal] = defaultdict(Decimal)
    for row in unique:
        money[row[at["Status"] - 1]] += Decimal(row[at["Amount"] - 1] or 0)

    result = load_report(clean, part)

    assert (result.rows, result.orders, result.lines) == (count, len(orders), len(unique))
    assert result.duplicates == count - len(unique)
    assert not result.dropped
    assert result.duplicates > 0
    assert len(orders) > 20_000
    served: dict[str, Decimal] = defaultdict(Decimal)
    served_units, served_lines = 0, 0
    stamps: Counter[str] = Counter()
    for order in loaded(clean):
        package = order.get("packages", [None])[0]
        word = package["packageStatus"]["detailedStatus"] if package else "Cancelled"
        total = order.get("proceeds", {}).get("grandTotal", {"amount": "0"})
        served[word] += Decimal(total["amount"])
        served_units += sum(item["quantityOrdered"] for item in order["orderItems"])
        served_lines += len(order["orderItems"])
        stamps[order["lastUpdatedTime"]] += 1
    assert served == money
    assert (served_units, served_lines) == (units, len(unique))
    assert max(stamps.values()) == 1
