"""The ledger over REST."""

import io

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from crm_app.domain.intent import IntentState
from crm_app.domain.permissions import Role
from crm_app.models import IntentAttempt
from crm_app.services import ledger_export
from tests.api.conftest import Bearer
from tests.factories import OrderFactory
from tests.services.test_ledger import TODAY, write

PROOF, CHANGES = "/api/v1/sync/proof", "/api/v1/sync/changes"


def test_the_proof_counts_every_state_and_balances(
    client: TestClient, session: Session, bearer: Bearer
) -> None:
    order = OrderFactory()
    write(session, order, IntentState.CONFIRMED)
    write(session, order, IntentState.QUEUED, days_ago=1)
    session.commit()
    headers = bearer(Role.READ_ONLY)

    whole = client.get(PROOF, headers=headers).json()
    today = client.get(PROOF, headers=headers, params={"date_from": TODAY.isoformat()}).json()

    assert (whole["written"], whole["is_balanced"]) == (2, True)
    assert sum(whole["states"].values()) == 2
    assert set(whole["states"]) == {state.value for state in IntentState}
    assert (today["written"], today["states"]["confirmed"]) == (1, 1)


def test_changes_come_page_by_page(client: TestClient, session: Session, bearer: Bearer) -> None:
    order = OrderFactory()
    written = [write(session, order, IntentState.SENT).id for _ in range(5)]
    session.commit()
    headers = bearer(Role.SUPPORT)

    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(CHANGES, headers=headers, params={"limit": "2", "cursor": cursor}).json()
        found += [change["id"] for change in page["changes"]]
        cursor = page["next_cursor"]

    assert found == written[::-1]


def test_changes_are_found_by_order_and_by_person(
    client: TestClient, session: Session, bearer: Bearer
) -> None:
    one, other = OrderFactory(order_number="PAL-77"), OrderFactory(order_number="PAL-99")
    mine = write(session, one, IntentState.SENT)
    theirs = write(session, other, IntentState.QUEUED)
    theirs.actor_label = "Ravi Kumar"
    session.commit()
    headers = bearer(Role.READ_ONLY)

    def found(**params: str) -> list[int]:
        answer = client.get(CHANGES, headers=headers, params=params).json()
        return [change["id"] for change in answer["changes"]]

    assert found(q="PAL-7") == [mine.id]
    assert found(q="kumar") == [theirs.id]
    assert found(q="kumar", state="sent") == []
    assert found(q="PAL") == [theirs.id, mine.id]
    assert found(q="PA_-7") == []


def test_one_change_comes_with_its_calls(
    client: TestClient, session: Session, bearer: Bearer
) -> None:
    intent = write(session, OrderFactory(), IntentState.CONFIRMED)
    session.add(
        IntentAttempt(
            intent_id=intent.id,
            operation="getOrder",
            is_read=True,
            outcome="read",
            http_status=200,
            request_id="r-1",
            asked={"order": "1"},
            answer="It says 'completed'.",
            duration_ms=12,
        )
    )
    session.commit()

    answer = client.get(f"{CHANGES}/{intent.id}", headers=bearer(Role.READ_ONLY)).json()
    missing = client.get(f"{CHANGES}/{intent.id + 999}", headers=bearer(Role.READ_ONLY))

    [call] = answer["intent"]["receipts"]
    assert (call["operation"], call["is_read"], call["http_status"]) == ("getOrder", True, 200)
    assert (call["request_id"], call["duration_ms"]) == ("r-1", 12)
    assert missing.status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_ledger_is_exported_whole(
    client: TestClient,
    session: Session,
    bearer: Bearer,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger_export, "_CHUNK", 2)
    order = OrderFactory(order_number="=1+1")
    for _ in range(5):
        write(session, order, IntentState.SENT)
    write(session, order, IntentState.CONFIRMED)
    session.commit()

    address = f"/api/v1/sync/ledger.{kind}"
    answer = client.get(address, headers=bearer(Role.SUPPORT), params={"state": "sent"})
    refused = client.get(address, headers=bearer(Role.READ_ONLY))

    assert refused.status_code == 403
    assert answer.headers["content-disposition"].endswith(f'.{kind}"')
    if kind == "csv":
        lines = answer.content.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("Change,Order number,Channel")
        assert len(lines) == 6
        assert all("'=1+1" in line for line in lines[1:])
    else:
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        assert book.active is not None
        assert book.active.max_row == 6


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"date_from": "now"}, "date_from"),
        ({"state": "lost"}, "state"),
        ({"cursor": "1"}, "cursor"),
    ],
)
def test_what_means_nothing_is_said(
    client: TestClient, bearer: Bearer, params: dict[str, str], field: str
) -> None:
    answer = client.get(CHANGES, headers=bearer(Role.SUPPORT), params=params)

    assert answer.status_code == 422
    assert field in answer.json()["details"]


def test_a_stranger_learns_nothing(client: TestClient) -> None:
    assert client.get(PROOF).status_code == 401
