"""The inbox over REST."""

import pytest
import zstandard
from fastapi.testclient import TestClient
from sqlmodel import Session

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.models import InboxEntry, InboxState
from tests.api.conftest import Bearer
from tests.factories import AccountFactory

URL = "/api/v1/inbox"


@pytest.fixture
def entry(session: Session) -> InboxEntry:
    made = InboxEntry(
        account_id=AccountFactory(channel=Channel.BLINKIT).id,
        kind="hook:store",
        topic="PO_CREATION",
        dedupe_key="1",
        external_id="77",
        state=InboxState.PROCESSED,
        body=zstandard.compress(b'{"name": "Asha"}'),
    )
    session.add(made)
    session.commit()
    return made


def test_the_list_a_detail_and_its_body(
    client: TestClient, bearer: Bearer, entry: InboxEntry
) -> None:
    support = bearer(Role.SUPPORT)

    listed = client.get(URL, params={"state": "processed", "order": "77"}, headers=support)
    detail = client.get(f"{URL}/{entry.id}", headers=support)
    body = client.post(f"{URL}/{entry.id}/body", headers=support)

    assert [one["id"] for one in listed.json()["entries"]] == [entry.id]
    assert "Asha" not in listed.text + detail.text
    assert "Asha" in body.json()["body"]


def test_chosen_entries_are_tried_again_each_for_itself(
    client: TestClient, bearer: Bearer, session: Session, entry: InboxEntry
) -> None:
    answer = client.post(
        f"{URL}/replay", json={"ids": [entry.id, entry.id + 1]}, headers=bearer(Role.SUPPORT)
    )

    assert answer.json()["done"] == [entry.id]
    assert set(answer.json()["refused"]) == {str(entry.id + 1)}
    session.refresh(entry)
    assert entry.state is InboxState.RECEIVED


def test_who_may_not_is_refused_and_nothing_changes(
    client: TestClient, bearer: Bearer, session: Session, entry: InboxEntry
) -> None:
    reader = bearer(Role.READ_ONLY)

    codes = [
        client.post(f"{URL}/replay", json={"ids": [entry.id]}, headers=reader).status_code,
        client.post(f"{URL}/{entry.id}/body", headers=reader).status_code,
        client.get(f"{URL}/refused", headers=bearer(Role.SUPPORT)).status_code,
        client.get(URL).status_code,
    ]

    session.refresh(entry)
    assert codes == [403, 403, 403, 401]
    assert entry.state is InboxState.PROCESSED


def test_filters_that_mean_nothing_are_said(client: TestClient, bearer: Bearer) -> None:
    answer = client.get(URL, params={"day": "someday"}, headers=bearer(Role.SUPPORT))

    assert (answer.status_code, set(answer.json()["details"])) == (422, {"day"})
