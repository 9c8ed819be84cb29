"""Saved views over REST."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from tests.api.conftest import Bearer
from tests.factories import AccountFactory, OrderFactory

URL = "/api/v1/views"
ORDERS = "/api/v1/orders"


def test_a_view_is_saved_used_changed_and_deleted(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    shop = AccountFactory()
    for city, status in (("Pune", "packed"), ("Pune", "shipped"), ("Mumbai", "packed")):
        OrderFactory(
            account=shop, city=city, status=OrderStatus(status), order_number=f"{city} {status}"
        )
    session.commit()
    headers = bearer(Role.SUPPORT)
    body = {"name": "Pune", "colour": "ok", "filter": {"city": "pune", "date_from": "2026-11-01"}}

    made = client.post(URL, json=body, headers=headers)

    assert made.status_code == 201
    key, version = made.json()["key"], made.json()["version"]
    assert made.json()["params"] == {"city": "pune", "from": "2026-11-01"}
    assert made.json()["is_pinned"] is True

    def numbers(**params: str) -> list[str]:
        found = client.get(ORDERS, params={"view": key, **params}, headers=headers)
        return sorted(row["order_number"] for row in found.json()["orders"])

    assert numbers() == ["Pune packed", "Pune shipped"]
    assert numbers(status="packed") == ["Pune packed"]
    assert numbers(city="*", status="packed") == ["Mumbai packed", "Pune packed"]

    changed = client.put(
        f"{URL}/{key}",
        json={"name": "S", "filter": {"status": "shipped", "cod": "no"}, "version": version},
        headers=headers,
    )
    assert (changed.status_code, changed.json()["version"]) == (200, version + 1)
    assert numbers() == ["Pune shipped"]
    stale = client.put(f"{URL}/{key}", json={"name": "X", "version": version}, headers=headers)
    assert (stale.status_code, stale.json()["error"]) == (409, "view_changed")
    assert stale.json()["details"]["version"] == version + 1

    counts = client.get(f"{URL}/counts", headers=headers).json()["counts"]
    assert {"key": key, "count": 1, "is_exact": True} in counts
    chosen = client.put(f"{URL}/{key}/choice", json={"is_default": True}, headers=headers).json()
    assert (chosen["is_default"], chosen["is_pinned"]) == (True, True)
    assert client.delete(f"{URL}/{key}", headers=headers).status_code == 204
    assert client.get(f"{URL}/{key}", headers=headers).status_code == 404
    assert client.get(ORDERS, params={"view": key}, headers=headers).status_code == 404


def test_sharing_needs_its_permission(client: TestClient, bearer: Bearer) -> None:
    body = {"name": "Team", "is_shared": True}

    assert client.post(URL, json=body, headers=bearer(Role.SUPPORT)).status_code == 403
    assert client.post(URL, json=body, headers=bearer(Role.ADMIN)).status_code == 201
    found = client.get(URL, headers=bearer(Role.READ_ONLY)).json()["views"]
    assert [one["name"] for one in found if not one["is_standing"]] == ["Team"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "A", "colour": "plaid"}, "colour"),
        ({"name": "A", "filter": {"status": "teleported"}}, "status"),
        ({"name": "A", "filter": {"date_from": "someday"}}, "date_from"),
        ({"name": "A", "filter": {"amount": "lots"}}, "amount"),
    ],
)
def test_a_view_that_means_nothing_is_refused_by_name(
    client: TestClient, bearer: Bearer, body: dict[str, object], field: str
) -> None:
    answer = client.post(URL, json=body, headers=bearer(Role.SUPPORT))

    assert answer.status_code == 422
    assert list(answer.json()["details"]) == [field]


def test_filters_of_the_address_bar_are_parameters(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    shop = AccountFactory()
    OrderFactory(account=shop, order_number="a", on_hold=True, pincode="411001")
    OrderFactory(account=shop, order_number="b", is_cod=True, total_minor=99_900)
    OrderFactory(account=shop, order_number="c", return_requested=True, city="Delhi")
    session.commit()
    headers = bearer(Role.SUPPORT)

    def numbers(**params: str) -> list[str]:
        found = client.get(ORDERS, params=params, headers=headers).json()["orders"]
        return sorted(row["order_number"] for row in found)

    assert numbers(hold="yes") == ["a"]
    assert numbers(cod="yes") == numbers(amount="999") == ["b"]
    assert numbers(city="-Mumbai") == numbers(**{"return": "yes"}) == ["c"]
    assert numbers(pincode="41") == ["a"]
    assert numbers(account=str(shop.id), hold="no") == ["b", "c"]
    assert numbers(account=f"-{shop.id}") == []
    refused = client.get(ORDERS, params={"pincode": "41"}, headers=bearer(Role.READ_ONLY))
    assert refused.status_code == 403


def test_a_bulk_change_of_a_view_takes_only_its_orders(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    shop = AccountFactory()
    OrderFactory(account=shop, on_hold=True)
    OrderFactory(account=shop)
    session.commit()
    body = {"key": "k1", "filter": {"view": "hold"}, "action": "export"}

    answer = client.post("/api/v1/bulk", json=body, headers=bearer(Role.SUPPORT))

    assert (answer.status_code, answer.json()["total"]) == (200, 1)
