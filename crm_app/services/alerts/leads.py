"""How long before a ship-by time an account's alert fires: an hour, unless somebody set another."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import ChannelAccount
from crm_app.services import accounts, audit, reach

DEFAULT_MIN: Final = 60
# What a person chooses from, in minutes.
CHOICES: Final = (15, 30, 60, 120, 240, 480, 1_440)
_OPTION: Final = "alert_lead_min"


@dataclass(frozen=True, slots=True)
class Lead:
    account_id: int
    channel: Channel
    name: str
    minutes: int


def lead_of(account: ChannelAccount) -> timedelta:
    """How long before its deadlines this account's alert fires."""
    return timedelta(minutes=int(account.options.get(_OPTION, DEFAULT_MIN)))


def list_leads(session: Session, actor: Actor) -> list[Lead]:
    """Every account with its lead, by name.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    found = session.exec(select(ChannelAccount).order_by(col(ChannelAccount.name)))
    return [
        Lead(one.id, one.channel, one.name, int(lead_of(one).total_seconds() // 60))
        for one in found
    ]


def set_lead(session: Session, actor: Actor, account_id: int, minutes: int) -> None:
    """Let an account's deadline alert fire so many minutes ahead.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
        NotFoundError: If there is no such account.
        InvalidInputError: If it is none of `CHOICES`.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    if minutes not in CHOICES:
        said = f"Choose one of {', '.join(map(str, CHOICES))} minutes."
        raise InvalidInputError(said, details={"minutes": said})
    account = accounts.locked_account(session, account_id)
    before = int(account.options.get(_OPTION, DEFAULT_MIN))
    account.options = account.options | {_OPTION: minutes}
    audit.record(
        session,
        actor,
        "alerts:lead:set",
        subject_type="account",
        subject_id=account_id,
        before={"minutes": before},
        after={"minutes": minutes},
    )
