"""One HTTP call to a channel, and the one place that turns every failure into our errors.

What happened                                    a read          a write
-----------------------------------------------  --------------  ------------------------------
no connection: the request never went out        Retryable       Retryable
the connection broke, or no answer in time       Retryable       OutcomeUnknown
429                                              RateLimited     RateLimited
503 (RateLimited if it says when), 408, 425      Retryable       Retryable
any other 5xx, a redirect                        Retryable       OutcomeUnknown
2xx with HTML, nothing, half a JSON, wrong JSON  Retryable       OutcomeUnknown
401, 403                                         AccountDisconnected
403 with a page of HTML: a firewall, not the API Retryable       Retryable
any other 4xx                                    Rejected, in the channel's own words

A write is a call that changes something over there. The errors' `details` hold `http_status` and
`request_id` where there was an answer; their texts hold no header, token, body or buyer data.
"""

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final, NoReturn, cast

import httpx

from crm_app.channels import calls
from crm_app.channels.breaker import Family
from crm_app.channels.limits import Limiter
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)

# A page of 100 orders is about 0.5 MB. Counted after decompression, so no bomb fits either.
MAX_BODY_BYTES: Final = 20 * 1024 * 1024
# httpx limits the wait for each chunk; this limits a peer that drips one byte at a time.
MAX_READ_S: Final = 120.0
MAX_WORDS: Final = 300
DEFAULT_RETRY_S: Final = 30.0
# The operation of every call that asks for an access token.
SIGN_IN: Final = "token"
MAX_RETRY_S: Final = 24 * 3600.0

# Raised before a byte of the request is on its way.
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
# Channels echo what they were sent; people and keys do not belong into an error text.
_PRIVATE: Final = re.compile(
    r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail
    r"|\b(?:Atz[ar]\||amzn1\.|c[ks]_|shp[a-z]{2}_)\S+"  # keys of Amazon, WooCommerce, Shopify
    r"|(?:\+|\b)91[\s-]?[6-9]\d{4}[\s-]?\d{5}\b"  # an Indian phone number
)


class Shape(Enum):
    """What the body of a good answer must be."""

    OBJECT = "a JSON object"
    LIST = "a JSON list"
    NOTHING = "no content"  # 204 and nothing else


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a channel speaks HTTP.

    Attributes:
        name: What people call it, for error texts.
        words: Takes the short reason out of the parsed body of a refusal; "" if there is none.
        request_id_header: Where it names the request, for receipts and support cases.
        rate_header: Where it tells the allowed requests a second; "" if nowhere.
        pauses_s: By operation, the seconds between two calls that it publishes.
    """

    name: str
    words: Callable[[Any], str]
    request_id_header: str
    rate_header: str = ""
    pauses_s: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `operation` is the channel's own name for it and the key of its limit.

    Attributes:
        patience_s: How long it may wait for its limit; None for a moment, as all do. The second
            step of a deed waits longer: sent back to begin anew, two deeds would take each other's
            token for ever.
    """

    operation: str
    method: str
    url: str
    shape: Shape
    is_write: bool = False
    params: Mapping[str, str] | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    patience_s: float | None = None

    @property
    def family(self) -> Family:
        """Which circuit it belongs to: signing in is often another server's work."""
        if self.operation == SIGN_IN:
            return Family.SIGN_IN
        return Family.WRITE if self.is_write else Family.READ


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: `body` is parsed JSON of the shape that was asked for."""

    status: int
    body: Any
    headers: Mapping[str, str]
    request_id: str


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: httpx.Headers
    content: bytes
    flaw: str  # why the body is not whole; "" if it is


def request_json(
    client: httpx.Client,
    dialect: Dialect,
    limiter: Limiter,
    call: Call,
    judge: Callable[[Answer], None] | None = None,
) -> Answer:
    """Take a token of the operation's limit, call once, and return only a whole, right answer.

    Args:
        client: Carries base URL and timeouts. Redirects are not followed, whatever it says.
        dialect: Of the channel that is called.
        limiter: Of the account; it also learns from the answer's headers and refusals, and from
            failures in a row.
        call: What to send.
        judge: For a channel that writes its faults into a good answer: raises what it means, so
            that it counts as a failure like any other.

    Raises:
        ChannelError: One of its kinds, as the table at the top of this module says.
    """
    limiter.acquire(call.operation, call.family, patience_s=call.patience_s)
    try:
        answer = _called(client, dialect, limiter, call)
        if judge is not None:
            judge(answer)
    except ChannelError as error:
        limiter.ended(call.family, error)
        raise
    limiter.ended(call.family, None)
    return answer


def _called(client: httpx.Client, dialect: Dialect, limiter: Limiter, call: Call) -> Answer:
    reply = _exchange(client, dialect, call)
    rate = _rate(reply, dialect)
    if rate is not None:
        limiter.learn(call.operation, rate)
    try:
        body = _read_answer(reply, dialect, call, rate)
    except RateLimitedError as error:
        limiter.block(call.operation, error.retry_after_s)
        raise
    return Answer(reply.status, body, reply.headers, _request_id(reply, dialect))


def _exchange(client: httpx.Client, dialect: Dialect, call: Call) -> _Reply:
    try:
        with client.stream(
            call.method,
            call.url,
            params=call.params,
            json=call.json,
            data=call.form,
            headers=dict(call.headers),
            follow_redirects=False,
        ) as response:
            content, flaw = _read(response)
            reply = _Reply(response.status_code, response.headers, content, flaw)
            calls.note(call.operation, reply.status, _request_id(reply, dialect))
            return reply
    except _NEVER_SENT as error:
        calls.note(call.operation)
        message = f"{dialect.name} could not be reached ({call.operation})."
        raise RetryableError(message) from error
    except httpx.HTTPError as error:
        calls.note(call.operation)
        raise _no_answer(dialect, call, "gave no answer") from error


def _read(response: httpx.Response) -> tuple[bytes, str]:
    """The decoded body, and what is wrong with it if it is not whole."""
    deadline = time.monotonic() + MAX_READ_S
    content = bytearray()
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_BODY_BYTES:
                return b"", "sent an answer that is too large"
            if time.monotonic() > deadline:
                return b"", "took too long to answer"
    except httpx.HTTPError:
        # The status is known all the same: a refusal stays a refusal.
        return b"", "broke off in the middle of its answer"
    return bytes(content), ""


def _read_answer(reply: _Reply, dialect: Dialect, call: Call, rate: float | None) -> Any:
    if not 200 <= reply.status < 300:
        raise _refusal(reply, dialect, call, rate)
    if reply.flaw:
        raise _no_answer(dialect, call, reply.flaw, reply)
    if call.shape is Shape.NOTHING:
        if reply.status != 204:
            raise _no_answer(dialect, call, f"answered {reply.status} instead of 204", reply)
        return None
    body = _parse(reply.content)
    wanted = dict if call.shape is Shape.OBJECT else list
    if not isinstance(body, wanted):
        what = f"sent an answer that is not {call.shape.value}"
        raise _no_answer(dialect, call, what, reply)
    return cast(Any, body)


def _refusal(reply: _Reply, dialect: Dialect, call: Call, rate: float | None) -> ChannelError:
    details = _details(reply, dialect)
    told = f"{dialect.name} answered {reply.status} to {call.operation}"
    match reply.status:
        case 429:
            wait = _retry_after(reply) or _pause(rate, dialect.pauses_s.get(call.operation))
            return _limited(f"{dialect.name} limits {call.operation}", wait, details)
        case 503 if wait := _retry_after(reply):
            return _limited(told, wait, details)
        case 408 | 425 | 503:
            return RetryableError(f"{told}.", details=details)
        case 403 if _is_page(reply):
            return RetryableError(f"{told} with a web page.", details=details)
        case 401 | 403:
            message = f"{dialect.name} refuses the credentials ({reply.status})"
            return AccountDisconnectedError(_with(message, reply, dialect), details=details)
        case status if 400 <= status < 500:
            message = f"{dialect.name} refused {call.operation} ({status})"
            return RejectedError(_with(message, reply, dialect), details=details)
        case status:
            return _no_answer(dialect, call, f"answered {status}", reply)


def _limited(what: str, wait_s: float, details: dict[str, Any]) -> RateLimitedError:
    message = f"{what}: try again in {math.ceil(wait_s)} s."
    error = RateLimitedError(message, retry_after_s=wait_s)
    error.details = details
    return error


def _no_answer(
    dialect: Dialect, call: Call, what: str, reply: _Reply | None = None
) -> RetryableError:
    """For an answer that is no answer: after a write nobody knows whether it counted."""
    kind = OutcomeUnknownError if call.is_write else RetryableError
    details = _details(reply, dialect) if reply else {}
    return kind(f"{dialect.name} {what} ({call.operation}).", details=details)


def _details(reply: _Reply, dialect: Dialect) -> dict[str, Any]:
    return {"http_status": reply.status, "request_id": _request_id(reply, dialect)}


def _request_id(reply: _Reply, dialect: Dialect) -> str:
    return reply.headers.get(dialect.request_id_header, "")[:120]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse(content: bytes) -> Any:
    """The JSON, or None for what is none. `NaN` is not; neither is a nest that is too deep."""
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def quotable(words: str) -> str:
    """A channel's own words, fit for an error text: one short line without people and keys."""
    line = " ".join(words.split())
    return _PRIVATE.sub("[...]", "".join(filter(str.isprintable, line)))[:MAX_WORDS]


def _with(message: str, reply: _Reply, dialect: Dialect) -> str:
    words = quotable(dialect.words(_parse(reply.content)))
    return f"{message}: {words}" if words else f"{message}."


def _is_page(reply: _Reply) -> bool:
    return reply.headers.get("content-type", "").lower().startswith("text/html")


def _rate(reply: _Reply, dialect: Dialect) -> float | None:
    if not dialect.rate_header:
        return None
    try:
        rate = float(reply.headers.get(dialect.rate_header, ""))
    except ValueError:
        return None
    return rate if 0 < rate < 1e6 else None


def _pause(rate: float | None, usual_s: float | None) -> float:
    """Seconds until the next token by the told rate, else by the published one, if not long."""
    if rate is not None:
        return min(max(1 / rate, 0.05), MAX_RETRY_S)
    return DEFAULT_RETRY_S if usual_s is None else min(max(usual_s, 1.0), DEFAULT_RETRY_S)


def _retry_after(reply: _Reply) -> float | None:
    """Seconds from a Retry-After header of seconds or of an HTTP date; None without one."""
    text = reply.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        # The length first: int() has its own idea of too many digits.
        seconds = float(int(text)) if len(text) < 9 else MAX_RETRY_S
    else:
        moment = http_date(text)
        if moment is None:
            return None
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1.0), MAX_RETRY_S)


def http_date(value: str) -> datetime | None:
    """The moment of an HTTP date, aware; None if it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # "-0000" gives a naive time; HTTP dates are GMT.
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
