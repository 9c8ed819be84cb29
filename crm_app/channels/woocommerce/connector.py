"""WooCommerce's REST API v3: orders to read, their status and tracking to tell.

Paging. WooCommerce pages by offset, and an order that changes while we read leaves the window: all
behind it move up by one, and one of them would slip between two pages and never be read. So we
walk by value: sorted by the time of change, each request begins just before the last time seen
(times are whole seconds, so that second is read again), and only orders of one and the same
second, more than a page of them, are paged by number.

The window is frozen at its first request and never reaches past the shop's own clock, so a clock
of ours that runs ahead skips nothing.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import quote

import httpx

from crm_app.channels.base import ChannelOrder, HookSeat, OrderPage, Receipt, StatusUpdate
from crm_app.channels.http import Answer, Call, Dialect, Shape, http_date, request_json
from crm_app.channels.limits import Limiter, UsagePlan
from crm_app.channels.reading import BadFieldError, Json, as_object, id_of, moment, read_page
from crm_app.channels.woocommerce import statuses
from crm_app.channels.woocommerce.mapping import CARRIER_KEY, NUMBER_KEY, to_order
from crm_app.channels.words import Lexicon
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.errors import OutcomeUnknownError, RejectedError, RetryableError

logger = logging.getLogger(__name__)

PATH: Final = "/wp-json/wc/v3/orders"
HOOKS_PATH: Final = "/wp-json/wc/v3/webhooks"
PAGE_SIZE: Final = 100
# WooCommerce itself has no limit; a shared host has, and staff's own browsing comes first.
PLANS: Final[Mapping[str, UsagePlan]] = {
    "listOrders": UsagePlan(5.0, 10),
    "getOrder": UsagePlan(5.0, 20),
    "updateOrder": UsagePlan(5.0, 20),
    "listWebhooks": UsagePlan(1.0, 5),
    "updateWebhook": UsagePlan(1.0, 5),
    "createWebhook": UsagePlan(1.0, 5),
}
# What a person may take back although it is closed: our own two words. Money that went back stays.
_REOPENED: Final = frozenset({"completed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """A REST key pair with read and write permission. Never shown or logged."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What differs between shops.

    Attributes:
        handling_hours: From placement to the deadline of an order that is ours to pack.
        overlap_s: How much of the time before the cursor is read again.
        first_import_days: How far back the first import goes.
    """

    handling_hours: float = 48.0
    overlap_s: float = 120.0
    first_import_days: float = 90.0


def _words(body: Any) -> str:
    """`message` of a WordPress refusal."""
    message = as_object(body).get("message")
    return message if isinstance(message, str) else ""


DIALECT: Final = Dialect("WooCommerce", _words, "x-request-id")


@dataclass(frozen=True, slots=True)
class _Window:
    """What is left of a sweep: changes after `after` and before `before`, from `page` on.

    `cursor` is where the next sweep begins: `before`, or the shop's clock if that is earlier.
    """

    after: datetime
    before: datetime
    page: int = 1
    cursor: datetime | None = None

    @classmethod
    def from_text(cls, resume: str) -> "_Window | None":
        try:
            kept: dict[str, Any] = json.loads(resume)
            after, before, cursor = (_aware(kept[key]) for key in ("after", "before", "cursor"))
            return cls(after, before, int(kept["page"]), cursor)
        except (ValueError, KeyError, TypeError):
            return None

    def as_text(self) -> str:
        return json.dumps(
            {
                "after": self.after.isoformat(),
                "before": self.before.isoformat(),
                "page": self.page,
                "cursor": (self.cursor or self.before).isoformat(),
            }
        )

    def next_from(self, rows: list[Any]) -> "_Window":
        """Where the next request begins, given the rows of this one."""
        times = [found for row in rows if (found := _modified(row)) is not None]
        # Strictly after: one second earlier reads the last second again.
        after = max(times) - timedelta(seconds=1) if times else self.after
        if after > self.after:
            return _Window(after, self.before, 1, self.cursor)
        return _Window(self.after, self.before, self.page + 1, self.cursor)


class WooCommerceConnector:
    """The cursor is the ISO 8601 end of the last window; `resume` is JSON of the open one."""

    channel: ClassVar[Channel] = Channel.WOOCOMMERCE
    hook_topics: ClassVar[tuple[str, ...]] = (
        "order.created",
        "order.updated",
        "order.deleted",
        "order.restored",
    )

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
        self._client.auth = httpx.BasicAuth(credentials.consumer_key, credentials.consumer_secret)
        self._options = options
        self._limiter = limiter
        self._words = words

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        """Read with `GET orders`; see `Connector`."""
        window = (_Window.from_text(resume) if resume else None) or self._window(cursor)
        last_ids: set[str] = set()
        while True:
            answer = self._list(window)
            window = _frozen(window, answer)
            rows: list[Any] = answer.body
            orders, bad = read_page(rows, self._map, "id")
            if not rows or _is_last(answer, window):
                end = window.cursor or window.before
                yield OrderPage(orders, bad, cursor=end.isoformat(), complete_to=end)
                return
            ids = {id_of(as_object(row), "id") for row in rows}
            if window.page > 1 and ids == last_ids:
                # A cache in front of the shop that ignores the page number. Going on would never
                # end, and the end of the window was not seen, so the cursor stays.
                logger.warning("WooCommerce sent a page twice: the sweep stops here.")
                yield OrderPage(orders, bad)
                return
            window, last_ids = window.next_from(rows), ids
            yield OrderPage(orders, bad, resume=window.as_text())

    def fetch_order(self, external_id: str) -> ChannelOrder:
        """Read with `GET orders/{id}`; see `Connector`."""
        return self._map(self._get(external_id))

    def push_status(self, update: StatusUpdate) -> Receipt:
        """Send with `PUT orders/{id}`, unless the shop has closed the order meanwhile."""
        rule = statuses.CAPABILITIES.rule(update.status)
        if rule.shows is None:
            raise RejectedError(f"WooCommerce has no word for {update.status.label!r}.")
        current = self._get(update.external_id).get("status")
        # The shop itself refuses nothing, and a buyer may have cancelled since we last read it.
        closed = rule.not_from - (_REOPENED if update.takes_back else frozenset())
        if current in closed:
            raise RejectedError(f"The shop has this order as {current!r} already.")
        call = Call(
            "updateOrder",
            "PUT",
            f"{PATH}/{quote(update.external_id, safe='')}",
            Shape.OBJECT,
            is_write=True,
            json={"status": rule.shows.text, "meta_data": _meta(update)},
        )
        answer = self._call(call)
        if str(answer.body.get("id")) != update.external_id:
            # The call counted or not: only reading the order tells.
            raise OutcomeUnknownError("WooCommerce answered with another order (updateOrder).")
        told = answer.body.get("status")
        return Receipt(
            "updateOrder",
            answer.status,
            answer.request_id,
            f"The shop has it as {told!r}." if isinstance(told, str) and len(told) < 60 else "",
        )

    def hooks_to(self, address: str) -> tuple[HookSeat, ...]:
        """Read with `GET webhooks`; see `HookWatcher`. The shop switches one off by itself after
        five deliveries in a row that were not answered."""
        params = {"status": "all", "per_page": str(PAGE_SIZE)}
        rows = self._call(Call("listWebhooks", "GET", HOOKS_PATH, Shape.LIST, params=params)).body
        found = (as_object(row) for row in rows)
        return tuple(
            HookSeat(str(row.get("id")), str(row.get("topic", "")), row.get("status") == "active")
            for row in found
            if row.get("delivery_url") == address
        )

    def revive_hook(self, seat: HookSeat) -> None:
        """Send `PUT webhooks/{id}`; see `HookWatcher`."""
        path = f"{HOOKS_PATH}/{quote(seat.id, safe='')}"
        body = {"status": "active"}
        self._call(Call("updateWebhook", "PUT", path, Shape.OBJECT, is_write=True, json=body))

    def place_hook(self, topic: str, address: str, secret: str) -> None:
        """Send `POST webhooks`; see `HookWatcher`. The shop pings the address at once."""
        body = {
            "name": f"Palmonas CRM: {topic}",
            "topic": topic,
            "delivery_url": address,
            "secret": secret,
        }
        call = Call("createWebhook", "POST", HOOKS_PATH, Shape.OBJECT, is_write=True, json=body)
        self._call(call)

    def close(self) -> None:
        self._client.close()

    def _map(self, raw: Json) -> ChannelOrder:
        return to_order(raw, self._options.handling_hours, self._words)

    def _window(self, cursor: str | None) -> _Window:
        before = now().replace(microsecond=0)
        if cursor is None:
            return _Window(before - timedelta(days=self._options.first_import_days), before)
        return _Window(_aware(cursor) - timedelta(seconds=self._options.overlap_s), before)

    def _list(self, window: _Window) -> Answer:
        params = {
            "modified_after": _stamp(window.after),
            "modified_before": _stamp(window.before),
            "dates_are_gmt": "true",
            "orderby": "modified",
            "order": "asc",
            "per_page": str(PAGE_SIZE),
            "page": str(window.page),
        }
        return self._call(Call("listOrders", "GET", PATH, Shape.LIST, params=params))

    def _get(self, external_id: str) -> Json:
        path = f"{PATH}/{quote(external_id, safe='')}"
        body: Json = self._call(Call("getOrder", "GET", path, Shape.OBJECT)).body
        if str(body.get("id")) != external_id:
            raise RetryableError("WooCommerce answered with another order (getOrder).")
        return body

    def _call(self, call: Call) -> Answer:
        return request_json(self._client, DIALECT, self._limiter, call)


def _meta(update: StatusUpdate) -> list[dict[str, str]]:
    """Entries by key: WooCommerce overwrites one that is there, so a repeat doubles nothing."""
    entries = ((CARRIER_KEY, update.carrier), (NUMBER_KEY, update.tracking_number))
    return [{"key": key, "value": value} for key, value in entries if value]


def _frozen(window: _Window, answer: Answer) -> _Window:
    """The window with its cursor: settled by the shop's clock at the first answer."""
    if window.cursor is not None:
        return window
    told = http_date(answer.headers.get("date", ""))
    cursor = min(window.before, told) if told else window.before
    return _Window(window.after, window.before, window.page, cursor)


def _is_last(answer: Answer, window: _Window) -> bool:
    """A short page ends the sweep, unless the shop says that it has more (plugins hide rows)."""
    pages = answer.headers.get("x-wp-totalpages", "")
    has_more = pages.isascii() and pages.isdigit() and len(pages) < 9 and int(pages) > window.page
    return len(answer.body) < PAGE_SIZE and not has_more


def _modified(row: Any) -> datetime | None:
    try:
        found = moment(as_object(row), "date_modified_gmt", naive_is_utc=True)
    except BadFieldError:
        return None
    return found.replace(microsecond=0) if found else None


def _aware(text: str) -> datetime:
    return _utc(datetime.fromisoformat(text))


def _utc(found: datetime) -> datetime:
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _stamp(found: datetime) -> str:
    """As WordPress wants it: no zone; `dates_are_gmt` says which."""
    return f"{found.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
