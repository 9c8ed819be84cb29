"""What people decide about webhooks that were set aside."""

from typing import Final

from sqlmodel import Session, select

from crm_app import queue
from crm_app.channels import capabilities
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError
from crm_app.models import ChannelAccount, InboxEntry, InboxState
from crm_app.services import audit, reach
from crm_app.services.arrivals import PULLED
from crm_app.services.receiving import KIND

# Kinds of webhooks that a job can do something with.
WORKABLE: Final = (f"{KIND}store", f"{KIND}read")


def replay(session: Session, actor: Actor, entry_id: int) -> InboxEntry:
    """Let a job try an entry again, with what the product knows now.

    A webhook is used as it was sent; an order that was pulled is read anew from its channel.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If there is no such entry.
        ConflictError: If no job can do anything with it.
    """
    entry = _locked(session, actor, entry_id)
    if not can_work(entry, session.get_one(ChannelAccount, entry.account_id)):
        raise ConflictError("Only a person can act on this: nothing in it can be tried again.")
    _change(session, actor, entry, InboxState.RECEIVED)
    entry.next_try_at = now()
    queue.hint_inbox(session, entry.account_id)
    return entry


def close(session: Session, actor: Actor, entry_id: int) -> InboxEntry:
    """A person has seen to it: it leaves the list of what was set aside, or waits no longer.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If there is no such entry.
        ConflictError: If it is not open.
    """
    entry = _locked(session, actor, entry_id)
    if entry.state is InboxState.PROCESSED:
        raise ConflictError("This is not set aside (any more).")
    _change(session, actor, entry, InboxState.PROCESSED)
    entry.processed_at, entry.next_try_at = now(), None
    return entry


def can_work(entry: InboxEntry, account: ChannelAccount) -> bool:
    """Whether a job can do anything with an entry."""
    if entry.kind != PULLED:
        return entry.kind in WORKABLE
    return entry.external_id != "" and capabilities.of(account.channel).reads_back


def _locked(session: Session, actor: Actor, entry_id: int) -> InboxEntry:
    reach.require(session, actor, Permission.CHANGE_STATUS)
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
