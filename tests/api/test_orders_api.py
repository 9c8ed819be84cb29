"""Orders over REST."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.models import AuditEntry, Order, OrderEvent, StatusIntent
from crm_app.services.importing import save_orders
from tests.api.conftest import Bearer
from tests.factories import PLACED_AT, AccountFactory, OrderFactory, OrderLineFactory
from tests.services.fakes import line, told

URL = "/api/v1/orders"


@pytest.fixture
def order(session: Session) -> Order:
    made = OrderFactory(external_id="405-1", ship_by=PLACED_AT + timedelta(days=1))
    OrderLineFactory(order=made)
    session.commit()
    return made


def test_the_list_has_the_promised_shape(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    save_orders(session, AccountFactory(), [told(str(n)) for n in range(3)])
    session.commit()

    answer = client.get(URL, params={"limit": 2}, headers=bearer(Role.SUPPORT))

    body = answer.json()
    assert answer.status_code == 200
    assert sorted(body) == ["orders", "pagination"]
    assert len(body["orders"]) == 2
    assert body["orders"][0]["customer_name"] == "Meera Iyer"
    assert body["pagination"] == {
        "limit": 2,
        "next_cursor": body["pagination"]["next_cursor"],
        "total": 3,
        "total_is_exact": True,
    }
    last = client.get(
        URL,
        params={"limit": 2, "cursor": body["pagination"]["next_cursor"]},
        headers=bearer(Role.SUPPORT),
    ).json()
    assert [row["external_id"] for row in last["orders"]] == ["0"]
    assert last["pagination"]["next_cursor"] is None


def test_filters_reach_the_service(client: TestClient, bearer: Bearer, session: Session) -> None:
    wanted = OrderFactory(status=OrderStatus.PACKED, order_number="405-77")
    OrderFactory(status=OrderStatus.SHIPPED, order_number="405-78")
    OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE), order_number="405-79")
    session.commit()
    headers = bearer(Role.SUPPORT)

    def numbers(**params: str) -> list[str]:
        body = client.get(URL, params=params, headers=headers).json()
        return sorted(row["order_number"] for row in body["orders"])

    assert numbers(status="packed") == [wanted.order_number]
    assert numbers(channel="woocommerce") == ["405-79"]
    assert numbers(channel="amazon", status="packed,shipped") == ["405-77", "405-78"]
    assert numbers(q="405-78") == ["405-78"]
    assert numbers(date_from="2026-11-18", date_to="2026-11-18") == ["405-77", "405-78", "405-79"]
    assert numbers(date_from="2026-11-19") == []


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "teleported"}, "status"),
        ({"channel": "ebay"}, "channel"),
        ({"attention": "x"}, "attention"),
        ({"sort": "name"}, "sort"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "0000000205"}, "limit"),
        ({"limit": "1e3"}, "limit"),
        ({"limit": "9" * 400}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"date_from": "yesterday"}, "date_from"),
        ({"date_to": "2026-13-01"}, "date_to"),
        ({"date_to": "9999-12-31"}, "date_to"),
        ({"date_from": "2026-11-20", "date_to": "2026-11-19"}, "date_to"),
        ({"cursor": "damaged"}, "cursor"),
        ({"cursor": "W" * 400}, "cursor"),
        ({"q": "x" * 501}, "q"),
    ],
)
def test_a_parameter_that_means_nothing_is_named(
    client: TestClient, bearer: Bearer, params: dict[str, str], field: str
) -> None:
    answer = client.get(URL, params=params, headers=bearer(Role.SUPPORT))

    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid_input"
    assert list(answer.json()["details"]) == [field]


def test_one_order_has_everything_promised(
    client: TestClient, bearer: Bearer, order: Order
) -> None:
    answer = client.get(f"{URL}/{order.id}", headers=bearer(Role.SUPPORT))

    body = answer.json()
    assert answer.status_code == 200
    promised = (
        "id channel account_id external_id order_number status channel_status payment_status "
        "sync_status currency total_minor placed_at ship_by lines events"
    )
    assert set(promised.split()) <= set(body)
    assert (body["channel"], body["status"], body["total_minor"]) == (
        "amazon",
        "confirmed",
        149_900,
    )
    assert body["placed_at"] == "2026-11-18T06:30:00Z"
    assert [line["sku"] for line in body["lines"]] == ["PDE-18K-RG"]
    assert body["address"]["line1"] == "14 Hill Road"


def test_a_reader_sees_the_order_and_no_person(
    client: TestClient, bearer: Bearer, order: Order
) -> None:
    headers = bearer(Role.READ_ONLY)

    one = client.get(f"{URL}/{order.id}", headers=headers)
    several = client.get(URL, headers=headers)

    assert (one.status_code, several.status_code) == (200, 200)
    for text in (one.text, several.text):
        assert "Meera" not in text
        assert "400050" not in text
        assert "Hill Road" not in text
    assert one.json()["address"] is None
    assert one.json()["choices"] == []


@pytest.mark.parametrize("key", ["0", "-1", "999", str(2**63), str(-(2**70)), "9" * 300])
def test_an_order_that_is_not_there(client: TestClient, bearer: Bearer, key: str) -> None:
    headers = bearer(Role.SUPPORT)

    answers = (
        client.get(f"{URL}/{key}", headers=headers),
        client.put(f"{URL}/{key}/status", json={"status": "packed"}, headers=headers),
    )

    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_shipping_over_rest(
    client: TestClient, bearer: Bearer, session: Session, order: Order
) -> None:
    answer = client.put(
        f"{URL}/{order.id}/status",
        json={"status": "shipped", "carrier": "BlueDart", "tracking_number": "BD1", "version": 1},
        headers=bearer(Role.SUPPORT),
    )

    body = answer.json()
    assert answer.status_code == 200
    assert (body["status"], body["sync_status"], body["version"]) == ("shipped", "queued", 2)
    assert body["events"][0]["sentence"] == (
        "changed the status from Confirmed to Shipped, tracking BD1"
    )
    assert body["events"][0]["actor_label"] == "Asha Kulkarni"
    assert (body["intents"][0]["state"], body["intents"][0]["to_status"]) == ("queued", "shipped")
    session.expire_all()
    assert session.get_one(Order, order.id).status is OrderStatus.SHIPPED


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        ({"status": "delivered"}, 409, "invalid_transition"),
        ({"status": "cancelled"}, 409, "invalid_transition"),
        ({"status": "packed", "version": 9}, 409, "conflict"),
        ({"status": "shipped"}, 422, "invalid_input"),
        ({"status": "teleported"}, 422, "invalid_input"),
        ({}, 422, "invalid_input"),
        ({"status": "shipped", "carrier": "a\x00", "tracking_number": "b"}, 422, "invalid_input"),
        ({"status": "shipped", "carrier": "\x07", "tracking_number": "b"}, 422, "invalid_input"),
        ({"status": "shipped", "carrier": "x" * 501}, 422, "invalid_input"),
        ({"status": "packed", "version": 0}, 422, "invalid_input"),
        ({"status": "packed", "versoin": 1}, 422, "invalid_input"),
    ],
)
def test_a_change_that_is_refused_writes_nothing(
    client: TestClient,
    bearer: Bearer,
    session: Session,
    order: Order,
    body: dict[str, Any],
    code: int,
    error: str,
) -> None:
    answer = client.put(f"{URL}/{order.id}/status", json=body, headers=bearer(Role.SUPPORT))

    assert (answer.status_code, answer.json()["error"]) == (code, error)
    assert sorted(answer.json()) == ["details", "error", "message"]
    session.expire_all()
    kept = session.get_one(Order, order.id)
    assert (kept.status, kept.version) == (OrderStatus.CONFIRMED, 1)
    assert session.exec(select(StatusIntent)).all() == []
    assert session.exec(select(OrderEvent)).all() == []


def test_a_reader_changes_nothing(
    client: TestClient, bearer: Bearer, session: Session, order: Order
) -> None:
    headers = bearer(Role.READ_ONLY)
    before = len(session.exec(select(AuditEntry)).all())
    session.rollback()

    answer = client.put(f"{URL}/{order.id}/status", json={"status": "packed"}, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (403, "permission_denied")
    assert session.get_one(Order, order.id).status is OrderStatus.CONFIRMED
    # That it was refused is all that is written down.
    entries = session.exec(select(AuditEntry).order_by("id")).all()[before:]
    assert [(one.action, one.actor_label, one.after) for one in entries] == [
        ("request:refused", "Asha Kulkarni", {"error": "permission_denied"})
    ]


def test_a_package_takes_chosen_pieces(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    save_orders(session, AccountFactory(), [told(lines=(line("10", quantity=3),))])
    session.commit()
    order_id = session.exec(select(Order.id)).one()
    asked: dict[str, Any] = {"carrier": "DTDC", "tracking_number": "D-1"}

    def ship(**body: Any) -> Any:
        return client.post(
            f"{URL}/{order_id}/packages", json=asked | body, headers=bearer(Role.SUPPORT)
        )

    answer = ship(lines=[{"line": "10", "quantity": 2}], version=1)
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["status"], body["units_shipped"]) == ("confirmed", 2)
    assert [(one["lines"], one["state"]) for one in body["packages"]] == [({"10": 2}, "queued")]
    assert body["lines"][0]["quantity_shipped"] == 2

    assert ship(lines=[{"line": "10", "quantity": 9}], tracking_number="D-2").status_code == 422
    assert (
        ship(lines=[{"line": "10", "quantity": 1}], tracking_number="D-2", version=1).status_code
        == 409
    )
    assert ship(lines=[]).status_code == 422
    refused = client.post(
        f"{URL}/{order_id}/packages",
        json=asked | {"lines": [{"line": "10", "quantity": 1}]},
        headers=bearer(Role.READ_ONLY),
    )
    assert refused.status_code == 403
    session.expire_all()
    assert len(session.exec(select(StatusIntent)).all()) == 1

    assert (
        ship(lines=[{"line": "10", "quantity": 1}], tracking_number="D-2").json()["status"]
        == "shipped"
    )


def test_a_change_keeps_its_note_and_is_withdrawn_before_it_is_sent(
    client: TestClient, bearer: Bearer, order: Order, session: Session
) -> None:
    headers = bearer(Role.SUPPORT)
    body = {
        "status": "shipped",
        "carrier": "BlueDart",
        "tracking_number": "BD-1",
        "why": "Courier came early",
        "version": 1,
    }
    changed = client.put(f"{URL}/{order.id}/status", json=body, headers=headers).json()
    [intent] = changed["intents"]
    path = f"{URL}/{order.id}/intents/{intent['id']}/withdraw"
    stranger = client.post(path, headers=bearer(Role.READ_ONLY))
    elsewhere = client.post(path.replace(f"/{order.id}/", f"/{order.id + 1}/"), headers=headers)

    withdrawn = client.post(path, headers=headers)
    again = client.post(path, headers=headers)

    assert (intent["why"], intent["seen_version"]) == ("Courier came early", 1)
    assert (intent["operation"], intent["can_be_withdrawn"]) == ("confirmShipment", True)
    assert (stranger.status_code, elsewhere.status_code) == (403, 404)
    assert withdrawn.json()["status"] == "confirmed"
    assert (again.status_code, again.json()["error"]) == (409, "conflict")
    session.expire_all()
    assert [one.state.value for one in session.exec(select(StatusIntent))] == ["undone"]
    assert client.get(f"{URL}/{order.id}", headers=headers).json()["tracking_number"] == ""
