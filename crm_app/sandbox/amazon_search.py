"""searchOrders and getOrder, version 2026-01-01."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, select, tuple_
from starlette.datastructures import QueryParams
from starlette.responses import Response

from crm_app.sandbox import channel_store, times
from crm_app.sandbox.amazon_errors import AmazonError, Call, InvalidInputError, UnknownOrderError
from crm_app.sandbox.amazon_order import BIT, DATASETS, prune
from crm_app.sandbox.credentials import AMAZON_SELLER, AMAZON_SELLERS, INDIA_MARKETPLACE_ID
from crm_app.sandbox.store import amazon_orders, dump

STATUSES: Final = (
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
)
FULFILLERS: Final = ("MERCHANT", "AMAZON")
_PERSONAL: Final = {"BUYER", "RECIPIENT"}
_WITHOUT_ROLE: Final = {one.key for one in AMAZON_SELLERS if not one.may_read_people}
AnyRow = Row[*tuple[Any, ...]]
TOKEN_LIFETIME: Final = timedelta(hours=24)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Search:
    """A checked query. `by` is the column that orders and bounds the result."""

    by: str
    after: datetime
    before: datetime
    statuses: list[str]
    fulfillers: list[str]
    datasets: list[str]
    page_size: int
    # Where the page before ended: time in question and order id.
    start: tuple[datetime, str] | None


def search_orders(call: Call) -> Response:
    """GET /orders/2026-01-01/orders: one page, oldest change first."""
    query = call.request.query_params
    search = _read_search(call, query)
    with call.box.engine.connect() as connection:
        rows = _page(connection, call.seller, search)
    page, rest = rows[: search.page_size], rows[search.page_size :]
    parts = [f'"orders":[{",".join(_shown(row, search.datasets) for row in page)}]']
    if rest:
        token = _issue(_fingerprint(call.seller, query), search, page[-1])
        parts.append(f'"pagination":{json.dumps({"nextToken": token})}')
    bound = "lastUpdatedBefore" if search.by == "updated_at" else "createdBefore"
    parts.append(f'"{bound}":"{times.stamp(search.before)}"')
    return Response("{" + ",".join(parts) + "}", media_type="application/json")


def get_order(call: Call) -> Response:
    """GET /orders/2026-01-01/orders/{orderId}."""
    order_id = str(call.request.path_params["order_id"])
    datasets = _datasets(call)
    table = amazon_orders
    wanted = select(table.c.body, table.c.datasets, table.c.is_raw).where(
        table.c.seller == call.seller, table.c.order_id == order_id.replace("\x00", "")
    )
    with call.box.engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None:
        raise UnknownOrderError(order_id)
    return Response(f'{{"order":{_shown(row, datasets)}}}', media_type="application/json")


def _shown(row: AnyRow, datasets: list[str]) -> str:
    """The stored text as it is, unless it holds a dataset that was not asked for."""
    allowed = sum(BIT[name] for name in set(datasets))
    if row.is_raw or not row.datasets & ~allowed:
        return row.body
    return dump(prune(json.loads(row.body), datasets))


def _page(connection: Connection, seller: str, search: Search) -> list[AnyRow]:
    table = amazon_orders
    moment = table.c[search.by]
    bounds: list[ColumnElement[bool]] = [
        table.c.seller == seller,
        moment >= search.after,
        moment <= search.before,
    ]
    if search.start is not None:
        bounds.append(tuple_(moment, table.c.order_id) > search.start)
    if search.statuses:
        bounds.append(table.c.status.in_(search.statuses))
    if search.fulfillers:
        bounds.append(table.c.fulfilled_by.in_(search.fulfillers))
    statement = (
        select(table.c.body, table.c.datasets, table.c.is_raw, table.c.order_id, moment.label("at"))
        .where(and_(*bounds))
        .where(channel_store.is_listed("amazon", table.c.order_id))
        .order_by(moment, table.c.order_id)
        .limit(search.page_size + 1)
    )
    return list(connection.execute(statement).all())


def _read_search(call: Call, query: QueryParams) -> Search:
    at = times.now()
    by, after, before = _bounds(query, at, timedelta(seconds=call.box.amazon_delay_s))
    _check_marketplaces(query)
    start = None
    token = query.get("paginationToken")
    if token:
        start, before = _redeem(token, _fingerprint(call.seller, query), at)
    return Search(
        by=by,
        after=after,
        before=before,
        statuses=_choices(query, "fulfillmentStatuses", STATUSES),
        fulfillers=_choices(query, "fulfilledBy", FULFILLERS),
        datasets=_datasets(call),
        page_size=_page_size(query),
        start=start,
    )


def _datasets(call: Call) -> list[str]:
    """What the answer shall hold; 403 for more than the app's role allows."""
    wanted = _choices(call.request.query_params, "includedData", DATASETS)
    if call.seller in _WITHOUT_ROLE and not _PERSONAL.isdisjoint(wanted):
        detail = "The application has no role for the personal data it asked for."
        raise AmazonError(403, "Unauthorized", "Access to requested resource is denied.", detail)
    return wanted


def _bounds(query: QueryParams, at: datetime, delay: timedelta) -> tuple[str, datetime, datetime]:
    has_created, has_updated = "createdAfter" in query, "lastUpdatedAfter" in query
    if has_created == has_updated:
        raise InvalidInputError("Provide exactly one of createdAfter and lastUpdatedAfter.")
    mine, other = ("created", "lastUpdated") if has_created else ("lastUpdated", "created")
    if f"{other}Before" in query:
        raise InvalidInputError(f"{other}Before cannot be combined with {mine}After.")
    after = _moment(query, f"{mine}After")
    if after > at:
        raise InvalidInputError(f"{mine}After must not be in the future.")
    newest = times.cut(at - delay)
    before = newest
    if f"{mine}Before" in query:
        before = _moment(query, f"{mine}Before")
        if before < after:
            raise InvalidInputError(f"{mine}Before must be equal to or after {mine}After.")
        if before > newest:
            minutes = f"{delay.total_seconds() / 60:g}"
            message = f"{mine}Before must be at least {minutes} minutes before the request."
            raise InvalidInputError(message)
    return ("created_at" if has_created else "updated_at"), after, before


def _moment(query: QueryParams, name: str) -> datetime:
    try:
        return times.parse(query[name])
    except ValueError as error:
        raise InvalidInputError(f"{name} must be in ISO 8601 format.") from error


def _values(query: QueryParams, name: str) -> list[str]:
    """Comma separated, repeated, or both."""
    return [part for value in query.getlist(name) for part in value.split(",") if part]


def _choices(query: QueryParams, name: str, allowed: tuple[str, ...]) -> list[str]:
    chosen = _values(query, name)
    unknown = sorted(set(chosen) - set(allowed))
    if unknown:
        raise InvalidInputError(f"{name} has an invalid value: {unknown[0][:100]}")
    return chosen


def _check_marketplaces(query: QueryParams) -> None:
    # Optional in the 2026-01-01 model, unlike in v0: without it, all of the seller's marketplaces.
    chosen = _values(query, "marketplaceIds")
    if len(chosen) > 50:
        raise InvalidInputError("marketplaceIds holds more than 50 values.")
    if chosen and INDIA_MARKETPLACE_ID not in chosen:
        raise InvalidInputError("The seller takes part in none of the given marketplaceIds.")


def _page_size(query: QueryParams) -> int:
    text = query.get("maxResultsPerPage", "100")
    # The length first: int() refuses thousands of digits with an error of its own.
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):
        raise InvalidInputError("maxResultsPerPage must be between 1 and 100.")
    return int(text)


def _fingerprint(seller: str, query: QueryParams) -> str:
    same = sorted((key, value) for key, value in query.multi_items() if key != "paginationToken")
    return hashlib.sha256(json.dumps([seller, same]).encode()).hexdigest()[:24]


def _signature(payload: bytes) -> bytes:
    return hmac.digest(AMAZON_SELLER.client_secret.encode(), payload, "sha256")[:12]


def _issue(fingerprint: str, search: Search, last: AnyRow) -> str:
    before, at = (_micros(moment) for moment in (search.before, last.at))
    state = [fingerprint, before, at, last.order_id, _micros(times.now())]
    payload = json.dumps(state).encode()
    return base64.urlsafe_b64encode(_signature(payload) + payload).decode()


def _redeem(token: str, fingerprint: str, at: datetime) -> tuple[tuple[datetime, str], datetime]:
    """Where to go on, and the bound that was frozen by the first page."""
    try:
        raw = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidInputError("paginationToken is invalid.") from error
    payload = raw[12:]
    if not hmac.compare_digest(raw[:12], _signature(payload)):
        raise InvalidInputError("paginationToken is invalid.")
    query, before, last_at, last_id, issued = json.loads(payload)
    if _from_micros(issued) < at - TOKEN_LIFETIME:
        raise InvalidInputError("paginationToken has expired.")
    if query != fingerprint:
        raise InvalidInputError("paginationToken belongs to a search with other parameters.")
    return (_from_micros(last_at), str(last_id)), _from_micros(before)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
