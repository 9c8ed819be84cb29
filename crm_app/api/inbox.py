"""The inbox over REST: what arrived, what became of it, and trying it again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from crm_app import db
from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Out
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError
from crm_app.models import InboxState
from crm_app.services import inbox_list, inbox_review
from crm_app.services.inbox_list import MOST_AT_ONCE, InboxQuery

router = APIRouter(prefix="/api/v1/inbox", tags=["inbox"])
_Word = Annotated[str, Field(max_length=200)]


class InboxRowOut(Out):
    """`order_id` is ours; null while its order is not here."""

    id: int
    account_id: int
    account: str
    channel: Channel
    kind: str
    topic: str
    external_id: str
    order_id: int | None
    state: InboxState
    reason: str
    attempts: int
    times_seen: int
    received_at: datetime
    last_seen_at: datetime
    next_try_at: datetime | None
    processed_at: datetime | None
    can_replay: bool


class InboxOut(BaseModel):
    """Give `next_before` as `before` for the next page."""

    entries: list[InboxRowOut]
    next_before: int | None


class InboxDetailOut(InboxRowOut):
    """`masked` has every name of the body and no value."""

    masked: str


class BodyOut(BaseModel):
    body: str


class RefusedOut(BaseModel):
    """`account_id` is null where the address named no account of ours; then `path` has it."""

    id: int
    at: datetime
    account_id: int | None
    path: str
    address: str
    topic: str
    size: int
    reason: str


class RefusedListOut(BaseModel):
    refused: list[RefusedOut]


class ReplayEntriesIn(In):
    ids: list[Id] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ReplayedOut(BaseModel):
    """`refused` says why, by id."""

    done: list[int]
    refused: dict[str, str]


class RefusedParams(BaseModel):
    """`topic` is how the channel's word begins, `day` a day of the business zone."""

    account: _Word = ""
    topic: _Word = ""
    day: _Word = ""
    before: _Word = ""
    limit: _Word = ""

    def query(self) -> InboxQuery:
        """Raises InvalidInputError."""
        return InboxQuery.parse(self.model_dump())


class InboxParams(RefusedParams):
    """`order` is the channel's id of an order."""

    state: _Word = ""
    order: _Word = ""


@router.get("", dependencies=[permitted(Permission.VIEW_ORDERS)])
def list_inbox(
    session: DbSession, actor: CurrentActor, params: Annotated[InboxParams, Query()]
) -> InboxOut:
    """What arrived, the newest first. `topic` is how the channel's word begins, `order` the
    channel's id of an order, `day` a day of the business zone."""
    page = inbox_list.list_entries(session, actor, params.query())
    entries = [InboxRowOut.model_validate(row) for row in page.rows]
    return InboxOut(entries=entries, next_before=page.next_before)


@router.get("/refused", dependencies=[permitted(Permission.MANAGE_ACCOUNTS)])
def list_refused(
    session: DbSession, actor: CurrentActor, params: Annotated[RefusedParams, Query()]
) -> RefusedListOut:
    """Webhooks without a valid proof, the newest first; of each account the first of an hour."""
    found = inbox_list.refused(session, actor, params.query())
    return RefusedListOut(
        refused=[
            RefusedOut(
                id=one.id,
                at=one.at,
                account_id=one.account_id or None,
                path=one.path,
                address=one.address,
                topic=one.topic,
                size=one.size,
                reason=one.reason,
            )
            for one, _ in found
        ]
    )


@router.post("/replay", dependencies=[permitted(Permission.CHANGE_STATUS)])
def replay(body: ReplayEntriesIn, actor: CurrentActor) -> ReplayedOut:
    """Let a job try entries again, each for itself; one that is refused stops no other."""
    done, refused = list[int](), dict[str, str]()
    for entry_id in dict.fromkeys(body.ids):
        try:
            with db.transaction() as session:
                inbox_review.replay(session, actor, entry_id)
            done.append(entry_id)
        except CrmError as error:
            refused[str(entry_id)] = str(error)
    return ReplayedOut(done=done, refused=refused)


@router.get("/{entry_id}", dependencies=[permitted(Permission.VIEW_ORDERS)])
def get_entry(entry_id: Id, session: DbSession, actor: CurrentActor) -> InboxDetailOut:
    """One entry with the shape of its body."""
    found = inbox_list.get_entry(session, actor, entry_id)
    row = InboxRowOut.model_validate(found.row).model_dump()
    return InboxDetailOut(**row, masked=found.masked)


@router.post("/{entry_id}/body", dependencies=[permitted(Permission.SEE_PERSONAL_DATA)])
def reveal(entry_id: Id, session: DbSession, actor: CurrentActor) -> BodyOut:
    """What arrived, in clear. Recorded: it holds personal data."""
    return BodyOut(body=inbox_list.reveal(session, actor, entry_id))
