"""Where an order could be asked for that a search did not find: the text looks like an id."""

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.channels.forms import FORMS
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.models import AccountStatus, ChannelAccount
from crm_app.services import reach

_MOST: Final = 6


@dataclass(frozen=True, slots=True)
class Offer:
    """An account whose channel writes ids so."""

    account_id: int
    channel: Channel
    name: str
    external_id: str


def offers(session: Session, actor: Actor, text: str) -> list[Offer]:
    """The connected accounts that may know an order of this id; none without `orders.import`.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    text = text.strip().lstrip("#")
    fitting = [
        channel
        for channel, form in FORMS.items()
        if form.looks_like_id(text) and capabilities.of(channel).reads_back
    ]
    if not fitting or not actor.may(Permission.IMPORT_ORDERS):
        return []
    found = session.exec(
        select(ChannelAccount)
        .where(
            ChannelAccount.status == AccountStatus.CONNECTED,
            col(ChannelAccount.channel).in_(fitting),
        )
        .order_by(col(ChannelAccount.id))
        .limit(_MOST)
    )
    return [Offer(one.id, one.channel, one.name, text) for one in found]
