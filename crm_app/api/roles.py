"""Roles over REST: what there are, and what they let do."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Text
from crm_app.domain.permissions import Permission, Role
from crm_app.services import roles
from crm_app.services.roles import RoleDraft, RoleView

router = APIRouter(
    prefix="/api/v1/roles", tags=["roles"], dependencies=[permitted(Permission.MANAGE_ROLES)]
)


class RoleOut(BaseModel):
    """`key` names a built-in one; `sentence` says in words what the verbs let do. `version` is
    another one after each change."""

    id: int
    key: Role | None
    name: str
    description: str
    verbs: list[str]
    sentence: str
    needs_two_factor: bool
    version: str
    people: int
    may_give: bool


class RolesOut(BaseModel):
    roles: list[RoleOut]


class RoleIn(In):
    """`verbs` are words such as `orders.view`. `version`: the one that was looked at, for a change
    that is refused if somebody else made one since."""

    name: Text
    description: Text = ""
    verbs: Annotated[list[Text], Field(max_length=100)]
    needs_two_factor: bool = False
    version: Text | None = None


@router.get("")
def list_roles(session: DbSession, actor: CurrentActor) -> RolesOut:
    """Every role, the built-in ones first."""
    return RolesOut(roles=[_out(one) for one in roles.list_roles(session, actor)])


@router.post("", status_code=201)
def make(body: RoleIn, session: DbSession, actor: CurrentActor) -> RoleOut:
    """Make a role. 403 for a verb that one does not hold everywhere, 409 if the name is taken."""
    return _out(roles.make(session, actor, _draft(body)))


@router.put("/{role_id}")
def change(role_id: Id, body: RoleIn, session: DbSession, actor: CurrentActor) -> RoleOut:
    """Change a role. 409 for a built-in one, of which only `needs_two_factor` changes, and for a
    `version` that is no longer the role's."""
    return _out(roles.change(session, actor, role_id, _draft(body), body.version))


@router.delete("/{role_id}", status_code=204)
def remove(role_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """Delete a role. 409 while somebody has it, and for a built-in one."""
    roles.remove(session, actor, role_id)
    return Response(status_code=204)


def _draft(body: RoleIn) -> RoleDraft:
    return RoleDraft(body.name, body.description, body.verbs, body.needs_two_factor)


def _out(one: RoleView) -> RoleOut:
    return RoleOut(
        id=one.id,
        key=one.key,
        name=one.name,
        description=one.description,
        verbs=sorted(verb.value for verb in one.verbs),
        sentence=one.sentence,
        needs_two_factor=one.needs_two_factor,
        version=one.version,
        people=one.people,
        may_give=one.may_give,
    )
