"""Where channels call us: what is acknowledged is stored, and strangers learn nothing."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import select

from crm_app import db, queue, vault
from crm_app.api.limits import MAX_BODY_BYTES, MAX_WEBHOOK_BYTES
from crm_app.api.refusals import FREE_A_MINUTE
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.trouble import Cause, Source
from crm_app.jobs import inbox
from crm_app.models import ChannelAccount, Order, RefusedWebhook, WebhookRefusal
from crm_app.services import accounts, refused_hooks
from crm_app.services.exceptions import listing
from crm_app.services.exceptions.query import ExceptionQuery
from tests.channels.orders import woo_order
from tests.channels.purchase_orders import purchase_order, relay_order
from tests.services import webhooks

REFUSAL = {
    "error": "not_proved",
    "message": "This webhook does not carry a valid proof.",
    "details": {},
}


def post(
    client: TestClient, channel: Channel, account: object, body: Any, topic: str = "", **more: str
) -> Any:
    given = webhooks.delivery(channel, body, topic, **more)
    return client.post(
        f"/webhooks/{channel}/{account}", content=given.body, headers=dict(given.headers)
    )


def test_a_webhook_is_acknowledged_stored_and_becomes_an_order(client: TestClient) -> None:
    account_id = webhooks.account(Channel.BLINKIT)

    answer = post(client, Channel.BLINKIT, account_id, purchase_order())
    again = post(client, Channel.BLINKIT, account_id, purchase_order())
    jobs = queue.connection().llen("rq:queue:inbox")
    taken = [inbox.process_account(account_id), inbox.process_account(account_id)]

    assert (answer.status_code, again.status_code) == (200, 200)
    assert answer.json()["data"] == {
        "po_status": "processing",
        "po_number": "7700001",
        "errors": [],
        "warnings": [],
    }
    # A burst makes one job.
    assert jobs == 1
    assert taken == [1, 0]
    with db.transaction() as session:
        assert session.exec(select(Order.status)).one() is OrderStatus.PENDING


def test_the_clock_finds_what_a_lost_hint_left(client: TestClient) -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    answer = post(client, Channel.SWIGGY, account_id, relay_order())
    queue.connection().flushdb()
    (entry,) = webhooks.entries()

    found = inbox.process_due()
    jobs = queue.connection().llen("rq:queue:inbox")
    taken = inbox.process_entry(entry.id)

    assert answer.json() == {"order_ref_id": f"CRM-{account_id}-880001"}
    assert (found, jobs, taken) == (1, 1, 1)
    assert (inbox.process_due(), inbox.process_entry(entry.id), inbox.process_entry(99)) == (
        0,
        0,
        0,
    )


def test_a_hint_for_an_account_that_is_not_connected_waits(client: TestClient) -> None:
    account_id = webhooks.account(Channel.WOOCOMMERCE)
    post(client, Channel.WOOCOMMERCE, account_id, {"id": 7}, "order.deleted")

    # Its credentials hold no key of the shop's API.
    taken = inbox.process_account(account_id)

    (entry,) = webhooks.entries()
    assert (taken, entry.state.value) == (1, "waiting")
    assert entry.reason == "The account is not connected."
    with db.transaction() as session:
        said = accounts.get_account(session, account_id).last_error
    assert said == "The credentials of this account have no consumer_key."


def test_hints_share_one_connector(client: TestClient) -> None:
    account_id = webhooks.account(Channel.WOOCOMMERCE)
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        # Nobody listens there.
        account.base_url = "http://127.0.0.1:8289"
        keys = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
        account.credentials = vault.seal({"webhook_secret": webhooks.SECRET, **keys})
    for number in (7, 8):
        post(client, Channel.WOOCOMMERCE, account_id, {"id": number}, "order.deleted")

    taken = inbox.process_account(account_id)

    reasons = {entry.reason for entry in webhooks.entries()}
    assert taken == 2
    assert reasons == {"WooCommerce could not be reached (getOrder)."}


def test_flipkarts_signature_covers_our_public_address(client: TestClient) -> None:
    account_id = webhooks.account(Channel.FLIPKART)
    sent_at = datetime.now(UTC).replace(microsecond=0)
    url = f"{get_settings().origin}/webhooks/flipkart/{account_id}"
    text = f"{int(sent_at.timestamp())}{url}POST{webhooks.SECRET}"
    signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    pair = base64.b64encode(f"app-1:{signature}".encode()).decode()
    headers = {
        "X_Date": format_datetime(sent_at, usegmt=True),
        "X_Authorization": f"FKLOGIN {pair}",
    }
    body = {"eventType": "shipment_packed", "shipmentId": "s-1"}

    answers = [
        client.post(f"/webhooks/flipkart/{account_id + extra}", json=body, headers=headers)
        for extra in (0, 1)
    ]

    assert [answer.status_code for answer in answers] == [200, 401]
    assert [entry.external_id for entry in webhooks.entries()] == ["s-1"]


def test_a_shops_signed_order_and_its_unsigned_ping(client: TestClient) -> None:
    account_id = webhooks.account(Channel.WOOCOMMERCE)

    ping = client.post(f"/webhooks/woocommerce/{account_id}", data={"webhook_id": "12"})
    order = post(client, Channel.WOOCOMMERCE, account_id, woo_order(), "order.created")
    changed = post(
        client,
        Channel.WOOCOMMERCE,
        account_id,
        woo_order(),
        "order.created",
        **{"x-wc-webhook-signature": "AAAA"},
    )

    assert [ping.status_code, order.status_code, changed.status_code] == [200, 200, 401]
    assert [entry.external_id for entry in webhooks.entries()] == ["5001"]


@pytest.mark.parametrize(
    "path",
    ["blinkit/{id}", "blinkit/99999", "blinkit/x", "blinkit/" + "9" * 40, "swiggy/{id}", "ebay/1"],
)
def test_strangers_all_get_the_same_answer(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    account_id = webhooks.account(Channel.BLINKIT)

    answer = client.post(
        f"/webhooks/{path.format(id=account_id)}",
        json=purchase_order(),
        headers={"api-key": "gu3ss", "authorization": "gu3ss"},
    )

    assert (answer.status_code, answer.json()) == (401, REFUSAL)
    assert webhooks.entries() == []
    assert "Refused webhook number 1" in caplog.text
    assert "gu3ss" not in caplog.text
    assert webhooks.SECRET not in caplog.text


@pytest.mark.parametrize(
    ("path", "counted"),
    [("blinkit/{id}", True), ("blinkit/99999", False), ("swiggy/{id}", False), ("ebay/1", False)],
)
def test_a_stranger_adds_to_a_number_and_takes_the_same_work_everywhere(
    client: TestClient, path: str, counted: bool
) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    steps: list[list[str]] = []

    def note(*given: Any) -> None:
        steps[-1].append(str(given[2]).split(maxsplit=1)[0])

    address = f"/webhooks/{path.format(id=account_id)}"
    event.listen(db.get_engine(), "before_cursor_execute", note)
    for url in (f"/webhooks/blinkit/{account_id}", address, address):
        steps.append([])
        client.post(url, json=purchase_order(), headers={"api-key": "gu3ss"})
    event.remove(db.get_engine(), "before_cursor_execute", note)

    with db.transaction() as session:
        found = {one.account_id: one.refused for one in session.exec(select(WebhookRefusal))}
    # As many statements of the same kinds, whether the account, the channel or neither is known.
    assert steps[0] == steps[1] == steps[2] == ["SELECT", "SELECT", "INSERT", "INSERT"]
    assert found == ({account_id: 3} if counted else {account_id: 1, 0: 2})


@pytest.mark.parametrize(
    ("path", "secret", "reason"),
    [
        ("shopify/{id}", True, "The proof is missing, wrong or too old."),
        ("shopify/{id}", False, "No webhook secret is set"),
        ("shopify/99999", True, "No account of ours has this address."),
    ],
)
def test_a_refused_webhook_is_kept_with_who_sent_it_what_and_why(
    client: TestClient, path: str, secret: bool, reason: str
) -> None:
    account_id = webhooks.account(Channel.SHOPIFY)
    if not secret:
        with db.transaction() as session:
            session.get_one(ChannelAccount, account_id).credentials = vault.seal({})

    client.post(
        f"/webhooks/{path.format(id=account_id)}",
        content=b"{}",
        headers={"x-shopify-topic": "orders/\tcreate", "x-shopify-hmac-sha256": "gu3ss"},
    )

    with db.transaction() as session:
        (kept,) = session.exec(select(RefusedWebhook))
        found = (kept.account_id, kept.path, kept.topic, kept.size, kept.address)
    is_known = "{id}" in path
    assert found == (
        account_id if is_known else 0,
        "" if is_known else path,
        "orders/?create",
        2,
        "testclient",
    )
    assert kept.reason.startswith(reason)


def test_of_a_flood_only_the_first_of_an_hour_are_kept(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    monkeypatch.setattr(refused_hooks, "KEPT_AN_HOUR", 3)

    for _ in range(5):
        post(client, Channel.BLINKIT, account_id, purchase_order(), **{"api-key": "guess"})

    with db.transaction() as session:
        assert len(session.exec(select(RefusedWebhook)).all()) == 3
        assert session.exec(select(WebhookRefusal)).one().refused == 5


def test_a_flood_of_guesses_is_one_line_on_the_page_of_exceptions(
    client: TestClient, reader: Any
) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    for _ in range(FREE_A_MINUTE + 5):
        post(client, Channel.BLINKIT, account_id, purchase_order(), **{"api-key": "guess"})

    with db.transaction() as session:
        (counted,) = session.exec(select(WebhookRefusal)).all()
        (row,) = listing.list_exceptions(session, reader, ExceptionQuery()).rows

    # What came too often was not even counted.
    assert counted.refused == FREE_A_MINUTE
    assert (row.source, row.cause) == (Source.HOOKS, Cause.CREDENTIALS)
    assert row.said == f"{FREE_A_MINUTE} webhooks of the last hours carried no valid proof."


def test_a_replayed_delivery_is_stored_once_and_a_late_one_refused(client: TestClient) -> None:
    shop, seller = webhooks.account(Channel.WOOCOMMERCE), webhooks.account(Channel.FLIPKART)
    sent_at = datetime.now(UTC) - timedelta(hours=1)
    url = f"{get_settings().origin}/webhooks/flipkart/{seller}"
    text = f"{int(sent_at.timestamp())}{url}POST{webhooks.SECRET}"
    signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    pair = base64.b64encode(f"app-1:{signature}".encode()).decode()
    stale = {
        "X_Date": format_datetime(sent_at, usegmt=True),
        "X_Authorization": f"FKLOGIN {pair}",
    }

    codes = [
        post(client, Channel.WOOCOMMERCE, shop, woo_order(), "order.created").status_code
        for _ in range(2)
    ]
    late = client.post(f"/webhooks/flipkart/{seller}", json={"shipmentId": "s"}, headers=stale)

    (entry,) = webhooks.entries()
    assert codes == [200, 200]
    assert entry.times_seen == 2
    assert (late.status_code, late.json()) == (401, REFUSAL)


def test_strangers_are_slowed_down_and_hold_nobody_back(client: TestClient) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    guess = {"api-key": "guess"}

    codes = [
        post(client, Channel.BLINKIT, account_id, purchase_order(), **guess).status_code
        for _ in range(FREE_A_MINUTE + 2)
    ]
    late = post(client, Channel.BLINKIT, account_id, purchase_order(), **guess)
    proved = post(client, Channel.BLINKIT, account_id, purchase_order())

    assert codes == [401] * FREE_A_MINUTE + [429] * 2
    assert late.headers["retry-after"] == "60"
    assert proved.status_code == 200


def test_without_redis_webhooks_are_taken_and_strangers_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    queue.forget_connections()
    monkeypatch.setenv("CRM_REDIS_URL", "redis://127.0.0.1:1/0")
    get_settings.cache_clear()

    proved = post(client, Channel.BLINKIT, account_id, purchase_order())
    guessed = post(client, Channel.BLINKIT, account_id, purchase_order(), **{"api-key": "x"})
    queue.hint_taken(account_id)

    monkeypatch.undo()
    queue.forget_connections()
    get_settings.cache_clear()
    assert (proved.status_code, guessed.status_code) == (200, 401)
    assert webhooks.states() == ["received"]


def test_nothing_is_acknowledged_that_could_not_be_stored(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    db.dispose()
    monkeypatch.setenv("CRM_DATABASE_URL", "postgresql+psycopg://crm@127.0.0.1:1/none")
    get_settings.cache_clear()

    answer = post(client, Channel.BLINKIT, account_id, purchase_order())

    db.dispose()
    monkeypatch.undo()
    get_settings.cache_clear()
    assert answer.status_code == 503
    assert post(client, Channel.BLINKIT, account_id, purchase_order()).status_code == 200


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 10_000):
        yield b" " * 10_000


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_that_is_too_large_is_not_read_whole(client: TestClient, is_announced: bool) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    size = MAX_WEBHOOK_BYTES + 10_000
    content = b" " * size if is_announced else chunks(size)

    answer = client.post(
        f"/webhooks/blinkit/{account_id}", content=content, headers={"api-key": webhooks.SECRET}
    )

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert webhooks.entries() == []


def test_a_large_order_is_taken(client: TestClient) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    body = json.dumps(purchase_order()).encode() + b" " * MAX_BODY_BYTES

    assert post(client, Channel.BLINKIT, account_id, body).status_code == 200
