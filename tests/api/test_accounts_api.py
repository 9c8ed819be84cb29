"""Channel accounts over REST: for admins, without any secret."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app import vault
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.models import AccountStatus, ChannelAccount, Sweep
from tests.api.conftest import Bearer
from tests.factories import AccountFactory

URL = "/api/v1/accounts"
HUSH = "hush-hush-hush"


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    made: ChannelAccount = AccountFactory(
        channel=Channel.AMAZON,
        name="Amazon",
        watermark=now() - timedelta(seconds=30),
        credentials=vault.seal({"client_secret": HUSH, "webhook_secret": HUSH}),
    )
    session.commit()
    return made


def test_the_list_tells_how_each_stands_and_no_secret(
    client: TestClient, bearer: Bearer, account: ChannelAccount
) -> None:
    answer = client.get(URL, headers=bearer(Role.ADMIN))

    (found,) = answer.json()["accounts"]
    assert answer.status_code == 200
    assert (found["id"], found["name"], found["status"]) == (account.id, "Amazon", "connected")
    assert 29 < found["lag_s"] < 60
    assert found["kept"] == ["client_secret", "webhook_secret"]
    assert found["hooks"]["address"].endswith(f"/webhooks/amazon/{account.id}")
    assert HUSH not in answer.text


def test_one_account_also_tells_what_is_left_of_its_limits(
    client: TestClient, bearer: Bearer, account: ChannelAccount
) -> None:
    answer = client.get(f"{URL}/{account.id}", headers=bearer(Role.ADMIN))

    budgets = {one["operation"]: one for one in answer.json()["budgets"]}
    assert (budgets["searchOrders"]["tokens"], budgets["searchOrders"]["burst"]) == (20, 20)
    assert HUSH not in answer.text


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/forms", None),
        ("GET", "/1", None),
        ("POST", "", {"channel": "amazon", "name": "n", "base_url": "https://x.test"}),
        ("POST", "/1/pause", None),
        ("PUT", "/1/connection", {"base_url": "https://x.test"}),
        ("PATCH", "/1/options", {"values": {}}),
        ("POST", "/1/resume", None),
        ("POST", "/1/pull", None),
        ("POST", "/1/sweep", {}),
        ("POST", "/1/replay", {"since": "2026-11-01T00:00:00Z"}),
    ],
)
def test_support_may_none_of_it(
    client: TestClient, bearer: Bearer, verb: str, path: str, body: Any
) -> None:
    answer = client.request(verb, URL + path, json=body, headers=bearer(Role.SUPPORT))

    assert answer.status_code == 403


def test_pausing_and_resuming(client: TestClient, bearer: Bearer, account: ChannelAccount) -> None:
    headers, one = bearer(Role.ADMIN), f"{URL}/{account.id}"

    codes = [
        client.post(f"{one}/{act}", headers=headers).status_code
        for act in ("pause", "pause", "pull", "resume", "resume")
    ]
    state = client.get(one, headers=headers).json()["status"]

    assert codes == [200, 409, 409, 200, 409]
    assert state == AccountStatus.CONNECTED


def test_a_pull_a_replay_and_a_sweep_are_accepted(
    client: TestClient, bearer: Bearer, account: ChannelAccount, session: Session
) -> None:
    headers, one = bearer(Role.ADMIN), f"{URL}/{account.id}"
    since = (now() - timedelta(hours=2)).isoformat()

    answers = [
        client.post(f"{one}/pull", headers=headers),
        client.post(f"{one}/replay", headers=headers, json={"since": since}),
        client.post(f"{one}/sweep", headers=headers, json={"days": 7}),
        client.post(f"{one}/sweep", headers=headers, json={}),
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 409]
    session.refresh(account)
    assert account.cursor == since
    assert session.exec(select(Sweep.account_id)).all() == [account.id]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("sweep", {"days": 0}, "days"),
        ("replay", {"since": "2026-11-01T00:00:00"}, "since"),
        ("replay", {"since": "yesterday"}, "since"),
        ("orders", {"external_id": "a b"}, "external_id"),
    ],
)
def test_what_cannot_be_used_is_named(
    client: TestClient,
    bearer: Bearer,
    account: ChannelAccount,
    path: str,
    body: dict[str, Any],
    field: str,
) -> None:
    answer = client.post(f"{URL}/{account.id}/{path}", json=body, headers=bearer(Role.ADMIN))

    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])


def test_an_account_whose_channel_does_not_answer_is_not_connected(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    body = {
        "channel": "woocommerce",
        "name": "Shop",
        "base_url": "http://127.0.0.1:9",
        "values": {"consumer_key": "ck_1", "consumer_secret": HUSH},
    }

    refused = client.post(URL, json=body, headers=bearer(Role.ADMIN))
    empty = client.post(URL, json=body | {"values": {}}, headers=bearer(Role.ADMIN))

    assert (refused.status_code, refused.json()["error"]) == (502, "channel_error")
    assert "could not be reached" in refused.json()["message"]
    assert HUSH not in refused.text
    assert (empty.status_code, set(empty.json()["details"])) == (
        422,
        {"consumer_key", "consumer_secret"},
    )
    assert session.exec(select(ChannelAccount)).all() == []


def test_the_forms_tell_what_each_channel_asks_for(client: TestClient, bearer: Bearer) -> None:
    answer = client.get(f"{URL}/forms", headers=bearer(Role.ADMIN))

    forms = {form["channel"]: form for form in answer.json()["forms"]}
    assert {"amazon", "flipkart", "shopify", "woocommerce", "blinkit", "swiggy"} <= set(forms)
    assert [field["name"] for field in forms["woocommerce"]["fields"]] == [
        "consumer_key",
        "consumer_secret",
    ]


def test_options_are_told_and_chosen(
    client: TestClient, bearer: Bearer, session: Session, account: ChannelAccount
) -> None:
    headers = bearer(Role.ADMIN)
    url = f"{URL}/{account.id}/options"

    forms = client.get(f"{URL}/forms", headers=headers).json()["forms"]
    answer = client.patch(
        url, json={"values": {"personal_data": False, "overlap_s": 300}}, headers=headers
    )
    refused = client.patch(url, json={"values": {"overlap_s": -1}}, headers=headers)

    told = {
        one["name"]: one for form in forms if form["channel"] == "amazon" for one in form["options"]
    }
    assert told["personal_data"]["kind"] == "switch"
    assert (told["overlap_s"]["default"], told["overlap_s"]["unit"]) == (120, "seconds")
    options = {one["name"]: one for one in answer.json()["options"]}
    assert options["personal_data"] == {"name": "personal_data", "value": False, "is_chosen": True}
    assert options["first_import_days"]["is_chosen"] is False
    assert (refused.status_code, set(refused.json()["details"])) == (422, {"overlap_s"})
    session.refresh(account)
    assert account.options == {"personal_data": False, "overlap_s": 300.0}
