import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from crm_app.channels import capabilities, folders, forms, hooks, kinds, registry, rereading
from crm_app.channels.amazon.connector import AmazonConnector
from crm_app.channels.base import Connector
from crm_app.channels.flipkart.connector import FlipkartConnector
from crm_app.channels.kind import Kind
from crm_app.channels.limits import NoLimiter, UsagePlan
from crm_app.channels.shopify.connector import ShopifyConnector
from crm_app.channels.woocommerce.connector import WooCommerceConnector
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import AccountDisconnectedError, ChannelError

AMAZON_KEYS = {"client_id": "id-1", "client_secret": "hush-2", "refresh_token": "hush-3"}
WOO_KEYS = {"consumer_key": "hush-4", "consumer_secret": "hush-5"}
FLIPKART_KEYS = {"app_id": "app-6", "app_secret": "hush-7"}
SHOPIFY_KEYS = {"access_token": "hush-8"}


@dataclass
class Account:
    channel: Channel = Channel.AMAZON
    base_url: str = "https://api.test"
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    id: int | None = 7


class Stranger:
    value = "ebay"


def connect(account: Account, keys: dict[str, str]) -> Connector:
    connector = registry.connect(account, keys, NoLimiter(), timeout_s=3)
    connector.close()
    return connector


def test_each_channel_gets_its_connector() -> None:
    shop = Account(Channel.WOOCOMMERCE, "http://127.0.0.1:8100/woocommerce")

    assert isinstance(connect(Account(), AMAZON_KEYS), AmazonConnector)
    assert isinstance(connect(shop, WOO_KEYS), WooCommerceConnector)
    assert isinstance(connect(Account(Channel.FLIPKART), FLIPKART_KEYS), FlipkartConnector)
    assert isinstance(connect(Account(Channel.SHOPIFY), SHOPIFY_KEYS), ShopifyConnector)


def test_a_channel_without_a_connector_says_so() -> None:
    with pytest.raises(ChannelError, match="There is no connector for File yet"):
        connect(Account(Channel.DOCUMENT), {})


@pytest.mark.parametrize("channel", Channel)
def test_a_member_of_channel_and_a_folder_are_all_there_is_to_a_channel(channel: Channel) -> None:
    kind, form = kinds.of(channel), forms.of(channel)

    assert capabilities.of(channel).vocabularies or channel in (Channel.DOCUMENT, Channel.MANUAL)
    assert len({one.label for one in Channel}) == len({one.mark for one in Channel}) == len(Channel)
    if channel in (Channel.DOCUMENT, Channel.MANUAL):
        assert (kind, form) == (Kind(), None)
        return
    told = {call for status in OrderStatus for call in kind.calls(status) if call}
    assert kind.build is not None
    assert kind.hook is hooks.HOOKS[channel]
    assert kind.reread is rereading.REREADERS[channel]
    assert told <= set(kind.plans)
    assert form is not None


# What each has, and what one may have besides: signing in, and what its webhooks say.
PARTS = {"__init__", "channel", "connector", "form", "mapping", "statuses", "webhook"}
SIGN_INS = {Channel.AMAZON, Channel.FLIPKART}


@pytest.mark.parametrize("channel", forms.FORMS, ids=lambda channel: channel.value)
def test_each_folder_has_files_of_the_same_names(channel: Channel) -> None:
    folder = Path(folders.__file__).parent / channel.value
    found = {one.stem for one in folder.glob("*.py")}

    assert found >= PARTS
    # A call of its own that signs in stands in a file of that name, and only such a call.
    assert ("auth" in found) is (channel in SIGN_INS)
    assert ("token" in kinds.of(channel).plans) is (channel in SIGN_INS)


@pytest.mark.parametrize("channel", [Channel.DOCUMENT, Channel.MANUAL])
def test_what_nobody_answers_for_has_words_only(channel: Channel) -> None:
    folder = Path(folders.__file__).parent / channel.value

    assert {one.stem for one in folder.glob("*.py")} == {"__init__", "statuses"}


def test_a_channel_without_a_folder_stops_the_start() -> None:
    with pytest.raises(ModuleNotFoundError):
        folders.part(cast(Channel, Stranger()), "statuses", "CAPABILITIES")


def test_the_connector_of_one_channel_loads_no_other() -> None:
    script = (
        "import sys; from crm_app.channels import registry, kinds, pace;"
        "from crm_app.domain.channel import Channel; kinds.of(Channel.FLIPKART);"
        "print([name for name in sys.modules if name.endswith('.connector')])"
    )

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert answer.stdout.strip() == "['crm_app.channels.flipkart.connector']", answer.stderr


@pytest.mark.parametrize("missing", AMAZON_KEYS)
def test_a_missing_credential_is_named_and_no_other_shown(missing: str) -> None:
    keys = {**AMAZON_KEYS, missing: ""}

    with pytest.raises(AccountDisconnectedError) as caught:
        connect(Account(), keys)

    assert str(caught.value) == f"The credentials of this account have no {missing}."


@pytest.mark.parametrize(
    "url",
    ["http://shop.test", "ftp://shop.test", "shop.test", "", "https://", "http://[::1"],
)
def test_credentials_never_travel_in_the_clear(url: str) -> None:
    with pytest.raises(AccountDisconnectedError, match="must begin with https"):
        connect(Account(base_url=url), AMAZON_KEYS)
    with pytest.raises(AccountDisconnectedError, match="must begin with https"):
        connect(Account(options={"auth_url": url or "x"}), AMAZON_KEYS)


def test_a_sandbox_elsewhere_can_be_allowed() -> None:
    account = Account(base_url="http://sandbox:8100/amazon", options={"allow_http": True})

    assert isinstance(connect(account, AMAZON_KEYS), AmazonConnector)


@pytest.mark.parametrize("value", [-1, "fast", None, True, float("nan")])
def test_an_option_that_makes_no_sense_is_named(value: object) -> None:
    with pytest.raises(ChannelError, match="option overlap_s of this account is not a number"):
        connect(Account(options={"overlap_s": value}), AMAZON_KEYS)
    with pytest.raises(ChannelError, match="option marketplace_id of this account is not text"):
        connect(Account(options={"marketplace_id": 5}), AMAZON_KEYS)


@pytest.mark.parametrize(
    ("channel", "keys"), [(Channel.FLIPKART, FLIPKART_KEYS), (Channel.SHOPIFY, SHOPIFY_KEYS)]
)
def test_a_reason_that_the_channel_does_not_know_is_named(
    channel: Channel, keys: dict[str, str]
) -> None:
    account = Account(channel, options={"cancel_reason": "bored"})

    with pytest.raises(ChannelError, match="option cancel_reason of this account is none of"):
        connect(account, keys)


def test_plans_are_the_published_ones_times_the_multiplier() -> None:
    assert registry.plans_for(Account())["searchOrders"] == UsagePlan(0.0056, 20)

    plans = registry.plans_for(Account(options={"rate_multiplier": 1000}))

    assert plans["searchOrders"] == UsagePlan(5.6, 20_000)


def test_the_limiter_of_an_account_uses_its_plans(redis: Redis) -> None:
    limiter = registry.limiter_for(redis, Account())

    waits = [limiter.try_acquire("confirmShipment") for _ in range(11)]

    assert waits[:10] == [0] * 10
    assert 0 < waits[10] <= 0.6
    with pytest.raises(ValueError, match="not stored"):
        registry.limiter_for(redis, Account(id=None))


@pytest.mark.parametrize(
    "channel", [Channel.AMAZON, Channel.WOOCOMMERCE, Channel.FLIPKART, Channel.SHOPIFY]
)
def test_a_connector_has_rules_for_its_statuses(channel: Channel) -> None:
    assert capabilities.of(channel).statuses
