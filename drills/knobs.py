"""Every knob of the sandbox, turned at random."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import httpx

from crm_app.channels import capabilities, kinds
from crm_app.domain.channel import Channel
from drills.stage import Stage

Knob = Callable[[Stage, random.Random], str]
# Every channel that has somebody to talk to.
CHANNELS: Final = tuple(one.value for one in Channel if kinds.of(one).build is not None)
# Those that list their orders: a channel that only sends has no list to forget one.
_LISTING: Final = tuple(one for one in CHANNELS if capabilities.of(Channel(one)).pulls)
# Longer than the product waits for an answer.
_TOO_LONG_S: Final = 2.6
# Within what every connector reads again: no real channel's clock jumps back by hours.
_MOST_SKEW_S: Final = 45.0


# What changes something over there, in the sandbox's names.
_WRITES: Final = (
    ("amazon", "confirmShipment"),
    ("woocommerce", "updateOrder"),
    ("flipkart", "pack"),
    ("flipkart", "dispatch"),
    ("flipkart", "cancel"),
    ("shopify", "fulfillmentCreate"),
    ("shopify", "orderCancel"),
    ("swiggy", "updateStatus"),
    ("blinkit", "asn"),
    ("blinkit", "acknowledge"),
)


def _wound(kind: str, **more: Any) -> Knob:
    def turn(stage: Stage, rng: random.Random) -> str:
        channel = rng.choice(CHANNELS)
        fault = {"kind": kind, "channel": channel, "times": rng.randint(1, 2), **more}
        stage.lever("faults", {**fault, "after": rng.randint(0, 3)})
        return kind

    return turn


def _write_wound(name: str, kind: str, **more: Any) -> Knob:
    """Of the calls that change something, where it hurts most."""

    def turn(stage: Stage, rng: random.Random) -> str:
        channel, operation = rng.choice(_WRITES)
        where = {"channel": channel, "operation": operation, "times": rng.randint(1, 2)}
        stage.lever("faults", {"kind": kind, **where, **more})
        return name

    return turn


def _hook_wound(kind: str) -> Knob:
    def turn(stage: Stage, rng: random.Random) -> str:
        fault = {"kind": kind, "channel": rng.choice(CHANNELS), "times": rng.randint(1, 3)}
        stage.lever("hooks/faults", {**fault, "delay_s": rng.uniform(0.5, 4.0)})
        return f"hook {kind}"

    return turn


def _any_order(stage: Stage, rng: random.Random, channel: str) -> str | None:
    found = stage.lever("watch")["channels"]
    newest = next(one["newest"] for one in found if one["channel"] == channel)
    return rng.choice(newest)["external_id"] if newest else None


def _hide(stage: Stage, rng: random.Random) -> str:
    channel = rng.choice(_LISTING)
    if order := _any_order(stage, rng, channel):
        stage.lever(f"orders/{channel}/{order}/hide", {"hidden": True})
    return "missing from lists"


def _reissue(stage: Stage, rng: random.Random) -> str:
    channel = rng.choice(("flipkart", "swiggy"))
    if order := _any_order(stage, rng, channel):
        stage.lever(f"orders/{channel}/{order}/reissue", {})
    return "id issued again"


def _skew(stage: Stage, rng: random.Random) -> str:
    skew_s = rng.uniform(-_MOST_SKEW_S, _MOST_SKEW_S)
    stage.lever("clock", {"channel": rng.choice(CHANNELS), "skew_s": skew_s})
    return "clock skew"


def _expire(stage: Stage, _rng: random.Random) -> str:
    stage.lever("tokens/expire", {})
    return "tokens expired"


KNOBS: Final[tuple[tuple[Knob, int], ...]] = (
    (_wound("429"), 3),
    (_wound("503"), 3),
    (_wound("500_empty"), 3),
    (_wound("html"), 2),
    (_wound("empty"), 2),
    (_wound("half_json"), 2),
    (_wound("close"), 2),
    (_wound("slow", delay_s=0.8), 2),
    (_wound("timeout", delay_s=_TOO_LONG_S), 1),
    (_write_wound("timeout after the write", "timeout", delay_s=_TOO_LONG_S, phase="after"), 3),
    (_write_wound("500 after the write", "500_empty", phase="after"), 2),
    (_write_wound("hung up after the write", "close", phase="after"), 2),
    (_write_wound("html after the write", "html", phase="after"), 1),
    (_write_wound("429 on a write", "429"), 2),
    (_write_wound("buyer cancels in the race", "buyer_cancels"), 4),
    (_wound("expired_token"), 1),
    (_hook_wound("duplicate"), 3),
    (_hook_wound("reorder"), 3),
    (_hook_wound("drop"), 2),
    (_hook_wound("delay"), 2),
    (_hide, 2),
    (_reissue, 2),
    (_skew, 1),
    (_expire, 1),
)


def turn_one(stage: Stage, rng: random.Random, turned: Counter[str]) -> None:
    """Turn a knob and count it. A lever that refuses (an order that cannot) counts nothing."""
    knobs, weights = zip(*KNOBS, strict=True)
    knob: Knob = rng.choices(knobs, weights)[0]
    try:
        turned[knob(stage, rng)] += 1
    except httpx.HTTPStatusError:
        turned["(a lever refused)"] += 1
