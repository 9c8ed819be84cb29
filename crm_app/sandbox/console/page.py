"""The page as HTML: frame, list of channels, and what is shown of the chosen one."""

from collections.abc import Iterable
from typing import Any, Final

from crm_app.sandbox.console.parts import (
    Seen,
    button,
    escape,
    faults_table,
    mark,
    orders_table,
    row,
    table,
    time_of,
)

NAMES: Final = {
    "amazon": "Amazon",
    "flipkart": "Flipkart",
    "blinkit": "Blinkit",
    "swiggy": "Swiggy",
    "woocommerce": "WooCommerce",
    "shopify": "Shopify",
}
_PRIVACY: Final = (
    ("Send data request", "customers/data_request"),
    ("Send customer redact", "customers/redact"),
    ("Send shop redact", "shop/redact"),
)
_MINUTES: Final = ((-300, "5 min slow"), (0, "On time"), (300, "5 min fast"))


def render(seen: Seen, chosen: str) -> str:
    """The whole page; `chosen` is a channel, or empty for all of them."""
    title = NAMES.get(chosen, "All channels")
    main = _one(seen, chosen) if chosen else _all(seen)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · Channel sandbox</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/console.css">
<script src="/console.js" defer></script>
</head>
<body>
<header>
<h1><span class="logo" aria-hidden="true"></span>Channel sandbox</h1>
<p class="hint">Stand-ins for the channels. Nothing here reaches a real one.</p>
<div class="tools">{_tools(seen)}</div>
</header>
<div class="frame">
<nav aria-label="Channels" id="channels" data-live>{_channels(seen, chosen)}</nav>
<main aria-label="{escape(title)}">{main}</main>
</div>
<div id="said" role="status" aria-live="polite"></div>
</body>
</html>"""


def _tools(seen: Seen) -> str:
    modes = "".join(
        button(label, "mode", {"mode": mode}, pressed=seen["mode"] == mode, name=f"Limits: {label}")
        for mode, label in (("published", "Published limits"), ("fast", "Fast"))
    )
    every = seen["order_every_s"]
    paces = "".join(
        button(label, "life", {"every_s": pace}, pressed=every == pace, name=f"New orders: {label}")
        for pace, label in ((0.0, "Still"), (6.0, "Every 6 s"), (1.0, "Every second"))
    )
    return (
        f'<span class="group" id="modes" data-live>{modes}</span>'
        f'<span class="group" id="paces" data-live>{paces}</span>'
        + button("Clear all faults", "calm", {}, look="primary")
    )


def _channels(seen: Seen, chosen: str) -> str:
    rows = [
        _link("", "All channels", chosen, _sum(seen), len(seen["faults"] + seen["hook_faults"]))
    ]
    for one in seen["channels"]:
        channel = one["channel"]
        faults = sum(fault["channel"] in (channel, "*") for fault in _armed(seen))
        rows.append(_link(channel, NAMES[channel], chosen, one["orders"], faults))
    return "".join(rows)


def _armed(seen: Seen) -> list[Any]:
    return [*seen["faults"], *seen["hook_faults"]]


def _sum(seen: Seen) -> int:
    return sum(one["orders"] for one in seen["channels"])


def _link(channel: str, name: str, chosen: str, orders: int, faults: int) -> str:
    current = ' aria-current="page"' if channel == chosen else ""
    address = f"/?channel={channel}" if channel else "/"
    armed = f'<span class="armed" title="Faults armed">{faults}</span>' if faults else ""
    sign = mark(channel) if channel else '<span class="mark all" aria-hidden="true">•</span>'
    return (
        f'<a href="{address}"{current}>{sign}<span class="name">{escape(name)}</span>'
        f'{armed}<span class="count">{orders:,}</span></a>'
    )


def _all(seen: Seen) -> str:
    return (
        _section("Budgets left", "budgets", _budgets(seen["budgets"], with_channel=True))
        + _section("Requests of the desk", "calls", _calls(seen["calls"], with_channel=True))
        + _section("Webhooks", "hooks", _hooks(seen["deliveries"], with_channel=True))
        + _section("Faults that hit, since the start", "dealt", _dealt(seen["dealt"]))
    )


def _one(seen: Seen, channel: str) -> str:
    state = next(one for one in seen["channels"] if one["channel"] == channel)
    if not state["is_open"]:
        opening = button(
            "Open the account", "accounts", {"channel": channel, "orders": 50}, look="primary"
        )
        return (
            f'<section class="blank"><h2>{NAMES[channel]} sells nothing yet</h2>'
            "<p>Open its account to begin with 50 orders of the last 90 days.</p>"
            f"{opening}</section>"
        )
    calls = [one for one in seen["calls"] if one["channel"] == channel]
    told = [one for one in seen["deliveries"] if one["channel"] == channel]
    budgets = [one for one in seen["budgets"] if one["channel"] == channel]
    targets = [one for one in seen["targets"] if one["channel"] == channel]
    return (
        f'<div class="actions" id="actions" data-live>{_actions(channel, state)}</div>'
        '<div class="columns"><div>'
        + _section("Newest orders", "orders", orders_table(channel, state["newest"]))
        + _section("Requests of the desk", "calls", _calls(calls, with_channel=False))
        + "</div><div>"
        + _section("Faults", "faults", faults_table(channel, seen))
        + _section("Budget left", "budgets", _budgets(budgets, with_channel=False))
        + _section("Webhooks", "hooks", _targets(targets) + _hooks(told, with_channel=False))
        + "</div></div>"
    )


def _actions(channel: str, state: Seen) -> str:
    parts = [button("New order", "orders", {"channel": channel}, look="primary")]
    skew = state["skew_s"]
    clocks = "".join(
        button(
            label,
            "clock",
            {"channel": channel, "skew_s": seconds},
            pressed=skew == seconds,
            name=f"Clock: {label}",
        )
        for seconds, label in _MINUTES
    )
    parts.append(f'<span class="label">Clock</span><span class="group">{clocks}</span>')
    if channel == "amazon":
        parts.append(button("Expire tokens", "tokens/expire", {}))
    if channel == "shopify":
        parts += [button(label, "privacy", {"topic": topic}) for label, topic in _PRIVACY]
    parts.append(button("Send lost webhooks again", "hooks/resend", {"channel": channel}))
    if state["hidden"]:
        count = state["hidden"]
        orders = "1 order" if count == 1 else f"{count} orders"
        parts.append(f'<span class="label warn">Lists forget {orders}</span>')
    return "".join(parts)


def _section(title: str, key: str, body: str) -> str:
    return f'<section><h2>{title}</h2><div id="{key}" data-live>{body}</div></section>'


def _budgets(budgets: Iterable[Seen], *, with_channel: bool) -> str:
    rows = [
        row(
            *([mark(one["channel"])] if with_channel else []),
            escape(one["operation"])
            + (f'<span class="quiet"> {escape(one["seller"])}</span>' if one["seller"] else ""),
            f'<meter min="0" max="{one["most"]}" value="{one["left"]}"></meter>',
            f'<span class="num">{one["left"]:,} of {one["most"]:,}</span>',
            f'<span class="num quiet">{_pace(one["refilled_per_s"])}</span>',
        )
        for one in budgets
    ]
    heads = ("Operation", "", "Left", "Comes back")
    nothing = "No published limit was used yet."
    return table((("", *heads) if with_channel else heads), rows, nothing)


def _pace(per_s: float) -> str:
    if per_s >= 1:
        return f"{per_s:,.4g} a second" if per_s < 1_000 else f"{per_s:,.0f} a second"
    return f"{per_s * 60:,.3g} a minute"


def _calls(calls: Iterable[Seen], *, with_channel: bool) -> str:
    rows = [
        row(
            *([mark(one["channel"])] if with_channel else []),
            f'<span class="num quiet">{time_of(one["at"])}</span>',
            escape(one["operation"])
            + (f" <code>{escape(one['orders'][0])}</code>" if one["orders"] else ""),
            _status(one["status"]),
            f'<span class="num quiet">{one["took_ms"]:,} ms</span>',
            f'<span class="tag warn">{escape(one["fault"])}</span>' if one["fault"] else "",
        )
        for one in calls
    ]
    heads = ("Time", "Operation", "Answer", "Took", "Fault")
    return table((("", *heads) if with_channel else heads), rows[:40], "Nobody has called yet.")


def _status(status: int) -> str:
    look = "ok" if status < 400 else "bad"
    return f'<span class="tag {look}">{status}</span>'


def _targets(targets: Iterable[Seen]) -> str:
    parts: list[str] = []
    for one in targets:
        word = {"active": "ok", "disabled": "bad", "deleted": "bad"}[one["status"]]
        again = (
            button("Switch on again", "hooks/revive", {"id": one["id"]}) if word == "bad" else ""
        )
        parts.append(
            f'<p class="target"><code>{escape(one["url"])}</code> '
            f'<span class="tag {word}">{one["status"]}</span> {again}</p>'
        )
    return "".join(parts)


def _hooks(deliveries: Iterable[Seen], *, with_channel: bool) -> str:
    looks = {"delivered": "ok", "waiting": "info", "failed": "bad", "dropped": "warn"}
    rows = [
        row(
            *([mark(one["channel"])] if with_channel else []),
            f'<span class="num quiet">{time_of(one["at"])}</span>',
            f"{escape(one['topic'])} <code>{escape(one['external_id'])}</code>",
            f'<span class="tag {looks[one["state"]]}">{one["state"]}</span>',
            f'<span class="num quiet">{one["last_status"] or ""}</span>',
            f'<span class="num quiet">{one["attempts"]}</span>',
        )
        for one in deliveries
    ]
    heads = ("Made", "Topic", "State", "Answer", "Tries")
    return table(("", *heads) if with_channel else heads, rows, "No webhook was sent yet.")


def _dealt(dealt: Iterable[Seen]) -> str:
    rows = [
        row(mark(one["channel"]), escape(one["kind"]), f'<span class="num">{one["times"]:,}</span>')
        for one in dealt
    ]
    return table(("", "Fault", "Times"), rows, "No fault has hit anything yet.")
