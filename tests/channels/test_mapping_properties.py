"""Whatever a channel sends: an order that our tables can hold, or our own error. Nothing else."""

import copy
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_app.channels import reading
from crm_app.channels.amazon.mapping import to_order as from_amazon
from crm_app.channels.base import ChannelOrder
from crm_app.channels.blinkit import mapping as blinkit
from crm_app.channels.flipkart.mapping import to_order as from_flipkart
from crm_app.channels.reading import BadFieldError, Json
from crm_app.channels.shopify import mapping as shopify
from crm_app.channels.swiggy import mapping as swiggy
from crm_app.channels.woocommerce import mapping as woocommerce
from crm_app.domain.money import MAX_MINOR

from .orders import (
    amazon_order,
    amazon_package,
    flipkart_shipment,
    shopify_order,
    shopify_parcel,
    woo_order,
)
from .purchase_orders import purchase_order, relay_order

HEARD_AT = datetime(2026, 11, 12, tzinfo=UTC)
Mapping = Callable[[Json], ChannelOrder]

# Surrogates and null bytes too: JSON can spell both.
texts = st.text(st.characters(exclude_categories=[]), max_size=20) | st.sampled_from(
    ["", "0", "-1", "NaN", "Infinity", "1e99999", "x" * 10_000, "9" * 200, "2026-01-01", "\x00"]
)
numbers = st.integers() | st.floats() | st.sampled_from([10**30, -(10**400), 2**63, -0.0, 1e308])
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)

Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> list[Place]:
    """Where something stands in a JSON value."""
    found = [place] if place else []
    if isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            found += places(inner, (*place, str(key)))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for index, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            found += places(inner, (*place, index))
    return found


def put(raw: Any, place: Place, value: Any) -> None:
    """Write a value to a place, unless an earlier change took the place away."""
    try:
        for step in place[:-1]:
            raw = raw[step]
        raw[place[-1]] = value
    except (KeyError, IndexError, TypeError):
        return


def outcome(mapping: Mapping, raw: Json) -> ChannelOrder | str:
    """The order, or why it is set aside."""
    try:
        return mapping(raw)
    except BadFieldError as error:
        return str(error)


def check(value: object) -> None:
    """Everything below an order can be written to PostgreSQL."""
    if is_dataclass(value):
        for field in fields(value):
            if field.name != "raw":
                check(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:  # pyright: ignore[reportUnknownVariableType]
            check(one)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, str):
        assert "\x00" not in value
        assert len(value.encode()) <= 4 * reading.NOTE
    elif isinstance(value, int):
        assert abs(value) <= 20 * MAX_MINOR
    elif isinstance(value, datetime):
        assert value.tzinfo is not None


def check_order(order: ChannelOrder) -> None:
    check(order)
    assert 0 < len(order.external_id) <= 128
    assert len(order.order_number) <= 128
    assert len(order.channel_status) <= 200
    assert order.currency is None or len(order.currency) == 3
    assert (order.currency is None) == (order.total_minor is None)
    assert order.total_minor is None or order.total_minor >= 0
    assert len(order.buyer.name) <= 300
    assert len(order.buyer.email) <= 254
    assert len(order.buyer.identity) <= 300
    assert max(len(order.address.city), len(order.address.state)) <= 120
    assert len(order.address.pincode) <= 20
    assert len(order.note) <= 2000
    assert (len(order.carrier) <= 80, len(order.tracking_number) <= 120) == (True, True)
    assert len({line.external_id for line in order.lines}) == len(order.lines)
    for line in order.lines:
        done = line.quantity_shipped + line.quantity_cancelled
        assert 0 <= done <= line.quantity <= reading.MAX_QUANTITY
        assert 0 <= (line.quantity_returned or 0) <= line.quantity_shipped
        assert len(line.sku) <= 120
        assert len(line.title) <= 500


def from_woocommerce(raw: Json) -> ChannelOrder:
    return woocommerce.to_order(raw, 48)


def from_shopify(raw: Json) -> ChannelOrder:
    return shopify.to_order(raw, 48)


def from_blinkit(raw: Json) -> ChannelOrder:
    return blinkit.read(raw, HEARD_AT)


def from_swiggy(raw: Json) -> ChannelOrder:
    return swiggy.read(raw, HEARD_AT)


AMAZON = amazon_order(packages=[amazon_package("IN_TRANSIT", "OUT_FOR_DELIVERY")])
WOOCOMMERCE = woo_order(
    shipping=woo_order()["billing"],
    refunds=[{"id": 1, "total": "-1.00"}],
    meta_data=[{"id": 1, "key": "_tracking_number", "value": "T-1"}],
)
FLIPKART = {
    **flipkart_shipment("PACKED", "RETURN_REQUESTED"),
    # What we keep beside a shipment that comes back.
    "returns": [
        {
            "returnId": "R-1",
            "orderItemId": "72",
            "quantity": 1,
            "status": "COMPLETED",
            "updatedDate": "2026-11-05T10:00:00.000+05:30",
        }
    ],
}
# What we keep of an order that was only ever sent.
BLINKIT: Json = {
    "po": purchase_order(),
    "first_at": HEARD_AT.isoformat(),
    "events": [{"type": "PO_AMENDMENT", "body": [{"item_id": "10077", "mrp": 1}], "at": "x"}],
}
SWIGGY: Json = {
    "order": relay_order(),
    "first_at": HEARD_AT.isoformat(),
    "state": "Dispatched",
    "rider": {"mode": "aggregator", "current_state": "out-for-delivery"},
}
SHOPIFY = shopify_order(
    shopify_parcel(), cancelledAt="2026-11-02T00:00:00Z", paymentGatewayNames=["cod"]
)
each_mapping = pytest.mark.parametrize(
    ("mapping", "whole"),
    [
        (from_amazon, AMAZON),
        (from_woocommerce, WOOCOMMERCE),
        (from_flipkart, FLIPKART),
        (from_shopify, SHOPIFY),
        (from_blinkit, BLINKIT),
        (from_swiggy, SWIGGY),
    ],
    ids=["amazon", "woocommerce", "flipkart", "shopify", "blinkit", "swiggy"],
)


@each_mapping
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_spoilt_order_is_read_or_refused(mapping: Mapping, whole: Json, data: Any) -> None:
    raw: Any = copy.deepcopy(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        put(raw, data.draw(st.sampled_from(places(whole))), data.draw(anything))

    found = outcome(mapping, raw)

    if isinstance(found, ChannelOrder):
        check_order(found)
    else:
        check(found)


@each_mapping
@settings(max_examples=50, deadline=None)
@given(elements=st.lists(anything, max_size=4))
def test_a_page_of_anything_is_sorted_out(
    mapping: Mapping, whole: Json, elements: list[Any]
) -> None:
    orders, bad = reading.read_page([*elements, whole], mapping, "id")

    assert len(orders) == 1
    assert len(bad) == len(elements)
    assert all(one.reason for one in bad)
    assert json.dumps([dict(one.raw) for one in bad])


@each_mapping
def test_each_field_may_be_missing(mapping: Mapping, whole: Json) -> None:
    for place in places(whole):
        if isinstance(place[-1], int):
            continue
        raw: Any = copy.deepcopy(whole)
        put(raw, place, None)

        found = outcome(mapping, raw)

        if isinstance(found, ChannelOrder):
            check_order(found)
        else:
            assert found.endswith(" is missing")
