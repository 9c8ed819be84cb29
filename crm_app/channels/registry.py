"""The connectors there are: a dict is the plug-in system."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx
from redis import Redis

from crm_app.channels.amazon import auth as amazon_auth
from crm_app.channels.amazon import connector as amazon
from crm_app.channels.base import Connector
from crm_app.channels.limits import Limiter, RedisLimiter, UsagePlan
from crm_app.channels.woocommerce import connector as woocommerce
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
        woocommerce: `handling_hours`.
    Credentials:
        amazon: `client_id`, `client_secret`, `refresh_token`.
        woocommerce: `consumer_key`, `consumer_secret`.
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
Build = Callable[[httpx.Client, Account, Credentials, Limiter], Connector]


@dataclass(frozen=True, slots=True)
class _Kind:
    build: Build
    plans: Mapping[str, UsagePlan]


def connect(
    account: Account, credentials: Credentials, limiter: Limiter, *, timeout_s: float
) -> Connector:
    """A connector for one account, with connections of its own: `close` it.

    Args:
        account: See `Account` for the options and credentials of each channel.
        credentials: Decrypted; kept in memory only.
        limiter: `limiter_for(redis, account)`, or `NoLimiter`.
        timeout_s: For each wait on the network: to connect (at most 5 s), to write, to read.

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
        return kind.build(client, account, credentials, limiter)
    except ChannelError:
        client.close()
        raise


def plans_for(account: Account) -> dict[str, UsagePlan]:
    """The usage plans of an account's operations, with its `rate_multiplier`."""
    factor = _number(account, "rate_multiplier", 1.0)
    plans = _kind(account.channel).plans
    return {operation: plan.times(factor) for operation, plan in plans.items()}


def limiter_for(redis: Redis, account: Account) -> RedisLimiter:
    """The limits of a stored account, shared by all processes through `redis`."""
    if account.id is None:
        raise ValueError("the account is not stored yet")
    return RedisLimiter(redis, account.id, plans_for(account))


def _amazon(
    client: httpx.Client, account: Account, credentials: Credentials, limiter: Limiter
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
    return amazon.AmazonConnector(client, keys, options, limiter)


def _woocommerce(
    client: httpx.Client, account: Account, credentials: Credentials, limiter: Limiter
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
    return woocommerce.WooCommerceConnector(client, keys, options, limiter)


_KINDS: Final[Mapping[Channel, _Kind]] = {
    Channel.AMAZON: _Kind(_amazon, amazon.PLANS),
    Channel.WOOCOMMERCE: _Kind(_woocommerce, woocommerce.PLANS),
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


def _number(account: Account, key: str, default: float) -> float:
    value = account.options.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < 1e9:
        raise ChannelError(f"The option {key} of this account is not a number above 0.")
    return float(value)
