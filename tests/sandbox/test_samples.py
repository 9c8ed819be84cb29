"""The sandbox's answers beside the samples that WooCommerce publishes and that Blinkit's users saw.

There is no schema for either, so the samples are one: each place holds the same kind of thing.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sandbox.conftest import Desk
from tests.sandbox.test_swiggy_blinkit import note, say

CONTRACTS: Final = Path(__file__).resolve().parents[3] / "shared/contracts"
pytestmark = pytest.mark.skipif(
    not CONTRACTS.exists(), reason="the channels' samples are not beside the checkout"
)
_PLAIN: Final = {int: "number", float: "number", str: "text", bool: "switch"}
# Written by WooCommerce since the samples were published, or by an extension.
_NEWER: Final = {
    "payment_url",
    "is_editable",
    "needs_payment",
    "needs_processing",
    "currency_symbol",
    "customer_ip_address",
}


def sample(name: str) -> Any:
    return json.loads((CONTRACTS / name).read_text(encoding="utf-8"))


def kinds_in(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Each place of a document, and what kind of thing stands there; `[]` for any element."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from kinds_in(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        yield place, "list"
        for inner in value:
            yield from kinds_in(inner, f"{place}[]")
    elif value is not None:
        yield place, _PLAIN[type(value)]


def differences(ours: Any, theirs: Any) -> list[str]:
    """Where both have something and it is of another kind."""
    wanted: dict[str, set[str]] = {}
    for place, kind in kinds_in(theirs):
        wanted.setdefault(place, set()).add(kind)
    return sorted(
        f"{place}: {kind}, the sample has {wanted[place]}"
        for place, kind in set(kinds_in(ours))
        if place in wanted and kind not in wanted[place]
    )


async def test_a_web_shops_order_has_the_published_fields(desk: Desk) -> None:
    wanted = sample("woocommerce/order_doc_01_order.json")
    orders = [order for page in (1, 2) for order in (await desk.woo(page=page)).json()]
    orders = [order for order in orders if "line_items" in order]

    assert len(orders) > 15
    for order in orders:
        assert wanted.keys() - order.keys() == set()
        assert order.keys() - wanted.keys() <= _NEWER
        # What an extension writes there is its own.
        assert differences({**order, "meta_data": []}, wanted) == []
        for name in ("billing", "shipping"):
            assert wanted[name].keys() - order[name].keys() == set()
        for line in order["line_items"]:
            assert wanted["line_items"][0].keys() - line.keys() == set()


async def test_a_purchase_order_has_the_fields_that_were_seen(desk: Desk) -> None:
    wanted = sample("blinkit/po_creation.inferred.json")
    [number] = await desk.new_orders("blinkit", lines=2)

    sent = (await desk.truth("blinkit", number))["body"]

    assert differences(sent, wanted) == []
    assert {place for place, _ in kinds_in(wanted)} - {
        place for place, _ in kinds_in(sent)
    } == set()


async def test_the_answers_to_a_shipping_note_have_the_fields_that_were_seen(desk: Desk) -> None:
    [number] = await desk.new_orders("blinkit", lines=1)
    body = await note(desk, number, f"INV-S-{number}")

    taken = (await say(desk, "/asn", body)).json()
    refused = (await say(desk, "/asn", body)).json()

    accepted = sample("blinkit/asn_response_accepted.inferred.json")
    rejected = sample("blinkit/asn_response_rejected_http200.inferred.json")
    assert taken.keys() == accepted.keys()
    assert (differences(taken, accepted), differences(refused, rejected)) == ([], [])
    assert refused.keys() == rejected.keys()
    assert refused["data"]["errors"][0].keys() == rejected["data"]["errors"][0].keys()
    assert refused["data"]["errors"][0]["code"] == "E107"


async def test_the_sandbox_takes_the_notes_that_were_seen(desk: Desk) -> None:
    """What suppliers really send is read to the end, and refused only for what it says."""
    body = sample("blinkit/asn_request.inferred.json")

    reply = await say(desk, "/asn", body)

    assert reply.status_code == 200
    assert reply.json()["asn_sync_status"] == "REJECTED"
    acknowledged = sample("blinkit/po_acknowledgement_request.inferred.json")
    assert (await say(desk, "/po/acknowledgement", acknowledged)).status_code == 404
