"""Exports and papers over REST: asked for, followed, taken; and who may not."""

import csv
import io

from sqlmodel import Session, select

from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.models import Invoice
from crm_app.services.downloads import working
from tests.api.conftest import Bearer, TestClient
from tests.factories import OrderFactory, OrderLineFactory


def test_an_export_from_question_to_file(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    headers = bearer(Role.SUPPORT)
    order = OrderFactory()
    OrderFactory(status=OrderStatus.SHIPPED)
    session.commit()
    asked = {
        "key": "k",
        "filter": {"status": "confirmed", "date_from": "2026-11-01"},
        "columns": ["number", "status"],
    }

    made = client.post("/api/v1/exports", json=asked, headers=headers)
    early = client.get(f"/api/v1/exports/{made.json()['id']}/file", headers=headers)
    working.work(made.json()["id"], budget_s=10)
    done = client.get(f"/api/v1/exports/{made.json()['id']}", headers=headers).json()
    file = client.get(f"/api/v1/exports/{made.json()['id']}/file", headers=headers)

    assert (made.status_code, made.json()["total"], made.json()["state"]) == (202, 1, "queued")
    assert early.status_code == 409
    assert (done["state"], done["done"], done["size"]) == ("done", 1, len(file.content))
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"].startswith('attachment; filename="orders-')
    assert list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")))) == [
        ["Order number", "Status"],
        [order.order_number, "Confirmed"],
    ]


def test_named_orders_and_all_but_some(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    headers = bearer(Role.SUPPORT)
    cheap, dear, other = (OrderFactory(total_minor=minor) for minor in (100, 900, 500))
    session.commit()

    def made(**body: object) -> list[list[str]]:
        asked = {"key": str(abs(hash(str(body)))), "columns": ["number"], **body}
        answer = client.post("/api/v1/exports", json=asked, headers=headers)
        assert answer.status_code == 202, answer.text
        working.work(answer.json()["id"], budget_s=10)
        file = client.get(f"/api/v1/exports/{answer.json()['id']}/file", headers=headers)
        return list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))[1:]

    named = made(orders=[cheap.id, dear.id, 10**9], filter={"sort": "-total", "status": "packed"})
    rest = made(without=[dear.id, cheap.id])
    too_many = client.post(
        "/api/v1/exports", json={"key": "many", "orders": [*range(1, 5_002)]}, headers=headers
    )

    assert named == [[dear.order_number], [cheap.order_number]]
    assert rest == [[other.order_number]]
    assert too_many.status_code == 422


def test_a_file_is_listed_cancelled_and_deleted(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    headers, others = bearer(Role.SUPPORT), bearer(Role.ADMIN)
    OrderFactory()
    session.commit()
    file_id = client.post("/api/v1/exports", json={"key": "k"}, headers=headers).json()["id"]
    address = f"/api/v1/exports/{file_id}"

    strange = [
        client.get(address, headers=others).status_code,
        client.post(f"{address}/cancel", headers=others).status_code,
        client.delete(address, headers=others).status_code,
    ]
    cancelled = client.post(f"{address}/cancel", headers=headers).json()
    listed = client.get("/api/v1/exports", headers=headers).json()["downloads"]
    deleted = client.delete(address, headers=headers)

    assert strange == [404, 404, 404]
    assert cancelled["state"] == "cancelled"
    assert [one["id"] for one in listed] == [file_id]
    assert (deleted.status_code, client.get(address, headers=headers).status_code) == (204, 404)


def test_columns_and_questions_that_make_no_sense(client: TestClient, bearer: Bearer) -> None:
    headers = bearer(Role.SUPPORT)

    columns = client.get("/api/v1/exports/columns", headers=headers).json()["columns"]
    codes = [
        client.post("/api/v1/exports", json=body, headers=headers).status_code
        for body in (
            {"key": "k"},  # there is no order
            {"key": "k", "columns": ["paint"]},
            {"key": "k", "format": "pdf"},
            {"key": "k", "filter": {"status": "flying"}},
            {"key": ""},
        )
    ]
    refused = client.post("/api/v1/exports", json={"key": "k"}, headers=bearer(Role.READ_ONLY))

    assert {"key": "phone", "heading": "Phone", "is_personal": True, "by_default": False} in columns
    assert codes == [422] * 5
    assert refused.status_code == 403


def test_opening_an_address_gives_no_invoice_number(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    headers = bearer(Role.SUPPORT)
    order = OrderFactory()
    OrderLineFactory(order=order)
    session.commit()
    papers = f"/api/v1/orders/{order.id}/papers"

    opened = client.get(f"{papers}/invoice.pdf", headers=headers)
    before = session.exec(select(Invoice)).all()
    issued = client.post(f"{papers}/invoice.pdf", headers=headers)
    again = client.get(f"{papers}/invoice.pdf", headers=headers)
    slip = client.get(f"{papers}/packing_slip.pdf", headers=headers)

    assert (opened.status_code, list(before)) == (409, [])
    assert {answer.status_code for answer in (issued, again, slip)} == {200}
    assert slip.headers["content-type"] == "application/pdf"
    assert len(session.exec(select(Invoice)).all()) == 1
    assert client.get(f"{papers}/poster.pdf", headers=headers).status_code == 422
    assert client.get(f"{papers}/pick_list.pdf", headers=bearer(Role.READ_ONLY)).status_code == 403
