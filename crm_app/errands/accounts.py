"""Connecting an account: its credentials are tried on the channel before they are stored."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from redis.exceptions import RedisError

from crm_app import db, queue, vault
from crm_app.channels import capabilities, registry
from crm_app.channels.base import Connector
from crm_app.channels.breaker import Breaker
from crm_app.channels.limits import Budget, RedisLimiter
from crm_app.channels.outward import OutwardTransport
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errands.addresses import check_address, outward_reach
from crm_app.errors import (
    ChannelError,
    InvalidInputError,
    RetryableError,
    ServiceUnavailableError,
)
from crm_app.models import ChannelAccount
from crm_app.services import account_admin, account_forms, account_options, accounts, reach, sudo
from crm_app.services.account_forms import Filled

_REACH_TIMEOUT_S: Final = 5.0
_TRY_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class _Trial:
    """An account that is not stored (yet), as the registry wants it."""

    id: int | None
    channel: Channel
    base_url: str
    options: dict[str, Any]


def connect(
    actor: Actor, channel: Channel, *, name: str, base_url: str, values: Mapping[str, str]
) -> int:
    """Try an account on its channel and store it; its id.

    Args:
        actor: Must hold `accounts.manage`.
        channel: One that has a form.
        name: As people call it; unique for its channel.
        base_url: Where its API stands.
        values: Of the channel's form, by field.

    Raises:
        PermissionDeniedError, ConfirmationNeededError, ConflictError: As they say.
        InvalidInputError: `details` maps each wrong field to a sentence.
        ChannelError: The channel refused the credentials or did not answer; nothing was stored.
    """
    actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    sudo.require(actor)
    name = account_forms.clean_name(name)
    filled = account_forms.fill(channel, values, {})
    address = _addresses(base_url, filled)
    options = _sandbox_options(address)
    _try(
        _Trial(None, channel, address, account_options.applied(options, filled.options)),
        filled.credentials,
    )
    with db.transaction() as session:
        return account_admin.connect(
            session,
            actor,
            channel=channel,
            name=name,
            base_url=address,
            filled=filled,
            options=options,
        ).id


def change_connection(
    actor: Actor, account_id: int, *, base_url: str, values: Mapping[str, str]
) -> None:
    """Try another address or other credentials, and store them if the channel takes them.

    A field that is left empty keeps its value, unless the address leads to another host: nobody
    is sent credentials that were given for somebody else.

    Raises: as `connect`, and NotFoundError.
    """
    reach.require_on(actor, Permission.MANAGE_ACCOUNTS, account_id)
    sudo.require(actor)
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
    kept = _kept_for(account, base_url, values)
    filled = account_forms.fill(account.channel, values, kept)
    address = _addresses(base_url, filled)
    options = account_options.applied(account.options, filled.options)
    _try(_Trial(account.id, account.channel, address, options), filled.credentials)
    with db.transaction() as session:
        account_admin.change_connection(session, actor, account_id, base_url=address, filled=filled)
    Breaker(queue.connection(), account_id).try_now()


def pull_now(actor: Actor, account_id: int) -> None:
    """Ask the channel at once, also if it is left alone: a person knows that it is well again.

    Raises: PermissionDeniedError, NotFoundError, ConflictError.
    """
    with db.transaction() as session:
        account = account_admin.pull_now(session, actor, account_id)
        if account.rests:
            # Before the commit: after it a worker may be quicker than we are.
            Breaker(queue.hasty_connection(), account_id).try_now()


def budgets(actor: Actor, account_id: int) -> list[Budget]:
    """What is left of each operation's limit, the scarcest first; empty if Redis is away.

    Raises: PermissionDeniedError, NotFoundError.
    """
    reach.require_on(actor, Permission.MANAGE_ACCOUNTS, account_id)
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
    try:
        plans = registry.plans_for(account)
        limiter = RedisLimiter(queue.hasty_connection(), account.id, plans)
        found = [limiter.budget(operation) for operation in plans]
    except (RedisError, ServiceUnavailableError, ChannelError):
        # The last: a channel that nobody calls has no limits.
        return []
    return sorted(found, key=lambda one: one.rate_per_s)


def _addresses(base_url: str, filled: Filled) -> str:
    """The checked address; the others that the form asks for are checked as well."""
    if auth_url := filled.options.get("auth_url"):
        try:
            check_address(str(auth_url))
        except InvalidInputError as error:
            raise InvalidInputError(str(error), details={"auth_url": str(error)}) from error
    return check_address(base_url)


def _kept_for(account: ChannelAccount, base_url: str, values: Mapping[str, str]) -> dict[str, str]:
    """The stored credentials, if they may be used for these addresses."""
    form = account_forms.need_form(account.channel)
    places = [(account.base_url, base_url)] + [
        (str(account.options.get(option.name, "")), values[option.name])
        for option in form.options
        if option.is_address and option.name in values
    ]
    if any(_host(old) != _host(new) for old, new in places):
        return {}
    try:
        return vault.unseal(account.credentials)
    except ServiceUnavailableError:
        # The key is lost: all of them have to be entered again.
        return {}


def _host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        # Equal to no other: `check_address` says what is wrong with it.
        return "", url
    return parts.scheme, parts.netloc


def _sandbox_options(address: str) -> dict[str, Any]:
    """A sandbox of ours in its fast mode has larger limits than the channel it stands for."""
    settings = get_settings()
    is_ours = settings.is_demo and address.startswith(f"{settings.sandbox_url}/")
    return {"rate_multiplier": 1_000} if is_ours and settings.sandbox_mode == "fast" else {}


def _try(account: _Trial, credentials: Mapping[str, str]) -> None:
    """Make one harmless call; raises what the channel says to it."""
    told = capabilities.of(account.channel)
    with _trial_connector(account, credentials) as connector:
        if told.pulls:
            # The newest changes of a moment: one page, and the credentials are proved.
            next(iter(connector.fetch_orders(now().isoformat())), None)
            return
    # It offers no call that changes nothing: all that can be seen is whether it is there.
    try:
        with httpx.Client(
            timeout=_REACH_TIMEOUT_S, transport=OutwardTransport(outward_reach())
        ) as client:
            client.get(account.base_url, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"{account.channel.label} could not be reached at this address."
        raise RetryableError(message) from error


@contextmanager
def _trial_connector(account: _Trial, credentials: Mapping[str, str]) -> Iterator[Connector]:
    """A connector that keeps no token; the limits are the account's, or the address's own."""
    key = account.id or -zlib.crc32(f"{account.channel}{account.base_url}".encode()) - 1
    limiter = RedisLimiter(queue.connection(), key, registry.plans_for(account))
    # Somebody is waiting: an earlier failure shall not refuse this try.
    limiter.breaker.try_now()
    timeout_s = min(get_settings().http_timeout_s, _TRY_TIMEOUT_S)
    connector = registry.connect(
        account, credentials, limiter, timeout_s=timeout_s, reach=outward_reach()
    )
    try:
        yield connector
    finally:
        connector.close()
