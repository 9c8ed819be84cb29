"""The audit trail over REST: read, filtered, proved."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import Out
from crm_app.domain.permissions import Permission
from crm_app.models import AuditCheck, CheckState
from crm_app.services import trail, trail_checks
from crm_app.services.trail import TrailQuery

router = APIRouter(
    prefix="/api/v1/audit", tags=["audit"], dependencies=[permitted(Permission.SEE_AUDIT)]
)
_Word = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]


class EntryOut(Out):
    """One deed. `before` and `after` hold changed fields only; `token_id` where a token acted."""

    id: int
    at: datetime
    action: str
    subject_type: str
    subject_id: str
    actor_kind: str
    actor_id: int | None
    actor_label: str
    address: str
    token_id: int | None
    before: dict[str, Any]
    after: dict[str, Any]


class EntriesOut(Out):
    """`before` the next page starts below; null at the end."""

    entries: list[EntryOut]
    before: int | None


class HeadOut(Out):
    """The newest entry: keep it elsewhere, and a trail that was cut off shows."""

    id: int
    hash: str


class CheckOut(Out):
    """A walk over the whole trail; `broken_id` is the first entry that cannot be believed."""

    id: int
    state: CheckState
    asked_by: str
    reached: int
    total: int
    broken_id: int | None
    reason: str
    created_at: datetime
    finished_at: datetime | None


@router.get("")
def list_entries(
    session: DbSession,
    actor: CurrentActor,
    person: Id | None = None,
    action: _Word = "",
    subject: _Word = "",
    day_from: Annotated[date | None, Query(alias="from")] = None,
    day_to: Annotated[date | None, Query(alias="to")] = None,
    q: _Word = "",
    before: Id | None = None,
    limit: Annotated[int, Query(ge=1, le=trail.MAX_LIMIT)] = trail.DEFAULT_LIMIT,
) -> EntriesOut:
    """Who did what, newest first. Ask again with `before` until it is null."""
    query = TrailQuery(person, action, subject, day_from, day_to, q)
    found = trail.list_entries(session, actor, query, before=before, limit=limit)
    entries = [EntryOut.model_validate(one) for one in found.entries]
    return EntriesOut(entries=entries, before=found.older)


@router.get("/head")
def head(session: DbSession, actor: CurrentActor) -> HeadOut:
    """The chain's end, to be kept outside."""
    found = trail.head(session, actor)
    return HeadOut(id=found.id, hash=found.hash.hex())


@router.post("/checks", status_code=202)
def begin_check(session: DbSession, actor: CurrentActor) -> CheckOut:
    """Have the whole trail walked; the walk that is under way, if there is one."""
    return _out(trail_checks.begin(session, actor))


@router.get("/checks/{check_id}")
def get_check(check_id: Id, session: DbSession, actor: CurrentActor) -> CheckOut:
    """How far a walk is, and what it found."""
    return _out(trail_checks.get(session, actor, check_id))


def _out(check: AuditCheck) -> CheckOut:
    return CheckOut.model_validate(check)
