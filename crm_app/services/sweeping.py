"""The deep sweep: what a channel lists of the last days, compared with what is here.

A pull asks for what changed since its cursor, and lists forget: an order that appears late in its
channel's list lies before every later cursor. The sweep walks the list again from some days back,
stores whatever is new or newer, and counts what the account was already called complete for. It
moves no cursor of the pull's, and after a stop it goes on where it was. When the list is read, what
is here and was not named is asked for by its id (`sweep_absent`).
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Text, any_, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from crm_app import db, queue
from crm_app.channels import capabilities
from crm_app.channels.base import ChannelOrder, Connector, OrderPage
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import (
    ChannelError,
    ConflictError,
    InvalidInputError,
    RateLimitedError,
    RetryableError,
)
from crm_app.models import AccountStatus, ChannelAccount, Order, Sweep
from crm_app.services import accounts, audit, batching, pulling, reach, sweep_absent

logger = logging.getLogger(__name__)

# A worker that holds a sweep longer than this is dead.
_CLAIM_LASTS: Final = timedelta(seconds=60)
_FIRST_WAIT_S: Final = 30.0
_GIVE_UP_AFTER: Final = 8
_EXAMPLES: Final = 20
LONGEST_DAYS: Final = 365.0
_LISTING: Final = [one for one in Channel if capabilities.of(one).pulls]


@dataclass(frozen=True, slots=True)
class Step:
    """What one run of a sweep did. It is over if `is_done`; else it goes on at `next_step_at`."""

    checked: int
    found: int
    is_done: bool
    next_step_at: datetime | None = None


def ask(session: Session, actor: Actor, account_id: int, days: float | None = None) -> Sweep:
    """Begin a sweep by a person's click.

    Args:
        session: The caller commits; a worker is told after that.
        actor: Must hold `accounts.manage`.
        account_id: Whose list.
        days: How far back; None for the setting's.

    Raises:
        PermissionDeniedError, NotFoundError: As they say.
        InvalidInputError: The days are none.
        ConflictError: The channel lists nothing, the account is not connected, or a sweep runs.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    days = get_settings().deep_sweep_days if days is None else days
    if not 0 < days <= LONGEST_DAYS:
        words = f"A sweep goes back 1 to {LONGEST_DAYS:.0f} days."
        raise InvalidInputError(words, details={"days": words})
    account = accounts.locked_account(session, account_id)
    if not capabilities.of(account.channel).pulls:
        raise ConflictError(f"{account.channel.label} lists no orders: there is nothing to sweep.")
    if account.status is not AccountStatus.CONNECTED:
        raise ConflictError("This account is not connected.")
    if open_sweep(session, account_id) is not None:
        raise ConflictError("A deep sweep of this account is already running.")
    sweep = _begin(session, account_id, days, actor.label)
    audit.record(
        session,
        actor,
        "account:sweep:asked",
        subject_type="account",
        subject_id=account_id,
        after={"days": days},
    )
    queue.hint_sweep(session, account_id)
    return sweep


def claim_due(session: Session) -> list[int]:
    """Ids of connected accounts whose sweep should begin or go on, each given out once."""
    moment = now()
    _begin_due(session, moment)
    due = session.exec(
        select(Sweep)
        .join(ChannelAccount, col(ChannelAccount.id) == Sweep.account_id)
        .where(
            ChannelAccount.status == AccountStatus.CONNECTED,
            col(Sweep.finished_at).is_(None),
            or_(col(Sweep.next_step_at).is_(None), col(Sweep.next_step_at) <= moment),
        )
        .with_for_update(skip_locked=True, of=Sweep)
    ).all()
    for sweep in due:
        sweep.next_step_at = moment + _CLAIM_LASTS
    return [sweep.account_id for sweep in due]


def _begin_due(session: Session, moment: datetime) -> None:
    """Open a sweep for each account whose last one (or connection) is long enough ago."""
    interval = timedelta(seconds=get_settings().deep_sweep_interval_s)
    newest = (
        select(Sweep.started_at)
        .where(Sweep.account_id == ChannelAccount.id)
        .order_by(col(Sweep.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    running = select(Sweep.id).where(
        Sweep.account_id == ChannelAccount.id, col(Sweep.finished_at).is_(None)
    )
    found = session.exec(
        select(ChannelAccount.id)
        .where(
            ChannelAccount.status == AccountStatus.CONNECTED,
            col(ChannelAccount.channel).in_(_LISTING),
            # Before the first import has ended, everything is missing.
            col(ChannelAccount.watermark).is_not(None),
            or_(newest.is_(None), newest <= moment - interval),
            col(ChannelAccount.created_at) <= moment - interval,
            ~running.exists(),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for account_id in found:
        _begin(session, account_id, get_settings().deep_sweep_days, "")


def _begin(session: Session, account_id: int, days: float, asked_by: str) -> Sweep:
    since = now().replace(microsecond=0) - timedelta(days=days)
    sweep = Sweep(account_id=account_id, since=since, asked_by=asked_by[:120])
    session.add(sweep)
    session.flush()
    return sweep


def open_sweep(session: Session, account_id: int) -> Sweep | None:
    """The sweep of an account that is not finished."""
    return session.exec(
        select(Sweep).where(Sweep.account_id == account_id, col(Sweep.finished_at).is_(None))
    ).one_or_none()


def list_sweeps(session: Session, actor: Actor, account_id: int, limit: int) -> list[Sweep]:
    """The newest sweeps of an account. Needs `accounts.manage`."""
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    return last_sweeps(session, account_id, limit)


def last_sweeps(session: Session, account_id: int, limit: int = 5) -> list[Sweep]:
    """The newest sweeps of an account, a running one included."""
    return list(
        session.exec(
            select(Sweep)
            .where(Sweep.account_id == account_id)
            .order_by(col(Sweep.id).desc())
            .limit(limit)
        )
    )


def step(connector: Connector, account_id: int, *, budget_s: float) -> Step | None:
    """Walk on with an account's open sweep; None if it has none.

    The channel is called with no transaction open. The caller holds the account's sweep lock, and
    its connector has a share of the limits only, so that the pull keeps the rest.
    """
    with db.transaction() as session:
        sweep = open_sweep(session, account_id)
        if sweep is None:
            return None
        sweep_id, since, resume = sweep.id, sweep.since.isoformat(), sweep.resume
        is_listed = sweep.listed_at is not None
    deadline = time.monotonic() + budget_s
    checked = found = 0
    try:
        pages = () if is_listed else connector.fetch_orders(since, resume)
        for page in pages:
            found += _save_page(sweep_id, account_id, page)
            checked += len(page.orders) + len(page.bad)
            is_listed = page.cursor is not None
            if is_listed:
                break
            if page.resume and time.monotonic() > deadline:
                return Step(checked, found, is_done=False, next_step_at=_wait(sweep_id, None))
        if not is_listed:
            raise RetryableError("The channel's list of orders ended before its end.")
        if _ask_for_absent(connector, sweep_id, deadline):
            return Step(checked, found, is_done=True)
        return Step(checked, found, is_done=False, next_step_at=_wait(sweep_id, None))
    except ChannelError as error:
        at = _wait(sweep_id, error)
        return Step(checked, found, is_done=at is None, next_step_at=at)


def _ask_for_absent(connector: Connector, sweep_id: int, deadline: float) -> bool:
    """Ask for what is here and was not listed, some at a time; whether the sweep is over.

    Raises:
        ChannelError: The channel answers nothing; what it answered before is stored.
    """
    while True:
        with db.transaction() as session:
            sweep = session.get_one(Sweep, sweep_id, with_for_update=True)
            ids = sweep_absent.to_ask_for(session, sweep)
            if not ids:
                sweep_absent.finish(session, sweep)
                _report(sweep)
                return True
        answers = batching.read(connector, ids)
        error = sweep_absent.common_error(answers)
        if error is not None:
            raise error
        with db.transaction() as session:
            sweep_absent.store(
                session, session.get_one(Sweep, sweep_id, with_for_update=True), answers
            )
        if time.monotonic() > deadline:
            return False


def _report(sweep: Sweep) -> None:
    logger.info(
        "Deep sweep of account %d: %d checked, %d missing, %d behind, %d unlisted, %d unknown",
        sweep.account_id,
        sweep.checked,
        sweep.missing,
        sweep.behind,
        sweep.unlisted,
        sweep.unknown,
    )


def _save_page(sweep_id: int, account_id: int, page: OrderPage) -> int:
    """Store a page; how many of it were missing or behind."""
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        missing, behind = _compare(session, account, page.orders)
        pulling.store(session, account, page.orders, page.bad)
        sweep = session.get_one(Sweep, sweep_id, with_for_update=True)
        sweep.checked += len(page.orders) + len(page.bad)
        sweep.missing += len(missing)
        sweep.behind += len(behind)
        sweep.examples = [*sweep.examples, *missing, *behind][:_EXAMPLES]
        sweep.failures = 0
        sweep.resume = page.resume
        named = [one.external_id for one in (*page.orders, *page.bad)]
        sweep_absent.note_listed(session, sweep, named)
        if page.cursor is not None:
            sweep.listed_at = now()
            sweep.resume, sweep.error = None, ""
    if missing or behind:
        logger.warning(
            "Account %d was missing %d orders, %d were behind",
            account_id,
            len(missing),
            len(behind),
        )
    return len(missing) + len(behind)


def _compare(
    session: Session, account: ChannelAccount, told: Iterable[ChannelOrder]
) -> tuple[list[str], list[str]]:
    """Ids of what we should have had: not here at all, and here in an older version.

    What changed after the watermark is no finding: the next pull brings it anyway.
    """
    watermark = account.watermark
    due = [order for order in told if watermark is not None and order.updated_at <= watermark]
    ids = [order.external_id for order in due]
    rows = session.exec(
        select(Order.external_id, Order.channel_updated_at).where(
            Order.account_id == account.id,
            col(Order.external_id) == any_(literal(ids, ARRAY(Text))),
        )
    )
    here = dict(rows.all())
    # Once each: a list may name an order twice.
    newest = {order.external_id: order.updated_at for order in due}
    missing = [key for key in newest if key not in here]
    behind = [key for key, at in newest.items() if key in here and here[key] < at]
    return missing, behind


def _wait(sweep_id: int, error: ChannelError | None) -> datetime | None:
    """When the sweep goes on: at once, when the limit allows, or later; None if it is given up."""
    with db.transaction() as session:
        sweep = session.get_one(Sweep, sweep_id, with_for_update=True)
        moment = now()
        sweep.next_step_at = moment
        if error is None:
            return sweep.next_step_at
        if isinstance(error, RateLimitedError):
            sweep.next_step_at = moment + timedelta(seconds=error.retry_after_s)
            return sweep.next_step_at
        sweep.failures += 1
        sweep.error = str(error)[:500]
        sweep.next_step_at = moment + accounts.pause_after(sweep.failures, _FIRST_WAIT_S)
        if sweep.failures < _GIVE_UP_AFTER and isinstance(error, RetryableError):
            return sweep.next_step_at
        sweep.finished_at = moment
        sweep_absent.forget(session, sweep)
        logger.warning("A deep sweep of account %d was given up: %s", sweep.account_id, error)
        return None
