"""Lists of SKUs over REST."""

from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.models import ChannelSku
from tests.api.conftest import Bearer
from tests.factories import AccountFactory, OrderFactory, OrderLineFactory


def test_a_list_is_written_read_and_shortened(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    OrderLineFactory(order=OrderFactory(account=account), sku="RING-3")
    session.commit()
    url, headers = f"/api/v1/accounts/{account.id}/skus", bearer(Role.ADMIN)

    taken = client.post(f"{url}/sheet", json={"sheet": "R1,P1\nR2,P2\n,P3\n"}, headers=headers)
    put = client.put(url, json={"channel_sku": "R1", "sku": "P9"}, headers=headers)
    empty = client.put(url, json={"channel_sku": "R1", "sku": " "}, headers=headers)
    gone = client.delete(url, params={"channel_sku": "R2"}, headers=headers)
    listed = client.get(url, headers=headers).json()["skus"]
    unmapped = client.get(f"{url}/unmapped", headers=headers).json()["skus"]

    assert (taken.json()["added"], taken.json()["problem_count"]) == (2, 1)
    assert (put.json()["sku"], empty.status_code, gone.status_code) == ("P9", 422, 204)
    assert [(one["channel_sku"], one["sku"]) for one in listed] == [("R1", "P9")]
    assert [(one["channel_sku"], one["orders"]) for one in unmapped] == [("RING-3", 1)]


def test_lists_are_for_those_who_keep_mappings(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    account = AccountFactory()
    session.commit()
    url = f"/api/v1/accounts/{account.id}/skus"

    refused = client.put(url, json={"channel_sku": "R1", "sku": "P1"}, headers=bearer(Role.SUPPORT))

    assert refused.status_code == 403
    assert session.exec(select(ChannelSku)).all() == []
