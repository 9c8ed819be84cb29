"""Channels that remember what they were told: a repeat of a push must change nothing there."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.contract.cases import CASES, Case, recording

Answer = httpx.Response | None


class Remembering:
    """A channel with one order. `done` is what stands there now: one entry a parcel, note or word.

    `lose` answers of writes get lost after they counted.
    """

    def __init__(self, case: Case, act: Callable[["Remembering", httpx.Request], Any]) -> None:
        self._case = case
        self._act = act
        self.done: dict[str, Any] = {}
        self.writes = 0
        self.lose = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self._case.is_read(request):
            return self._shown(request)
        self.writes += 1
        answer = self._act(self, request)
        if self.lose:
            self.lose -= 1
            raise httpx.ReadTimeout("no answer")
        return answer

    def _shown(self, request: httpx.Request) -> httpx.Response:
        played = self._case.play(request)
        if not self.done or not played.content:
            return played
        body = played.json()
        show = _SHOWS.get(self._case.name)
        if show is not None:
            show(body, self.done)
        return httpx.Response(played.status_code, json=body, headers={})


def _amazon(there: Remembering, request: httpx.Request) -> httpx.Response:
    parcel = json.loads(request.content)["packageDetail"]
    # The same reference edits, another one is another parcel.
    there.done[parcel["packageReferenceId"]] = parcel["trackingNumber"]
    return httpx.Response(204)


def _woocommerce(there: Remembering, request: httpx.Request) -> httpx.Response:
    told = json.loads(request.content)
    there.done["status"] = told["status"]
    for entry in told.get("meta_data", []):
        there.done[entry["key"]] = entry["value"]
    order = recording("woocommerce_order.json")
    return httpx.Response(200, json={**order, "status": told["status"]})


def _flipkart(there: Remembering, request: httpx.Request) -> httpx.Response:
    (entry,) = json.loads(request.content)["shipments"]
    shipment = entry["shipmentId"]
    if shipment in there.done:
        told = {"shipmentId": shipment, "status": "FAILURE", "errorMessage": "Packed already."}
    else:
        there.done[shipment] = "PACKED"
        told = {"shipmentId": shipment, "status": "SUCCESS"}
    return httpx.Response(200, json={"shipments": [told]})


def _shopify(there: Remembering, request: httpx.Request) -> httpx.Response:
    del request
    # Each mutation is another parcel: nothing in it says that it is a repeat.
    there.done[f"parcel {there.writes}"] = "SUCCESS"
    return httpx.Response(200, json=recording("shopify_fulfilled.json"))


def _blinkit(there: Remembering, request: httpx.Request) -> httpx.Response:
    note = json.loads(request.content)
    if note["invoice_number"] in there.done:
        error = {"code": "E107", "message": "Invoice is known."}
        body = {"successful": False, "asn_sync_status": "REJECTED", "data": {"errors": [error]}}
        return httpx.Response(200, json=body)
    there.done[note["invoice_number"]] = note["quantity"]
    return httpx.Response(200, json={"successful": True, "asn_sync_status": "ACCEPTED"})


def _swiggy(there: Remembering, request: httpx.Request) -> httpx.Response:
    there.done["state"] = json.loads(request.content)["new_status"]
    return httpx.Response(200, json={"status": "success"})


def _show_woocommerce(body: Any, done: dict[str, Any]) -> None:
    body["status"] = done["status"]


def _show_flipkart(body: Any, done: dict[str, Any]) -> None:
    for shipment in body["shipments"]:
        for item in shipment["orderItems"]:
            item["status"] = done.get(shipment["shipmentId"], item["status"])


def _show_shopify(body: Any, done: dict[str, Any]) -> None:
    order = body["data"]["order"]
    order["fulfillments"] = [
        {"id": f"gid://shopify/Fulfillment/{n}", "status": "SUCCESS", "displayStatus": "FULFILLED"}
        for n, _ in enumerate(done)
    ]
    for part in order["fulfillmentOrders"]["nodes"]:
        part["status"] = "CLOSED"
        for line in part["lineItems"]["nodes"]:
            line["remainingQuantity"] = 0


_SHOWS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "woocommerce": _show_woocommerce,
    "flipkart": _show_flipkart,
    "shopify": _show_shopify,
}
_ACTS: dict[str, Callable[[Remembering, httpx.Request], httpx.Response]] = {
    "amazon": _amazon,
    "woocommerce": _woocommerce,
    "flipkart": _flipkart,
    "shopify": _shopify,
    "blinkit": _blinkit,
    "swiggy": _swiggy,
}


def channel_of(case: Case) -> Remembering:
    """A channel of this kind that was told nothing yet."""
    return Remembering(case, _ACTS[case.name])


assert {case.name for case in CASES} == _ACTS.keys()
