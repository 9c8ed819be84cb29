"""Bulk changes over REST."""

from typing import Any

from sqlmodel import Session, func, select

from crm_app.domain.channel import Channel
from crm_app.domain.download import FileFormat
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.models import BulkRun, Download, Order
from crm_app.services import bulk_work
from tests.api.conftest import Bearer, TestClient
from tests.factories import AccountFactory, OrderFactory
from tests.services import bulk_runs as tool


def make(session: Session, channel: Channel, count: int) -> list[Order]:
    account = AccountFactory(channel=channel)
    made: list[Order] = [OrderFactory(account=account) for _ in range(count)]  # pyright: ignore[reportAssignmentType]
    session.commit()
    return made


def test_a_run_from_preview_to_undo(client: TestClient, bearer: Bearer, session: Session) -> None:
    headers = bearer(Role.SUPPORT)
    orders = make(session, Channel.WOOCOMMERCE, 2)
    asked = {
        "key": "k-1",
        "order_ids": [order.id for order in orders],
        "action": "status",
        "settings": {"status": "shipped"},
    }

    drafted = client.post("/api/v1/bulk", json=asked, headers=headers).json()
    again = client.post("/api/v1/bulk", json={**asked, "start": True}, headers=headers).json()
    run_id = drafted["id"]
    bulk_work.work(run_id, budget_s=10)
    done = client.get(f"/api/v1/bulk/{run_id}", headers=headers).json()
    rows = client.get(f"/api/v1/bulk/{run_id}/rows?limit=1", headers=headers).json()["rows"]
    sheet = client.get(f"/api/v1/bulk/{run_id}/results.csv", headers=headers)
    undo = client.post(f"/api/v1/bulk/{run_id}/undo", headers=headers).json()
    started = client.post(f"/api/v1/bulk/{undo['id']}/start", headers=headers).json()

    assert (drafted["state"], drafted["preview"]["changes"]) == ("draft", 2)
    # WooCommerce is asked for five calls of a kind a second.
    assert drafted["preview"]["tellings"][0]["seconds"] == 0.4
    assert (again["id"], again["state"]) == (run_id, "queued")
    assert (done["state"], done["changed"]) == ("telling", 2)
    # What waits there already is counted too: the two themselves.
    assert [one["left_s"] for one in done["accounts"]] == [0.4]
    assert done["accounts"][0]["outcomes"] == {"changed": 2}
    assert done["accounts"][0]["travel"] == {"queued": 2}
    assert [(row["to_status"], row["position"]) for row in rows] == [("shipped", 1)]
    assert sheet.headers["content-disposition"].endswith(f'"bulk-{run_id}-results.csv"')
    assert len(sheet.text.splitlines()) == 3
    assert (undo["undo_of"], undo["preview"]["groups"][0]["count"]) == (run_id, 2)
    assert started["state"] == "queued"


def test_pause_resume_stop(client: TestClient, bearer: Bearer, session: Session) -> None:
    headers = bearer(Role.SUPPORT)
    orders = make(session, Channel.WOOCOMMERCE, 1)
    body = {"key": "k", "order_ids": [orders[0].id], "action": "export", "start": True}
    run_id = client.post("/api/v1/bulk", json=body, headers=headers).json()["id"]

    states = [
        client.post(f"/api/v1/bulk/{run_id}/{verb}", headers=headers).json()["state"]
        for verb in ("pause", "resume", "stop")
    ]
    refused = client.post(f"/api/v1/bulk/{run_id}/resume", headers=headers)

    assert states == ["paused", "queued", "stopped"]
    assert (refused.status_code, refused.json()["error"]) == (409, "conflict")
    assert client.get(f"/api/v1/bulk/{run_id}/file", headers=headers).status_code == 404


def test_an_export_of_a_bulk_change_names_format_and_columns(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    headers = bearer(Role.SUPPORT)
    orders = make(session, Channel.WOOCOMMERCE, 2)
    body: dict[str, Any] = {"order_ids": [order.id for order in orders], "action": "export"}

    def ask(key: str, **settings: str) -> int:
        asked = {**body, "key": key, "settings": settings, "start": True}
        return client.post("/api/v1/bulk", json=asked, headers=headers).status_code

    unknown = ask("a", columns="number,shoe_size")
    paper = ask("b", format="pdf")
    good = ask("c", columns="status,number", format="json")
    bulk_work.work(session.exec(select(func.max(BulkRun.id))).one(), budget_s=10)

    assert (unknown, paper, good) == (422, 422, 200)
    (download,) = session.exec(select(Download)).all()
    assert (download.format, download.title) == (FileFormat.JSON, "2 chosen orders")
    assert download.settings["columns"] == ["status", "number"]


def test_tracking_numbers_come_with_the_request(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    headers = bearer(Role.ADMIN)
    (order,) = make(session, Channel.AMAZON, 1)
    parcel = {"order_number": order.order_number, "carrier": "BlueDart", "tracking_number": "B1"}
    body = {
        "key": "k",
        "filter": {"status": "confirmed"},
        "action": "status",
        "settings": {"status": "shipped"},
        "parcels": [{**parcel, "order_number": "unknown"}],
        "start": True,
    }

    wrong = client.post("/api/v1/bulk", json=body, headers=headers)
    right = client.post("/api/v1/bulk", json={**body, "parcels": [parcel]}, headers=headers)
    tool.work(right.json()["id"])

    assert (wrong.status_code, sorted(wrong.json()["details"])) == (422, ["parcels"])
    assert tool.order(order.id).status is OrderStatus.SHIPPED
    assert tool.order(order.id).tracking_number == "B1"


def test_what_makes_no_sense_is_said(client: TestClient, bearer: Bearer, session: Session) -> None:
    headers = bearer(Role.ADMIN)
    (order,) = make(session, Channel.AMAZON, 1)
    good = {
        "key": "k",
        "order_ids": [order.id],
        "action": "status",
        "settings": {"status": "packed"},
    }
    cases = [
        ({**good, "order_ids": []}, 422),
        ({**good, "filter": {}}, 422),
        ({**good, "action": "paint"}, 422),
        ({**good, "action": "undo"}, 409),
        ({**good, "settings": {"status": "flying"}}, 422),
        ({**good, "key": ""}, 422),
        ({**good, "settings": {"status": "delivered"}, "start": True}, 409),
    ]

    codes = [
        client.post("/api/v1/bulk", json=body, headers=headers).status_code for body, _ in cases
    ]

    assert codes == [code for _, code in cases]
    assert client.get("/api/v1/bulk", headers=headers).json() == {"runs": []}
