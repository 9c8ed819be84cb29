"""WooCommerce REST v3: keys, paging headers, filters, one order, its update."""

import base64
import hashlib
import hmac
import time
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest

from crm_app.sandbox.credentials import WOO_SHOP
from tests.sandbox.conftest import KEYS, WOO_ORDERS, Desk


async def put(desk: Desk, order_id: str, body: Any) -> httpx.Response:
    return await desk.http.put(f"{WOO_ORDERS}/{order_id}", json=body, auth=KEYS)


async def sweep(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    """All pages, by following the Link header."""
    reply = await desk.woo(**query)
    orders: list[dict[str, Any]] = reply.json()
    while 'rel="next"' in reply.headers.get("link", ""):
        links = reply.headers["link"].split(", ")
        [address] = [link[1 : link.index(">")] for link in links if 'rel="next"' in link]
        reply = await desk.http.get(address, auth=KEYS)
        assert reply.status_code == 200, reply.text
        orders += reply.json()
    return orders


@pytest.mark.parametrize(
    ("auth", "code", "message"),
    [
        (None, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
        (
            ("ck_wrong", KEYS[1]),
            "woocommerce_rest_authentication_error",
            "Consumer key is invalid.",
        ),
        (
            (KEYS[0], "cs_wrong"),
            "woocommerce_rest_authentication_error",
            "Consumer secret is invalid.",
        ),
    ],
)
async def test_wrong_keys_are_refused(
    http: httpx.AsyncClient, auth: tuple[str, str] | None, code: str, message: str
) -> None:
    reply = await http.get(WOO_ORDERS, auth=auth)

    assert reply.status_code == 401
    assert reply.json() == {"code": code, "message": message, "data": {"status": 401}}


async def test_an_update_needs_keys_too(desk: Desk) -> None:
    [order_id] = await desk.new_orders("woocommerce")

    reply = await desk.http.put(f"{WOO_ORDERS}/{order_id}", json={"status": "completed"})

    assert (reply.status_code, reply.json()["code"]) == (401, "woocommerce_rest_cannot_edit")
    assert (await desk.truth("woocommerce", order_id))["status"] == "processing"


async def test_keys_may_come_in_the_query(http: httpx.AsyncClient) -> None:
    query = {"consumer_key": KEYS[0], "consumer_secret": KEYS[1]}

    assert (await http.get(WOO_ORDERS, params=query)).status_code == 200


def oauth(address: str, method: str = "GET", secret: str = WOO_SHOP.consumer_secret) -> str:
    """Sign as RFC 5849 says, without a token."""
    parts = urlsplit(address)
    query = [
        *parse_qsl(parts.query),
        ("oauth_consumer_key", WOO_SHOP.consumer_key),
        ("oauth_nonce", "n1"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_timestamp", str(int(time.time()))),
    ]

    def enc(text: str) -> str:
        return quote(text, safe="-._~")

    joined = "&".join(f"{k}={v}" for k, v in sorted((enc(k), enc(v)) for k, v in query))
    bare = f"{parts.scheme}://{parts.netloc}{parts.path}"
    base = "&".join((method, enc(bare), enc(joined)))
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return f"{bare}?{joined}&oauth_signature={enc(base64.b64encode(digest).decode())}"


async def test_a_signed_call_is_accepted_and_a_forged_one_refused(http: httpx.AsyncClient) -> None:
    address = f"http://127.0.0.1:8100{WOO_ORDERS}?status[]=processing&per_page=3"

    signed = await http.get(oauth(address))
    # The shop's own Python client sends every parameter twice and signs it once.
    plain = oauth(f"http://127.0.0.1:8100{WOO_ORDERS}?status=processing&per_page=3")
    twice = await http.get(plain + "&status=processing&per_page=3")
    numbered = oauth(address.replace("status[]", "status[0]")).replace("status%5B0%5D", "status[]")
    as_array = await http.get(numbered)
    forged = await http.get(oauth(address, secret="guess"))
    moved = await http.get(oauth(address).replace("per_page=3", "per_page=4"))

    assert signed.status_code == 200
    assert {order["status"] for order in signed.json()} == {"processing"}
    assert (twice.status_code, as_array.status_code) == (200, 200)
    assert (forged.status_code, moved.status_code) == (401, 401)


async def test_paging_headers_count_and_link(desk: Desk) -> None:
    after, before = "2021-05-01T00:00:00", "2021-05-02T00:00:00"
    made = await desk.new_orders("woocommerce", count=7, placed_at="2021-05-01T06:00:00Z")
    query: dict[str, Any] = {"after": after, "before": before, "per_page": 3}
    query |= {"orderby": "id", "order": "asc"}

    first = await desk.woo(**query)
    last = await desk.woo(**query, page=3)
    found = await sweep(desk, **query)

    assert (first.headers["x-wp-total"], first.headers["x-wp-totalpages"]) == ("7", "3")
    assert 'rel="next"' in first.headers["link"]
    assert 'rel="prev"' not in first.headers["link"]
    assert 'rel="next"' not in last.headers["link"]
    assert 'rel="prev"' in last.headers["link"]
    assert [str(order["id"]) for order in found] == made


async def test_a_page_holds_ten_newest_first_unless_asked(desk: Desk) -> None:
    orders = (await desk.woo()).json()

    created = [order["date_created_gmt"] for order in orders]
    assert len(orders) == 10
    assert created == sorted(created, reverse=True)


async def test_every_order_is_found_once(desk: Desk) -> None:
    orders = await sweep(desk, per_page=100, orderby="modified", order="asc")

    stats = (await desk.http.get("/_sandbox/stats")).json()
    modified = [order["date_modified_gmt"] for order in orders]
    assert len({order["id"] for order in orders}) == len(orders)
    # No list shows what was put into the bin.
    kept = stats["orders"]["woocommerce"] | {"trash": 0}
    assert len(orders) == sum(kept.values())
    assert modified == sorted(modified)


async def test_naive_bounds_are_local_unless_said_to_be_gmt(desk: Desk) -> None:
    # 20:00 in GMT is 01:30 of the next day in India.
    [order_id] = await desk.new_orders("woocommerce", placed_at="2021-06-01T20:00:00Z")
    bounds = {"after": "2021-06-01T19:00:00", "before": "2021-06-01T21:00:00"}

    as_gmt = await desk.woo(**bounds, dates_are_gmt="true")
    as_local = await desk.woo(**bounds)
    with_offset = await desk.woo(after="2021-06-01T19:00:00Z", before="2021-06-02T02:30:00+05:30")

    [order] = as_gmt.json()
    assert str(order["id"]) == order_id
    assert order["date_created_gmt"] == "2021-06-01T20:00:00"
    assert order["date_created"] == "2021-06-02T01:30:00"
    assert as_local.json() == []
    assert len(with_offset.json()) == 1


async def test_bounds_exclude_their_own_second(desk: Desk) -> None:
    await desk.new_orders("woocommerce", placed_at="2021-07-01T20:00:00Z")
    query = {"dates_are_gmt": "true", "before": "2021-07-02T00:00:00"}

    same = await desk.woo(after="2021-07-01T20:00:00", **query)
    just_before = await desk.woo(after="2021-07-01T19:59:59", **query)

    assert (len(same.json()), len(just_before.json())) == (0, 1)


@pytest.mark.parametrize("spelling", ["status", "status[]", "status[0]"])
async def test_a_status_filter_has_three_spellings(desk: Desk, spelling: str) -> None:
    reply = await desk.http.get(WOO_ORDERS, params={spelling: "cancelled,failed"}, auth=KEYS)

    shown = {order["status"] for order in reply.json()}
    assert shown
    assert shown <= {"cancelled", "failed"}


async def test_orders_in_the_bin_are_shown_only_when_asked_for(desk: Desk) -> None:
    [order_id] = await desk.new_orders("woocommerce")
    await put(desk, order_id, {"status": "trash"})

    anywhere = await desk.woo(include=order_id)
    binned = await desk.woo(include=order_id, status="trash")

    assert (len(anywhere.json()), len(binned.json())) == (0, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("per_page", "0"),
        ("per_page", "101"),
        ("per_page", "ten"),
        ("page", "0"),
        ("page", "-1"),
        ("orderby", "price"),
        ("order", "up"),
        ("status", "shipped"),
        ("after", "yesterday"),
        ("modified_after", "2021-13-01T00:00:00"),
        ("before", "2021-05-01"),
        ("include", "abc"),
    ],
)
async def test_a_wrong_parameter_is_refused(desk: Desk, name: str, value: str) -> None:
    reply = await desk.woo(**{name: value})

    body = reply.json()
    assert reply.status_code == 400
    assert body["code"] == "rest_invalid_param"
    assert body["message"] == f"Invalid parameter(s): {name}"
    assert list(body["data"]["params"]) == [name]


async def test_one_order_is_whole_and_its_money_adds_up(desk: Desk) -> None:
    for order_id in await desk.new_orders("woocommerce", count=12, lines=3):
        order = (await desk.woo(f"/{order_id}")).json()

        lines = sum(
            Decimal(line["total"]) + Decimal(line["total_tax"]) for line in order["line_items"]
        )
        assert lines + Decimal(order["shipping_total"]) == Decimal(order["total"])
        assert len({line["id"] for line in order["line_items"]}) == 3
        assert order["number"] == order_id
        assert order["payment_method"] in ("cod", "razorpay")
        assert datetime.fromisoformat(order["date_created_gmt"]).tzinfo is None


async def test_an_unknown_order_is_not_found(desk: Desk) -> None:
    read = await desk.woo("/999999999")
    huge = await desk.woo(f"/{10**30}")
    write = await put(desk, "999999999", {"status": "completed"})
    path = await desk.http.get("/woocommerce/wp-json/wc/v3/nothing", auth=KEYS)

    assert (read.status_code, huge.status_code) == (404, 404)
    assert read.json()["code"] == "woocommerce_rest_shop_order_invalid_id"
    # A write to an unknown id is a bad request there, not a missing page.
    assert (write.status_code, write.json()["code"]) == (400, read.json()["code"])
    assert (path.status_code, path.json()["code"]) == (404, "rest_no_route")


async def test_an_update_sets_status_and_meta_data(desk: Desk) -> None:
    [order_id] = await desk.new_orders("woocommerce", cod=True)
    tracking = [{"tracking_provider": "Delhivery", "tracking_number": "DL1"}]

    reply = await put(
        desk,
        order_id,
        {
            "status": "completed",
            "meta_data": [{"key": "_wc_shipment_tracking_items", "value": tracking}],
        },
    )

    truth = await desk.truth("woocommerce", order_id)
    assert reply.status_code == 200
    assert reply.json() == (await desk.woo(f"/{order_id}")).json()
    assert (reply.json()["status"], truth["status"]) == ("completed", "completed")
    assert reply.json()["date_completed_gmt"]
    assert truth["tracking"] == ["DL1"]
    assert "updateOrder" in [call["operation"] for call in truth["calls"]]


async def test_meta_data_is_replaced_by_key_or_id_and_deleted_by_null(desk: Desk) -> None:
    [order_id] = await desk.new_orders("woocommerce")
    first = (await put(desk, order_id, {"meta_data": [{"key": "awb", "value": "1"}]})).json()
    meta_id = first["meta_data"][0]["id"]

    by_key = (await put(desk, order_id, {"meta_data": [{"key": "awb", "value": "2"}]})).json()
    by_id = await put(desk, order_id, {"meta_data": [{"id": meta_id, "key": "x", "value": "3"}]})
    gone = await put(desk, order_id, {"meta_data": [{"key": "x", "value": None}]})

    assert by_key["meta_data"] == [{"id": meta_id, "key": "awb", "value": "2"}]
    assert by_id.json()["meta_data"] == [{"id": meta_id, "key": "x", "value": "3"}]
    assert gone.json()["meta_data"] == []


async def test_any_status_follows_any_other(desk: Desk) -> None:
    [order_id] = await desk.new_orders("woocommerce")

    for status in ("completed", "pending", "refunded", "failed", "cancelled", "on-hold"):
        assert (await put(desk, order_id, {"status": status})).json()["status"] == status


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"status": "shipped"}, "rest_invalid_param"),
        ({"status": "wc-completed"}, "rest_invalid_param"),
        ({"status": None}, "rest_invalid_param"),
        ({"status": ["completed"]}, "rest_invalid_param"),
        ({"meta_data": "x"}, "rest_invalid_param"),
        ({"meta_data": [{"value": 1}]}, "rest_invalid_param"),
        ({"billing": "x"}, "rest_invalid_param"),
        ({"transaction_id": 5}, "rest_invalid_param"),
        (["completed"], "rest_invalid_json"),
    ],
)
async def test_a_wrong_update_is_refused_and_changes_nothing(
    desk: Desk, body: Any, code: str
) -> None:
    [order_id] = await desk.new_orders("woocommerce")
    before = await desk.truth("woocommerce", order_id)

    reply = await put(desk, order_id, body)

    after = await desk.truth("woocommerce", order_id)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert after["body"] == before["body"]
