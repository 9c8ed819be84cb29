"""What admins do with accounts. Each change is written down; no secret is."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app import queue, vault
from crm_app.channels import capabilities
from crm_app.channels.forms import WEBHOOK_SECRET
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError
from crm_app.models import AccountStatus, ChannelAccount
from crm_app.services import account_forms, account_options, accounts, audit, holding, reach, sudo
from crm_app.services.account_forms import Filled

# What a worker holds now is over by then; the clock asks again if the hint was lost.
_HINT_LASTS: Final = timedelta(seconds=10)
LONGEST_REPLAY: Final = timedelta(days=365)
_SECRET_BYTES: Final = 32


def connect(
    session: Session,
    actor: Actor,
    *,
    channel: Channel,
    name: str,
    base_url: str,
    filled: Filled,
    options: dict[str, Any] | None = None,
) -> ChannelAccount:
    """Store a new account. The caller has tried its credentials and checked its address.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
        ConfirmationNeededError: The actor has not just proved that it is them.
        InvalidInputError: The name cannot be used.
        ConflictError: The channel has an account of this name.
    """
    actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    sudo.require(actor)
    name = account_forms.clean_name(name)
    _require_free(session, channel, name)
    account = accounts.add_account(
        session,
        channel=channel,
        name=name,
        base_url=base_url,
        credentials=filled.credentials,
        options=account_options.applied(options or {}, filled.options),
    )
    after = {"channel": channel.value, "name": name, "base_url": base_url}
    _record(session, actor, account, "account:connected", {}, after)
    if capabilities.of(channel).pulls:
        queue.hint_pull(session, account.id)
    return account


def change_connection(
    session: Session, actor: Actor, account_id: int, *, base_url: str, filled: Filled
) -> ChannelAccount:
    """Replace address and credentials, which the caller has tried. A disconnected account comes
    back; a paused one stays paused.

    Raises: PermissionDeniedError, ConfirmationNeededError, NotFoundError.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    sudo.require(actor)
    account = accounts.locked_account(session, account_id)
    old = vault.unseal(account.credentials)
    renewed = sorted(name for name, value in filled.typed.items() if old.get(name) != value)
    before: dict[str, Any] = {"base_url": account.base_url, "status": account.status.value}
    account.base_url = base_url
    # What somebody else renewed meanwhile (the webhook's secret) stays.
    account.credentials = vault.seal({**old, **filled.typed})
    options = account_options.applied(account.options, filled.options)
    if options != account.options:
        before["options"], account.options = account.options, options
    if account.status is AccountStatus.DISCONNECTED:
        account.status = AccountStatus.CONNECTED
        account.failures, account.last_error = 0, ""
        account.next_pull_at = None
    after: dict[str, Any] = {
        "base_url": base_url,
        "status": account.status.value,
        "renewed": renewed,
    }
    if "options" in before:
        after["options"] = options
    _record(session, actor, account, "account:credentials:changed", before, after)
    if account.status is AccountStatus.CONNECTED:
        _hint(session, account)
    return account


def rename(session: Session, actor: Actor, account_id: int, name: str) -> ChannelAccount:
    """Give an account another name. Raises as `connect` does, and NotFoundError."""
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    account = accounts.locked_account(session, account_id)
    name = account_forms.clean_name(name)
    if name == account.name:
        return account
    _require_free(session, account.channel, name)
    before, account.name = {"name": account.name}, name
    _record(session, actor, account, "account:renamed", before, {"name": name})
    return account


def pause(session: Session, actor: Actor, account_id: int) -> ChannelAccount:
    """Ask and tell the channel nothing until somebody resumes it. Webhooks are still stored.

    Raises: PermissionDeniedError, NotFoundError, ConflictError if it is not connected.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    account = accounts.locked_account(session, account_id)
    if account.status is not AccountStatus.CONNECTED:
        raise ConflictError("Only a connected account can be paused.")
    return _set_status(session, actor, account, AccountStatus.PAUSED, "account:paused")


def resume(session: Session, actor: Actor, account_id: int) -> ChannelAccount:
    """Go on with a paused account, from where it was: nothing in between is lost.

    Raises: PermissionDeniedError, NotFoundError, ConflictError if it is not paused.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    account = accounts.locked_account(session, account_id)
    if account.status is not AccountStatus.PAUSED:
        raise ConflictError("Only a paused account can be resumed.")
    _set_status(session, actor, account, AccountStatus.CONNECTED, "account:resumed")
    account.next_pull_at = None
    _hint(session, account)
    return account


def pull_now(session: Session, actor: Actor, account_id: int) -> ChannelAccount:
    """Let a worker ask the channel at once, limits allowing; if it is left alone, what waits to be
    sent is tried again too.

    Raises: PermissionDeniedError, NotFoundError, ConflictError where it cannot be asked.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    account = _pulling_account(session, account_id)
    account.next_pull_at = now() + _HINT_LASTS
    if account.rests:
        holding.try_now(session, account_id)
    _record(session, actor, account, "account:pull:asked", {}, {})
    _hint(session, account)
    return account


def replay(session: Session, actor: Actor, account_id: int, since: datetime) -> ChannelAccount:
    """Read everything again that changed since a moment. Safe to repeat: the same version of an
    order changes nothing, and an older one never overwrites a newer one.

    Args:
        session: The caller commits.
        actor: Must hold `accounts.manage`.
        account_id: Our id.
        since: Aware, in the past, at most a year.

    Raises: PermissionDeniedError, NotFoundError, InvalidInputError, ConflictError.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    moment = now()
    if since.tzinfo is None or not moment - LONGEST_REPLAY <= since < moment:
        words = "Choose a moment of the last year."
        raise InvalidInputError(words, details={"since": words})
    account = _pulling_account(session, account_id)
    before = {"cursor": account.cursor}
    # The cursor of every channel that lists its orders is a time in ISO 8601.
    account.cursor, account.resume = since.isoformat(), None
    account.next_pull_at = moment + _HINT_LASTS
    _record(session, actor, account, "account:replayed", before, {"cursor": account.cursor})
    _hint(session, account)
    return account


def renew_hook_secret(session: Session, actor: Actor, account_id: int) -> str:
    """Make a new secret for the account's webhooks and return it, to show once.

    Raises: PermissionDeniedError, ConfirmationNeededError, NotFoundError; ConflictError where the
    channel makes it.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    sudo.require(actor)
    return _renew(session, actor, accounts.locked_account(session, account_id))


def _renew(session: Session, actor: Actor, account: ChannelAccount) -> str:
    if account_forms.need_form(account.channel).hook_maker != "ours":
        raise ConflictError(f"{account.channel.label} signs with a secret of its own.")
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    stored = vault.unseal(account.credentials)
    account.credentials = vault.seal({**stored, WEBHOOK_SECRET: secret})
    _record(session, actor, account, "account:webhook_secret:renewed", {}, {})
    return secret


def hook_secret(session: Session, actor: Actor, account_id: int) -> str:
    """What proves the account's webhooks, for the channel and for nobody's eyes.

    Made now if it is ours to make and none was made yet.

    Raises: PermissionDeniedError, NotFoundError; ConflictError where it is the channel's and
    nobody has entered it.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    account = accounts.locked_account(session, account_id)
    if kept := vault.unseal(account.credentials).get(WEBHOOK_SECRET):
        return kept
    if account_forms.need_form(account.channel).hook_maker != "ours":
        raise ConflictError(
            f"Enter {account.channel.label}'s secret under Connection first: without it no webhook "
            "can be proved."
        )
    return _renew(session, actor, account)


def _pulling_account(session: Session, account_id: int) -> ChannelAccount:
    account = accounts.locked_account(session, account_id)
    if not capabilities.of(account.channel).pulls:
        raise ConflictError(f"{account.channel.label} sends its orders; none can be asked for.")
    if account.status is not AccountStatus.CONNECTED:
        raise ConflictError("This account is not connected.")
    return account


def _set_status(
    session: Session, actor: Actor, account: ChannelAccount, status: AccountStatus, action: str
) -> ChannelAccount:
    before = {"status": account.status.value}
    account.status = status
    _record(session, actor, account, action, before, {"status": status.value})
    return account


def _require_free(session: Session, channel: Channel, name: str) -> None:
    taken = select(ChannelAccount.id).where(
        ChannelAccount.channel == channel, col(ChannelAccount.name) == name
    )
    if session.exec(taken).first() is not None:
        words = f"There is an account {name} on {channel.label} already."
        raise ConflictError(words, details={"name": "Taken."})


def _hint(session: Session, account: ChannelAccount) -> None:
    if capabilities.of(account.channel).pulls:
        queue.hint_pull(session, account.id)
    queue.hint_push(session, account.id)


def _record(
    session: Session,
    actor: Actor,
    account: ChannelAccount,
    action: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    session.flush()
    audit.record(
        session,
        actor,
        action,
        subject_type="account",
        subject_id=account.id,
        before=before,
        after=after,
    )
