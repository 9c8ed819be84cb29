"""API tokens over REST: one's own, and everybody's for admins."""

from datetime import datetime

from fastapi import APIRouter, Response

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted, signed_in
from crm_app.api.schemas import In, Out, Text
from crm_app.domain.permissions import Permission
from crm_app.services import api_tokens

router = APIRouter(prefix="/api/v1", tags=["tokens"])


class TokenRowOut(Out):
    """A token; `hint` is its last four characters."""

    id: int
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    last_address: str


class TokensOut(Out):
    tokens: list[TokenRowOut]


class OwnedTokenOut(TokenRowOut):
    user_id: int
    owner: str


class OwnedTokensOut(Out):
    tokens: list[OwnedTokenOut]


class TokenIn(In):
    """`scopes` are permissions that I hold; `days` is its life."""

    name: Text
    scopes: list[Text]
    days: int


class MadeTokenOut(TokenRowOut):
    """`secret` is shown this once; send it as `Authorization: Bearer`."""

    secret: str


@router.get("/me/tokens", dependencies=[signed_in()])
def list_own(session: DbSession, actor: CurrentActor) -> TokensOut:
    """My tokens, newest first. A token itself may not ask."""
    found = api_tokens.list_own(session, actor)
    return TokensOut(tokens=[TokenRowOut.model_validate(row) for row in found])


@router.post("/me/tokens", status_code=201, dependencies=[signed_in()])
def make(body: TokenIn, session: DbSession, actor: CurrentActor) -> MadeTokenOut:
    """Make a token. Needs `/me/confirm` shortly before; 409 if I have twenty."""
    made = api_tokens.make(session, actor, name=body.name, scopes=body.scopes, days=body.days)
    row = TokenRowOut.model_validate(made.row)
    return MadeTokenOut(**row.model_dump(), secret=made.secret)


@router.delete("/me/tokens/{token_id}", status_code=204, dependencies=[signed_in()])
def revoke_own(token_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """End one of my tokens at once."""
    api_tokens.revoke_own(session, actor, token_id)
    return Response(status_code=204)


@router.get("/tokens", dependencies=[permitted(Permission.MANAGE_TOKENS)])
def list_all(session: DbSession, actor: CurrentActor) -> OwnedTokensOut:
    """Everybody's tokens, newest first."""
    found = api_tokens.list_all(session, actor)
    return OwnedTokensOut(
        tokens=[
            OwnedTokenOut(
                **TokenRowOut.model_validate(one.row).model_dump(),
                user_id=one.row.user_id,
                owner=one.owner,
            )
            for one in found
        ]
    )


@router.delete(
    "/tokens/{token_id}", status_code=204, dependencies=[permitted(Permission.MANAGE_TOKENS)]
)
def revoke_any(token_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """End anybody's token at once."""
    api_tokens.revoke_any(session, actor, token_id)
    return Response(status_code=204)
