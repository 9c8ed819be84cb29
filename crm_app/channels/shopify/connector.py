"""Shopify's Admin API: orders to read, fulfilments, their events and cancellations to tell.

Paging is by value (Shopify's cursor names the last order's time of change), so an order that
changes while we read moves to the end and pushes none out. Lines beyond the first page of an order
are fetched before it is mapped; one whose lines cannot be had is set aside.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import httpx

from crm_app.channels.base import ChannelOrder, HookSeat, OrderPage, Receipt, StatusUpdate
from crm_app.channels.http import http_date
from crm_app.channels.limits import Limiter
from crm_app.channels.reading import BadFieldError, Json, as_object, id_of, read_page, sections
from crm_app.channels.shopify import changes, graphql, hooks, queries, statuses
from crm_app.channels.shopify.changes import Manner
from crm_app.channels.shopify.graphql import Cost, Query, Reply, TooCostlyError
from crm_app.channels.shopify.mapping import ORDER_GID, to_order
from crm_app.channels.words import Lexicon
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.errors import RejectedError, RetryableError

logger = logging.getLogger(__name__)

FIRST_PAGE_SIZE: Final = 25
MAX_PAGE_SIZE: Final = 100
# No single query may cost more, whatever the plan.
MAX_QUERY_COST: Final = 1000.0
MAX_LINE_PAGES: Final = 50
# Without the scope to read all orders, Shopify shows no older ones.
WINDOW_DAYS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """The token of an app that the shop installed. Never shown or logged."""

    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What differs between shops.

    Attributes:
        manner: How changes are told.
        handling_hours: From placement to the deadline of an order that is ours to send, where
            Shopify sets none.
        read_all_orders: Whether the app may read orders older than `WINDOW_DAYS`.
        overlap_s: How much of the time before the cursor is read again.
        first_import_days: How far back the first import goes.
    """

    manner: Manner = field(default_factory=Manner)
    handling_hours: float = 48.0
    read_all_orders: bool = False
    overlap_s: float = 120.0
    first_import_days: float = WINDOW_DAYS


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sweep stands: orders changed since `since`, after Shopify's cursor `after`.

    `cursor` is where our next sweep begins: when this one began, by the earlier of both clocks.
    """

    since: datetime
    cursor: datetime
    after: str = ""

    @classmethod
    def from_text(cls, resume: str) -> "_Place | None":
        try:
            kept: dict[str, Any] = json.loads(resume)
            since, cursor = (_aware(kept[key]) for key in ("since", "cursor"))
            after = kept["after"]
        except (ValueError, KeyError, TypeError):
            return None
        return cls(since, cursor, after) if isinstance(after, str) and after else None

    def as_text(self) -> str:
        return json.dumps(
            {
                "since": self.since.isoformat(),
                "cursor": self.cursor.isoformat(),
                "after": self.after,
            }
        )


class ShopifyConnector:
    """The cursor is the ISO 8601 beginning of the last sweep; `resume` is JSON of a `_Place`."""

    channel: ClassVar[Channel] = Channel.SHOPIFY
    hook_topics: ClassVar[tuple[str, ...]] = hooks.TOPICS

    def __init__(
        self,
        client: httpx.Client,
        credentials: Credentials,
        options: Options,
        limiter: Limiter,
        words: Lexicon = statuses.WORDS,
    ) -> None:
        """`client` carries the shop's address and timeouts, so a test passes a MockTransport."""
        self._client = client
        self._client.headers["x-shopify-access-token"] = credentials.access_token
        self._options = options
        self._limiter = limiter
        self._words = words
        self._page_size = FIRST_PAGE_SIZE

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        """Read with `orders`; see `Connector`."""
        place, found = self._begin(cursor, resume)
        seen: set[str] = set()
        while True:
            after = _after(found)
            nodes = [self._whole(node) for node in found["nodes"]]
            orders, bad = read_page(nodes, self._map, "legacyResourceId")
            if not after:
                end = place.cursor
                yield OrderPage(orders, bad, cursor=end.isoformat(), complete_to=end)
                return
            if after in seen:
                # Going on would never end, and the end was not seen, so the cursor stays.
                logger.warning("Shopify sent a page cursor twice: the sweep stops here.")
                yield OrderPage(orders, bad)
                return
            seen.add(after)
            place = _Place(place.since, place.cursor, after)
            yield OrderPage(orders, bad, resume=place.as_text())
            found = _connection(self._list(place), "orders")

    def fetch_order(self, external_id: str) -> ChannelOrder:
        """Read with `order`; see `Connector`."""
        found = self._order("order", queries.ORDER, external_id)
        order = self._map(self._whole(found))
        if order.external_id != external_id:
            raise RetryableError("Shopify answered with another order (order).")
        return order

    def push_status(self, update: StatusUpdate) -> Receipt:
        """Tell what is missing; see `shopify.changes`."""
        operation = changes.OPERATIONS.get(update.status)
        if operation is None:
            raise RejectedError(f"Shopify has no word for {update.status.label!r}.")
        order = self._order("parcels", queries.PARCELS, update.external_id)
        try:
            told = changes.to_tell(order, update, self._options.manner)
        except BadFieldError as error:
            raise RetryableError(f"Shopify's order cannot be read: {error}.") from error
        replies = [self._tell(query) for query in told]
        if not replies:
            return Receipt(operation, 200, answer="Shopify has it so already.")
        answer = replies[-1].answer
        return Receipt(told[-1].operation, answer.status, answer.request_id, "Accepted.")

    def hooks_to(self, address: str) -> tuple[HookSeat, ...]:
        """Read with `webhookSubscriptions`; see `HookWatcher`."""
        return hooks.seats(self._ask, address)

    def revive_hook(self, seat: HookSeat) -> None:
        """Nothing: Shopify has no subscription that is switched off, it deletes them."""

    def place_hook(self, topic: str, address: str, secret: str) -> None:
        """Send `webhookSubscriptionCreate`; see `HookWatcher`. The app's own secret signs."""
        del secret
        hooks.place(self._ask, topic, address)

    def close(self) -> None:
        self._client.close()

    def _map(self, raw: Json) -> ChannelOrder:
        return to_order(raw, self._options.handling_hours, self._words)

    def _begin(self, cursor: str | None, resume: str | None) -> tuple[_Place, Json]:
        """The first page of a sweep, or of what is left of one."""
        place = _Place.from_text(resume) if resume else None
        if place is not None:
            try:
                return place, _connection(self._list(place), "orders")
            except RejectedError:
                logger.info("A page cursor of Shopify ran out: the sweep begins again.")
        began_at = now().replace(microsecond=0)
        place = _Place(self._since(cursor, began_at), began_at)
        reply = self._list(place)
        told = http_date(reply.answer.headers.get("date", ""))
        place = _Place(place.since, min(began_at, told) if told else began_at)
        return place, _connection(reply, "orders")

    def _since(self, cursor: str | None, moment: datetime) -> datetime:
        if cursor is not None:
            return _aware(cursor) - timedelta(seconds=self._options.overlap_s)
        days = self._options.first_import_days
        if not self._options.read_all_orders:
            days = min(days, WINDOW_DAYS)
        return moment - timedelta(days=days)

    def _list(self, place: _Place) -> Reply:
        """A page, as large as Shopify's price for it allows."""
        while True:
            variables = {
                "first": self._page_size,
                "after": place.after or None,
                "query": f"updated_at:>='{_stamp(place.since)}'",
            }
            try:
                reply = self._ask(Query("orders", queries.ORDERS, variables, "orders"))
            except TooCostlyError:
                if self._page_size == 1:
                    raise
                self._page_size //= 2
                continue
            self._page_size = _page_size(self._page_size, reply.cost)
            return reply

    def _whole(self, node: Any) -> Any:
        """An order with all its lines and what its parcels hold, or as it is if that cannot be had.

        The cursors of its line pages are left out: they change without the order changing.
        """
        raw = as_object(node)
        lines = as_object(raw.get("lineItems"))
        first: Any = lines.get("nodes")
        if not isinstance(first, list):
            return node
        nodes: list[Any] = list(first)  # pyright: ignore[reportUnknownArgumentType]
        try:
            for _ in range(MAX_LINE_PAGES):
                after = _next_page(lines)
                if not after:
                    return {**raw, "lineItems": {"nodes": nodes}, **self._contents(raw)}
                lines = self._lines(raw, after)
                nodes += lines["nodes"]
        except (RejectedError, ValueError) as error:
            logger.warning("The lines of a Shopify order cannot be had: %s", error)
        return node

    def _contents(self, raw: Json) -> Json:
        """The parcels of an order that left in several, each with what is in it."""
        parcels = sections(raw, "fulfillments")
        if len(parcels) < 2:
            return {}
        variables = {"id": f"{ORDER_GID}{id_of(raw, 'legacyResourceId')}"}
        reply = self._ask(Query("contents", queries.CONTENTS, variables, "order"))
        found = sections(as_object(reply.found), "fulfillments")
        inside = {one.get("id"): one.get("fulfillmentLineItems") for one in found}
        told = [{**one, "fulfillmentLineItems": inside.get(one.get("id"))} for one in parcels]
        return {"fulfillments": told}

    def _lines(self, raw: Json, after: str) -> Json:
        variables = {"id": f"{ORDER_GID}{id_of(raw, 'legacyResourceId')}", "after": after}
        reply = self._ask(Query("lines", queries.LINES, variables, "order"))
        return _checked(as_object(as_object(reply.found).get("lineItems")), "lines")

    def _order(self, operation: str, document: str, external_id: str) -> Json:
        variables = {"id": f"{ORDER_GID}{external_id}"}
        found = self._ask(Query(operation, document, variables, "order")).found
        if found is None:
            raise RejectedError(f"Shopify knows no order {external_id}.")
        return found

    def _tell(self, query: Query) -> Reply:
        reply = self._ask(query)
        graphql.check_accepted(query, reply, changes.ERRORS[query.operation])
        return reply

    def _ask(self, query: Query) -> Reply:
        return graphql.ask(self._client, self._limiter, query)


def _connection(reply: Reply, what: str) -> Json:
    return _checked(as_object(reply.found), what)


def _checked(connection: Json, what: str) -> Json:
    if not isinstance(connection.get("nodes"), list):
        raise RetryableError(f"Shopify sent an answer without its list ({what}).")
    return connection


def _after(orders: Json) -> str:
    """As `_next_page`: taking a broken answer for the end would lose the orders that follow."""
    try:
        return _next_page(orders)
    except ValueError:
        raise RetryableError("Shopify does not say whether there is more (orders).") from None


def _next_page(connection: Json) -> str:
    """Where the next page begins; "" after the last. ValueError if it does not say."""
    page = as_object(connection.get("pageInfo"))
    has_more, end = page.get("hasNextPage"), page.get("endCursor")
    if has_more is False:
        return ""
    if has_more is not True or not isinstance(end, str) or not end:
        raise ValueError("no page info")
    return end


def _page_size(size: int, cost: Cost) -> int:
    """The next page's size: at most half of the full bucket, so that people's clicks find some."""
    if not cost.requested or not cost.maximum:
        return size
    fits = int(size * min(MAX_QUERY_COST, cost.maximum / 2) / cost.requested)
    return min(max(fits, 1), MAX_PAGE_SIZE)


def _aware(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _stamp(found: datetime) -> str:
    return f"{found.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
