"""One GraphQL call to Shopify: what it costs, and what its errors mean.

Shopify answers 200 to almost everything and writes the truth into the body:

`errors` says                                what it becomes
-------------------------------------------  ------------------------------------------------
THROTTLED                                    RateLimited, by cost and rate of restoring
a cost above what one query may have         TooCostlyError (Rejected): ask for less
ACCESS_DENIED beside the data asked for      the data; what is withheld is null in it
ACCESS_DENIED and no data, SHOP_INACTIVE     AccountDisconnected
a fault of Shopify's, or data with holes     Retryable; OutcomeUnknown after a write. It counts
                                             towards leaving the shop alone, as a 5xx does
anything else                                Rejected, in Shopify's words

A query costs points out of one bucket of the shop's, and so here: all operations of an account
pay from one purse, whichever process asks. Each answer tells what the query cost and what is left,
and corrects the purse; what is refunded (a query costs less than it could have) comes back.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

import httpx

from crm_app.channels.http import Answer, Call, Dialect, Shape, quotable, request_json
from crm_app.channels.limits import Bill, Limiter, UsagePlan, pauses_s
from crm_app.channels.reading import Json, as_object
from crm_app.channels.shopify.queries import API_VERSION
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

PATH: Final = f"/admin/api/{API_VERSION}/graphql.json"
# One bucket of points for everything that an app asks of a shop: the slowest plan's. What a call
# costs is a guess until the first answer tells.
_COSTS: Final = {
    "orders": 200.0,
    "order": 50.0,
    "lines": 50.0,
    "parcels": 50.0,
    "fulfillmentCreate": 20.0,
    "fulfillmentEventCreate": 20.0,
    "orderCancel": 20.0,
    "webhookSubscriptions": 20.0,
    "webhookSubscriptionCreate": 20.0,
}
PLANS: Final[Mapping[str, UsagePlan]] = {
    operation: UsagePlan(100.0, 2_000, purse="points", cost=cost)
    for operation, cost in _COSTS.items()
}
_USUAL_WAIT_S: Final = 2.0
_FAULTS: Final = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})
_CLOSED: Final = frozenset({"ACCESS_DENIED", "SHOP_INACTIVE"})


class TooCostlyError(RejectedError):
    """One query asks for more than Shopify ever allows."""


@dataclass(frozen=True, slots=True)
class Query:
    """One call. `root` is the field of the answer's data that is wanted."""

    operation: str
    document: str
    variables: Mapping[str, Any]
    root: str
    is_write: bool = False


class Cost(NamedTuple):
    """Points, where Shopify tells them: asked for, taken, and of the bucket."""

    requested: float | None
    actual: float | None
    maximum: float | None
    available: float | None
    restored_per_s: float | None

    def wait_s(self) -> float:
        """Seconds until as much is in the bucket as the query asks for."""
        if self.requested is None or self.available is None or not self.restored_per_s:
            return _USUAL_WAIT_S
        return max(0.0, (self.requested - self.available) / self.restored_per_s)


@dataclass(frozen=True, slots=True)
class Reply:
    """What `root` is (None where Shopify has nothing), its cost, and the answer around it."""

    found: Json | None
    cost: Cost
    answer: Answer


def _words(body: Any) -> str:
    """`errors` of a refusal: a text, or a list of objects with a message."""
    errors: Any = as_object(body).get("errors")
    if isinstance(errors, str):
        return errors
    return _messages(errors)


def _messages(errors: Any) -> str:
    entries = cast(list[Any], errors)[:3] if isinstance(errors, list) else []
    told = (as_object(entry).get("message") for entry in entries)
    return "; ".join(text for text in told if isinstance(text, str))


DIALECT: Final = Dialect("Shopify", _words, "x-request-id", pauses_s=pauses_s(PLANS))


def ask(client: httpx.Client, limiter: Limiter, query: Query) -> Reply:
    """Call once.

    Raises:
        ChannelError: One of its kinds, as `channels.http` and the table above say.
    """
    call = Call(
        query.operation,
        "POST",
        PATH,
        Shape.OBJECT,
        is_write=query.is_write,
        json={"query": query.document, "variables": dict(query.variables)},
    )
    answer = request_json(
        client, DIALECT, limiter, call, judge=lambda answer: _judge(answer, query, limiter)
    )
    cost = _cost(answer.body)
    _correct(limiter, query.operation, cost)
    found: Json | None = answer.body["data"][query.root]
    return Reply(found, cost, answer)


def check_accepted(query: Query, reply: Reply, errors_key: str) -> Json:
    """What a mutation did.

    Raises:
        RejectedError: It did nothing, in Shopify's words.
        OutcomeUnknownError: The answer does not say.
    """
    found = reply.found
    errors: Any = found.get(errors_key) if found is not None else None
    if found is None or not isinstance(errors, list):
        raise _no_answer(query, reply.answer, "does not say what became of it")
    if errors:
        words = quotable(_messages(errors)) or "no reason given"
        raise RejectedError(
            f"Shopify refused {query.operation}: {words}", details=_details(reply.answer)
        )
    return found


def _judge(answer: Answer, query: Query, limiter: Limiter) -> None:
    """Raise what is wrong with an answer; nothing if the data that was asked for is in it."""
    data = as_object(answer.body.get("data"))
    _check(answer, query, data, _cost(answer.body), limiter)
    if query.root not in data:
        raise _no_answer(query, answer, "sent an answer without data")
    found: Any = data[query.root]
    if found is not None and not isinstance(found, dict):
        raise _no_answer(query, answer, "sent data of another kind")


def _check(answer: Answer, query: Query, data: Json, cost: Cost, limiter: Limiter) -> None:
    """Raise what `errors` mean; nothing if the data may be used."""
    errors: Any = answer.body.get("errors")
    if not errors:
        return
    entries = cast(list[Any], errors) if isinstance(errors, list) else []
    codes = {str(as_object(as_object(one).get("extensions")).get("code")) for one in entries}
    words = quotable(_words(answer.body)) or "no reason given"
    if "THROTTLED" in codes:
        raise _throttled(query, cost, limiter, answer)
    if "MAX_COST_EXCEEDED" in codes:
        raise TooCostlyError(f"Shopify refused {query.operation}: {words}")
    has_data = data.get(query.root) is not None
    if has_data and codes == {"ACCESS_DENIED"}:
        return
    if codes & _CLOSED:
        raise AccountDisconnectedError(f"Shopify refuses access: {words}", details=_details(answer))
    if has_data or codes & _FAULTS:
        raise _no_answer(query, answer, "sent only a part of the answer")
    raise RejectedError(f"Shopify refused {query.operation}: {words}", details=_details(answer))


def _throttled(query: Query, cost: Cost, limiter: Limiter, answer: Answer) -> ChannelError:
    if cost.requested is not None and cost.maximum and cost.requested > cost.maximum:
        return TooCostlyError(f"Shopify's bucket never holds enough for {query.operation}.")
    wait_s = max(cost.wait_s(), 0.1)
    if not _correct(limiter, query.operation, cost):
        limiter.block(query.operation, wait_s)
    error = RateLimitedError(
        f"Shopify limits {query.operation}: try again in {math.ceil(wait_s)} s.",
        retry_after_s=wait_s,
    )
    error.details = _details(answer)
    return error


def _correct(limiter: Limiter, operation: str, cost: Cost) -> bool:
    """Teach the limiter what this query costs and what is left in the purse; whether it is told."""
    if not cost.requested or cost.available is None or not cost.restored_per_s:
        return False
    refund = max(0.0, cost.requested - cost.actual) if cost.actual is not None else 0.0
    limiter.pay(operation, Bill(cost.requested, refund, cost.available, cost.restored_per_s))
    return True


def _cost(body: Json) -> Cost:
    cost = as_object(as_object(body.get("extensions")).get("cost"))
    status = as_object(cost.get("throttleStatus"))
    return Cost(
        _points(cost, "requestedQueryCost"),
        _points(cost, "actualQueryCost"),
        _points(status, "maximumAvailable"),
        _points(status, "currentlyAvailable"),
        _points(status, "restoreRate"),
    )


def _points(record: Json, key: str) -> float | None:
    value = record.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < 1e9 else None


def _no_answer(query: Query, answer: Answer, what: str) -> RetryableError:
    kind = OutcomeUnknownError if query.is_write else RetryableError
    return kind(f"Shopify {what} ({query.operation}).", details=_details(answer))


def _details(answer: Answer) -> dict[str, Any]:
    return {"http_status": answer.status, "request_id": answer.request_id}
