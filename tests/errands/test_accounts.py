"""Accounts are connected only if the channel takes their keys; none of it is told again."""

import pytest
from sqlmodel import Session, col, select

from crm_app import db, queue, vault
from crm_app.channels.breaker import THRESHOLD, Breaker, Family
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.errands import accounts as errands
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    ConflictError,
    InvalidInputError,
    PermissionDeniedError,
    RetryableError,
)
from crm_app.jobs import pull
from crm_app.models import AccountStatus, AuditEntry, ChannelAccount, Order
from crm_app.sandbox import credentials
from tests.factories import AccountFactory
from tests.jobs.conftest import arrive
from tests.running import SandboxServer, free_port

SHOP = credentials.WOO_SHOP
KEYS = {"consumer_key": SHOP.consumer_key, "consumer_secret": SHOP.consumer_secret}


def connect(actor: Actor, url: str, keys: dict[str, str] = KEYS, name: str = "Shop") -> int:
    return errands.connect(actor, Channel.WOOCOMMERCE, name=name, base_url=url, values=keys)


def stored() -> list[ChannelAccount]:
    with db.transaction() as session:
        return list(session.exec(select(ChannelAccount)))


def test_keys_that_the_channel_takes_are_kept_encrypted_and_orders_come(
    database: str, sandbox: SandboxServer, admin: Actor
) -> None:
    del database
    bought = sandbox.place("woocommerce")

    account_id = connect(admin, f"{sandbox.url}/woocommerce/")

    (account,) = stored()
    assert (account.id, account.base_url) == (account_id, f"{sandbox.url}/woocommerce")
    assert vault.unseal(account.credentials) == KEYS
    assert SHOP.consumer_secret.encode() not in account.credentials
    arrive(account, bought)
    with db.transaction() as session:
        entry = session.exec(select(AuditEntry)).one()
    assert entry.action == "account:connected"
    assert SHOP.consumer_secret not in str(entry.after)


@pytest.mark.parametrize(
    ("keys", "error", "words"),
    [
        (KEYS | {"consumer_secret": "cs_wrong"}, AccountDisconnectedError, "refuses the cred"),
        ({"consumer_key": "ck_1"}, InvalidInputError, "another look"),
        (KEYS | {"consumer_key": "ck 1"}, InvalidInputError, "another look"),
        (KEYS | {"colour": "red"}, InvalidInputError, "another look"),
    ],
    ids=["wrong", "missing", "blank inside", "unknown field"],
)
def test_what_the_channel_or_the_form_refuses_is_said_and_nothing_is_kept(
    sandbox: SandboxServer,
    admin: Actor,
    keys: dict[str, str],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words) as caught:
        connect(admin, f"{sandbox.url}/woocommerce", keys)

    assert "cs_" not in str(caught.value)
    assert stored() == []


def test_an_address_where_nobody_answers_is_said_and_can_be_tried_again_at_once(
    sandbox: SandboxServer, admin: Actor
) -> None:
    for _ in range(THRESHOLD + 2):
        with pytest.raises(RetryableError, match="could not be reached"):
            connect(admin, f"http://127.0.0.1:{free_port()}")

    assert connect(admin, f"{sandbox.url}/woocommerce")


def test_a_name_is_taken_once_and_only_admins_connect(
    sandbox: SandboxServer, admin: Actor, asha: Actor
) -> None:
    connect(admin, f"{sandbox.url}/woocommerce")

    with pytest.raises(ConflictError) as caught:
        connect(admin, f"{sandbox.url}/woocommerce")
    with pytest.raises(PermissionDeniedError):
        connect(asha, f"{sandbox.url}/woocommerce", name="Other")

    assert set(caught.value.details) == {"name"}
    assert len(stored()) == 1


def test_a_channel_that_cannot_be_tried_is_only_looked_for(
    sandbox: SandboxServer, admin: Actor
) -> None:
    keys = {"api_key": "any"}

    account_id = errands.connect(
        admin, Channel.BLINKIT, name="B", base_url=f"{sandbox.url}/blinkit", values=keys
    )
    with pytest.raises(ChannelError, match="could not be reached"):
        errands.connect(
            admin,
            Channel.BLINKIT,
            name="C",
            base_url=f"http://127.0.0.1:{free_port()}",
            values=keys,
        )

    assert [account.id for account in stored()] == [account_id]


def test_new_keys_are_tried_and_bring_a_disconnected_account_back(
    shop: ChannelAccount, sandbox: SandboxServer, admin: Actor, session: Session
) -> None:
    row = session.get_one(ChannelAccount, shop.id)
    row.status, row.last_error = AccountStatus.DISCONNECTED, "revoked"
    row.credentials = vault.seal({**KEYS, "consumer_secret": "cs_old", "webhook_secret": "w"})
    session.commit()
    with pytest.raises(AccountDisconnectedError):
        errands.change_connection(
            admin, shop.id, base_url=shop.base_url, values={"consumer_secret": "cs_bad"}
        )
    refused = stored()[0]

    errands.change_connection(
        admin, shop.id, base_url=shop.base_url, values={"consumer_secret": SHOP.consumer_secret}
    )

    (after,) = stored()
    assert refused.status is AccountStatus.DISCONNECTED
    assert (after.status, after.last_error) == (AccountStatus.CONNECTED, "")
    # What was left empty is what it was.
    assert vault.unseal(after.credentials) == {**KEYS, "webhook_secret": "w"}
    entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert entry.after["renewed"] == ["consumer_secret"]


def test_stored_keys_are_never_sent_to_another_host(
    shop: ChannelAccount, sandbox: SandboxServer, admin: Actor
) -> None:
    elsewhere = sandbox.url.replace("127.0.0.1", "localhost")
    before = sandbox.get("stats")["calls"]

    with pytest.raises(InvalidInputError) as caught:
        errands.change_connection(admin, shop.id, base_url=elsewhere, values={})

    assert set(caught.value.details) == {"consumer_key", "consumer_secret"}
    assert sandbox.get("stats")["calls"] == before


def test_a_click_asks_a_channel_that_is_left_alone(
    shop: ChannelAccount, sandbox: SandboxServer, admin: Actor
) -> None:
    sandbox.fail("html", channel="woocommerce", operation="listOrders", times=THRESHOLD)
    bought = sandbox.place("woocommerce")
    for _ in range(THRESHOLD):
        pull.pull_account(shop.id)
    assert Breaker(queue.connection(), shop.id).rests()

    errands.pull_now(admin, shop.id)
    arrive(shop, bought)

    assert Breaker(queue.connection(), shop.id).rests() == ()


def test_budgets_are_told_and_not_spent(shop: ChannelAccount, admin: Actor, asha: Actor) -> None:
    first = {one.operation: one for one in errands.budgets(admin, shop.id)}
    second = {one.operation: one for one in errands.budgets(admin, shop.id)}

    assert first["listOrders"].tokens == first["listOrders"].burst == 10_000
    assert second["listOrders"].tokens == first["listOrders"].tokens
    with pytest.raises(PermissionDeniedError):
        errands.budgets(asha, shop.id)


def test_settings_of_an_account_that_allow_no_connection_are_said_on_it(
    session: Session,
) -> None:
    account = AccountFactory(base_url="http://shop.example.com", channel=Channel.WOOCOMMERCE)
    session.commit()

    assert pull.pull_account(account.id) == 0

    (after,) = stored()
    assert after.status is AccountStatus.DISCONNECTED
    assert after.last_error == "The address of this account must begin with https://."
    assert session.exec(select(Order)).all() == []
    assert Breaker(queue.connection(), account.id).rests() == ()
    assert Family.READ not in after.rests


def test_an_app_without_the_role_for_personal_data_can_be_connected(
    database: str, sandbox: SandboxServer, admin: Actor
) -> None:
    del database
    seller = credentials.AMAZON_PLAIN_SELLER
    keys = {
        "client_id": seller.client_id,
        "client_secret": seller.client_secret,
        "refresh_token": seller.refresh_token,
        "auth_url": f"{sandbox.url}/amazon-auth/auth/o2/token",
    }
    url = f"{sandbox.url}/amazon"

    with pytest.raises(AccountDisconnectedError):
        errands.connect(admin, Channel.AMAZON, name="A", base_url=url, values=keys)
    assert stored() == []
    errands.connect(
        admin,
        Channel.AMAZON,
        name="A",
        base_url=url,
        values=keys | {"personal_data": "false", "marketplace_id": "A21TJRUUN4KGV"},
    )

    (account,) = stored()
    assert account.options["personal_data"] is False
    assert "marketplace_id" not in account.options
    arrive(account, sandbox.place("amazon", seller=seller.key))


def test_another_sign_in_address_is_sent_no_key_that_was_given_for_the_old_one(
    sandbox: SandboxServer, admin: Actor
) -> None:
    seller = credentials.AMAZON_SELLER
    keys = {
        "client_id": seller.client_id,
        "client_secret": seller.client_secret,
        "refresh_token": seller.refresh_token,
        "auth_url": f"{sandbox.url}/amazon-auth/auth/o2/token",
    }
    url = f"{sandbox.url}/amazon"
    account_id = errands.connect(admin, Channel.AMAZON, name="A", base_url=url, values=keys)

    with pytest.raises(InvalidInputError) as caught:
        errands.change_connection(
            admin,
            account_id,
            base_url=url,
            values={"auth_url": f"http://127.0.0.1:{free_port()}/auth"},
        )
    errands.change_connection(
        admin, account_id, base_url=url, values={"auth_url": keys["auth_url"]}
    )

    assert set(caught.value.details) == {"client_id", "client_secret", "refresh_token"}
    assert stored()[0].options["auth_url"] == keys["auth_url"]
