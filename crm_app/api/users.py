"""People over REST, for admins."""

from fastapi import APIRouter

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import (
    UserCreatedOut,
    UserCreateIn,
    UserOut,
    UsersOut,
    UserUpdateIn,
)
from crm_app.domain.permissions import Permission
from crm_app.services import users

router = APIRouter(
    prefix="/api/v1/users", tags=["users"], dependencies=[permitted(Permission.MANAGE_USERS)]
)


@router.get("")
def list_users(session: DbSession, actor: CurrentActor) -> UsersOut:
    """Everybody, active people first."""
    return UsersOut(
        users=[UserOut.model_validate(user) for user in users.list_users(session, actor)]
    )


@router.post("", status_code=201)
def create_user(body: UserCreateIn, session: DbSession, actor: CurrentActor) -> UserCreatedOut:
    """Add a person. 409 if the e-mail is taken."""
    user, password = users.create_user(
        session, actor, email=body.email, name=body.name, role=body.role, password=body.password
    )
    return UserCreatedOut(
        **UserOut.model_validate(user).model_dump(),
        password=None if body.password else password,
    )


@router.patch("/{user_id}")
def update_user(
    user_id: Id, body: UserUpdateIn, session: DbSession, actor: CurrentActor
) -> UserOut:
    """Change name, role, whether they may sign in, or the password. 409 for the last admin."""
    user = users.update_user(
        session, actor, user_id, name=body.name, role=body.role, is_active=body.is_active
    )
    if body.password is not None:
        users.reset_password(session, actor, user_id, body.password)
    return UserOut.model_validate(user)
