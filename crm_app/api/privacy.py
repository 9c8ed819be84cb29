"""Requests about personal data over REST, for the data officer."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Out, Text
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.models import Basis, RequestKind, RequestState
from crm_app.services.privacy import requests, retention
from crm_app.services.privacy.retention import Rule

router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"])
_OFFICER = [permitted(Permission.MANAGE_PRIVACY)]


class RequestOut(Out):
    """`outcome` says in numbers what was done, and what was kept for which reason."""

    id: int
    kind: RequestKind
    state: RequestState
    source: str
    subject: str
    account_id: int | None
    order_ids: list[int]
    note: str
    received_at: datetime
    due_at: datetime
    handled_by: str
    handled_at: datetime | None
    outcome: dict[str, Any]


class RequestsOut(BaseModel):
    requests: list[RequestOut]


class RequestIn(In):
    """`subject` is an e-mail, a phone number, the channel's key of the buyer, or an order."""

    kind: RequestKind
    subject: Text
    source: Text = "person"
    account_id: Id | None = None
    note: Text = ""


class RefuseIn(In):
    why: Text


class PersonOut(Out):
    customer_ids: list[int]
    order_ids: list[int]


class RuleOut(Out):
    """Days after the end of an order; null: for as long as the order."""

    channel: Channel
    contact_days: int | None
    payload_days: int | None


class RunOut(Out):
    channel: Channel
    at: datetime
    contacts: int
    payloads: int
    bodies: int


class BasisOut(Out):
    account_id: int
    basis: Basis
    note: str


class RetentionOut(BaseModel):
    rules: list[RuleOut]
    runs: list[RunOut]
    bases: list[BasisOut]


class RuleIn(In):
    contact_days: int | None
    payload_days: int | None


class BasisIn(In):
    basis: Basis
    note: Text = ""


@router.get("/requests", dependencies=_OFFICER)
def list_requests(session: DbSession, actor: CurrentActor) -> RequestsOut:
    """The newest 200 requests with their deadlines."""
    found = requests.list_requests(session, actor)
    return RequestsOut(requests=[RequestOut.model_validate(one) for one in found])


@router.get("/person", dependencies=_OFFICER)
def look(
    session: DbSession, actor: CurrentActor, subject: Annotated[str, Query(max_length=300)]
) -> PersonOut:
    """Whom a request would mean."""
    return PersonOut.model_validate(requests.look(session, actor, subject.replace("\x00", "")))


@router.post("/requests", status_code=201, dependencies=_OFFICER)
def take_down(body: RequestIn, session: DbSession, actor: CurrentActor) -> RequestOut:
    """Write a request down. 422 if nothing is kept of the person."""
    request = requests.take_down(session, actor, **body.model_dump())
    return RequestOut.model_validate(request)


@router.get("/requests/{request_id}", dependencies=_OFFICER)
def get_request(request_id: Id, session: DbSession, actor: CurrentActor) -> RequestOut:
    """One request with what was done."""
    return RequestOut.model_validate(requests.get(session, actor, request_id))


@router.post("/requests/{request_id}/carry-out", status_code=202, dependencies=_OFFICER)
def carry_out(request_id: Id, session: DbSession, actor: CurrentActor) -> RequestOut:
    """Let a worker make the file or erase the person. 409 if it is not open."""
    return RequestOut.model_validate(requests.carry_out(session, actor, request_id))


@router.post("/requests/{request_id}/refuse", dependencies=_OFFICER)
def refuse(request_id: Id, body: RefuseIn, session: DbSession, actor: CurrentActor) -> RequestOut:
    """End a request without doing it; the reason is kept."""
    return RequestOut.model_validate(requests.refuse(session, actor, request_id, body.why))


@router.get("/requests/{request_id}/file", dependencies=_OFFICER)
def take_file(request_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """The person's data as JSON. Recorded. 409 while there is no file."""
    name, body = requests.take_file(session, actor, request_id)
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type="application/json", headers=headers)


@router.get("/retention", dependencies=_OFFICER)
def get_retention(session: DbSession, actor: CurrentActor) -> RetentionOut:
    """How long data are kept, what the daily job did, and on which basis."""
    actor.require(Permission.MANAGE_PRIVACY)
    return RetentionOut(
        rules=[RuleOut.model_validate(one) for one in retention.rules(session)],
        runs=[RunOut.model_validate(one) for one in retention.last_runs(session)],
        bases=[BasisOut.model_validate(one) for one in retention.bases(session).values()],
    )


@router.put("/retention/{channel}", dependencies=_OFFICER)
def set_rule(channel: Channel, body: RuleIn, session: DbSession, actor: CurrentActor) -> RuleOut:
    """Choose how long a channel's data are kept."""
    rule = Rule(channel, body.contact_days, body.payload_days)
    retention.set_rule(session, actor, rule)
    return RuleOut.model_validate(rule)


@router.put("/bases/{account_id}", dependencies=_OFFICER)
def set_basis(account_id: Id, body: BasisIn, session: DbSession, actor: CurrentActor) -> BasisOut:
    """Note on which basis an account's buyers are kept."""
    retention.set_basis(session, actor, account_id, body.basis, body.note)
    return BasisOut(account_id=account_id, basis=body.basis, note=body.note)
