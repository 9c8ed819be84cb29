"""Amazon's Selling Partner API: Orders 2026-01-01 to read, v0 `confirmShipment` to tell.

One search answers with whole orders, lines included, so a page costs one request. At 0.0056
requests a second that request is what an import waits for; reading the next page ahead in a
thread would save the time of one mapping (some 10 ms) and is left out.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, cast
from urllib.parse import quote

import httpx

from crm_app.channels.amazon import statuses
from crm_app.channels.amazon.auth import PRODUCTION_URL, AccessToken, Credentials
from crm_app.channels.amazon.mapping import to_order
from crm_app.channels.base import ChannelOrder, OrderPage, Receipt, StatusUpdate
from crm_app.channels.http import Answer, Call, Dialect, Shape, request_json
from crm_app.channels.limits import Limiter, UsagePlan, pauses_s
from crm_app.channels.reading import Json, as_object, read_page
from crm_app.channels.tokens import TokenStore
from crm_app.channels.words import Lexicon
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import AccountDisconnectedError, RejectedError, RetryableError

logger = logging.getLogger(__name__)

INDIA: Final = "A21TJRUUN4KGV"
SEARCH_PATH: Final = "/orders/2026-01-01/orders"
PAGE_SIZE: Final = 100
# As the vendor's model publishes them; answers correct the rates.
PLANS: Final[Mapping[str, UsagePlan]] = {
    "searchOrders": UsagePlan(0.0056, 20),
    "getOrder": UsagePlan(0.5, 30),
    "confirmShipment": UsagePlan(2.0, 10),
    "token": UsagePlan(1.0, 10),
}
_DATA: Final = (
    "PROCEEDS",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
)
_PERSONAL_DATA: Final = ("BUYER", "RECIPIENT")
_CARRIERS: Final = {name.casefold(): name for name in statuses.CAPABILITIES.carriers}


@dataclass(frozen=True, slots=True)
class Options:
    """What differs between accounts.

    Attributes:
        personal_data: Whether the app's role may ask for buyer and address; without the role
            Amazon refuses the whole request.
        overlap_s: How much of the time before the cursor is read again: an order can appear
            in a search a little after the time it carries.
        first_import_days: How far back the first import goes.
    """

    marketplace_id: str = INDIA
    auth_url: str = PRODUCTION_URL
    personal_data: bool = True
    overlap_s: float = 120.0
    first_import_days: float = 90.0


def _words(body: Any) -> str:
    """`errors[]` as Amazon writes it: message, then details where they say more."""
    errors: Any = as_object(body).get("errors")
    if not isinstance(errors, list):
        return ""
    return "; ".join(filter(None, map(_sentence, cast(list[Any], errors)[:3])))


def _sentence(error: Any) -> str:
    message, details = (as_object(error).get(key) for key in ("message", "details"))
    message = message if isinstance(message, str) else ""
    if not isinstance(details, str) or details in ("", message):
        return message
    return f"{message} ({details})"


DIALECT: Final = Dialect(
    "Amazon", _words, "x-amzn-RequestId", "x-amzn-RateLimit-Limit", pauses_s(PLANS)
)


class AmazonConnector:
    """The cursor is the ISO 8601 time up to which Amazon says it has told us every change.

    `resume` is JSON: the sweep's query, the next page's token (good for 24 hours), and the
    cursor that the sweep will end with.
    """

    channel: ClassVar[Channel] = Channel.AMAZON

    def __init__(
        self,
        client: httpx.Client,
        credentials: Credentials,
        options: Options,
        limiter: Limiter,
        tokens: TokenStore | None = None,
        words: Lexicon = statuses.WORDS,
    ) -> None:
        """`client` carries the API's base URL and timeouts, so a test passes a MockTransport."""
        self._client = client
        self._options = options
        self._words = words
        self._limiter = limiter
        self._token = AccessToken(client, options.auth_url, credentials, limiter, store=tokens)

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        """Read with `searchOrders`; see `Connector`."""
        sweep = _Sweep.resumed(resume, self._query("")) if resume else None
        if sweep is not None:
            try:
                first = self._search(sweep)
            except RejectedError as error:
                if error.details.get("http_status") != 400:
                    raise
                logger.info("A page token of Amazon ran out: the sweep begins again.")
            else:
                yield from self._pages(sweep, first)
                return
        sweep = _Sweep(self._query(self._since(cursor)), fallback=cursor)
        yield from self._pages(sweep, self._search(sweep))

    def fetch_order(self, external_id: str) -> ChannelOrder:
        """Read with `getOrder`; see `Connector`."""
        call = Call(
            "getOrder",
            "GET",
            f"{SEARCH_PATH}/{quote(external_id, safe='')}",
            Shape.OBJECT,
            params={"includedData": self._included_data},
        )
        order = as_object(self._call(call).body.get("order"))
        if not order:
            raise RetryableError("Amazon sent an answer without the order (getOrder).")
        return self._map(order)

    def push_status(self, update: StatusUpdate) -> Receipt:
        """Send with `confirmShipment`. The same reference again edits the same parcel."""
        answer = self._call(
            Call(
                "confirmShipment",
                "POST",
                f"/orders/v0/orders/{quote(update.external_id, safe='')}/shipmentConfirmation",
                Shape.NOTHING,
                is_write=True,
                json=to_shipment_confirmation(update, self._options.marketplace_id),
            )
        )
        return Receipt("confirmShipment", answer.status, answer.request_id, "Accepted.")

    def close(self) -> None:
        self._client.close()

    def _map(self, raw: Json) -> ChannelOrder:
        return to_order(raw, self._words)

    @property
    def _included_data(self) -> str:
        return ",".join(_PERSONAL_DATA + _DATA if self._options.personal_data else _DATA)

    def _since(self, cursor: str | None) -> str:
        if cursor is None:
            return _stamp(now() - timedelta(days=self._options.first_import_days))
        return _stamp(_read_time(cursor) - timedelta(seconds=self._options.overlap_s))

    def _query(self, since: str) -> dict[str, str]:
        return {
            "marketplaceIds": self._options.marketplace_id,
            "lastUpdatedAfter": since,
            "includedData": self._included_data,
            "maxResultsPerPage": str(PAGE_SIZE),
        }

    def _pages(self, sweep: "_Sweep", body: Any) -> Iterator[OrderPage]:
        while True:
            token = sweep.advance(body)
            orders, bad = read_page(body["orders"], self._map, "orderId")
            if token and token in sweep.seen:
                # A known fault of the real API. Going on would never end, and the end of this
                # sweep was not seen, so the cursor stays.
                logger.warning("Amazon sent a page token twice: the sweep stops here.")
                yield OrderPage(orders, bad)
                return
            if not token:
                end = datetime.fromisoformat(sweep.cursor) if sweep.cursor else None
                yield OrderPage(orders, bad, cursor=sweep.cursor, complete_to=end)
                return
            sweep.token = token
            yield OrderPage(orders, bad, resume=sweep.as_text())
            body = self._search(sweep)

    def _search(self, sweep: "_Sweep") -> Any:
        params = dict(sweep.query)
        if sweep.token:
            # Amazon ties a token to its search: the same parameters go with it.
            params["paginationToken"] = sweep.token
            sweep.seen.add(sweep.token)
        call = Call("searchOrders", "GET", SEARCH_PATH, Shape.OBJECT, params=params)
        body = self._call(call).body
        if not isinstance(body.get("orders"), list):
            raise RetryableError("Amazon sent an answer without orders (searchOrders).")
        return body

    def _call(self, call: Call) -> Answer:
        """Call with a token; one that is refused may only have ended early, so ask again once.

        Safe for writes too: a call that was refused changed nothing.
        """
        token = self._token.get()
        try:
            return self._send(call, token)
        except AccountDisconnectedError:
            self._token.forget()
            token = self._token.get()
        return self._send(call, token)

    def _send(self, call: Call, token: str) -> Answer:
        headers = {"x-amz-access-token": token, "x-amz-date": f"{now():%Y%m%dT%H%M%SZ}"}
        signed = replace(call, headers=headers)
        return request_json(self._client, DIALECT, self._limiter, signed)


class _Sweep:
    """One run through the pages of a search."""

    def __init__(
        self, query: Mapping[str, str], *, fallback: str | None, token: str = "", cursor: str = ""
    ) -> None:
        """`fallback` is the cursor that stays if Amazon never says up to when it is complete."""
        self.query = query
        self.token = token
        self.seen: set[str] = set()
        self._fallback = fallback
        self._complete_until = cursor

    @classmethod
    def resumed(cls, resume: str, query: Mapping[str, str]) -> "_Sweep | None":
        """The sweep that `resume` describes; None if it is not of a search like `query`."""
        try:
            kept: dict[str, Any] = json.loads(resume)
            sweep = cls(
                {**kept["query"]},
                fallback=kept["fallback"],
                token=str(kept["token"]),
                cursor=str(kept["cursor"]),
            )
        except (ValueError, KeyError, TypeError):
            return None
        since = {"lastUpdatedAfter": str(sweep.query.get("lastUpdatedAfter", ""))}
        return sweep if sweep.query == {**query, **since} and sweep.token else None

    def as_text(self) -> str:
        return json.dumps(
            {
                "query": self.query,
                "token": self.token,
                "cursor": self._complete_until,
                "fallback": self._fallback,
            }
        )

    def advance(self, body: Any) -> str:
        """Note up to when this page is complete and return the next page's token, "" at the end.

        Raises RetryableError for an answer that makes no sense, before its orders are used.
        """
        until: Any = body.get("lastUpdatedBefore")
        token: Any = as_object(body.get("pagination")).get("nextToken")
        if not isinstance(token, str | None):
            raise RetryableError("Amazon sent a page token that is not text (searchOrders).")
        if until is not None:
            try:
                moment = _read_time(until)
            except (ValueError, TypeError):
                message = "Amazon sent a lastUpdatedBefore that is no time (searchOrders)."
                raise RetryableError(message) from None
            # The earliest of the sweep: what changed while we paged is read again next time.
            if not self._complete_until or moment < _read_time(self._complete_until):
                self._complete_until = _stamp(moment)
        return token or ""

    @property
    def cursor(self) -> str:
        """Where the next sweep begins; the old cursor if Amazon did not say."""
        return self._complete_until or self._fallback or self.query["lastUpdatedAfter"]


def _read_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stamp(moment: datetime, timespec: str = "auto") -> str:
    """ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def to_shipment_confirmation(update: StatusUpdate, marketplace_id: str) -> dict[str, Any]:
    """The body of `confirmShipment`: one parcel with everything that was not shipped yet.

    Raises:
        RejectedError: Amazon would refuse it: another status than shipped, no carrier or
            tracking number, nothing left to ship.
    """
    if update.status is not OrderStatus.SHIPPED:
        raise RejectedError(f"Amazon takes no status {update.status.label!r} through its API.")
    if not update.carrier or not update.tracking_number:
        raise RejectedError("Amazon needs a carrier and a tracking number.")
    items = [{"orderItemId": line, "quantity": count} for line, count in update.lines if count > 0]
    if not items:
        raise RejectedError("Nothing of this order is left to ship.")
    known = _CARRIERS.get(update.carrier.casefold())
    carrier = (
        {"carrierCode": known} if known else {"carrierCode": "Other", "carrierName": update.carrier}
    )
    return {
        "marketplaceId": marketplace_id,
        "packageDetail": {
            "packageReferenceId": str(update.reference),
            **carrier,
            "trackingNumber": update.tracking_number,
            # As fine as Amazon's own times: cut to seconds, a parcel could seem to leave before
            # its order was placed.
            "shipDate": _stamp(update.happened_at, "milliseconds"),
            "orderItems": items,
        },
    }
