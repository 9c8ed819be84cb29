"""The connectors there are: a dict is the plug-in system."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import httpx
from redis import Redis

from crm_app.channels import capabilities
from crm_app.channels.amazon import auth as amazon_auth
from crm_app.channels.amazon import connector as amazon
from crm_app.channels.base import Connector
from crm_app.channels.blinkit import asn as blinkit_asn
from crm_app.channels.blinkit import connector as blinkit
from crm_app.channels.flipkart import auth as flipkart_auth
from crm_app.channels.flipkart import connector as flipkart
from crm_app.channels.flipkart import steps as flipkart_steps
from crm_app.channels.limits import Limiter, RedisLimiter, UsagePlan
from crm_app.channels.shopify import changes as shopify_changes
from crm_app.channels.shopify import connector as shopify
from crm_app.channels.shopify import graphql as shopify_graphql
from crm_app.channels.swiggy import connector as swiggy
from crm_app.channels.tokens import NoStore, RedisTokens, TokenStore
from crm_app.channels.woocommerce import connector as woocommerce
from crm_app.channels.words import Lexicon
from crm_app.domain.channel import Channel
from crm_app.errors import AccountDisconnectedError, ChannelError

USER_AGENT: Final = "PalmonasCRM/0.1 (Language=Python)"
CONNECT_TIMEOUT_S: Final = 5.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Account(Protocol):
    """What is needed of a channel account; the row of `channel_accounts` is one.

    Options, all of them optional:
        every channel: `overlap_s`, `first_import_days`, `rate_multiplier` (default 1; against a
            sandbox in fast mode a large one), `allow_http` (default false; only for a sandbox on
            another machine).
        amazon: `auth_url`, `marketplace_id`, `personal_data`.
        flipkart: `page_size`, `cancel_reason` (one of three), and for packing `parcel_length_cm`,
            `parcel_breadth_cm`, `parcel_height_cm`, `parcel_weight_kg`, `tax_percent`.
        shopify: `handling_hours`, `read_all_orders`, `notify_customer`, `cancel_reason`,
            `refund_on_cancel`, `restock_on_cancel`.
        woocommerce: `handling_hours`.
        blinkit: `supplier_gstin`, `supplier_name`, `supplier_address` (see `asn.Supplier`),
            `invoice_prefix`, `vendor_id`.
    Credentials:
        amazon: `client_id`, `client_secret`, `refresh_token`.
        flipkart: `app_id`, `app_secret`.
        shopify: `access_token`.
        woocommerce: `consumer_key`, `consumer_secret`.
        blinkit: `api_key`.
        swiggy: `user`, `api_key`.
        each that sends webhooks: `webhook_secret`, which proves them.
    """

    @property
    def id(self) -> int | None: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def base_url(self) -> str: ...
    @property
    def options(self) -> dict[str, Any]: ...


Credentials = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the connectors of one account have in common, in whichever process they run."""

    limiter: Limiter
    tokens: TokenStore
    words: Lexicon


Build = Callable[[httpx.Client, Account, Credentials, Shared], Connector]


@dataclass(frozen=True, slots=True)
class _Kind:
    build: Build
    plans: Mapping[str, UsagePlan]


def connect(
    account: Account,
    credentials: Credentials,
    limiter: Limiter,
    *,
    timeout_s: float,
    tokens: TokenStore | None = None,
    words: Lexicon | None = None,
) -> Connector:
    """A connector for one account, with connections of its own: `close` it.

    Args:
        account: See `Account` for the options and credentials of each channel.
        credentials: Decrypted; kept in memory only.
        limiter: `limiter_for(redis, account)`, or `NoLimiter`.
        timeout_s: For each wait on the network: to connect (at most 5 s), to write, to read.
        tokens: Keeps an access token for the account's next connector; None keeps none.
        words: What the channel's words for a status mean; None: what the product knows.

    Raises:
        AccountDisconnectedError: A credential is missing, or the address is not safe to send
            credentials to.
        ChannelError: There is no connector for the channel, or an option makes no sense.
    """
    kind = _kind(account.channel)
    _check_url(account)
    client = httpx.Client(
        base_url=account.base_url,
        headers={"user-agent": USER_AGENT},
        timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
        limits=httpx.Limits(max_connections=4, max_keepalive_connections=2),
        # A proxy from the environment has no way to a sandbox on this machine.
        trust_env=urlsplit(account.base_url).hostname not in _LOOPBACK,
    )
    try:
        shared = Shared(
            limiter, tokens or NoStore(), words or capabilities.lexicon(account.channel)
        )
        return kind.build(client, account, credentials, shared)
    except ChannelError:
        client.close()
        raise


def plans_for(account: Account) -> dict[str, UsagePlan]:
    """The usage plans of an account's operations, with its `rate_multiplier`."""
    factor = _number(account, "rate_multiplier", 1.0)
    plans = _kind(account.channel).plans
    return {operation: plan.times(factor) for operation, plan in plans.items()}


def limiter_for(redis: Redis, account: Account, *, share: float | None = None) -> RedisLimiter:
    """The limits of a stored account, shared by all processes through `redis`.

    `share` is for work that can wait: the part of each rate that it may use.
    """
    if account.id is None:
        raise ValueError("the account is not stored yet")
    return RedisLimiter(redis, account.id, plans_for(account), share=share)


def tokens_for(redis: Redis, account: Account, sealed_credentials: bytes) -> RedisTokens:
    """Where the access token of a stored account is kept between jobs."""
    if account.id is None:
        raise ValueError("the account is not stored yet")
    mark = hashlib.sha256(sealed_credentials).hexdigest()[:16]
    return RedisTokens(redis, account.id, mark)


def _amazon(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    options = amazon.Options(
        marketplace_id=_text(account, "marketplace_id", amazon.INDIA),
        auth_url=_text(account, "auth_url", amazon_auth.PRODUCTION_URL),
        personal_data=account.options.get("personal_data", True) is not False,
        overlap_s=_number(account, "overlap_s", 120.0),
        first_import_days=_number(account, "first_import_days", 90.0),
    )
    _check_safe(options.auth_url, account)
    keys = amazon_auth.Credentials(
        client_id=_secret(credentials, "client_id"),
        client_secret=_secret(credentials, "client_secret"),
        refresh_token=_secret(credentials, "refresh_token"),
    )
    return amazon.AmazonConnector(
        client, keys, options, shared.limiter, shared.tokens, shared.words
    )


def _flipkart(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    packing = flipkart_steps.Packing(
        length_cm=_number(account, "parcel_length_cm", 0.0),
        breadth_cm=_number(account, "parcel_breadth_cm", 0.0),
        height_cm=_number(account, "parcel_height_cm", 0.0),
        weight_kg=_number(account, "parcel_weight_kg", 0.0),
        tax_percent=_number(account, "tax_percent", 0.0),
    )
    options = flipkart.Options(
        packing=packing,
        cancel_reason=_one_of(
            account, "cancel_reason", "not_enough_inventory", flipkart_steps.CANCEL_REASONS
        ),
        page_size=max(1, int(_number(account, "page_size", 20.0))),
        overlap_s=_number(account, "overlap_s", 120.0),
        first_import_days=_number(account, "first_import_days", 90.0),
    )
    keys = flipkart_auth.Credentials(
        app_id=_secret(credentials, "app_id"), app_secret=_secret(credentials, "app_secret")
    )
    return flipkart.FlipkartConnector(
        client, keys, options, shared.limiter, shared.tokens, shared.words
    )


def _shopify(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    manner = shopify_changes.Manner(
        notify_customer=account.options.get("notify_customer") is True,
        cancel_reason=_one_of(account, "cancel_reason", "OTHER", shopify_changes.CANCEL_REASONS),
        refund_on_cancel=account.options.get("refund_on_cancel") is True,
        restock_on_cancel=account.options.get("restock_on_cancel", True) is not False,
    )
    options = shopify.Options(
        manner=manner,
        handling_hours=_number(account, "handling_hours", 48.0),
        read_all_orders=account.options.get("read_all_orders") is True,
        overlap_s=_number(account, "overlap_s", 120.0),
        first_import_days=_number(account, "first_import_days", shopify.WINDOW_DAYS),
    )
    keys = shopify.Credentials(access_token=_secret(credentials, "access_token"))
    return shopify.ShopifyConnector(client, keys, options, shared.limiter, shared.words)


def _woocommerce(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    options = woocommerce.Options(
        handling_hours=_number(account, "handling_hours", 48.0),
        overlap_s=_number(account, "overlap_s", 120.0),
        first_import_days=_number(account, "first_import_days", 90.0),
    )
    keys = woocommerce.Credentials(
        consumer_key=_secret(credentials, "consumer_key"),
        consumer_secret=_secret(credentials, "consumer_secret"),
    )
    return woocommerce.WooCommerceConnector(client, keys, options, shared.limiter, shared.words)


def _blinkit(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    told: Any = account.options.get("supplier_address") or {}
    if not isinstance(told, dict):
        raise ChannelError("The option supplier_address of this account is not an object.")
    address = cast(dict[str, Any], told)
    supplier = blinkit_asn.Supplier(
        name=_text(account, "supplier_name", ""),
        gstin=_text(account, "supplier_gstin", ""),
        address={str(key): str(value) for key, value in address.items()},
        invoice_prefix=_text(account, "invoice_prefix", blinkit_asn.Supplier().invoice_prefix),
    )
    return blinkit.BlinkitConnector(
        client,
        _secret(credentials, "api_key"),
        supplier,
        shared.limiter,
        vendor_id=_text(account, "vendor_id", ""),
    )


def _swiggy(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    del account
    keys = swiggy.Credentials(_secret(credentials, "user"), _secret(credentials, "api_key"))
    return swiggy.SwiggyConnector(client, keys, shared.limiter)


_KINDS: Final[Mapping[Channel, _Kind]] = {
    Channel.AMAZON: _Kind(_amazon, amazon.PLANS),
    Channel.FLIPKART: _Kind(_flipkart, flipkart.PLANS),
    Channel.SHOPIFY: _Kind(_shopify, shopify_graphql.PLANS),
    Channel.WOOCOMMERCE: _Kind(_woocommerce, woocommerce.PLANS),
    Channel.BLINKIT: _Kind(_blinkit, blinkit.PLANS),
    Channel.SWIGGY: _Kind(_swiggy, swiggy.PLANS),
}


def _kind(channel: Channel) -> _Kind:
    kind = _KINDS.get(channel)
    if kind is None:
        raise ChannelError(f"There is no connector for {channel.label} yet.")
    return kind


def _check_url(account: Account) -> None:
    _check_safe(account.base_url, account)


def _check_safe(url: str, account: Account) -> None:
    """Credentials travel to this address: nobody on the way may read them."""
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except ValueError:
        scheme, host = "", None
    if scheme == "https" and host:
        return
    if scheme == "http" and host and (host in _LOOPBACK or account.options.get("allow_http")):
        return
    raise AccountDisconnectedError("The address of this account must begin with https://.")


def _secret(credentials: Credentials, key: str) -> str:
    value = credentials.get(key, "")
    if not value:
        raise AccountDisconnectedError(f"The credentials of this account have no {key}.")
    return value


def _text(account: Account, key: str, default: str) -> str:
    value = account.options.get(key) or default
    if not isinstance(value, str):
        raise ChannelError(f"The option {key} of this account is not text.")
    return value


def _one_of(account: Account, key: str, default: str, known: tuple[str, ...]) -> str:
    value = _text(account, key, default)
    if value not in known:
        raise ChannelError(f"The option {key} of this account is none of {', '.join(known)}.")
    return value


def _number(account: Account, key: str, default: float) -> float:
    value = account.options.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < 1e9:
        raise ChannelError(f"The option {key} of this account is not a number above 0.")
    return float(value)
