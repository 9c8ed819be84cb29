"""Blinkit's vendor interface: purchase orders are acknowledged and shipped, never read.

The contract is inferred from public implementations. There is no list, no single order and no
list of shipping notes: what Blinkit answers to a call is all the proof there will be. Every call
may be repeated: an acknowledgement says the same again, and a note whose invoice is known already
(E107) is our own of before, since its number is made of our reference.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar, Final, cast

import httpx

from crm_app.channels.base import ChannelOrder, OrderPage, Receipt, StatusUpdate
from crm_app.channels.blinkit import asn
from crm_app.channels.blinkit.asn import Supplier
from crm_app.channels.http import Answer, Call, Dialect, Shape, quotable, request_json
from crm_app.channels.limits import Limiter, UsagePlan, pauses_s
from crm_app.channels.reading import Json, as_object, section, sections
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import OutcomeUnknownError, RejectedError

_PATH: Final = "/webhook/public/v1"
# Nothing is published: slow enough to be no burden.
PLANS: Final[Mapping[str, UsagePlan]] = {
    "acknowledge": UsagePlan(2.0, 10),
    "shippingNote": UsagePlan(2.0, 10),
}
# For the final word after "processing": four tokens at a fifth of our rate.
_SECOND_STEP_S: Final = 10.0
_KNOWN_INVOICE: Final = "E107"
_PROCESSED_ALREADY: Final = "E106"


def _words(body: Any) -> str:
    """The errors of a refusal, each with its code; else its message."""
    answer = as_object(body)
    said = "; ".join(filter(None, map(_said, _errors(answer))))
    message = answer.get("message")
    return said or (message if isinstance(message, str) else "")


def _errors(answer: Json) -> list[Json]:
    found = as_object(answer.get("data")).get("errors")
    return [as_object(entry) for entry in cast(list[Any], found)] if isinstance(found, list) else []


def _said(error: Json) -> str:
    parts = (error.get("code"), error.get("item_id"), error.get("message"))
    return " ".join(part for part in parts if isinstance(part, str) and part)


DIALECT: Final = Dialect("Blinkit", _words, "x-request-id", pauses_s=pauses_s(PLANS))


class BlinkitConnector:
    """One vendor account; see `Connector` for what each method promises."""

    channel: ClassVar[Channel] = Channel.BLINKIT

    def __init__(
        self,
        client: httpx.Client,
        api_key: str,
        supplier: Supplier,
        limiter: Limiter,
        vendor_id: str = "",
    ) -> None:
        self._client = client
        self._supplier = supplier
        self._limiter = limiter
        self._headers = {"api-key": api_key} | ({"x-vendor-id": vendor_id} if vendor_id else {})

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        """Nothing: Blinkit sends its purchase orders and lists none."""
        del cursor, resume
        yield from ()

    def fetch_order(self, external_id: str) -> ChannelOrder:
        """Always refused: see `Capabilities.reads_back`."""
        raise RejectedError(f"Blinkit shows no purchase order; {external_id} was sent once.")

    def push_status(self, update: StatusUpdate) -> Receipt:
        """Accept a purchase order in two steps, or send its shipping note."""
        if update.status is OrderStatus.CONFIRMED:
            # Refused where the final word of an earlier try counted; then that one is said again.
            with suppress(RejectedError):
                self._acknowledge(update.external_id, "PROCESSING", [])
            short = _short_lines(update)
            word = "PARTIALLY_ACCEPTED" if short else "ACCEPTED"
            answer = self._acknowledge(update.external_id, word, short, _SECOND_STEP_S)
            return _receipt("acknowledge", answer, f"Acknowledged as {word}.")
        if update.status is OrderStatus.SHIPPED:
            return self._ship(update)
        raise RejectedError(f"Blinkit has no word for {update.status.label!r}.")

    def close(self) -> None:
        self._client.close()

    def _acknowledge(
        self,
        number: str,
        word: str,
        errors: list[dict[str, str]],
        patience_s: float | None = None,
    ) -> Answer:
        body = {
            "success": True,
            "message": f"PO {number}: {word.replace('_', ' ').lower()}",
            "timestamp": f"{now():%Y-%m-%dT%H:%M:%SZ}",
            "data": {"po_status": word, "po_number": number, "errors": errors, "warnings": []},
        }
        answer = self._call("acknowledge", f"{_PATH}/po/acknowledgement", body, patience_s)
        is_refused = answer.body.get("success") is False or answer.body.get("successful") is False
        if is_refused and not _counted_before(answer.body, _PROCESSED_ALREADY):
            raise _refusal("acknowledge", answer)
        return answer

    def _ship(self, update: StatusUpdate) -> Receipt:
        note = asn.build(update, self._supplier)
        answer = self._call("shippingNote", f"{_PATH}/asn", note)
        word = answer.body.get("asn_sync_status")
        if word == "REJECTED" or answer.body.get("successful") is False:
            if _counted_before(answer.body, _KNOWN_INVOICE):
                said = f"Blinkit has invoice {note['invoice_number']} already."
                return _receipt("shippingNote", answer, said)
            raise _refusal("shippingNote", answer)
        if word not in ("ACCEPTED", "PARTIALLY_ACCEPTED"):
            raise OutcomeUnknownError("Blinkit did not say what became of the shipping note.")
        parts = (f"Shipping note {str(word).replace('_', ' ').lower()}.", _words(answer.body))
        return _receipt("shippingNote", answer, quotable(" ".join(filter(None, parts))))

    def _call(
        self, operation: str, path: str, body: dict[str, Any], patience_s: float | None = None
    ) -> Answer:
        call = Call(
            operation,
            "POST",
            path,
            Shape.OBJECT,
            is_write=True,
            json=body,
            headers=self._headers,
            patience_s=patience_s,
        )
        return request_json(self._client, DIALECT, self._limiter, call)


def _receipt(operation: str, answer: Answer, said: str) -> Receipt:
    return Receipt(operation, answer.status, answer.request_id, said)


def _counted_before(answer: Json, code: str) -> bool:
    """Whether all that speaks against the whole is that it was done already.

    The first time may have ended the purchase order, which is then told as well (E106).
    """
    codes = {error.get("code") for error in _errors(answer) if error.get("level") != "item"}
    return code in codes and codes <= {code, _PROCESSED_ALREADY}


def _refusal(operation: str, answer: Answer) -> RejectedError:
    said = quotable(_words(answer.body)) or "no reason given"
    details = {"http_status": answer.status, "request_id": answer.request_id}
    return RejectedError(f"Blinkit refused {operation}: {said}", details=details)


def _short_lines(update: StatusUpdate) -> list[dict[str, str]]:
    """What we cannot supply of the purchase order, line by line."""
    accepted = dict(update.lines)
    items = sections(section(section(update.known, "po"), "details"), "item_data")
    short: list[dict[str, str]] = []
    for item in items:
        key, ordered = str(item.get("item_id")), item.get("units_ordered")
        given = accepted.get(key, 0)
        if isinstance(ordered, int | float) and given < ordered:
            said = f"Accepted {given} of {ordered:g}."
            short.append({"level": "item", "code": "E105", "item_id": key, "message": said})
    return short
