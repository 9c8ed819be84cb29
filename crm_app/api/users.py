"""People over REST, for admins."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.me import SessionOut, SessionsOut
from crm_app.api.user_schemas import (
    Granted,
    GrantIn,
    GrantOut,
    InvitationIn,
    LinkOut,
    UserCreatedOut,
    UserCreateIn,
    UserOut,
    UsersOut,
    UserUpdateIn,
)
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import User
from crm_app.services import granting, links, sessions, two_factor, users

router = APIRouter(
    prefix="/api/v1/users", tags=["users"], dependencies=[permitted(Permission.MANAGE_USERS)]
)


def user_out(person: users.Person) -> UserOut:
    """A person with the roles they have."""
    user = person.user
    return UserOut(
        id=user.id,
        email=user.email,
        name=user.name,
        roles=[grant_out(held) for held in person.roles],
        is_active=user.is_active,
        created_at=user.created_at,
        last_seen_at=user.last_seen_at,
    )


def grant_out(held: granting.Held) -> GrantOut:
    one = held.granting
    return GrantOut(
        role_id=one.role_id,
        name=held.name,
        key=held.key,
        reach=one.reach,
        channels=list(one.channels),
        account_ids=list(one.account_ids),
        where=held.where,
    )


def _out(session: DbSession, user: User) -> UserOut:
    return user_out(users.with_roles(session, [user])[0])


def _roles(session: DbSession, body: Granted) -> Sequence[granting.Granting] | None:
    """The roles that are asked for, by either way; None if neither is given."""
    if body.role is not None and body.roles is not None:
        raise InvalidInputError("Give `role` or `roles`, not both.", details={"roles": "Twice."})
    if body.role is not None:
        return [granting.everywhere(session, body.role)]
    if body.roles is None:
        return None
    return [granting_of(one) for one in body.roles]


def granting_of(one: GrantIn) -> granting.Granting:
    """A role that is asked for, as the services know it."""
    return granting.Granting(one.role_id, one.reach, tuple(one.channels), tuple(one.account_ids))


@router.get("")
def list_users(session: DbSession, actor: CurrentActor) -> UsersOut:
    """Everybody, active people first."""
    return UsersOut(users=[user_out(one) for one in users.list_people(session, actor)])


@router.post("", status_code=201)
def create_user(body: UserCreateIn, session: DbSession, actor: CurrentActor) -> UserCreatedOut:
    """Add a person. 409 if the e-mail is taken."""
    user, password = users.create_user(
        session,
        actor,
        email=body.email,
        name=body.name,
        roles=_roles(session, body) or (),
        password=body.password,
    )
    return UserCreatedOut(
        **_out(session, user).model_dump(),
        password=None if body.password else password,
    )


@router.patch("/{user_id}")
def update_user(
    user_id: Id, body: UserUpdateIn, session: DbSession, actor: CurrentActor
) -> UserOut:
    """Change name, roles, whether they may sign in, or the password. 409 for the last admin."""
    user = users.update_user(
        session,
        actor,
        user_id,
        name=body.name,
        roles=_roles(session, body),
        is_active=body.is_active,
    )
    if body.password is not None:
        users.reset_password(session, actor, user_id, body.password)
    return _out(session, user)


@router.post("/invitations", status_code=201)
def invite_user(body: InvitationIn, session: DbSession, actor: CurrentActor) -> LinkOut:
    """Add a person who chooses their own password, by a link. 409 if the e-mail is taken."""
    roles = _roles(session, body) or ()
    return _link(links.invite(session, actor, email=body.email, name=body.name, roles=roles))


@router.post("/{user_id}/link", status_code=201)
def make_link(user_id: Id, session: DbSession, actor: CurrentActor, shown: bool = False) -> LinkOut:
    """A link for a person to set a password; older ones stop working. 409 if deactivated.

    With a mail server it is mailed to them; `shown` tells it here instead.
    """
    return _link(links.make_link(session, actor, user_id, is_shown=shown))


def _link(made: links.MadeLink) -> LinkOut:
    return LinkOut(
        user_id=made.user.id,
        url=made.url or None,
        is_mailed=made.is_mailed,
        expires_at=made.expires_at,
    )


@router.delete("/{user_id}/two-factor", status_code=204)
def two_factor_off(user_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """Take a lost phone out of a person's account; their sign-ins end. 409 if there is none."""
    two_factor.turn_off_of(session, actor, user_id)
    return Response(status_code=204)


@router.get("/{user_id}/sessions")
def list_sessions(user_id: Id, session: DbSession, actor: CurrentActor) -> SessionsOut:
    """Where a person is signed in. 404 for nobody."""
    found = sessions.list_of(session, actor, user_id)
    return SessionsOut(sessions=[SessionOut.model_validate(one) for one in found])


@router.delete("/{user_id}/sessions/{session_id}", status_code=204)
def end_session(user_id: Id, session_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """End one sign-in of a person. 404 if it is over already, or somebody else's."""
    sessions.end_of(session, actor, user_id, session_id)
    return Response(status_code=204)


@router.delete("/{user_id}/sessions", status_code=204)
def end_sessions(user_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """End every sign-in of a person."""
    sessions.end_of(session, actor, user_id)
    return Response(status_code=204)
