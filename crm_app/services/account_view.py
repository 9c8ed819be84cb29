"""An account as its admins see it: how it stands, what waits, what comes next. No secret."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, literal_column
from sqlmodel import Session, col, select

from crm_app import vault
from crm_app.channels import capabilities
from crm_app.channels.forms import WEBHOOK_SECRET
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ServiceUnavailableError
from crm_app.models import AccountStatus, ChannelAccount, InboxEntry, StatusIntent, Sweep
from crm_app.services import account_options, accounts, health, reach, resting, sweeping
from crm_app.services.account_options import Chosen
from crm_app.services.health import Level
from crm_app.services.resting import LeftAlone

_IS_HOOK: Final[ColumnElement[bool]] = literal_column("kind LIKE 'hook:%'")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Status changes that the channel was not told yet."""

    count: int = 0
    oldest_at: datetime | None = None
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hooks:
    """The account's webhooks. `active` and `disabled` are None where the channel cannot be asked.

    Attributes:
        address: What is entered at the channel.
        last_at: When the last one arrived; None if none ever did.
        has_secret: Whether any can be proved.
        checked_at: When the channel was asked how many of them are switched on.
        lost: Those that were there once, and that the channel has deleted.
    """

    address: str
    last_at: datetime | None
    has_secret: bool
    checked_at: datetime | None = None
    active: int | None = None
    disabled: int | None = None
    lost: int = 0


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account; times are aware. `lag` is how far the watermark is behind now."""

    id: int
    channel: Channel
    name: str
    status: AccountStatus
    level: Level
    sentence: str
    pulls: bool
    reads_one: bool
    is_inferred: bool
    base_url: str
    kept: tuple[str, ...]
    watermark: datetime | None
    lag: timedelta | None
    last_pull_at: datetime | None
    last_success_at: datetime | None
    last_error: str
    last_error_at: datetime | None
    error_is_over: bool
    next_pull_at: datetime | None
    left_alone: LeftAlone | None
    waiting: Waiting
    hooks: Hooks
    sweep: Sweep | None
    next_sweep_at: datetime | None
    options: tuple[Chosen, ...]
    created_at: datetime


def list_views(session: Session, actor: Actor) -> list[AccountView]:
    """Every account, the worst first. Needs `accounts.manage`."""
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    found = session.exec(select(ChannelAccount)).all()
    states = {one.account_id: one for one in health.account_health(session)}
    waiting = _waiting(session)
    by_id = {account.id: account for account in found}
    # In the order of health: what needs a person comes first.
    return [
        _view(session, by_id[account_id], state, waiting.get(account_id, Waiting()))
        for account_id, state in states.items()
        if account_id in by_id
    ]


def view(session: Session, actor: Actor, account_id: int) -> AccountView:
    """One account. Raises PermissionDeniedError, NotFoundError."""
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    account = accounts.get_account(session, account_id)
    waiting = _waiting(session, account_id).get(account_id, Waiting())
    return _view(session, account, health.health_of(session, account), waiting)


def _view(
    session: Session, account: ChannelAccount, state: health.AccountHealth, waiting: Waiting
) -> AccountView:
    told = capabilities.of(account.channel)
    credentials = _kept(account)
    newest = next(iter(sweeping.last_sweeps(session, account.id, 1)), None)
    return AccountView(
        id=account.id,
        channel=account.channel,
        name=account.name,
        status=account.status,
        level=state.level,
        sentence=state.sentence,
        pulls=told.pulls,
        reads_one=told.reads_back and told.pulls,
        is_inferred=told.is_inferred,
        base_url=account.base_url,
        kept=tuple(sorted(credentials)),
        watermark=account.watermark,
        lag=now() - account.watermark if account.watermark else None,
        last_pull_at=account.last_pull_at,
        last_success_at=account.last_success_at,
        last_error=account.last_error,
        last_error_at=account.last_error_at,
        error_is_over=accounts.is_error_over(account),
        next_pull_at=_next_pull(account),
        left_alone=resting.left_alone(account),
        waiting=waiting,
        hooks=_hooks(session, account, WEBHOOK_SECRET in credentials),
        sweep=newest,
        next_sweep_at=_next_sweep(account, newest),
        options=account_options.of(account),
        created_at=account.created_at,
    )


def _kept(account: ChannelAccount) -> set[str]:
    """The names of the credentials that are stored; their values go no further."""
    try:
        return {name for name, value in vault.unseal(account.credentials).items() if value}
    except ServiceUnavailableError:
        # The key was lost: the page is where an admin enters them again.
        return set()


def _next_pull(account: ChannelAccount) -> datetime | None:
    """When the channel is asked next; now, while a worker has been told to."""
    if account.status is not AccountStatus.CONNECTED or not capabilities.of(account.channel).pulls:
        return None
    moment, at = now(), account.next_pull_at
    usual = timedelta(seconds=_interval_s(account) + 2)
    is_told = at is not None and at - moment > usual and account.failures == 0
    told_to_wait = account.last_error_at is not None and not accounts.is_error_over(account)
    if at is None or (is_told and not told_to_wait and not account.rests):
        return moment
    return at


def _interval_s(account: ChannelAccount) -> float:
    return float(account.options.get("pull_interval_s", get_settings().pull_interval_s))


def _next_sweep(account: ChannelAccount, newest: Sweep | None) -> datetime | None:
    if account.status is not AccountStatus.CONNECTED or not capabilities.of(account.channel).pulls:
        return None
    if newest is not None and newest.finished_at is None:
        return newest.next_step_at or now()
    last = newest.started_at if newest else account.created_at
    return last + timedelta(seconds=get_settings().deep_sweep_interval_s)


def _waiting(session: Session, account_id: int | None = None) -> dict[int, Waiting]:
    statement = (
        select(
            StatusIntent.account_id,
            func.count(),
            func.min(StatusIntent.created_at),
            func.min(StatusIntent.next_try_at),
        )
        .where(col(StatusIntent.state).in_(OPEN), col(StatusIntent.state) != IntentState.HELD)
        .group_by(col(StatusIntent.account_id))
    )
    if account_id is not None:
        statement = statement.where(StatusIntent.account_id == account_id)
    return {
        key: Waiting(int(count), old, soon) for key, count, old, soon in session.exec(statement)
    }


def _hooks(session: Session, account: ChannelAccount, has_secret: bool) -> Hooks:
    last_at = session.exec(
        select(InboxEntry.last_seen_at)
        .where(InboxEntry.account_id == account.id, _IS_HOOK)
        .order_by(col(InboxEntry.id).desc())
        .limit(1)
    ).first()
    told = account.hooks
    return Hooks(
        address=hook_address(account),
        last_at=last_at,
        has_secret=has_secret,
        checked_at=datetime.fromisoformat(told["at"]) if told else None,
        active=told.get("active"),
        disabled=told.get("disabled"),
        lost=told.get("lost", 0),
    )


def hook_address(account: ChannelAccount) -> str:
    """Where the channel sends its webhooks."""
    return f"{get_settings().origin}/webhooks/{account.channel.value}/{account.id}"
