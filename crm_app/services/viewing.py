"""Looking at the desk as a role: one's own rights, cut down to what the role has there.

Kept with the sign-in and gone with it. Whoever looks changes nothing: `reach.begin` makes each of
their transactions one that only reads.
"""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.reach import ReachKind
from crm_app.errors import CrmError, NotFoundError
from crm_app.models import StaffRole, UserSession
from crm_app.services import access, audit, granting
from crm_app.services.granting import Granting
from crm_app.services.own import own_id


def begin(session: Session, actor: Actor, wanted: Granting) -> str:
    """Look as somebody who has this role there and no other, until `end` or the sign-in's end.

    Returns:
        The role and where, in words.

    Raises:
        PermissionDeniedError: If the actor may not manage roles, looks as a role already, or is no
            person who is signed in.
        NotFoundError: If there is no such role or account.
        InvalidInputError: If the reach names nothing.
    """
    actor.require(Permission.MANAGE_ROLES)
    actor.require_own_eyes()
    own_id(actor)
    role = session.get(StaffRole, wanted.role_id)
    if role is None:
        raise NotFoundError("role", wanted.role_id)
    granting.check_reach(wanted)
    granting.reach_of(session, wanted)
    label = granting.said(session, role.name, wanted)
    opened = _own_session(session, actor)
    opened.viewing = {
        "role_id": role.id,
        "label": label,
        "reach": wanted.reach.value,
        "channels": sorted(one.value for one in wanted.channels),
        "account_ids": sorted(set(wanted.account_ids)),
    }
    _record(session, actor, "session:viewing:began", {"as": label})
    return label


def end(session: Session, actor: Actor) -> None:
    """Look with one's own eyes again. Needs nothing but the sign-in; without a view it is none.

    Args:
        session: The caller commits.
        actor: As `Actor.oneself`: as the role they could not write this either.
    """
    opened = _own_session(session, actor)
    if opened.viewing is None:
        return
    label = str(opened.viewing["label"])
    opened.viewing = None
    _record(session, actor, "session:viewing:ended", {"as": label})


def narrowed(
    session: Session, held: access.Access, kept: Mapping[str, Any]
) -> tuple[access.Access, str]:
    """What is left of somebody's rights while they look as a role, and the role in words.

    A role or an account that is gone leaves nothing: it never gives the own rights back.
    """
    label = str(kept["label"])
    role = session.get(StaffRole, kept["role_id"])
    if role is None:
        return access.Access(roles=held.roles), label
    try:
        reach = granting.reach_of(session, _granting(kept))
    except CrmError:
        return access.Access(roles=held.roles), label
    return held.within(access.as_role(role.key, role.verbs, reach)), label


def _granting(kept: Mapping[str, Any]) -> Granting:
    known = {one.value for one in Channel}
    return Granting(
        int(kept["role_id"]),
        ReachKind(kept["reach"]),
        tuple(Channel(one) for one in kept["channels"] if one in known),
        tuple(kept["account_ids"]),
    )


def _own_session(session: Session, actor: Actor) -> UserSession:
    mine = select(UserSession).where(
        UserSession.id == (actor.session_id or 0), UserSession.user_id == own_id(actor)
    )
    return session.exec(mine.with_for_update()).one()


def _record(session: Session, actor: Actor, action: str, after: dict[str, str]) -> None:
    audit.record(
        session, actor, action, subject_type="session", subject_id=actor.session_id, after=after
    )
