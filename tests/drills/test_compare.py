"""The comparison itself finds what it is there to find."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import Order, OrderLine
from drills.compare import Ours, Verdict, same_facts
from drills.facts import Facts, read

PLACED = datetime(2026, 11, 20, 10, tzinfo=UTC)
TOLD = Facts(
    statuses=frozenset({"confirmed"}),
    total_minor=149_900,
    lines=(("TEA-250", 2),),
    placed_at=PLACED,
    name="Asha Rao",
    pincode="411045",
    tracking=frozenset(),
    is_cod=True,
)


def order(**more: Any) -> Order:
    fields: dict[str, Any] = {
        "id": 1,
        "channel": Channel.WOOCOMMERCE,
        "external_id": "7",
        "status": OrderStatus.CONFIRMED,
        "status_on_channel": OrderStatus.CONFIRMED,
        "total_minor": 149_900,
        "placed_at": PLACED,
        "customer_name": "Asha Rao",
        "pincode": "411045",
        "is_cod": True,
        "tracking_number": "",
    }
    return Order(**(fields | more))


def differences(found: Order, told: Facts, *, steps: frozenset[tuple[int, str]]) -> list[str]:
    line = OrderLine(order_id=1, position=0, external_id="1", sku="TEA-250", quantity=2)
    verdict = Verdict()
    same_facts(found, Ours({}, {1: [line]}, steps, [], {}), told, verdict)
    return verdict.differences


def test_equal_orders_differ_in_nothing() -> None:
    assert differences(order(), TOLD, steps=frozenset()) == []


def test_every_field_that_differs_is_named() -> None:
    other = dataclasses.replace(
        TOLD,
        statuses=frozenset({"cancelled"}),
        total_minor=1,
        lines=(("TEA-250", 3),),
        name="Ravi",
        pincode="1",
        tracking=frozenset({"T1"}),
        is_cod=False,
        placed_at=datetime(2026, 11, 20, 11, tzinfo=UTC),
    )

    found = differences(order(), other, steps=frozenset())

    named = [one.removeprefix("woocommerce 7: ").split(" is ")[0] for one in found]
    assert named == [
        "the channel's status",
        "our status",
        "total",
        "lines",
        "time of the order",
        "cash on delivery",
        "buyer",
        "PIN code",
        "tracking",
    ]


def test_a_step_of_our_own_desk_passes_only_if_a_person_of_ours_took_it() -> None:
    packed = order(status=OrderStatus.PACKED)

    assert differences(packed, TOLD, steps=frozenset({(1, "packed")})) == []
    assert len(differences(packed, TOLD, steps=frozenset())) == 1


def test_a_step_that_the_channel_would_have_to_know_never_passes() -> None:
    shipped = order(status=OrderStatus.SHIPPED)

    assert len(differences(shipped, TOLD, steps=frozenset({(1, "shipped")}))) == 1


def test_a_cancelled_item_of_flipkart_counts_neither_in_the_status_nor_in_the_total() -> None:
    item = {
        "sku": "A",
        "quantity": 1,
        "orderDate": "2026-11-20T15:30:00+05:30",
        "paymentType": "PREPAID",
        "priceComponents": {"totalPrice": 10.5},
    }
    body = {"orderItems": [{**item, "status": "CANCELLED"}, {**item, "status": "PACKED"}]}

    told = read("flipkart", {"body": body})

    assert (told.statuses, told.total_minor) == (frozenset({"packed"}), 1_050)
    assert told.placed_at == PLACED
