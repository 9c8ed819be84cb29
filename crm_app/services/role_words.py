"""What roles that are given would let a person do, in words, before they are given."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.reach import NOWHERE, Reach, ReachKind
from crm_app.errors import InvalidInputError
from crm_app.models import ChannelAccount, StaffRole
from crm_app.services import access, granting, roles
from crm_app.services.granting import Granting


@dataclass(frozen=True, slots=True)
class Part:
    """What is held in one place: "All accounts", "May see orders and ..."."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Place:
    """An account that a role can be held on."""

    id: int
    name: str
    channel: Channel


def places(session: Session, actor: Actor) -> list[Place]:
    """The accounts that the actor sees, by channel and name. Needs `users.manage` or
    `roles.manage`."""
    _require(actor)
    rows = session.exec(
        select(ChannelAccount.id, ChannelAccount.name, ChannelAccount.channel).order_by(
            col(ChannelAccount.channel), col(ChannelAccount.name), col(ChannelAccount.id)
        )
    )
    return [Place(id_, name, Channel(channel)) for id_, name, channel in rows]


def in_sum(session: Session, actor: Actor, wanted: Sequence[Granting]) -> list[Part]:
    """What somebody with all these roles may do, the widest reach first.

    A role that is still without a place counts for nothing. Needs `users.manage` or
    `roles.manage`.

    Raises:
        NotFoundError: If there is no such account.
    """
    _require(actor)
    known = {one.id: one for one in session.exec(select(StaffRole)).all()}
    held: dict[Permission, Reach] = {}
    for one in wanted:
        role, reach = known.get(one.role_id), _reach(session, one)
        if role is None:
            continue
        given = access.as_role(role.key, role.verbs, reach)
        for verb in given.permissions:
            held[verb] = held.get(verb, NOWHERE) | given.reach(verb)
    names = {one.id: one for one in places(session, actor)}
    found = dict.fromkeys(sorted(held.values(), key=lambda reach: not reach.is_all))
    return [
        Part(_where(reach, names), roles.sentence([one for one in held if held[one] == reach]))
        for reach in found
    ]


def _require(actor: Actor) -> None:
    if not actor.may(Permission.MANAGE_ROLES):
        actor.require(Permission.MANAGE_USERS)


def _reach(session: Session, one: Granting) -> Reach:
    if one.reach is ReachKind.ALL or one.channels or one.account_ids:
        try:
            return granting.reach_of(session, one)
        except InvalidInputError:
            return NOWHERE
    return NOWHERE


def _where(reach: Reach, names: dict[int, Place]) -> str:
    if reach.is_all:
        return "All accounts"
    single = sorted(
        place.name
        for place in names.values()
        if place.id in reach.accounts and place.channel not in reach.channels
    )
    return ", ".join([*sorted(one.label for one in reach.channels), *single])
