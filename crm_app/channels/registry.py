"""Connectors and limits of an account, made from what its channel's folder declares."""

import hashlib
from typing import Final
from urllib.parse import urlsplit

import httpx
from redis import Redis

from crm_app.channels import capabilities, kinds
from crm_app.channels.base import Connector
from crm_app.channels.breaker import LONGEST_PAUSE_S, Breaker
from crm_app.channels.kind import Account, Credentials, Shared
from crm_app.channels.limits import Limiter, RedisLimiter, UsagePlan
from crm_app.channels.options import LOOPBACK, check_safe, number
from crm_app.channels.outward import Reach, transport_for
from crm_app.channels.tokens import NoStore, RedisTokens, TokenStore
from crm_app.channels.words import Lexicon
from crm_app.errors import ChannelError

USER_AGENT: Final = "PalmonasCRM/0.1 (Language=Python)"
CONNECT_TIMEOUT_S: Final = 5.0


def connect(
    account: Account,
    credentials: Credentials,
    limiter: Limiter,
    *,
    timeout_s: float,
    tokens: TokenStore | None = None,
    words: Lexicon | None = None,
    reach: Reach | None = None,
) -> Connector:
    """A connector for one account, with connections of its own: `close` it.

    Args:
        account: Its channel's `channel.py` names the options and credentials.
        credentials: Decrypted; kept in memory only.
        limiter: `limiter_for(redis, account)`, or `NoLimiter`.
        timeout_s: For each wait on the network: to connect (at most 5 s), to write, to read.
        tokens: Keeps an access token for the account's next connector; None keeps none.
        words: What the channel's words for a status mean; None: what the product knows.
        reach: Where its connections may go beside the public internet; None: nowhere else.

    Raises:
        AccountDisconnectedError: A credential is missing, or the address is not safe to send
            credentials to.
        ChannelError: There is no connector for the channel, or an option makes no sense.
    """
    build = kinds.of(account.channel).build
    if build is None:
        raise ChannelError(f"There is no connector for {account.channel.label} yet.")
    check_safe(account.base_url, account)
    client = httpx.Client(
        base_url=account.base_url,
        headers={"user-agent": USER_AGENT},
        timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
        limits=httpx.Limits(max_connections=4, max_keepalive_connections=2),
        transport=transport_for(reach or Reach()),
        # A proxy from the environment has no way to a sandbox on this machine.
        trust_env=urlsplit(account.base_url).hostname not in LOOPBACK,
    )
    try:
        shared = Shared(
            limiter, tokens or NoStore(), words or capabilities.lexicon(account.channel)
        )
        return build(client, account, credentials, shared)
    except ChannelError:
        client.close()
        raise


def plans_for(account: Account) -> dict[str, UsagePlan]:
    """The usage plans of an account's operations, with its `rate_multiplier`."""
    factor = number(account, "rate_multiplier", 1.0)
    plans = kinds.of(account.channel).plans
    return {operation: plan.times(factor) for operation, plan in plans.items()}


def limiter_for(
    redis: Redis,
    account: Account,
    *,
    share: float | None = None,
    longest_pause_s: float = LONGEST_PAUSE_S,
) -> RedisLimiter:
    """The limits of a stored account, shared by all processes through `redis`.

    `share` is for work that can wait: the part of each rate that it may use. `longest_pause_s`:
    a channel that fails is left alone for no longer.
    """
    if account.id is None:
        raise ValueError("the account is not stored yet")
    breaker = Breaker(redis, account.id, longest_pause_s=longest_pause_s)
    return RedisLimiter(redis, account.id, plans_for(account), share=share, breaker=breaker)


def tokens_for(redis: Redis, account: Account, sealed_credentials: bytes) -> RedisTokens:
    """Where the access token of a stored account is kept between jobs."""
    if account.id is None:
        raise ValueError("the account is not stored yet")
    mark = hashlib.sha256(sealed_credentials).hexdigest()[:16]
    return RedisTokens(redis, account.id, mark)
