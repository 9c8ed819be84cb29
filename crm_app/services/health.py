"""How the sync stands: a level and a sentence per account, and one for all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import and_, func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.models import AccountPulse, AccountStatus, ChannelAccount, StatusIntent
from crm_app.services import bulk_telling, pulse, reach, resting
from crm_app.services.accounts import is_error_over

Level = Literal["ok", "warn", "bad"]

_QUIET_TOO_LONG: Final = timedelta(minutes=15)
_WAITING_TOO_LONG: Final = timedelta(minutes=10)
_FAILURES_THAT_MATTER: Final = 3
_WORST_FIRST: Final[tuple[Level, ...]] = ("bad", "warn", "ok")


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls that sent a change: how many there were, and how many the channel accepted."""

    tried: int = 0
    accepted: int = 0

    @property
    def share(self) -> float | None:
        """Accepted of tried, 0 to 1; None where nothing was tried."""
        return self.accepted / self.tried if self.tried else None


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """One account.

    Attributes:
        waiting: Status changes that the channel was not told yet.
        oldest_at: Since when the oldest of them waits.
        lag: How far the watermark is behind now; None where there is none.
        last_hour: Calls of the last hour, as measured each minute.
        last_day: Calls of the last 24 hours.
    """

    account_id: int
    channel: Channel
    name: str
    level: Level
    sentence: str
    last_success_at: datetime | None
    watermark: datetime | None
    waiting: int
    oldest_at: datetime | None = None
    lag: timedelta | None = None
    last_hour: Rate = Rate()
    last_day: Rate = Rate()


@dataclass(frozen=True, slots=True)
class SyncHealth:
    level: Level
    sentence: str
    accounts: tuple[AccountHealth, ...]


def sync_health(session: Session, actor: Actor) -> SyncHealth:
    """The state of every account, the worst level over all, and a sentence for the shell.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    accounts = account_health(session)
    bad = [account for account in accounts if account.level == "bad"]
    slow = [account for account in accounts if account.level == "warn"]
    if not accounts:
        return SyncHealth("warn", "No channel is connected yet", ())
    if bad:
        return SyncHealth("bad", _name_them(bad, "needs you", "need you"), accounts)
    if slow:
        return SyncHealth("warn", _name_them(slow, "is behind", "are behind"), accounts)
    return SyncHealth("ok", "All channels current", accounts)


def account_health(session: Session) -> tuple[AccountHealth, ...]:
    """Every account, the worst first. For callers that check permissions themselves."""
    waits, pulses = _waiting(session), pulse.pulses(session)
    accounts = session.exec(select(ChannelAccount).order_by(col(ChannelAccount.id)))
    found = [
        _health(account, pulses.get(account.id), waits.get(account.id, _Waits()))
        for account in accounts
    ]
    return tuple(sorted(found, key=lambda health: _WORST_FIRST.index(health.level)))


def health_of(session: Session, account: ChannelAccount) -> AccountHealth:
    """One account. For callers that check permissions themselves."""
    measured = session.get(AccountPulse, account.id)
    return _health(account, measured, _waiting(session, account.id).get(account.id, _Waits()))


@dataclass(frozen=True, slots=True)
class _Waits:
    """Changes on their way: all, those whose time it is, and those that a halted run holds back."""

    count: int = 0
    oldest: datetime | None = None
    due: int = 0
    oldest_due: datetime | None = None
    held: int = 0

    @property
    def at_their_pace(self) -> int:
        return self.count - self.due - self.held


def _waiting(session: Session, account_id: int | None = None) -> dict[int, _Waits]:
    """What waits, by account.

    Many of a bulk change go out at the channel's pace: they are due when the channel should know.
    """
    is_free = bulk_telling.is_free()
    is_due = and_(is_free, or_(~col(StatusIntent.is_patient), col(StatusIntent.send_by) < now()))
    statement = (
        columns(
            col(StatusIntent.account_id),
            func.count(),
            func.min(StatusIntent.created_at),
            func.count().filter(is_due),
            func.min(StatusIntent.created_at).filter(is_due),
            func.count().filter(~is_free),
        )
        .where(col(StatusIntent.state).in_(OPEN), col(StatusIntent.state) != IntentState.HELD)
        .group_by(col(StatusIntent.account_id))
    )
    if account_id is not None:
        statement = statement.where(col(StatusIntent.account_id) == account_id)
    return {key: _Waits(*found) for key, *found in session.execute(statement)}


def _health(account: ChannelAccount, measured: AccountPulse | None, waits: _Waits) -> AccountHealth:
    level, sentence = _judge(account, waits)
    return AccountHealth(
        account_id=account.id,
        channel=account.channel,
        name=account.name,
        level=level,
        sentence=sentence,
        last_success_at=account.last_success_at,
        watermark=account.watermark,
        waiting=waits.count,
        oldest_at=waits.oldest,
        lag=max(now() - account.watermark, timedelta()) if account.watermark else None,
        last_hour=Rate(measured.tried_hour, measured.accepted_hour) if measured else Rate(),
        last_day=Rate(measured.tried_day, measured.accepted_day) if measured else Rate(),
    )


def _judge(account: ChannelAccount, waits: _Waits) -> tuple[Level, str]:
    moment, oldest = now(), waits.oldest_due
    if account.status is AccountStatus.DISCONNECTED:
        return "bad", f"Disconnected: {account.last_error}"
    if account.status is AccountStatus.PAUSED:
        return "warn", "Paused by a person."
    if (rest := resting.left_alone(account)) is not None:
        return "bad", rest.sentence
    if account.failures >= _FAILURES_THAT_MATTER:
        return "bad", f"{account.failures} pulls in a row failed: {account.last_error}"
    if oldest is not None and moment - oldest > _WAITING_TOO_LONG:
        minutes = int((moment - oldest).total_seconds() // 60)
        return "warn", f"{waits.due:,} changes wait to be sent, the oldest for {minutes} minutes."
    if account.channel is Channel.DOCUMENT:
        return "ok", "Its orders come in files that people upload."
    if account.channel is Channel.MANUAL:
        return "ok", "Its orders are written here by hand."
    if not capabilities.of(account.channel).pulls:
        return "ok", f"{account.channel.label} sends its orders; none can be asked for."
    if account.last_success_at is None:
        return "warn", account.last_error or "The first import is still running."
    if moment - account.last_success_at > _QUIET_TOO_LONG + _interval(account):
        minutes = int((moment - account.last_success_at).total_seconds() // 60)
        why = "" if is_error_over(account) else account.last_error
        return "warn", f"No complete pull for {minutes} minutes. {why}".strip()
    if account.failures:
        return "warn", f"The last pull failed and is tried again: {account.last_error}"
    if disabled := account.hooks.get("disabled"):
        switched = "1 webhook was" if disabled == 1 else f"{disabled} webhooks were"
        return "warn", f"{switched} switched off by the channel; orders still arrive by asking."
    if lost := account.hooks.get("lost"):
        deleted = "1 webhook was" if lost == 1 else f"{lost} webhooks were"
        return "warn", f"{deleted} deleted at the channel; orders still arrive by asking."
    if waits.at_their_pace:
        return "ok", f"Current. {waits.at_their_pace:,} changes go out at the channel's pace."
    return "ok", "Current."


def _interval(account: ChannelAccount) -> timedelta:
    return timedelta(seconds=float(account.options.get("pull_interval_s", 0)))


def _name_them(accounts: list[AccountHealth], one: str, many: str) -> str:
    if len(accounts) == 1:
        return f"{accounts[0].name} {one}"
    return f"{len(accounts)} accounts {many}"
