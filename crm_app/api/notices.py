"""A person's own notices over REST: what the bell shows."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from crm_app.api.dependencies import CurrentActor, DbSession, Id, signed_in
from crm_app.api.schemas import In, Out
from crm_app.services import notices

router = APIRouter(prefix="/api/v1/notices", tags=["notices"])


class NoticeOut(Out):
    """`key` names what it is about; `href` is a path of this product."""

    id: int
    kind: str
    sentence: str
    href: str
    key: str
    at: datetime
    read_at: datetime | None


class NoticesOut(Out):
    """`unread` counts all of them and stops at 100; `before` the next page starts below."""

    notices: list[NoticeOut]
    unread: int
    before: int | None


class ReadIn(In):
    """The newest id that the person saw; without one all are marked."""

    up_to: Id | None = None


class ReadOut(Out):
    marked: int


@router.get("", dependencies=[signed_in()])
def list_notices(
    session: DbSession,
    actor: CurrentActor,
    only_unread: bool = False,
    before: Id | None = None,
    limit: Annotated[int, Query(ge=1, le=notices.MAX_LIMIT)] = notices.DEFAULT_LIMIT,
) -> NoticesOut:
    """What you were told, newest first. Ask again with `before` until it is null."""
    found = notices.list_notices(
        session, actor, only_unread=only_unread, before=before, limit=limit
    )
    return NoticesOut(
        notices=[NoticeOut.model_validate(notice) for notice in found.notices],
        unread=notices.count_unread(session, actor),
        before=found.older,
    )


@router.post("/read", dependencies=[signed_in()])
def mark_all_read(body: ReadIn, session: DbSession, actor: CurrentActor) -> ReadOut:
    """Mark all of yours as read, up to the newest one that you saw."""
    return ReadOut(marked=notices.mark_all_read(session, actor, up_to=body.up_to))


@router.post("/{notice_id}/read", dependencies=[signed_in()])
def mark_read(notice_id: Id, session: DbSession, actor: CurrentActor) -> NoticeOut:
    """Mark one of yours as read; again does nothing."""
    return NoticeOut.model_validate(notices.mark_read(session, actor, notice_id))
