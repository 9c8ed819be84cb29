"""Programs with roles of their own, over REST; for who looks after tokens."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Out, Text
from crm_app.api.tokens import MadeTokenOut, TokenIn, TokenRowOut
from crm_app.api.user_schemas import GrantIn, GrantOut
from crm_app.api.users import grant_out, granting_of
from crm_app.domain.permissions import Permission
from crm_app.services import service_accounts
from crm_app.services.service_accounts import Service

router = APIRouter(
    prefix="/api/v1/services", tags=["tokens"], dependencies=[permitted(Permission.MANAGE_TOKENS)]
)

_Roles = Annotated[list[GrantIn], Field(min_length=1, max_length=50)]


class ServiceOut(Out):
    """A service; `grantable` is what a token of it may be given."""

    id: int
    name: str
    purpose: str
    owner: str
    is_active: bool
    created_at: datetime
    roles: list[GrantOut]
    grantable: list[str]
    tokens: list[TokenRowOut]


class ServicesOut(Out):
    services: list[ServiceOut]


class ServiceIn(In):
    """`roles`: nothing that I may not do there myself."""

    name: Text
    purpose: Text
    roles: _Roles


class ServiceChangeIn(In):
    """What is left out stays as it is."""

    purpose: Text | None = None
    roles: _Roles | None = None
    is_active: bool | None = None


@router.get("")
def list_all(session: DbSession, actor: CurrentActor) -> ServicesOut:
    """Every service, working ones first."""
    return ServicesOut(services=[_out(one) for one in service_accounts.list_all(session, actor)])


@router.post("", status_code=201)
def make(body: ServiceIn, session: DbSession, actor: CurrentActor) -> ServiceOut:
    """Add a service. Needs `/me/confirm` shortly before; 409 if the name is taken."""
    roles = [granting_of(one) for one in body.roles]
    made = service_accounts.make(session, actor, name=body.name, purpose=body.purpose, roles=roles)
    return _out(made)


@router.get("/{service_id}")
def get(service_id: Id, session: DbSession, actor: CurrentActor) -> ServiceOut:
    """One service with its tokens."""
    return _out(service_accounts.get(session, actor, service_id))


@router.patch("/{service_id}")
def change(
    service_id: Id, body: ServiceChangeIn, session: DbSession, actor: CurrentActor
) -> ServiceOut:
    """Change purpose, roles, or whether it works. Needs `/me/confirm`, but not to switch it off."""
    roles = None if body.roles is None else [granting_of(one) for one in body.roles]
    changed = service_accounts.change(
        session, actor, service_id, purpose=body.purpose, roles=roles, is_active=body.is_active
    )
    return _out(changed)


@router.post("/{service_id}/tokens", status_code=201)
def make_token(
    service_id: Id, body: TokenIn, session: DbSession, actor: CurrentActor
) -> MadeTokenOut:
    """Make a token of a service. Needs `/me/confirm` shortly before. End it at `/tokens`."""
    made = service_accounts.make_token(
        session, actor, service_id, name=body.name, scopes=body.scopes, days=body.days
    )
    row = TokenRowOut.model_validate(made.row)
    return MadeTokenOut(**row.model_dump(), secret=made.secret)


def _out(one: Service) -> ServiceOut:
    return ServiceOut(
        id=one.user.id,
        name=one.user.name,
        purpose=one.purpose,
        owner=one.owner,
        is_active=one.user.is_active,
        created_at=one.user.created_at,
        roles=[grant_out(held) for held in one.roles],
        grantable=sorted(one.grantable),
        tokens=[TokenRowOut.model_validate(row) for row in one.tokens],
    )
