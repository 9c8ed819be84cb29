"""Telling Blinkit: two steps to accept, one note per shipment, and refusals inside a 200."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crm_app.channels import registry
from crm_app.channels.base import StatusUpdate
from crm_app.channels.blinkit import mapping
from crm_app.channels.blinkit.asn import Supplier
from crm_app.channels.blinkit.connector import PLANS, BlinkitConnector
from crm_app.channels.breaker import Family
from crm_app.channels.inbound import Told
from crm_app.channels.limits import Limiter, NoLimiter
from crm_app.channels.swiggy.connector import SwiggyConnector
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from tests.channels.purchase_orders import amendment, item, purchase_order

NOW = datetime(2026, 11, 11, 20, tzinfo=UTC)  # the 12th in India
SUPPLIER = Supplier("Palmonas", "27AABCP1234M1Z6", {"city": "Pune"})
ACCEPTED = {"successful": True, "asn_sync_status": "ACCEPTED", "data": {"errors": []}}


def known(*items: Any) -> Any:
    details: dict[str, Any] = {"item_data": list(items)} if items else {}
    body = purchase_order(**details)
    order = mapping.to_order(Told(mapping.CREATION, "7700001", body, NOW))
    assert order is not None
    return order.raw


def update(status: OrderStatus = OrderStatus.SHIPPED, **changes: Any) -> StatusUpdate:
    plain = StatusUpdate(
        external_id="7700001",
        status=status,
        reference=42,
        carrier="Delhivery",
        tracking_number="D-1",
        happened_at=NOW,
        lines=(("10077", 12),),
        known=known(),
    )
    return dataclasses.replace(plain, **changes)


class Blinkit:
    """Plays answers and keeps what it was asked."""

    def __init__(self, answer: Any = None, status: int = 200) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.headers: httpx.Headers = httpx.Headers()
        self._answer = lambda: httpx.Response(status, json=answer or {"success": True})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.headers = request.headers
        self.asked.append((request.url.path.rpartition("/")[2], json.loads(request.content)))
        return self._answer()

    def connect(
        self, supplier: Supplier = SUPPLIER, limiter: Limiter | None = None
    ) -> BlinkitConnector:
        client = httpx.Client(transport=httpx.MockTransport(self), base_url="https://blinkit.test")
        limits = limiter or NoLimiter()
        return BlinkitConnector(client, "k-out", supplier, limits, vendor_id="v-9")


def rejected(*errors: Any, status: str = "REJECTED") -> Any:
    return {"successful": True, "asn_sync_status": status, "data": {"errors": list(errors)}}


def error(code: str, message: str = "No", level: str = "asn", **more: str) -> Any:
    return {"level": level, "code": code, "message": message, **more}


def test_a_purchase_order_is_accepted_in_two_steps() -> None:
    blinkit = Blinkit()

    receipt = blinkit.connect().push_status(update(OrderStatus.CONFIRMED))

    told = [(path, body["data"]["po_status"]) for path, body in blinkit.asked]
    assert told == [("acknowledgement", "PROCESSING"), ("acknowledgement", "ACCEPTED")]
    assert blinkit.asked[1][1]["data"] == {
        "po_status": "ACCEPTED",
        "po_number": "7700001",
        "errors": [],
        "warnings": [],
    }
    assert (blinkit.headers["api-key"], blinkit.headers["x-vendor-id"]) == ("k-out", "v-9")
    assert receipt.answer == "Acknowledged as ACCEPTED."


def test_the_second_step_waits_for_its_limit_longer_than_the_first() -> None:
    """Sent back to the first, two orders would take each other's token for ever."""
    asked: list[float | None] = []

    class Patience(NoLimiter):
        def acquire(
            self, operation: str, family: Family = Family.READ, *, patience_s: float | None = None
        ) -> None:
            del operation, family
            asked.append(patience_s)

    Blinkit().connect(limiter=Patience()).push_status(update(OrderStatus.CONFIRMED))

    first, second = asked
    assert first is None
    # Longer than a token takes to come, also for an account with a fifth of our rate.
    assert second is not None
    assert second > 5 / PLANS["acknowledge"].calls_per_s


def test_short_lines_are_accepted_in_part() -> None:
    blinkit = Blinkit()

    blinkit.connect().push_status(update(OrderStatus.CONFIRMED, lines=(("10077", 5),)))

    data = blinkit.asked[1][1]["data"]
    assert data["po_status"] == "PARTIALLY_ACCEPTED"
    assert data["errors"] == [
        {"level": "item", "code": "E105", "item_id": "10077", "message": "Accepted 5 of 12."}
    ]


def test_an_acknowledgement_that_counted_before_is_no_refusal() -> None:
    before = {"success": False, "data": {"errors": [error("E106")]}}
    refused = {"success": False, "message": "PO has expired"}

    assert Blinkit(before).connect().push_status(update(OrderStatus.CONFIRMED)).http_status == 200
    with pytest.raises(RejectedError, match="Blinkit refused acknowledge: PO has expired"):
        Blinkit(refused).connect().push_status(update(OrderStatus.CONFIRMED))


def test_the_first_step_is_not_repeated_where_the_second_counted() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_first = b"PROCESSING" in request.content
        body = {"success": not is_first, "message": "PO already processed"}
        return httpx.Response(400 if is_first else 200, json=body)

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://blinkit.test")
    connector = BlinkitConnector(client, "k-out", SUPPLIER, NoLimiter())

    receipt = connector.push_status(update(OrderStatus.CONFIRMED))

    assert receipt.answer == "Acknowledged as ACCEPTED."


def test_a_shipment_is_a_note_with_its_own_invoice() -> None:
    blinkit = Blinkit(ACCEPTED)

    receipt = blinkit.connect().push_status(update())

    ((path, note),) = blinkit.asked
    assert path == "asn"
    assert (note["po_number"], note["invoice_number"]) == ("7700001", "PCRM-42")
    assert (note["invoice_date"], note["delivery_date"]) == ("2026-11-12", "2026-11-16")
    assert (note["basic_price"], note["landing_price"]) == ("8994.00", "9263.82")
    assert (note["quantity"], note["item_count"]) == ("12.00", "1")
    assert note["po_status"] == "PO_FULFILLED"
    assert note["supplier_details"]["gstin"] == "27AABCP1234M1Z6"
    assert note["shipment_details"] == {
        "delivery_type": "COURIER",
        "delivery_partner": "Delhivery",
        "delivery_tracking_code": "D-1",
    }
    assert note["tax_distribution"] == [
        {
            "gst_type": name,
            "gst_percentage": 1.5,
            "gst_total": 134.91,
            "taxable_value": "8994.00",
        }
        for name in ("CGST", "SGST")
    ]
    assert receipt.answer == "Shipping note accepted."


def test_kinds_are_those_that_a_strict_server_wants() -> None:
    blinkit = Blinkit(ACCEPTED)

    blinkit.connect().push_status(update())

    (line,) = blinkit.asked[0][1]["items"]
    assert line["uom"] == {"unit": "pcs", "value": 1}
    assert (line["item_id"], line["quantity"], line["unit_basic_price"]) == ("10077", 12, "749.50")
    assert type(line["quantity"]) is int
    assert line["tax_distribution"] == {
        "cgst_percentage": "1.50",
        "sgst_percentage": "1.50",
        "igst_percentage": "0.00",
        "ugst_percentage": "0.00",
        "cess_percentage": "0.00",
        "additional_cess_value": "0.00",
    }


def test_an_amended_item_travels_as_amended() -> None:
    told = Told(mapping.AMENDMENT, "7700001", amendment(), NOW, known())
    order = mapping.to_order(told)
    assert order is not None
    blinkit = Blinkit(ACCEPTED)

    blinkit.connect().push_status(update(known=order.raw))

    (line,) = blinkit.asked[0][1]["items"]
    assert (line["upc"], line["mrp"]) == ("8901234500024", 1599.0)
    assert line["uom"] == {"unit": "pc", "value": "1"}


def test_our_own_vehicle_and_a_part_of_the_goods() -> None:
    blinkit = Blinkit(ACCEPTED)

    blinkit.connect().push_status(
        update(carrier="", tracking_number="", known=known(item(), item("2")))
    )

    note = blinkit.asked[0][1]
    assert note["shipment_details"] == {"delivery_type": "SELF"}
    assert (note["po_status"], note["item_count"]) == ("PARTIALLY_FULFILLED", "1")


def test_a_refusal_inside_a_200_is_a_refusal_in_its_words() -> None:
    answer = rejected(
        error("E109", "Supplier GSTIN wrong"),
        error("E112", "Item ID incorrect", "item", item_id="10077"),
    )

    with pytest.raises(
        RejectedError,
        match="refused shippingNote: E109 Supplier GSTIN wrong; E112 10077 Item ID incorrect",
    ):
        Blinkit(answer).connect().push_status(update())


def test_an_invoice_that_is_known_is_our_own_of_before() -> None:
    for before in (rejected(error("E107")), rejected(error("E107"), error("E106"))):
        receipt = Blinkit(before).connect().push_status(update())

        assert receipt.answer == "Blinkit has invoice PCRM-42 already."


@pytest.mark.parametrize(
    "answer",
    [
        rejected(error("E107"), error("E108")),
        rejected(error("E106")),
        rejected(),
        rejected(error("E112", level="item")),
        {"successful": False, "message": "validation"},
    ],
)
def test_any_other_reason_stays_a_refusal(answer: Any) -> None:
    with pytest.raises(RejectedError):
        Blinkit(answer).connect().push_status(update())


def test_a_part_that_was_refused_is_in_the_receipt() -> None:
    answer = rejected(error("E114", "Codes missing", "item"), status="PARTIALLY_ACCEPTED")

    receipt = Blinkit(answer).connect().push_status(update())

    assert receipt.answer == "Shipping note partially accepted. E114 Codes missing"


def test_an_answer_without_an_outcome_is_unknown() -> None:
    with pytest.raises(OutcomeUnknownError):
        Blinkit({"successful": True, "data": {"errors": "none"}}).connect().push_status(update())
    with pytest.raises(RetryableError):
        Blinkit({}, status=503).connect().push_status(update())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lines": ()}, "Nothing of this purchase order is left to ship"),
        ({"known": {}}, "Nothing of this purchase order is left to ship"),
        ({"known": {"po": {"details": {"item_data": 5}}}}, "cannot be read: item_data is not"),
    ],
)
def test_a_note_that_cannot_be_written_is_not_sent(change: Any, said: str) -> None:
    blinkit = Blinkit(ACCEPTED)

    with pytest.raises(RejectedError, match=said):
        blinkit.connect().push_status(update(**change))

    assert blinkit.asked == []


def test_nobody_ships_without_a_gstin() -> None:
    with pytest.raises(RejectedError, match="GSTIN of the supplier"):
        Blinkit().connect(Supplier()).push_status(update())


@pytest.mark.parametrize(
    "act",
    [
        lambda it: it.fetch_order("7700001"),
        lambda it: it.push_status(update(OrderStatus.CANCELLED)),
    ],
)
def test_what_blinkit_cannot_do_is_said(act: Callable[[BlinkitConnector], Any]) -> None:
    connector = Blinkit().connect()

    with pytest.raises(RejectedError):
        act(connector)

    assert list(connector.fetch_orders(None)) == []
    connector.close()


@dataclasses.dataclass
class Account:
    channel: Channel = Channel.BLINKIT
    base_url: str = "https://blinkit.test"
    options: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    id: int | None = 7


def test_an_account_gets_its_connector() -> None:
    account = Account(options={"supplier_gstin": "27X", "supplier_address": {"city": "Pune"}})

    connector = registry.connect(account, {"api_key": "k"}, NoLimiter(), timeout_s=3)
    connector.close()

    assert isinstance(connector, BlinkitConnector)
    wrong = Account(options={"supplier_address": "Pune"})
    with pytest.raises(ChannelError, match="supplier_address of this account is not an object"):
        registry.connect(wrong, {"api_key": "k"}, NoLimiter(), timeout_s=3)


def test_an_account_of_the_relay_gets_its_connector() -> None:
    account = Account(Channel.SWIGGY)

    connector = registry.connect(account, {"user": "biz", "api_key": "k"}, NoLimiter(), timeout_s=3)
    connector.close()

    assert isinstance(connector, SwiggyConnector)
    with pytest.raises(AccountDisconnectedError, match="have no user"):
        registry.connect(account, {"api_key": "k"}, NoLimiter(), timeout_s=3)
