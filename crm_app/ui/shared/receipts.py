"""Calls about a status change, as an order's page and the ledger draw them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

import reflex as rx

from crm_app.services.intent_view import AttemptView, IntentView
from crm_app.services.receipts import ACCEPTED, READ
from crm_app.ui.shared import times
from crm_app.ui.shared.conditions import has_any

_WORDS: Final = {
    ACCEPTED: "accepted",
    READ: "read back",
    "RejectedError": "refused",
    "RateLimitedError": "limit used up",
    "LeftAloneError": "channel left alone",
    "NotYetError": "not possible yet",
    "AccountDisconnectedError": "credentials refused",
    "OutcomeUnknownError": "no answer",
    "RetryableError": "failed",
}
_NAMES: Final = {
    "tracking_number": "tracking",
    "cancel_reason": "reason",
    "takes_back": "takes back",
}


@dataclass(frozen=True)
class Receipt:
    """One call; `about` is its status, request and length, `asked` what went out."""

    id: int
    title: str
    tone: str
    about: str
    asked: str
    answer: str
    at: str
    exact: str

    @classmethod
    def of(cls, one: AttemptView, now: datetime, zone: ZoneInfo) -> Self:
        about = [
            f"HTTP {one.http_status}" if one.http_status else "",
            f"request {one.request_id}" if one.request_id else "",
            f"{one.duration_ms:,} ms",
        ]
        return cls(
            id=one.id,
            title=f"{one.operation}: {_WORDS.get(one.outcome, one.outcome)}",
            tone="ok" if one.outcome in (ACCEPTED, READ) else "warn",
            about=" · ".join(filter(None, about)),
            asked=_asked(one),
            answer=one.answer,
            at=times.when(one.at, now, zone),
            exact=times.exact(one.at, zone),
        )


def _asked(one: AttemptView) -> str:
    parts = []
    for name, value in one.asked.items():
        if name == "calls":
            parts.append("calls " + ", ".join(str(call) for call in value))
        elif value not in ("", None):
            parts.append(f"{_NAMES.get(name, name.replace('_', ' '))} {value}")
    return "; ".join(parts)


def facts_of(intent: IntentView) -> str:
    """Why a change was made, on what it was decided, and what it tells, in one line."""
    parts = [
        f"“{intent.why}”" if intent.why else "",
        f"bulk change {intent.run_id}" if intent.run_id else "",
        f"told by {intent.operation}" if intent.operation else "",
        f"decided on version {intent.seen_version}" if intent.seen_version else "",
        f"parcel {intent.carrier} {intent.tracking_number}" if intent.tracking_number else "",
    ]
    return " · ".join(filter(None, parts))


def receipts_list(receipts: list[Receipt]) -> rx.Component:
    """The newest first; a sentence where nobody called about it."""
    return rx.cond(
        has_any(receipts),
        rx.el.ol(rx.foreach(receipts, _receipt), class_name="receipts"),
        rx.el.p("No call was made about it.", class_name="quiet"),
    )


def _receipt(receipt: Receipt) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.b(receipt.title, class_name="receipt-" + receipt.tone),
            rx.el.span(receipt.at, title=receipt.exact, class_name="quiet"),
            class_name="receipt-head",
        ),
        rx.cond(receipt.answer != "", rx.el.div(receipt.answer), rx.fragment()),
        rx.el.div(receipt.asked, class_name="quiet mono"),
        rx.el.div(receipt.about, class_name="quiet"),
        key=receipt.id,
    )
