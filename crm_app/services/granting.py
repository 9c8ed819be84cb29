"""Who has which role, and where: given by people who hold as much themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.reach import EVERYWHERE, Reach, ReachKind
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import ChannelAccount, RoleGrant, StaffRole, User
from crm_app.services import access

# Who holds these everywhere can give everybody everything again: somebody always has to.
LAST_ONES = frozenset({Permission.MANAGE_USERS, Permission.MANAGE_ROLES})


@dataclass(frozen=True, slots=True)
class Granting:
    """A role to be given, on all accounts, on those of some channels, or on some accounts."""

    role_id: int
    reach: ReachKind = ReachKind.ALL
    channels: tuple[Channel, ...] = ()
    account_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody has, and where in words."""

    granting: Granting
    name: str
    key: Role | None
    where: str


def everywhere(session: Session, role: Role) -> Granting:
    """A built-in role on all accounts."""
    return Granting(session.exec(select(StaffRole.id).where(StaffRole.key == role)).one())


def held_by(session: Session, user_ids: Collection[int]) -> dict[int, list[Held]]:
    """The roles of people, by their ids, in the order in which the roles were made."""
    rows = session.exec(
        select(RoleGrant, StaffRole)
        .join(StaffRole, col(StaffRole.id) == RoleGrant.role_id)
        .where(col(RoleGrant.user_id).in_(user_ids))
        .order_by(col(StaffRole.id))
    ).all()
    names = dict(session.exec(select(ChannelAccount.id, ChannelAccount.name)).all())
    found: dict[int, list[Held]] = {user_id: [] for user_id in user_ids}
    for grant, role in rows:
        granting = _granting(grant)
        found[grant.user_id].append(Held(granting, role.name, role.key, _where(granting, names)))
    return found


def hold_still(session: Session) -> None:
    """Let no other change of people, roles and grants go on beside this one: whether somebody
    is the last admin, or has as much as somebody else, is decided over all of them."""
    session.exec(select(StaffRole.id).where(StaffRole.key == Role.ADMIN).with_for_update()).one()


def give(session: Session, actor: Actor, user: User, wanted: Sequence[Granting]) -> None:
    """Let a person have these roles and no others. The caller holds still and keeps an admin.

    Raises:
        InvalidInputError: Without a role, with one twice, or with a reach that names nothing.
        NotFoundError: If there is no such role or account.
        PermissionDeniedError: If a role lets do what the actor may not do there.
    """
    if not wanted or len({one.role_id for one in wanted}) != len(wanted):
        raise InvalidInputError(
            "A person has one role or more, each once.", details={"roles": "Choose a role."}
        )
    for one in wanted:
        _check(session, actor, one)
    session.execute(delete(RoleGrant).where(col(RoleGrant.user_id) == user.id))
    session.add_all(
        RoleGrant(
            user_id=user.id,
            role_id=one.role_id,
            reach=one.reach,
            channels=sorted(channel.value for channel in one.channels),
            account_ids=sorted(set(one.account_ids)),
        )
        for one in wanted
    )
    session.flush()


def lets_manage(session: Session, wanted: Sequence[Granting]) -> bool:
    """Whether one of these roles lets manage people or roles."""
    given = select(StaffRole).where(col(StaffRole.id).in_([one.role_id for one in wanted]))
    return any(LAST_ONES & access.verbs_of(role.key, role.verbs) for role in session.exec(given))


def require_over(session: Session, actor: Actor, user_id: int) -> None:
    """Refuse a change of somebody who may do more than the actor: it would be a way to that.

    Raises:
        PermissionDeniedError: If the person holds anything that the actor does not hold there.
    """
    if user_id != actor.user_id and not _covers(actor, access.of(session, user_id)):
        raise PermissionDeniedError("They may do more than you. Ask somebody who may do as much.")


def keep_an_admin(session: Session) -> None:
    """Refuse what leaves nobody who is active and may manage people and roles everywhere.

    Raises:
        ConflictError: If that is so after what was flushed.
    """
    people = col(User.is_active).is_(True), col(User.is_service).is_(False)
    active = session.exec(select(User.id).where(*people)).all()
    if not any(
        all(held.reach(one).is_all for one in LAST_ONES)
        for held in access.of_all(session, active).values()
    ):
        raise ConflictError(
            "This is the last active admin: somebody has to manage people and roles. Make"
            " somebody else an admin first."
        )


def words(session: Session, wanted: Sequence[Granting]) -> list[dict[str, object]]:
    """What the audit trail keeps of grants."""
    names = dict(session.exec(select(StaffRole.id, StaffRole.name)).all())
    return [
        {
            "role": names.get(one.role_id, ""),
            "reach": one.reach.value,
            **({"channels": sorted(one.channels)} if one.channels else {}),
            **({"account_ids": sorted(one.account_ids)} if one.account_ids else {}),
        }
        for one in sorted(wanted, key=lambda one: one.role_id)
    ]


def reach_of(session: Session, granting: Granting) -> Reach:
    """Where a role would be held.

    Raises:
        InvalidInputError: If it names nothing.
        NotFoundError: If it names an account that there is not.
    """
    if granting.reach is ReachKind.ALL:
        return EVERYWHERE
    if granting.reach is ReachKind.CHANNELS and granting.channels:
        found = session.exec(
            select(ChannelAccount.id).where(col(ChannelAccount.channel).in_(granting.channels))
        )
        return Reach(False, frozenset(granting.channels), frozenset(found))
    if granting.reach is ReachKind.ACCOUNTS and granting.account_ids:
        asked = set(granting.account_ids)
        found = session.exec(
            select(ChannelAccount.id).where(col(ChannelAccount.id).in_(asked))
        ).all()
        if missing := asked - set(found):
            raise NotFoundError("account", min(missing))
        return Reach(False, frozenset(), frozenset(found))
    raise InvalidInputError(
        "Choose at least one.", details={"roles": "Say which channels or accounts."}
    )


def check_reach(granting: Granting) -> None:
    """Raise InvalidInputError if a reach names what is not of its kind."""
    if (granting.reach is not ReachKind.CHANNELS and granting.channels) or (
        granting.reach is not ReachKind.ACCOUNTS and granting.account_ids
    ):
        raise InvalidInputError(
            "A reach names channels or accounts or neither.",
            details={"roles": "Choose all, channels, or accounts."},
        )


def said(session: Session, name: str, granting: Granting) -> str:
    """A role and where, in words: "Support on Amazon"."""
    if granting.reach is ReachKind.ALL:
        return name
    names = dict(session.exec(select(ChannelAccount.id, ChannelAccount.name)).all())
    return f"{name} on {_where(granting, names)}"


def _check(session: Session, actor: Actor, granting: Granting) -> None:
    role = session.get(StaffRole, granting.role_id)
    if role is None:
        raise NotFoundError("role", granting.role_id)
    check_reach(granting)
    if not _covers(actor, access.as_role(role.key, role.verbs, reach_of(session, granting))):
        raise PermissionDeniedError(
            f"{role.name} lets do more than you may. Give only what you hold yourself."
        )


def _covers(actor: Actor, held: access.Access) -> bool:
    return all(actor.reach(one).covers(held.reach(one)) for one in held.permissions)


def _granting(row: RoleGrant) -> Granting:
    known = {one.value for one in Channel}
    channels = tuple(Channel(one) for one in row.channels if one in known)
    return Granting(row.role_id, row.reach, channels, tuple(row.account_ids))


def _where(granting: Granting, names: dict[int, str]) -> str:
    if granting.reach is ReachKind.ALL:
        return "all accounts"
    if granting.reach is ReachKind.CHANNELS:
        return ", ".join(channel.label for channel in granting.channels)
    return ", ".join(names.get(one, f"account {one}") for one in granting.account_ids)
