"""The ledger over REST."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from crm_app.domain.intent import IntentState
from crm_app.domain.permissions import Role
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
