"""The exceptions desk over REST."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.models import ExceptionMark, InboxState, Order
from tests.api.conftest import Bearer
from tests.services.exceptions import trouble

DESK = "/api/v1/exceptions"


def test_the_list_has_rows_counts_and_pages(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    shop = trouble.account(name="Own shop")
    trouble.refused(session, shop)
    trouble.entry(session, shop)
    session.commit()
    headers = bearer(Role.READ_ONLY)

    first = client.get(DESK, params={"limit": 1}, headers=headers).json()
    second = client.get(
        DESK, params={"limit": 1, "cursor": first["next_cursor"]}, headers=headers
    ).json()
    poison = client.get(DESK, params={"cause": "poison"}, headers=headers).json()

    (row,) = first["exceptions"]
    assert row | {"key": "", "since": "", "order_id": 0, "account_id": 0, "title": ""} == {
        "key": "",
        "source": "change",
        "cause": "transition",
        "channel": "woocommerce",
        "account_id": 0,
        "account_name": "Own shop",
        "order_id": 0,
        "title": "",
        "summary": "WooCommerce did not take Shipped",
        "said": "No stock.",
        "since": "",
        "ways": ["retry", "channels", "resolve"],
        "assignee_id": None,
        "assignee": "",
        "snoozed_until": None,
        "closed_at": None,
        "healed_at": None,
        "note": "",
        "changed_by": "",
    }
    assert [one["cause"] for one in second["exceptions"]] == ["poison"]
    assert second["next_cursor"] is None
    assert {name: count for name, count in first["counts"].items() if count} == {
        "transition": 1,
        "poison": 1,
    }
    assert [one["cause"] for one in poison["exceptions"]] == ["poison"]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"cause": "weather"}, "cause"),
        ({"view": "all"}, "view"),
        ({"account": "x"}, "account"),
        ({"assignee": "asha"}, "assignee"),
        ({"limit": "201"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"channel": "ebay"}, "channel"),
    ],
)
def test_a_parameter_that_means_nothing_is_named(
    client: TestClient, bearer: Bearer, params: dict[str, str], field: str
) -> None:
    answer = client.get(DESK, params=params, headers=bearer(Role.SUPPORT))

    assert answer.status_code == 422
    assert list(answer.json()["details"]) == [field]


def test_one_in_full_carries_no_value_of_what_arrived(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    trouble.conflict(session, trouble.account())
    session.commit()
    headers = bearer(Role.SUPPORT)
    (row,) = client.get(DESK, headers=headers).json()["exceptions"]

    answer = client.get(f"{DESK}/{row['key']}", headers=headers)
    missing = client.get(f"{DESK}/inbox:9", headers=headers)

    found = answer.json()
    assert (found["ours"]["status"], found["theirs"]["status"]) == ("Shipped", "Confirmed")
    assert found["shape"].startswith("{")
    assert "Meera" not in answer.text
    assert missing.status_code == 404


def test_a_whole_cause_is_tried_again(client: TestClient, bearer: Bearer, session: Session) -> None:
    shop, other = trouble.account(), trouble.account()
    for where in (shop, shop, other):
        trouble.refused(session, where)
    trouble.entry(session, shop)
    session.commit()

    answer = client.post(
        f"{DESK}/retry",
        json={"cause": "transition", "account": shop.id},
        headers=bearer(Role.SUPPORT),
    ).json()

    session.expire_all()
    states = sorted(
        (order.account_id, order.sync_status.value) for order in session.exec(select(Order))
    )
    assert (len(answer["done"]), answer["refused"], answer["gone"]) == (2, {}, [])
    assert states == [
        (shop.id, SyncStatus.QUEUED.value),
        (shop.id, SyncStatus.QUEUED.value),
        (other.id, SyncStatus.REJECTED.value),
    ]


def test_each_deed_over_rest(client: TestClient, bearer: Bearer, session: Session) -> None:
    shop = trouble.account()
    trouble.conflict(session, shop)
    aside = trouble.entry(session, shop)
    session.commit()
    headers = bearer(Role.SUPPORT)
    rows = client.get(DESK, headers=headers).json()["exceptions"]
    keys = {row["cause"]: row["key"] for row in rows}
    conflict, poison = keys["conflict"], keys["poison"]
    me = client.get("/api/v1/auth/me", headers=headers).json()["id"]

    def post(deed: str, **body: Any) -> Any:
        return client.post(f"{DESK}/{deed}", json=body, headers=headers).json()

    assert post("assign", keys=[poison, conflict], person=me)["done"] == [poison, conflict]
    mine = client.get(DESK, params={"assignee": "me"}, headers=headers).json()["exceptions"]
    assert [row["assignee_id"] for row in mine] == [me, me]
    until = (now() + timedelta(hours=2)).isoformat()
    assert post("snooze", keys=[poison], until=until)["done"] == [poison]
    snoozed = client.get(DESK, params={"view": "snoozed"}, headers=headers).json()["exceptions"]
    assert [row["key"] for row in snoozed] == [poison]
    assert list(post("resolve", keys=[conflict], note="Seen.")["refused"]) == [conflict]
    assert post("resolve", keys=[poison], note="Called.")["done"] == [poison]
    assert post("decide", keys=[conflict], keep="channels")["done"] == [conflict]
    assert post("retry", keys=[conflict, "x"])["gone"] == [conflict, "x"]

    session.refresh(aside)
    assert aside.state is InboxState.PROCESSED
    assert client.get(DESK, headers=headers).json()["exceptions"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"keys": []},
        {"keys": ["inbox:1"], "cause": "poison"},
        {"keys": ["x" * 81]},
        {"keys": ["a\x00"]},
        {"keys": ["inbox:1"] * 501},
        {"cause": "weather"},
        {"keys": ["inbox:1"], "other": 1},
    ],
)
def test_a_target_that_is_none_is_refused(
    client: TestClient, bearer: Bearer, body: dict[str, Any]
) -> None:
    answer = client.post(f"{DESK}/retry", json=body, headers=bearer(Role.SUPPORT))

    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_input")


def test_a_reader_does_nothing(client: TestClient, bearer: Bearer, session: Session) -> None:
    trouble.entry(session, trouble.account())
    session.commit()
    headers = bearer(Role.READ_ONLY)
    (row,) = client.get(DESK, headers=headers).json()["exceptions"]

    codes = [
        client.post(f"{DESK}/{deed}", json={"keys": [row["key"]], **more}, headers=headers)
        for deed, more in (
            ("retry", {}),
            ("assign", {"person": 1}),
            ("snooze", {}),
            ("resolve", {"note": "x"}),
            ("decide", {"keep": "ours"}),
        )
    ]

    assert [answer.status_code for answer in codes] == [403] * 5
    assert session.exec(select(ExceptionMark)).all() == []
