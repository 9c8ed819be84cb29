"""What people decide about webhooks that were set aside."""

from typing import Final

from sqlmodel import Session, select

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError
from crm_app.models import InboxEntry, InboxState
from crm_app.services import audit
from crm_app.services.receiving import KIND

_WORKABLE: Final = (f"{KIND}store", f"{KIND}read")


def replay(session: Session, actor: Actor, entry_id: int) -> InboxEntry:
    """Let a job try a webhook again, with what the product knows now.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If there is no such entry.
        ConflictError: If no job can do anything with it.
    """
    entry = _locked(session, actor, entry_id)
    if entry.kind not in _WORKABLE:
        raise ConflictError("Only a person can act on this: nothing in it can be tried again.")
    _change(session, actor, entry, InboxState.RECEIVED)
    entry.next_try_at = now()
    queue.hint_inbox(session, entry.account_id)
    return entry


def close(session: Session, actor: Actor, entry_id: int) -> InboxEntry:
    """A person has seen to it: it leaves the list of what was set aside.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If there is no such entry.
        ConflictError: If it is not set aside.
    """
    entry = _locked(session, actor, entry_id)
    if entry.state is not InboxState.SET_ASIDE:
        raise ConflictError("This is not set aside (any more).")
    _change(session, actor, entry, InboxState.PROCESSED)
    entry.processed_at = now()
    return entry


def _locked(session: Session, actor: Actor, entry_id: int) -> InboxEntry:
    actor.require(Permission.CHANGE_STATUS)
    entry = session.exec(
        select(InboxEntry).where(InboxEntry.id == entry_id).with_for_update()
    ).one_or_none()
    if entry is None:
        raise NotFoundError("inbox entry", entry_id)
    return entry


def _change(session: Session, actor: Actor, entry: InboxEntry, state: InboxState) -> None:
    audit.record(
        session,
        actor,
        "inbox:replayed" if state is InboxState.RECEIVED else "inbox:closed",
        subject_type="inbox",
        subject_id=entry.id,
        before={"state": entry.state.value, "reason": entry.reason},
        after={"state": state.value},
    )
    entry.state = state
