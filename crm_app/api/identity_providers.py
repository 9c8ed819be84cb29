"""Providers of single sign-on over REST, for who manages people and roles."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from crm_app import db
from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Text
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errands import oidc as errands
from crm_app.services import identity_providers
from crm_app.services.identity_providers import ProviderDraft, ProviderView

router = APIRouter(
    prefix="/api/v1/identity-providers",
    tags=["users"],
    dependencies=[permitted(Permission.MANAGE_USERS)],
)


class ProviderOut(BaseModel):
    """`callback` is to be registered with the provider. Its secret is never told."""

    id: int
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    domains: list[str]
    role_ids: list[int]
    has_factor: bool
    is_on: bool
    people: int
    callback: str


class ProvidersOut(BaseModel):
    providers: list[ProviderOut]


class ProviderIn(In):
    """`client_secret` left out keeps the one there is; empty is a public client's.

    `role_ids`: what newcomers of `domains` are given; none: nobody is added. `has_factor`: it asks
    for a second factor itself.
    """

    name: Text
    issuer: Text
    client_id: Text
    client_secret: Text | None = None
    domains: list[Text] = Field(default_factory=list[Text], max_length=100)
    role_ids: list[Id] = Field(default_factory=list[Id], max_length=50)
    has_factor: bool = False
    is_on: bool = True


@router.get("")
def list_providers(session: DbSession, actor: CurrentActor) -> ProvidersOut:
    """Every provider."""
    found = identity_providers.list_providers(session, actor)
    return ProvidersOut(providers=[_out(one) for one in found])


@router.post("", status_code=201)
def connect(body: ProviderIn, actor: CurrentActor) -> ProviderOut:
    """Connect a provider. It is asked who it is first; 422 if it does not answer as its issuer."""
    return _one(actor, errands.connect(actor, _draft(body)))


@router.put("/{provider_id}")
def change(provider_id: Id, body: ProviderIn, actor: CurrentActor) -> ProviderOut:
    """Change a provider. It is asked again, unless it is only switched off."""
    errands.change(actor, provider_id, _draft(body))
    return _one(actor, provider_id)


@router.delete("/{provider_id}", status_code=204)
def remove(provider_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """Forget a provider and who is linked with it; the people stay."""
    identity_providers.remove(session, actor, provider_id)
    return Response(status_code=204)


def _one(actor: Actor, provider_id: int) -> ProviderOut:
    with db.transaction() as session:
        found = identity_providers.list_providers(session, actor)
    return next(_out(one) for one in found if one.provider.id == provider_id)


def _draft(body: ProviderIn) -> ProviderDraft:
    return ProviderDraft(
        name=body.name,
        issuer=body.issuer,
        client_id=body.client_id,
        client_secret=body.client_secret,
        domains=body.domains,
        role_ids=body.role_ids,
        has_factor=body.has_factor,
        is_on=body.is_on,
    )


def _out(view: ProviderView) -> ProviderOut:
    one = view.provider
    return ProviderOut(
        id=one.id,
        name=one.name,
        issuer=one.issuer,
        client_id=one.client_id,
        has_secret=one.client_secret is not None,
        domains=one.domains,
        role_ids=one.role_ids,
        has_factor=one.has_factor,
        is_on=one.is_on,
        people=view.people,
        callback=errands.callback_url(one.id),
    )
