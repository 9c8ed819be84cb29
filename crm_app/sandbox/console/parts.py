"""Pieces of the page: marks, buttons, tables, and the two tables with switches in them."""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from crm_app.sandbox import times

Seen = Mapping[str, Any]
_MARKS: Final = {
    "amazon": "AZ",
    "flipkart": "FK",
    "blinkit": "BK",
    "swiggy": "SW",
    "woocommerce": "WC",
    "shopify": "SH",
}
# Until it is switched off.
_ALWAYS: Final = 1_000_000
# Longer than anybody waits.
_TIMEOUT_S: Final = 25.0
# Kind, phase, and the words on the page.
_FAULTS: Final = (
    ("429", "before", "Too many requests (429)"),
    ("503", "before", "Out of order (503)"),
    ("500_empty", "before", "Error without a body (500)"),
    ("empty", "before", "Good status, empty body"),
    ("html", "before", "A web page for an answer"),
    ("half_json", "before", "Half an answer"),
    ("close", "before", "Hangs up in the middle"),
    ("slow", "before", "Slow by a second"),
    ("timeout", "before", "No answer in time"),
    ("timeout", "after", "No answer, but the write counted"),
    ("expired_token", "before", "Token or key refused"),
    ("buyer_cancels", "before", "Buyer cancels at that moment"),
)
_HOOK_FAULTS: Final = (
    ("duplicate", "Webhook sent twice"),
    ("reorder", "Webhook overtaken by later ones"),
    ("delay", "Webhook late"),
    ("drop", "Webhook lost"),
)
_MOVES: Final = {
    "amazon": (
        "UNSHIPPED",
        "CANCEL_REQUESTED",
        "CANCELLED",
        "SHIPPED",
        "OUT_FOR_DELIVERY",
        "DELIVERED",
        "RETURNED",
        "LOST",
    ),
    "woocommerce": ("processing", "on-hold", "completed", "cancelled", "refunded", "failed"),
    "flipkart": (
        "HOLD",
        "UNHOLD",
        "PACKED",
        "READY_TO_DISPATCH",
        "PICKUP_COMPLETE",
        "SHIPPED",
        "DELIVERED",
        "RETURN_REQUESTED",
        "RETURNED",
        "CANCELLED",
    ),
    "shopify": (
        "PAID",
        "ON_HOLD",
        "OPEN",
        "FULFILLED",
        "IN_TRANSIT",
        "OUT_FOR_DELIVERY",
        "DELIVERED",
        "RETURNED",
        "CANCELLED",
    ),
    "swiggy": (
        "Acknowledged",
        "Food Ready",
        "Dispatched",
        "assigned",
        "out-for-delivery",
        "Completed",
        "Cancelled",
    ),
    "blinkit": ("CANCELLED",),
}
_REISSUED: Final = ("woocommerce", "flipkart", "shopify", "swiggy", "blinkit")


def escape(text: object) -> str:
    """Text that cannot become markup."""
    return html.escape(str(text), quote=True)


def mark(channel: str) -> str:
    """The channel's short sign in its colour."""
    if channel not in _MARKS:
        return ""
    return f'<span class="mark {channel}" title="{channel}">{_MARKS[channel]}</span>'


def time_of(stamp: str) -> str:
    """The time of day in India."""
    return f"{datetime.fromisoformat(stamp).astimezone(times.IST):%H:%M:%S}"


def button(
    label: str,
    lever: str,
    body: Mapping[str, Any],
    *,
    look: str = "",
    name: str = "",
    pressed: bool | None = None,
    method: str = "POST",
) -> str:
    """A button that pulls a lever. `pressed` makes it one of a group; `name` is read aloud."""
    state = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    said = f' aria-label="{escape(name)}"' if name else ""
    return (
        f'<button type="button" class="{look}"{state}{said} data-method="{method}" '
        f'data-lever="{escape(lever)}" data-body="{escape(json.dumps(body))}">'
        f"{escape(label)}</button>"
    )


def row(*cells: str) -> str:
    """One row of a table; cells are markup."""
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def table(heads: Sequence[str], rows: Sequence[str], nothing: str) -> str:
    """A table, or a sentence if there is nothing to show."""
    if not rows:
        return f'<p class="nothing">{escape(nothing)}</p>'
    head = "".join(f"<th scope='col'>{escape(one)}</th>" for one in heads)
    body = "".join(rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def orders_table(channel: str, newest: Iterable[Seen]) -> str:
    """The newest orders, each with what may happen to it."""
    rows = [
        row(
            f"<code>{escape(one['external_id'])}</code>",
            f'<span class="tag">{escape(one["status"])}</span>',
            f'<span class="num quiet">{time_of(one["at"])}</span>',
            _moves(channel, one["external_id"]),
        )
        for one in newest
    ]
    return table(("Order", "Status", "Changed", "Make it happen"), rows, "No order yet.")


def _moves(channel: str, external_id: str) -> str:
    base = f"orders/{channel}/{quote(external_id, safe='')}"
    options = "".join(f"<option>{escape(move)}</option>" for move in _MOVES[channel])
    chooser = (
        f'<select data-lever="{escape(base)}/advance" aria-label="Move {escape(external_id)} to">'
        f'<option value="">Move to…</option>{options}</select>'
    )
    hide = button("Hide", f"{base}/hide", {"hidden": True}, name=f"Lists forget {external_id}")
    if channel in _REISSUED:
        hide += button("New id", f"{base}/reissue", {}, name=f"Issue {external_id} again")
    return f'<span class="moves">{chooser}{hide}</span>'


def faults_table(channel: str, seen: Seen) -> str:
    """Every fault with its switch, and how often it hit."""
    dealt = {(one["channel"], one["kind"]): one["times"] for one in seen["dealt"]}
    armed = {
        (one["kind"], one["phase"]) for one in seen["faults"] if one["channel"] in (channel, "*")
    }
    told = {one["kind"] for one in seen["hook_faults"] if one["channel"] in (channel, "*")}
    rows: list[str] = []
    for kind, phase, words in _FAULTS:
        delay_s = _TIMEOUT_S if kind == "timeout" else 1.0
        body = {"kind": kind, "channel": channel, "phase": phase, "delay_s": delay_s}
        is_on = (kind, phase) in armed
        name = f"{kind} after the write" if phase == "after" else kind
        times_hit = str(dealt.get((channel, name), "") or "")
        rows.append(_fault_row("faults", body, words, is_on, times_hit))
    for kind, words in _HOOK_FAULTS:
        body = {"kind": kind, "channel": channel, "delay_s": 3.0}
        times_hit = str(dealt.get((channel, kind), "") or "")
        rows.append(_fault_row("hooks/faults", body, words, kind in told, times_hit))
    return table(("Fault", "Hit", "Next call", "Always"), rows, "")


def _fault_row(lever: str, body: Seen, words: str, is_on: bool, times_hit: str) -> str:
    named = {key: str(body[key]) for key in ("channel", "kind", "phase") if key in body}
    switch = (
        button(
            "On",
            f"{lever}?{urlencode(named)}",
            {},
            pressed=True,
            method="DELETE",
            look="switch",
            name=f"{words}: on",
        )
        if is_on
        else button(
            "Off",
            lever,
            {**body, "times": _ALWAYS},
            pressed=False,
            look="switch",
            name=f"{words}: off",
        )
    )
    once = button("Once", lever, body, name=f"{words}: once")
    return row(escape(words), f'<span class="num">{times_hit}</span>', once, switch)
