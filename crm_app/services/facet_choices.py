"""What a filter can be chosen from that is data: accounts, tags, colleagues."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.models import ChannelAccount, Tag
from crm_app.services import reach
from crm_app.services.working.people import Colleague, colleagues


@dataclass(frozen=True, slots=True)
class AccountChoice:
    id: int
    name: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class FacetChoices:
    """`tags` are names; one that is retired is still found by typing its name."""

    accounts: tuple[AccountChoice, ...] = ()
    tags: tuple[str, ...] = ()
    people: tuple[Colleague, ...] = ()


def facet_choices(session: Session, actor: Actor) -> FacetChoices:
    """All of them, by name.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    accounts = select(ChannelAccount.id, ChannelAccount.name, ChannelAccount.channel).order_by(
        func.lower(ChannelAccount.name), col(ChannelAccount.id)
    )
    tags = select(Tag.name).where(~col(Tag.is_retired)).order_by(func.lower(Tag.name))
    return FacetChoices(
        accounts=tuple(
            AccountChoice(key, name, Channel(channel))
            for key, name, channel in session.exec(accounts)
        ),
        tags=tuple(session.exec(tags)),
        people=tuple(colleagues(session, actor)),
    )
