"""Life: buyers and couriers through the sandbox's levers, staff through the product's API."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import httpx
from sqlmodel import col, select

from crm_app import db
from crm_app.config import DEMO_PASSWORD
from crm_app.domain.channel import Channel
from crm_app.models import Order
from drills.knobs import CHANNELS
from drills.stage import Stage

# What a buyer, a courier or the channel itself may do next, in the channel's words.
MOVES: Final = {
    "amazon": ("UNSHIPPED", "CANCEL_REQUESTED", "OUT_FOR_DELIVERY", "DELIVERED", "RETURNED"),
    "woocommerce": ("processing", "processing", "on-hold", "cancelled", "completed", "refunded"),
    "flipkart": ("PICKUP_COMPLETE", "SHIPPED", "DELIVERED", "HOLD", "UNHOLD", "CANCELLED"),
    "shopify": ("PAID", "ON_HOLD", "OPEN", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"),
    "swiggy": ("assigned", "out-for-delivery", "Completed", "Cancelled", "Dispatched"),
    "blinkit": ("CANCELLED",),
}
_END_OF_HOLD: Final = {Channel.FLIPKART: "UNHOLD", Channel.SHOPIFY: "OPEN"}
# How often a move is made of the ones picked: a shop in which everybody cancels teaches little.
_SHARE: Final = {"CANCELLED": 0.2, "Cancelled": 0.3, "cancelled": 0.4, "refunded": 0.2}
_CARRIERS: Final = ("BlueDart", "Delhivery", "DTDC")
_WAITING: Final = "pending,confirmed,packed,ready_to_ship,shipped,out_for_delivery"


def market(stage: Stage, rng: random.Random, done: Counter[str]) -> None:
    """One thing happens on one channel: somebody buys, or an order moves on."""
    channel = rng.choice(CHANNELS)
    if rng.random() < 0.4:
        stage.lever("orders", {"channel": channel, "lines": rng.randint(1, 3)})
        done["orders placed"] += 1
        return
    found = stage.lever("watch")["channels"]
    newest = next(one["newest"] for one in found if one["channel"] == channel)
    move = rng.choice(MOVES[channel])
    if not newest or rng.random() > _SHARE.get(move, 1.0):
        return
    order = rng.choice(newest)["external_id"]
    # A move that this order cannot make is refused: nothing happened.
    with suppress(httpx.HTTPStatusError):
        stage.lever(f"orders/{channel}/{order}/advance", {"to": move})
        done["moves of buyers and couriers"] += 1


def end_holds(stage: Stage) -> None:
    """What a channel holds back for ever is never told, and rightly: the storm's holds end."""
    with db.transaction() as session:
        held = session.exec(
            select(Order).where(col(Order.channel).in_(_END_OF_HOLD), col(Order.on_hold).is_(True))
        ).all()
    for order in held:
        # One that has left, or was cancelled, is held no more.
        with suppress(httpx.HTTPStatusError):
            move = {"to": _END_OF_HOLD[order.channel]}
            stage.lever(f"orders/{order.channel.value}/{order.external_id}/advance", move)


class Click(NamedTuple):
    """A change that was answered with 200; `intent_id` is the one that tells, if any does."""

    order_id: int
    status: str
    intent_id: int | None


@dataclass
class Desk:
    """A person of support at work through the REST API.

    Attributes:
        done: What became of the clicks, counted.
        accepted: Each change that was answered with 200.
    """

    url: str
    rng: random.Random
    done: Counter[str] = field(default_factory=Counter[str])
    accepted: list[Click] = field(default_factory=list[Click])
    _client: httpx.Client | None = None

    def click(self) -> None:
        """Look at an order and move it on, if anything may be done with it."""
        try:
            self._click(self.signed_in())
        except httpx.HTTPError:
            # Killed under our hands, or away for a moment: the person looks again.
            self.done["clicks that were not answered"] += 1
            self.close()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def signed_in(self) -> httpx.Client:
        """The person's connection; signed in if it is the first, or the last one was lost."""
        if self._client is None:
            body = {"email": "support@demo.test", "password": DEMO_PASSWORD}
            self._client = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
            try:
                answer = self._client.post("/api/v1/auth/login", json=body).raise_for_status()
            except httpx.HTTPError:
                self.close()
                raise
            self._client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        return self._client

    def _click(self, client: httpx.Client) -> None:
        channel = self.rng.choice(CHANNELS)
        query = {"channel": channel, "status": _WAITING, "limit": "30"}
        listed = client.get("/api/v1/orders", params=query).raise_for_status().json()["orders"]
        if not listed:
            return
        order_id = self.rng.choice(listed)["id"]
        detail = client.get(f"/api/v1/orders/{order_id}").raise_for_status().json()
        choices = [one for one in detail["choices"] if not one["why_not"]]
        if not choices:
            return
        # Told statuses more often than steps of our own desk, and cancelled seldom.
        weights = [self._weight(one) for one in choices]
        chosen = self.rng.choices(choices, weights)[0]
        body: dict[str, Any] = {"status": chosen["status"], "version": detail["version"]}
        if chosen["status"] == "shipped":
            body["carrier"] = self.rng.choice(_CARRIERS)
            body["tracking_number"] = f"FR{self.rng.randrange(10**9):09d}"
        answer = client.put(f"/api/v1/orders/{order_id}/status", json=body)
        if answer.status_code == 200:
            newest: list[dict[str, Any]] = answer.json()["intents"][:1]
            intent_id = int(newest[0]["id"]) if chosen["is_pushed"] and newest else None
            self.accepted.append(Click(order_id, chosen["status"], intent_id))
            self.done["changes accepted"] += 1
            return
        self.done[f"changes answered {answer.status_code}"] += 1
        if answer.status_code >= 500:
            self.close()

    def _weight(self, choice: dict[str, Any]) -> float:
        if choice["status"] in ("cancelled", "returned", "failed"):
            return 0.3
        return 3.0 if choice["is_pushed"] else 1.0
