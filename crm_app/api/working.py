"""The desk's own data on orders over REST: the same services as the pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from sqlmodel import Session

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.working_schemas import (
    AssigneeIn,
    ColleagueOut,
    CommentIn,
    CommentOut,
    HoldIn,
    PastOut,
    PayloadOut,
    PriorityIn,
    TagChangeIn,
    TagIn,
    TagOut,
    VersionOut,
    WorkOut,
)
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.services import order_past, payload_view
from crm_app.services.working import (
    archiving,
    assigning,
    comments,
    holding,
    people,
    reading,
    tagging,
    watching,
)

router = APIRouter(prefix="/api/v1", tags=["working data"])

_VIEW = [permitted(Permission.VIEW_ORDERS)]
_ASSIGN = [permitted(Permission.ASSIGN_ORDERS)]
_TAG = [permitted(Permission.TAG_ORDERS)]
_HOLD = [permitted(Permission.HOLD_ORDERS)]
_ARCHIVE = [permitted(Permission.ARCHIVE_ORDERS)]
_COMMENT = [permitted(Permission.COMMENT_ORDERS)]
_PAYLOAD = [permitted(Permission.SEE_PAYLOAD)]


@router.get("/orders/{order_id}/work", dependencies=_VIEW)
def get_work(order_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Tags, assignee, priority, hold, watchers and comments of an order."""
    return _work(session, actor, order_id)


@router.put("/orders/{order_id}/assignee", dependencies=_ASSIGN)
def assign(order_id: Id, body: AssigneeIn, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Give an order to a colleague; given again it stays with them."""
    assigning.assign(session, actor, [order_id], body.assignee_id)
    return _work(session, actor, order_id)


@router.put("/orders/{order_id}/priority", dependencies=_ASSIGN)
def set_priority(
    order_id: Id, body: PriorityIn, session: DbSession, actor: CurrentActor
) -> WorkOut:
    """Say how urgent an order is."""
    assigning.set_priority(session, actor, [order_id], body.priority)
    return _work(session, actor, order_id)


@router.put("/orders/{order_id}/tags/{tag_id}", dependencies=_TAG)
def put_tag(order_id: Id, tag_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Stick a tag on an order; it may be there already."""
    tagging.put_tag(session, actor, [order_id], tag_id, is_on=True)
    return _work(session, actor, order_id)


@router.delete("/orders/{order_id}/tags/{tag_id}", dependencies=_TAG)
def take_tag(order_id: Id, tag_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Take a tag off an order; it may be off already."""
    tagging.put_tag(session, actor, [order_id], tag_id, is_on=False)
    return _work(session, actor, order_id)


@router.put("/orders/{order_id}/hold", dependencies=_HOLD)
def hold(order_id: Id, body: HoldIn, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Put an order on hold, or change why it is; 409 once it has left."""
    made = holding.hold(session, actor, [order_id], body.reason, until=body.until, note=body.note)
    made.require()
    return _work(session, actor, order_id)


@router.delete("/orders/{order_id}/hold", dependencies=_HOLD)
def release(order_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Let an order go on; 409 if it is not on hold here."""
    holding.release(session, actor, [order_id]).require()
    return _work(session, actor, order_id)


@router.put("/orders/{order_id}/archive", dependencies=_ARCHIVE)
def archive(order_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Put an order away; 409 while it is to be shipped."""
    archiving.archive(session, actor, [order_id], True).require()
    return _work(session, actor, order_id)


@router.delete("/orders/{order_id}/archive", dependencies=_ARCHIVE)
def unarchive(order_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Take an order out of the archive."""
    archiving.archive(session, actor, [order_id], False).require()
    return _work(session, actor, order_id)


@router.put("/orders/{order_id}/watch", dependencies=_VIEW)
def watch(order_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Hear of this order from now on."""
    watching.watch(session, actor, [order_id], is_on=True)
    return _work(session, actor, order_id)


@router.delete("/orders/{order_id}/watch", dependencies=_VIEW)
def stop_watching(order_id: Id, session: DbSession, actor: CurrentActor) -> WorkOut:
    """Hear no more of this order."""
    watching.watch(session, actor, [order_id], is_on=False)
    return _work(session, actor, order_id)


@router.post("/orders/{order_id}/comments", status_code=201, dependencies=_COMMENT)
def add_comment(
    order_id: Id, body: CommentIn, session: DbSession, actor: CurrentActor
) -> CommentOut:
    """Write a comment."""
    return CommentOut.model_validate(comments.add_comment(session, actor, order_id, body.text))


@router.put("/comments/{comment_id}", dependencies=_COMMENT)
def edit_comment(
    comment_id: Id, body: CommentIn, session: DbSession, actor: CurrentActor
) -> CommentOut:
    """Change a comment of one's own."""
    return CommentOut.model_validate(comments.edit_comment(session, actor, comment_id, body.text))


@router.delete("/comments/{comment_id}", status_code=204, dependencies=_COMMENT)
def delete_comment(comment_id: Id, session: DbSession, actor: CurrentActor) -> None:
    """Take a comment of one's own away."""
    comments.delete_comment(session, actor, comment_id)


@router.get("/orders/{order_id}/past", dependencies=_VIEW)
def past(
    order_id: Id, at: Annotated[AwareDatetime, Query()], session: DbSession, actor: CurrentActor
) -> PastOut:
    """The order as it was at a moment, as far as the history tells."""
    return PastOut.model_validate(order_past.as_of(session, actor, order_id, at))


@router.get("/orders/{order_id}/payloads", dependencies=_PAYLOAD)
def payloads(order_id: Id, session: DbSession, actor: CurrentActor) -> list[VersionOut]:
    """The versions of the channel's words that are still kept, the newest first."""
    found = payload_view.versions(session, actor, order_id)
    return [VersionOut.model_validate(one) for one in found]


@router.get("/orders/{order_id}/payloads/{key}", dependencies=_PAYLOAD)
def payload(order_id: Id, key: str, session: DbSession, actor: CurrentActor) -> PayloadOut:
    """One version in full. The audit trail remembers who asked."""
    return PayloadOut(key=key, text=payload_view.show(session, actor, order_id, key))


@router.get("/colleagues", dependencies=_VIEW)
def colleagues(session: DbSession, actor: CurrentActor) -> list[ColleagueOut]:
    """Whom orders can be given to."""
    return [ColleagueOut.model_validate(one) for one in people.colleagues(session, actor)]


@router.get("/tags", dependencies=_VIEW)
def list_tags(session: DbSession, actor: CurrentActor) -> list[TagOut]:
    """The tags that are offered, by name."""
    return [TagOut.model_validate(one) for one in tagging.list_tags(session, actor)]


@router.post("/tags", status_code=201, dependencies=_TAG)
def make_tag(body: TagIn, session: DbSession, actor: CurrentActor) -> TagOut:
    """The tag of this name; made if there is none."""
    return TagOut.model_validate(tagging.make_tag(session, actor, body.name, body.colour))


@router.patch("/tags/{tag_id}", dependencies=_TAG)
def change_tag(tag_id: Id, body: TagChangeIn, session: DbSession, actor: CurrentActor) -> TagOut:
    """Rename, recolour or retire a tag."""
    wanted: dict[str, Any] = body.model_dump()
    return TagOut.model_validate(tagging.change_tag(session, actor, tag_id, **wanted))


def _work(session: Session, actor: Actor, order_id: int) -> WorkOut:
    session.flush()
    session.expire_all()
    return WorkOut.model_validate(reading.work_of(session, actor, order_id))
