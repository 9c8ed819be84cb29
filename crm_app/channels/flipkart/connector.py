"""Flipkart's Marketplace Seller API v3: shipments to read, pack, dispatch and cancel.

Flipkart keeps three lists, and a shipment leaves one for the next as it moves. They are read one
after the other in the direction in which shipments move (to be dispatched, dispatched, cancelled),
all over the same frozen window of changes, so one that moves while we read stands in a list that
is still to come, or has changed after the window and is read by the next sweep. The list of returns
comes last: each is read together with its shipment.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, cast

import httpx

from crm_app.channels.base import ChannelOrder, OrderPage, Receipt, StatusUpdate
from crm_app.channels.flipkart import returns, statuses, steps
from crm_app.channels.flipkart.auth import AccessToken, Credentials
from crm_app.channels.flipkart.desk import Desk, Outcome, returns_of, shipments_of
from crm_app.channels.flipkart.mapping import to_order
from crm_app.channels.flipkart.packing import Packing
from crm_app.channels.flipkart.steps import Step
from crm_app.channels.http import Answer, Call, Dialect, Shape, http_date, request_json
from crm_app.channels.limits import Limiter, UsagePlan
from crm_app.channels.reading import BadFieldError, Json, as_object, read_page
from crm_app.channels.tokens import TokenStore
from crm_app.channels.words import Lexicon
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    RejectedError,
    RetryableError,
)

logger = logging.getLogger(__name__)

PREFIX: Final = "/sellers"
FILTER_PATH: Final = "/sellers/v3/shipments/filter"
# Nor does it publish limits: these are ours, so that a sweep leaves room for people's clicks.
PLANS: Final[Mapping[str, UsagePlan]] = {
    "filterShipments": UsagePlan(5.0, 20),
    "getShipments": UsagePlan(5.0, 20),
    "getReturns": UsagePlan(5.0, 20),
    steps.PACK: UsagePlan(2.0, 10),
    steps.DISPATCH: UsagePlan(2.0, 10),
    steps.CANCEL: UsagePlan(2.0, 10),
    "token": UsagePlan(1.0, 5),
}
# Where an error keeps its text, the most telling first: it differs between operations.
_TEXTS: Final = ("errorMessage", "message", "description", "errorCode", "code")
RETURNS: Final = "returns"
LISTS: Final = ("preDispatch", "postDispatch", "cancelled", RETURNS)


@dataclass(frozen=True, slots=True)
class Options:
    """What differs between accounts.

    Attributes:
        packing: What Flipkart is told of a parcel when it packs.
        cancel_reason: Given with every cancellation; one of `steps.CANCEL_REASONS`.
        page_size: Shipments a page. Flipkart publishes no largest; a small one is safe.
        overlap_s: How much of the time before the cursor is read again.
        first_import_days: How far back the first import goes.
    """

    packing: Packing = field(default_factory=Packing)
    cancel_reason: str = "not_enough_inventory"
    page_size: int = 20
    overlap_s: float = 120.0
    first_import_days: float = 90.0


def _words(body: Any) -> str:
    """`errors[]`, or the error itself, by the first of its texts."""
    whole = as_object(body)
    errors: Any = whole.get("errors")
    entries = cast(list[Any], errors)[:3] if isinstance(errors, list) else [whole]
    return "; ".join(filter(None, map(_sentence, entries)))


def _sentence(error: Any) -> str:
    told = (as_object(error).get(key) for key in _TEXTS)
    return next((text for text in told if isinstance(text, str) and text), "")


DIALECT: Final = Dialect("Flipkart", _words, "x-request-id")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sweep stands: changes from `since` to `until`, in one of `LISTS`, at a page of it.

    `cursor` is where the next sweep begins: `until`, or Flipkart's clock if that is earlier.
    """

    since: datetime
    until: datetime
    list_no: int = 0
    next_url: str = ""
    cursor: datetime | None = None

    @classmethod
    def from_text(cls, resume: str) -> "_Place | None":
        try:
            kept: dict[str, Any] = json.loads(resume)
            since, until, cursor = (_aware(kept[key]) for key in ("since", "until", "cursor"))
            list_no = LISTS.index(kept["list"])
            next_url = _checked(kept["next"], kept["list"]) if kept["next"] else ""
        except (ValueError, KeyError, TypeError):
            return None
        return cls(since, until, list_no, next_url, cursor)

    @property
    def list_name(self) -> str:
        return LISTS[self.list_no]

    @property
    def operation(self) -> str:
        return "getReturns" if self.list_name == RETURNS else "filterShipments"

    def as_text(self) -> str:
        return json.dumps(
            {
                "since": self.since.isoformat(),
                "until": self.until.isoformat(),
                "list": self.list_name,
                "next": self.next_url,
                "cursor": (self.cursor or self.until).isoformat(),
            }
        )

    def frozen(self, answer: Answer) -> "_Place":
        """With its cursor, which Flipkart's clock settles at the first answer."""
        if self.cursor is not None:
            return self
        told = http_date(answer.headers.get("date", ""))
        return replace(self, cursor=min(self.until, told) if told else self.until)

    def following(self, body: Json) -> "_Place | None":
        """The next page, else the next list; None after the last page of the last list.

        Raises RetryableError for an answer that makes no sense: taking it for the end would move
        the cursor past shipments that were not read.
        """
        name = "nextUrl" if self.list_name == RETURNS else "nextPageUrl"
        has_more, next_url = body.get("hasMore", False), body.get(name)
        if type(has_more) is not bool:
            message = f"Flipkart does not say whether there is more ({self.operation})."
            raise RetryableError(message)
        if has_more:
            try:
                return replace(self, next_url=_checked(next_url, self.list_name))
            except ValueError:
                message = f"Flipkart sent a next page that is none of its own ({self.operation})."
                raise RetryableError(message) from None
        if self.list_no + 1 < len(LISTS):
            return replace(self, list_no=self.list_no + 1, next_url="")
        return None


class FlipkartConnector:
    """The cursor is the ISO 8601 end of the last window; `resume` is JSON of a `_Place`."""

    channel: ClassVar[Channel] = Channel.FLIPKART

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
        self._token = AccessToken(client, credentials, limiter, store=tokens)
        self._desk = Desk(self._call)

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        """Read with `shipments/filter`, list by list, then `returns`; see `Connector`."""
        place, answer = self._begin(cursor, resume)
        seen: set[str] = set()
        while True:
            place = place.frozen(answer)
            orders, bad = read_page(self._shipments(place, answer), self._map, "shipmentId")
            following = place.following(answer.body)
            if following is None:
                end = place.cursor or place.until
                yield OrderPage(orders, bad, cursor=end.isoformat(), complete_to=end)
                return
            if following.next_url and following.next_url in seen:
                # Going on would never end, and the end was not seen, so the cursor stays.
                logger.warning("Flipkart sent a next page twice: the sweep stops here.")
                yield OrderPage(orders, bad)
                return
            place = following
            seen.add(place.next_url)
            yield OrderPage(orders, bad, resume=place.as_text())
            answer = self._list(place)

    def fetch_order(self, external_id: str) -> ChannelOrder:
        """Read with `GET shipments`, of a return after `GET returns`; see `Connector`."""
        return_id = returns.named(external_id)
        if return_id is not None:
            return self._map(self._returned(return_id))
        found = self._desk.read([external_id])[external_id]
        if isinstance(found, ChannelError):
            raise found
        return self._map(found)

    def fetch_by_ids(self, external_ids: Sequence[str]) -> dict[str, ChannelOrder | Exception]:
        """The same, up to a hundred in one call; see `BatchConnector`."""
        return {key: self._mapped(raw) for key, raw in self._desk.read(external_ids).items()}

    def push_status(self, update: StatusUpdate) -> Receipt:
        """Take the next step on the way to the status; see `flipkart.steps`."""
        outcome = self.push_statuses([update])[update.reference]
        if isinstance(outcome, ChannelError):
            raise outcome
        return outcome

    def push_statuses(self, updates: Sequence[StatusUpdate]) -> dict[int, Outcome]:
        """The same for several, up to 25 in one call; see `BatchConnector`."""
        asked = [update for update in updates if update.status in steps.OPERATIONS]
        outcomes: dict[int, Outcome] = {
            update.reference: RejectedError(f"Flipkart reports {update.status.label!r} itself.")
            for update in updates
            if update.status not in steps.OPERATIONS
        }
        raws = self._desk.read([update.external_id for update in asked])
        nexts = {
            update.external_id: self._next(raws[update.external_id], update) for update in asked
        }
        told = self._desk.tell({key: one for key, one in nexts.items() if isinstance(one, Step)})
        for update in asked:
            following = nexts[update.external_id]
            outcomes[update.reference] = (
                told[update.external_id] if isinstance(following, Step) else following
            )
        return outcomes

    def close(self) -> None:
        self._client.close()

    def _map(self, raw: Json) -> ChannelOrder:
        return to_order(raw, self._words)

    def _mapped(self, raw: Json | ChannelError) -> ChannelOrder | Exception:
        try:
            return raw if isinstance(raw, ChannelError) else self._map(raw)
        except BadFieldError as error:
            return error

    def _begin(self, cursor: str | None, resume: str | None) -> tuple[_Place, Answer]:
        """The first page of a sweep, or of what is left of one."""
        place = _Place.from_text(resume) if resume else None
        if place is not None:
            try:
                return place, self._list(place)
            except RejectedError:
                if not place.next_url:
                    raise
                logger.info("A next page of Flipkart ran out: the sweep begins again.")
        place = self._window(cursor)
        return place, self._list(place)

    def _window(self, cursor: str | None) -> _Place:
        until = now().replace(microsecond=0)
        if cursor is None:
            return _Place(until - timedelta(days=self._options.first_import_days), until)
        return _Place(_aware(cursor) - timedelta(seconds=self._options.overlap_s), until)

    def _list(self, place: _Place) -> Answer:
        if place.list_name == RETURNS:
            return self._list_returns(place)
        if place.next_url:
            call = Call(place.operation, "GET", PREFIX + place.next_url, Shape.OBJECT)
        else:
            query = {
                "filter": {
                    "type": LISTS[place.list_no],
                    "modifiedDate": {"from": _stamp(place.since), "to": _stamp(place.until)},
                },
                "pagination": {"pageSize": self._options.page_size},
                "sort": {"field": "modifiedDate", "order": "asc"},
            }
            call = Call(place.operation, "POST", FILTER_PATH, Shape.OBJECT, json=query)
        return shipments_of(self._call, call)

    def _list_returns(self, place: _Place) -> Answer:
        window = {"modifiedAfter": _stamp(place.since), "modifiedBefore": _stamp(place.until)}
        if place.next_url:
            call = Call(place.operation, "GET", PREFIX + place.next_url, Shape.OBJECT)
        else:
            call = Call(place.operation, "GET", returns.PATH, Shape.OBJECT, params=window)
        return returns_of(self._call, call)

    def _shipments(self, place: _Place, answer: Answer) -> list[Any]:
        """The shipments of a page; of a page of returns, those that they came out of."""
        if place.list_name != RETURNS:
            return answer.body["shipments"]
        found = returns.by_shipment(returns.items_of(answer.body) or [])
        shipments: list[Any] = []
        for key, raw in self._desk.read(list(found)).items():
            if isinstance(raw, RejectedError):
                # Of a shipment that is not this seller's any more: nothing here to tell it of.
                logger.warning("Flipkart lists a return of a shipment that it does not know.")
            elif isinstance(raw, ChannelError):
                raise raw
            else:
                shipments.append(returns.joined(raw, found[key]))
        return shipments

    def _returned(self, return_id: str) -> Json:
        """The shipment of a return, with that return beside it."""
        call = Call(
            "getReturns", "GET", returns.PATH, Shape.OBJECT, params={"returnIds": return_id}
        )
        told = returns.items_of(returns_of(self._call, call).body) or []
        items = [one for one in told if as_object(one).get("returnId") == return_id]
        for key, its_returns in returns.by_shipment(items).items():
            found = self._desk.read([key])[key]
            if isinstance(found, ChannelError):
                raise found
            return returns.joined(found, its_returns)
        raise RejectedError("Flipkart knows no return of this id.")

    def _next(self, raw: Json | ChannelError, update: StatusUpdate) -> Step | Outcome:
        """The step that a shipment needs; what becomes of the wish if it needs none."""
        if isinstance(raw, ChannelError):
            return raw
        try:
            step = steps.next_step(
                raw,
                update,
                packing=self._options.packing,
                cancel_reason=self._options.cancel_reason,
                at=now(),
            )
        except BadFieldError as error:
            return RetryableError(f"Flipkart's shipment cannot be read: {error}.")
        except ChannelError as error:
            return error
        operation = steps.OPERATIONS[update.status]
        return step or Receipt(operation, 200, answer="Flipkart has it so already.")

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
        signed = replace(call, headers={"authorization": f"Bearer {token}"})
        return request_json(self._client, DIALECT, self._limiter, signed)


def _checked(url: Any, list_name: str) -> str:
    """A next page's address below `PREFIX`. Our token goes wherever it points, so only there."""
    path = returns.PATH if list_name == RETURNS else FILTER_PATH
    if not isinstance(url, str) or not url.isascii() or not url.isprintable():
        raise ValueError("not an address")
    url = url.removeprefix(PREFIX)
    if not url.startswith(f"{path.removeprefix(PREFIX)}?"):
        raise ValueError("not a page of this list")
    return url


def _aware(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _stamp(found: datetime) -> str:
    return found.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
