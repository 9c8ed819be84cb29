"""Requests about personal data over REST."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.models import ChannelAccount, DataRequest, RetentionRule
from crm_app.services import importing
from crm_app.services.privacy import working
from tests.api.conftest import Bearer
from tests.factories import AccountFactory
from tests.services.privacy.test_privacy import EMAIL, bought

URL = "/api/v1/privacy"


@pytest.fixture
def shop(session: Session) -> ChannelAccount:
    made: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    session.commit()
    importing.save_orders(session, made, [bought()])
    session.commit()
    return made


def test_a_person_is_looked_up_and_their_file_is_handed_over(
    client: TestClient, bearer: Bearer, shop: ChannelAccount
) -> None:
    del shop
    officer = bearer(Role.ADMIN)

    person = client.get(f"{URL}/person", params={"subject": EMAIL}, headers=officer).json()
    body = {"kind": "export", "subject": EMAIL, "source": "mail"}
    made = client.post(f"{URL}/requests", json=body, headers=officer)
    url = f"{URL}/requests/{made.json()['id']}"
    early = client.get(f"{url}/file", headers=officer)
    client.post(f"{url}/carry-out", headers=officer)
    working.work(made.json()["id"])
    file = client.get(f"{url}/file", headers=officer)

    assert len(person["order_ids"]) == 1
    assert (made.status_code, early.status_code, file.status_code) == (201, 409, 200)
    assert "attachment" in file.headers["content-disposition"]
    assert file.json()["orders"][0]["customer_name"] == "Meera Iyer"
    assert client.get(f"{URL}/requests", headers=officer).json()["requests"][0]["state"] == "done"


def test_times_are_told_and_set(
    client: TestClient, bearer: Bearer, session: Session, shop: ChannelAccount
) -> None:
    officer = bearer(Role.ADMIN)

    told = client.get(f"{URL}/retention", headers=officer).json()
    rule = {"contact_days": 60, "payload_days": None}
    put = client.put(f"{URL}/retention/flipkart", json=rule, headers=officer)
    wrong = client.put(
        f"{URL}/retention/flipkart", json=rule | {"payload_days": 0}, headers=officer
    )
    basis = client.put(
        f"{URL}/bases/{shop.id}", json={"basis": "contract", "note": "Terms"}, headers=officer
    )

    usual = {one["channel"]: one["contact_days"] for one in told["rules"]}
    assert (usual["amazon"], usual["flipkart"]) == (30, None)
    assert (put.status_code, wrong.status_code, basis.status_code) == (200, 422, 200)
    assert session.exec(select(RetentionRule)).one().contact_days == 60


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "/requests", None),
        ("GET", "/requests/1", None),
        ("GET", "/requests/1/file", None),
        ("GET", "/person?subject=x", None),
        ("POST", "/requests", {"kind": "erase", "subject": EMAIL}),
        ("POST", "/requests/1/carry-out", None),
        ("POST", "/requests/1/refuse", {"why": "x"}),
        ("GET", "/retention", None),
        ("PUT", "/retention/amazon", {"contact_days": 1, "payload_days": 1}),
        ("PUT", "/bases/1", {"basis": "consent"}),
    ],
)
def test_only_the_data_officer(
    client: TestClient,
    bearer: Bearer,
    session: Session,
    shop: ChannelAccount,
    verb: str,
    path: str,
    body: dict[str, str] | None,
) -> None:
    del shop

    answer = client.request(verb, URL + path, json=body, headers=bearer(Role.SUPPORT))

    assert answer.status_code == 403
    assert session.exec(select(DataRequest)).all() == []
    assert session.exec(select(RetentionRule)).all() == []
