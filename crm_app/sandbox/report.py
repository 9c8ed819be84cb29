"""Load a seller's order report (CSV, gzipped) and serve its orders as Amazon orders.

The report is a flat list of order lines. What its quirks become:

1. Two rows that differ in nothing but `index` are one line; `index` itself is no key.
2. `Date` is MM-DD-YY or MM-DD-YYYY, told apart by its length, a day in India. All orders of a
   day are spread evenly over it in the order of their numbers, so that times are distinct and
   the same on every load. An order was last updated when it was created.
3. A line without an amount has no proceeds. An order without any has no grand total; otherwise
   the grand total is the sum of the lines that have one, to the last paisa.
4. Rows of one `Order ID` are the lines of one order. Status, address and the rest are those of
   its first row. A quantity of 0 stays 0.
5. `Sales Channel` other than Amazon.in: the order is kept, with the channel name NON_AMAZON.
6. `Courier Status` and `Category` are not believed and not read.
7. The report's status travels whole, as the detailed status of one parcel, also where Amazon
   sent the parcel itself. `Cancelled` orders have no parcel. A pending order of the report is
   already paid, so it is UNSHIPPED here: a PENDING one could not show its price.
8. A row that cannot be read (no order number, bad date, quantity or amount) is dropped and
   counted with its reason.
"""

import csv
import gzip
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Final, TextIO

from sqlalchemy import Connection, Engine, select, text

from crm_app.sandbox import times
from crm_app.sandbox.amazon_order import Body, StoredOrder, row_of
from crm_app.sandbox.credentials import AMAZON_REPORT_SELLER, INDIA_MARKETPLACE_ID
from crm_app.sandbox.draft import rupees
from crm_app.sandbox.store import amazon_orders

_COLUMNS: Final = (
    "Order ID",
    "Date",
    "Status",
    "Fulfilment",
    "Sales Channel",
    "ship-service-level",
    "Size",
    "Qty",
    "currency",
    "Amount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "B2B",
    "fulfilled-by",
)
# The report's word: fulfillmentStatus, and the status of its parcel.
_STATUS: Final = {
    "Pending": ("UNSHIPPED", "PENDING"),
    "Pending - Waiting for Pick Up": ("UNSHIPPED", "PENDING"),
    "Shipping": ("SHIPPED", "SHIPPED"),
    "Shipped": ("SHIPPED", "SHIPPED"),
    "Shipped - Picked Up": ("SHIPPED", "IN_TRANSIT"),
    "Shipped - Out for Delivery": ("SHIPPED", "IN_TRANSIT"),
    "Shipped - Delivered to Buyer": ("SHIPPED", "DELIVERED"),
    "Shipped - Rejected by Buyer": ("SHIPPED", "IN_TRANSIT"),
    "Shipped - Returning to Seller": ("SHIPPED", "IN_TRANSIT"),
    "Shipped - Returned to Seller": ("SHIPPED", "UNDELIVERABLE"),
    "Shipped - Lost in Transit": ("SHIPPED", "UNDELIVERABLE"),
    "Shipped - Damaged": ("SHIPPED", "UNDELIVERABLE"),
}
_CANCELLED: Final = "Cancelled"


class ReportError(Exception):
    """The file is no report that can be read; the message is for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One readable row. `amount_minor` is paise, None if the report gives no amount."""

    order_id: str
    placed_on: datetime
    quantity: int
    amount_minor: int | None
    fields: dict[str, str]


@dataclass(slots=True)
class LoadResult:
    """What a load did. Rows = lines + duplicates + dropped; orders = added + known."""

    rows: int = 0
    lines: int = 0
    duplicates: int = 0
    dropped: Counter[str] = field(default_factory=Counter[str])
    orders: int = 0
    orders_added: int = 0
    lines_without_amount: int = 0
    non_amazon_orders: int = 0
    orders_without_address: int = 0

    def describe(self) -> str:
        """A few sentences for the terminal."""
        dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(self.dropped.items()))
        return (
            f"Read {self.rows} rows: {self.lines} lines of {self.orders} orders.\n"
            f"Added {self.orders_added} orders; {self.orders - self.orders_added} were here.\n"
            f"Dropped {self.duplicates} rows that repeat another but for their index"
            f"{'; ' + dropped if dropped else ''}.\n"
            f"Kept as they are: {self.lines_without_amount} lines without an amount, "
            f"{self.non_amazon_orders} orders from outside Amazon, "
            f"{self.orders_without_address} orders without an address."
        )


def load_report(engine: Engine, path: Path) -> LoadResult:
    """Load a gzipped report in one transaction; orders that are here already stay as they are.

    Raises:
        ReportError: not gzip, not UTF-8, or a column is missing.
    """
    result = LoadResult()
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            lines = list(_read_lines(file, result))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ReportError(f"{path} cannot be read as a gzipped CSV file: {error}") from error
    orders = _group(lines, result)
    with engine.begin() as connection:
        result.orders_added = _copy(connection, orders)
    return result


def _read_lines(file: TextIO, result: LoadResult) -> Iterator[ReportLine]:
    reader = csv.DictReader(file)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ReportError(f"this is no order report: the column {missing[0]} is missing")
    seen: set[tuple[str | None, ...]] = set()
    for row in reader:
        result.rows += 1
        row.pop("index", None)
        key = tuple(row.values())
        if key in seen:
            result.duplicates += 1
            continue
        seen.add(key)
        fields = {name: (row[name] or "").strip() for name in _COLUMNS}
        try:
            yield _read_line(fields)
        except ValueError as error:
            result.dropped[str(error)] += 1
            continue
        result.lines += 1


def _read_line(fields: dict[str, str]) -> ReportLine:
    order_id, quantity = fields["Order ID"], fields["Qty"]
    if not order_id or "\x00" in "".join(fields.values()):
        raise ValueError("without a readable order number")
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 7):
        raise ValueError("with a bad quantity")
    amount = None
    if fields["Amount"]:
        amount = _paise(fields["Amount"])
    return ReportLine(order_id, read_date(fields["Date"]), int(quantity), amount, fields)


@lru_cache
def read_date(spelled: str) -> datetime:
    """Midnight in India of MM-DD-YY or MM-DD-YYYY. Raises ValueError."""
    pattern = "%m-%d-%y" if len(spelled) == 8 else "%m-%d-%Y"
    try:
        return datetime.strptime(spelled, pattern).replace(tzinfo=times.IST)
    except ValueError as error:
        raise ValueError("with a bad date") from error


def _paise(amount: str) -> int:
    try:
        minor = Decimal(amount) * 100
        if minor == minor.to_integral_value() and abs(minor) < 10**15:
            return int(minor)
    except InvalidOperation:
        pass
    raise ValueError("with a bad amount")


def _group(lines: Iterable[ReportLine], result: LoadResult) -> Iterator[StoredOrder]:
    """Orders, oldest day first, each with its moment of the day."""
    days: dict[datetime, dict[str, list[ReportLine]]] = defaultdict(lambda: defaultdict(list))
    day_of: dict[str, datetime] = {}
    for line in lines:
        day = day_of.setdefault(line.order_id, line.placed_on)
        days[day][line.order_id].append(line)
    for day in sorted(days):
        step = timedelta(days=1) / len(days[day])
        for rank, order_id in enumerate(sorted(days[day])):
            order = _order(days[day][order_id], times.cut(day + rank * step))
            _count(order.body, result)
            yield order


def _count(body: Body, result: LoadResult) -> None:
    result.orders += 1
    result.lines_without_amount += sum("proceeds" not in item for item in body["orderItems"])
    result.non_amazon_orders += body["salesChannel"]["channelName"] == "NON_AMAZON"
    result.orders_without_address += "recipient" not in body


def _order(lines: list[ReportLine], at: datetime) -> StoredOrder:
    first = lines[0].fields
    order_id = lines[0].order_id
    status = first["Status"]
    fallback = ("CANCELLED", "CANCELLED") if status == _CANCELLED else ("UNSHIPPED", "PENDING")
    fulfillment_status, parcel_status = _STATUS.get(status, fallback)
    body: Body = {
        "orderId": order_id,
        "createdTime": "",
        "lastUpdatedTime": "",
        "programs": _programs(first),
        "salesChannel": _sales_channel(first["Sales Channel"]),
        "fulfillment": {
            "fulfillmentStatus": fulfillment_status,
            "fulfilledBy": "AMAZON" if first["Fulfilment"] == "Amazon" else "MERCHANT",
            "fulfillmentServiceLevel": first["ship-service-level"].upper(),
        },
        "orderItems": [_item(line, index) for index, line in enumerate(lines)],
    }
    address = _address(first)
    if address:
        body["recipient"] = {"deliveryAddress": address}
    amounts = [line.amount_minor for line in lines if line.amount_minor is not None]
    if amounts:
        body["proceeds"] = {"grandTotal": _money(sum(amounts), first["currency"])}
    if fulfillment_status == "SHIPPED":
        for item in body["orderItems"]:
            shipped = item["quantityOrdered"]
            item["fulfillment"] = {"quantityFulfilled": shipped, "quantityUnfulfilled": 0}
    if status != _CANCELLED:
        body["packages"] = [_package(body, parcel_status, status, at)]
    return StoredOrder(AMAZON_REPORT_SELLER.key, order_id, at, at, body)


def _programs(fields: dict[str, str]) -> list[str]:
    programs = ["AMAZON_BUSINESS"] if fields["B2B"] == "TRUE" else []
    return programs + (["AMAZON_EASY_SHIP"] if fields["fulfilled-by"] == "Easy Ship" else [])


def _sales_channel(name: str) -> dict[str, str]:
    if name != "Amazon.in":
        return {"channelName": "NON_AMAZON"}
    return {
        "channelName": "AMAZON",
        "marketplaceId": INDIA_MARKETPLACE_ID,
        "marketplaceName": "Amazon.in",
    }


def _address(fields: dict[str, str]) -> dict[str, str]:
    named = {
        "city": fields["ship-city"],
        "stateOrRegion": fields["ship-state"],
        "postalCode": fields["ship-postal-code"],
        "countryCode": fields["ship-country"],
    }
    return {name: value for name, value in named.items() if value}


def _money(minor: int, currency: str) -> dict[str, str]:
    return {"amount": rupees(minor), "currencyCode": currency or "INR"}


def _item(line: ReportLine, index: int) -> Body:
    size = line.fields["Size"]
    digest = hashlib.blake2b(f"{line.order_id}/{index}".encode(), digest_size=6).digest()
    item: Body = {
        "orderItemId": f"{10**14 + int.from_bytes(digest) % 10**13}{index:02d}",
        "quantityOrdered": line.quantity,
        "product": {"title": f"Garment, size {size}", "sellerSku": f"GARMENT-{size}"},
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": line.quantity},
    }
    if line.fields["Status"] == _CANCELLED:
        item["fulfillment"]["quantityUnfulfilled"] = 0
    if line.amount_minor is not None:
        money = _money(line.amount_minor, line.fields["currency"])
        breakdown = {"type": "ITEM", "subtotal": money}
        item["proceeds"] = {"proceedsTotal": money, "breakdowns": [breakdown]}
    return item


def _package(body: Body, parcel_status: str, word: str, at: datetime) -> Body:
    return {
        "packageReferenceId": "1",
        "createdTime": times.stamp(at),
        "packageStatus": {"status": parcel_status, "detailedStatus": word},
        "packageItems": [
            {"orderItemId": item["orderItemId"], "quantity": item["quantityOrdered"]}
            for item in body["orderItems"]
        ],
    }


_COPIED: Final = ", ".join(column.name for column in amazon_orders.columns)


def _copy(connection: Connection, orders: Iterator[StoredOrder]) -> int:
    """COPY the orders that are not here yet; how many."""
    # Two loads at once would each see the other's orders too late.
    connection.execute(text("select pg_advisory_xact_lock(7302)"))
    seller = amazon_orders.c.seller == AMAZON_REPORT_SELLER.key
    if connection.scalar(select(amazon_orders.c.order_id).where(seller).limit(1)) is None:
        return _copy_into(connection, "amazon_orders", orders)
    # COPY knows no conflicts, so a second load takes the way through a scratch table.
    connection.execute(text("create temp table loaded (like amazon_orders) on commit drop"))
    _copy_into(connection, "loaded", orders)
    statement = f"insert into amazon_orders ({_COPIED}) select {_COPIED} from loaded"  # noqa: S608
    return connection.execute(text(f"{statement} on conflict do nothing")).rowcount


def _copy_into(connection: Connection, table: str, orders: Iterator[StoredOrder]) -> int:
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the database connection is closed")
    names = [column.name for column in amazon_orders.columns]
    count = 0
    with driver.cursor() as cursor, cursor.copy(f"copy {table} ({_COPIED}) from stdin") as copy:
        for order in orders:
            row = row_of(order)
            copy.write_row([row[name] for name in names])
            count += 1
    return count
