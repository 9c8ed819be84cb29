"""Whether a channel still sends us its webhooks: asked by the clock and by people."""

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.base import HookSeat, HookWatcher
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errands.connecting import connected
from crm_app.errors import ConflictError
from crm_app.models import AccountStatus, ChannelAccount
from crm_app.services import account_admin, account_view, accounts, audit, reach

logger = logging.getLogger(__name__)

# The channels whose connectors are `HookWatcher`s; a test keeps that they are.
WATCHED: Final = tuple(one for one in Channel if capabilities.of(one).registers_hooks)
_EVERY: Final = timedelta(minutes=15)


def due_for_watch() -> list[int]:
    """Ids of connected accounts whose webhooks were not looked at for a while."""
    with db.transaction() as session:
        found = session.exec(
            select(ChannelAccount).where(
                ChannelAccount.status == AccountStatus.CONNECTED,
                col(ChannelAccount.channel).in_(WATCHED),
            )
        ).all()
    return [one.id for one in found if _is_due(one)]


def _is_due(account: ChannelAccount) -> bool:
    told = account.hooks.get("at")
    return told is None or now() - datetime.fromisoformat(told) > _EVERY


def watch(account_id: int) -> tuple[HookSeat, ...]:
    """Ask the channel for its webhooks to us and write down how many are switched on.

    Raises:
        ConflictError: The channel cannot be asked, or the account is not connected.
        ChannelError: It did not answer.
    """
    with db.transaction() as session:
        address = account_view.hook_address(accounts.get_account(session, account_id))
    with connected(account_id) as connector:
        if not isinstance(connector, HookWatcher):
            raise ConflictError("This account's channel cannot be asked for its webhooks now.")
        seats = connector.hooks_to(address)
    _note(account_id, seats)
    return seats


def revive(actor: Actor, account_id: int) -> int:
    """Switch every webhook on again that the channel has switched off; how many.

    Raises: PermissionDeniedError, NotFoundError, ConflictError, ChannelError.
    """
    reach.require_on(actor, Permission.MANAGE_ACCOUNTS, account_id)
    off = [seat for seat in watch(account_id) if not seat.is_active]
    with connected(account_id) as connector:
        if not isinstance(connector, HookWatcher):
            raise ConflictError("This account is not connected.")
        for seat in off:
            connector.revive_hook(seat)
    with db.transaction() as session:
        audit.record(
            session,
            actor,
            "account:webhooks:revived",
            subject_type="account",
            subject_id=account_id,
            after={"webhooks": len(off)},
        )
    watch(account_id)
    return len(off)


def switch_on(actor: Actor, account_id: int) -> int:
    """Have the channel tell us of every topic that we want; how many webhooks that took.

    Repeating it is harmless: what is there and switched on is left as it is.

    Raises: PermissionDeniedError, NotFoundError, ConflictError, ChannelError.
    """
    reach.require_on(actor, Permission.MANAGE_ACCOUNTS, account_id)
    with db.exclusive(db.LOCK_ACCOUNT_HOOKS, account_id) as is_ours:
        if not is_ours:
            raise ConflictError("Somebody is switching them on at this moment.")
        seats = watch(account_id)
        with db.transaction() as session:
            address = account_view.hook_address(accounts.get_account(session, account_id))
            secret = account_admin.hook_secret(session, actor, account_id)
        done = _place(account_id, seats, address, secret)
        with db.transaction() as session:
            audit.record(
                session,
                actor,
                "account:webhooks:switched_on",
                subject_type="account",
                subject_id=account_id,
                after={"webhooks": done},
            )
        watch(account_id)
    return done


def _place(account_id: int, seats: tuple[HookSeat, ...], address: str, secret: str) -> int:
    off = [seat for seat in seats if not seat.is_active]
    with connected(account_id) as connector:
        if not isinstance(connector, HookWatcher):
            raise ConflictError("This account is not connected.")
        there = {seat.topic for seat in seats}
        missing = [topic for topic in connector.hook_topics if topic not in there]
        for topic in missing:
            connector.place_hook(topic, address, secret)
        for seat in off:
            connector.revive_hook(seat)
    return len(missing) + len(off)


def _note(account_id: int, seats: tuple[HookSeat, ...]) -> None:
    disabled = sum(not seat.is_active for seat in seats)
    there = {seat.topic for seat in seats}
    with db.transaction() as session:
        account = accounts.locked_account(session, account_id)
        was = account.hooks
        # Some channels switch a webhook off, others delete it: what we once saw, we miss.
        known = there | set(was.get("topics", ()))
        lost = sorted(known - there)
        account.hooks = {
            "at": now().isoformat(),
            "active": len(seats) - disabled,
            "disabled": disabled,
            "topics": sorted(known),
            "lost": len(lost),
        }
    if disabled and disabled != was.get("disabled", 0):
        logger.warning(
            "The channel has switched off %d webhooks of account %d", disabled, account_id
        )
    if lost and len(lost) != was.get("lost", 0):
        logger.warning("The channel has deleted webhooks of account %d: %s", account_id, lost)
