"""After the storm: what a person on duty does, and waiting until nothing is on its way."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError
from crm_app.models import (
    AccountStatus,
    ChannelAccount,
    InboxEntry,
    InboxState,
    Order,
    StatusIntent,
)
from crm_app.services import account_admin, orders
from crm_app.services.account_forms import Filled
from drills.stage import Stage

_WAITING: Final = (InboxState.RECEIVED, InboxState.WAITING)
_PERSON: Final = Actor(
    ActorKind.SYSTEM,
    "Fault run",
    permissions=frozenset(
        {
            Permission.VIEW_ORDERS,
            Permission.CHANGE_STATUS,
            Permission.CANCEL_ORDERS,
            Permission.MANAGE_ACCOUNTS,
        }
    ),
)
# Older than every order of a shop that was opened for the run.
_ALL_OF_IT: Final = timedelta(days=120)


def on_duty(stage: Stage, deeds: Counter[str]) -> None:
    """Connect again what was thrown out, and ask for what a channel gave up on telling.

    Blinkit and Swiggy tell an order by webhook only. One that got lost on the way is known to
    nobody here: a person sees it missing, and the channel's support sends it again.
    """
    reconnect(deeds)
    for channel in ("blinkit", "swiggy"):
        sent = stage.lever("hooks/resend", {"channel": channel})["sent_again"]
        deeds[f"{channel.title()} webhooks sent again"] += sent


def reconnect(deeds: Counter[str]) -> None:
    """Connect every account again whose credentials were refused, as a person does."""
    with db.transaction() as session:
        for account in session.exec(select(ChannelAccount)).all():
            if account.status is AccountStatus.DISCONNECTED:
                # The same keys once more: it was the channel that would not know them.
                account_admin.change_connection(
                    session,
                    replace(_PERSON, confirmed_at=now()),
                    account.id,
                    base_url=account.base_url,
                    filled=Filled({}, {}, {}),
                )
                deeds[f"{account.channel.label} connected again"] += 1


def wait(stage: Stage, *, timeout_s: float) -> str:
    """Wait until all is told and all is read; empty, or what is still on its way.

    Nothing is hurried: what waits for its next try waits it out (`CRM_LONGEST_PAUSE_S`).
    """
    calm_since = now()
    give_up = time.monotonic() + timeout_s
    told_at = 0.0
    left = "nothing was looked at"
    quiet_rounds = 0
    while time.monotonic() < give_up:
        stage.raise_fallen()
        if time.monotonic() - told_at > 4:
            # A channel that gave up on a receiver while it was down is told again where we are.
            stage.lever("calm", {})
            told_at = time.monotonic()
        left = _on_its_way(stage, calm_since)
        quiet_rounds = 0 if left else quiet_rounds + 1
        if quiet_rounds >= 3:
            return ""
        time.sleep(0.3)
    return left


def _on_its_way(stage: Stage, calm_since: datetime) -> str:
    hooks = stage.lever("hooks/deliveries", state="waiting")["deliveries"]
    with db.transaction() as session:
        counts = {
            "webhooks to be delivered": len(hooks),
            "inbox entries": _count(session, InboxEntry, col(InboxEntry.state).in_(_WAITING)),
            "changes to be told": _count(session, StatusIntent, col(StatusIntent.state).in_(OPEN)),
            "accounts to be read": len(_unread(session, calm_since)),
        }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _count(session: Session, model: Any, condition: Any) -> int:
    return session.exec(select(func.count()).select_from(model).where(condition)).one()


def _unread(session: Session, since: datetime) -> list[int]:
    """Accounts that list their orders and were not read to the end since."""
    found = session.exec(select(ChannelAccount)).all()
    return [
        one.id
        for one in found
        if capabilities.of(one.channel).pulls
        and (one.resume or one.last_success_at is None or one.last_success_at <= since)
    ]


def found_by_itself(
    stage: Stage, missing: Sequence[tuple[str, str]], *, timeout_s: float
) -> list[tuple[str, str]]:
    """Wait for the deep sweep to find what the lists had forgotten; what it did not find."""
    left: list[tuple[str, str]] = list(missing)
    give_up = time.monotonic() + timeout_s
    while left and time.monotonic() < give_up:
        stage.raise_fallen()
        time.sleep(2)
        with db.transaction() as session:
            found = session.exec(
                select(Order.channel, Order.external_id).where(
                    col(Order.external_id).in_([external_id for _, external_id in left])
                )
            )
            here = {(Channel(channel).value, external_id) for channel, external_id in found}
        left = [one for one in left if one not in here]
    return left


def read_all_again() -> None:
    """A person's replay: forget how far each account was read, so that all of it is read again."""
    with db.transaction() as session:
        for account_id in _asked(session):
            account_admin.replay(session, _PERSON, account_id, now() - _ALL_OF_IT)


def _asked(session: Session, *where: ColumnElement[bool]) -> list[int]:
    """Connected accounts whose channel can be asked for its orders."""
    is_connected = col(ChannelAccount.status) == AccountStatus.CONNECTED
    found = session.exec(select(ChannelAccount).where(is_connected, *where)).all()
    return [one.id for one in found if capabilities.of(one.channel).pulls]


def decide(deeds: Counter[str]) -> list[str]:
    """Take the channel's word wherever a person has to decide; what could not be decided."""
    stuck: list[str] = []
    with db.transaction() as session:
        found = session.exec(
            select(Order.id).where(
                col(Order.sync_status).in_((SyncStatus.REJECTED, SyncStatus.CONFLICT))
            )
        ).all()
    for order_id in found:
        try:
            with db.transaction() as session:
                order = orders.settle(session, _PERSON, order_id, orders.Keep.CHANNELS)
                deeds[f"{order.channel.label} changes decided by a person"] += 1
        except CrmError as error:
            stuck.append(f"order {order_id} cannot be decided: {error}")
    return stuck
