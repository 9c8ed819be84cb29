"""Words of channels over REST."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from crm_app.channels.rereading import REREADERS
from crm_app.channels.woocommerce import mapping
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.models import ChannelAccount, Order, Replay, StatusWord
from crm_app.services import replaying
from crm_app.services.importing import save_orders
from tests.api.conftest import Bearer
from tests.channels.orders import woo_order
from tests.factories import AccountFactory

URL = "/api/v1/status-words"
WORD = {"channel": "woocommerce", "vocabulary": "order", "word": "wc-packed"}
PACKED = WORD | {"status": "packed"}


@pytest.fixture
def shop(session: Session) -> ChannelAccount:
    account: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    save_orders(session, account, [mapping.to_order(woo_order(id=1, status="wc-packed"), 48)])
    session.commit()
    return account


def listed(client: TestClient, headers: dict[str, str]) -> dict[str, Any]:
    return client.get(URL, headers=headers).json()


def test_a_word_is_reported_decided_and_taken_back(
    client: TestClient, bearer: Bearer, shop: ChannelAccount
) -> None:
    admin = bearer(Role.ADMIN)
    (reported,) = listed(client, admin)["unmapped"]

    made = client.put(URL, json=PACKED, headers=admin)
    after = listed(client, admin)
    gone = client.delete(f"{URL}/{made.json()['id']}", headers=admin)

    assert (reported["word"], reported["orders"]) == ("wc-packed", 1)
    assert reported["account_id"] == shop.id
    assert (made.status_code, gone.status_code) == (200, 204)
    assert after["unmapped"] == []
    assert [(row["word"], row["status"]) for row in after["decided"]] == [("wc-packed", "packed")]
    assert listed(client, admin)["decided"] == []
    assert client.delete(f"{URL}/{made.json()['id']}", headers=admin).status_code == 404


def test_orders_are_read_again_first_without_a_change(
    client: TestClient, bearer: Bearer, shop: ChannelAccount, session: Session
) -> None:
    admin = bearer(Role.ADMIN)
    client.put(URL, json=PACKED, headers=admin)

    dry = client.post(f"{URL}/replay", json=WORD, headers=admin)
    again = client.post(f"{URL}/replay", json=WORD, headers=admin)
    replaying.run(dry.json()["id"], REREADERS, budget_s=5)
    seen = client.get(f"{URL}/replay/{dry.json()['id']}", headers=admin).json()
    before = session.exec(select(Order.status)).one()
    wet = client.post(f"{URL}/replay", json=WORD | {"dry_run": False}, headers=admin)
    replaying.run(wet.json()["id"], REREADERS, budget_s=5)

    assert (dry.status_code, again.status_code, wet.status_code) == (202, 409, 202)
    assert (seen["state"], seen["found"]["moves"]) == ("checked", {"pending>packed": 1})
    assert before is OrderStatus.PENDING
    session.rollback()
    assert session.exec(select(Order.status)).one() is OrderStatus.PACKED
    assert session.exec(select(Replay.done).order_by(col(Replay.id))).all()[-1]["seen"] == 1


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READ_ONLY])
def test_only_admins_may(client: TestClient, bearer: Bearer, role: Role, session: Session) -> None:
    headers = bearer(role)

    answers = [
        client.get(URL, headers=headers),
        client.put(URL, json=PACKED, headers=headers),
        client.delete(f"{URL}/1", headers=headers),
        client.post(f"{URL}/replay", json=WORD, headers=headers),
        client.get(f"{URL}/replay/1", headers=headers),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert session.exec(select(StatusWord)).all() == []


@pytest.mark.parametrize(
    "body",
    [
        PACKED | {"status": "teleported"},
        PACKED | {"vocabulary": "rider"},
        PACKED | {"word": ""},
        PACKED | {"account_id": 0},
        PACKED | {"colour": "red"},
        WORD | {"word": "completed", "status": "pending"},
    ],
)
def test_what_makes_no_sense_is_refused(
    client: TestClient, bearer: Bearer, body: dict[str, Any], session: Session
) -> None:
    answer = client.put(URL, json=body, headers=bearer(Role.ADMIN))

    assert answer.status_code == 422
    assert session.exec(select(StatusWord)).all() == []


def test_orders_are_listed_by_the_word_they_carry(
    client: TestClient, bearer: Bearer, shop: ChannelAccount
) -> None:
    reader = bearer(Role.SUPPORT)

    found = client.get(f"/api/v1/orders?word={shop.id}:order:wc-packed", headers=reader).json()
    none = client.get(f"/api/v1/orders?word={shop.id}:order:wc-lost", headers=reader).json()
    wrong = client.get("/api/v1/orders?word=packed", headers=reader)
    detail = client.get(f"/api/v1/orders/{found['orders'][0]['id']}", headers=reader).json()

    assert (found["pagination"]["total"], none["pagination"]["total"]) == (1, 0)
    assert found["orders"][0]["status_on_channel"] is None
    assert (wrong.status_code, set(wrong.json()["details"])) == (422, {"word"})
    assert detail["unknown_words"] == ["wc-packed"]
