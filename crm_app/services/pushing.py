"""A status goes out: claim, call, record, read back. Strictly in order per order."""

import time
from collections.abc import Sequence
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.base import ChannelOrder, Connector, Receipt, StatusUpdate
from crm_app.channels.calls import listening
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    LeftAloneError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.models import Order, OrderEvent, StatusIntent
from crm_app.services import (
    accounts,
    batching,
    claiming,
    holding,
    importing,
    packages,
    pulling,
    receipts,
    retry_policy,
    stopping,
    urgency,
)
from crm_app.services.accounts import pause_after
from crm_app.services.claiming import Claim, Kind
from crm_app.services.receipts import Watch

_FIRST_READ_BACK_S: Final = 2.0
# With the pauses between them somewhat over an hour: no channel takes that long to show a status.
_MOST_LOOKS: Final = 13
_NOT_READ: Final = "It accepted the call. It can be asked for nothing more."


def push(connector: Connector, account_id: int, *, budget_s: float) -> int:
    """Send and read back every intent of an account that is due; how many it worked on.

    The channel is called with no transaction open. Whatever kills this process between two
    steps, the next run finds the intent again: one whose call may have reached the channel is
    read before it is sent again.

    Args:
        connector: Speaks for this account.
        account_id: Our id. The caller holds the account's push lock.
        budget_s: Stop taking new ones after this many seconds.
    """
    deadline = time.monotonic() + budget_s
    sizes = batching.sizes(connector)
    done = 0
    # Reading and telling have limits of their own: one that is used up does not stop the other.
    halted: set[Kind] = set()
    while time.monotonic() < deadline and len(halted) < len(Kind):
        with db.transaction() as session:
            claims = claiming.claim(session, account_id, halted, sizes)
        if not claims:
            break
        done += len(claims)
        kind = claims[0].kind
        work = _send if kind is Kind.TELL else _read_back
        stop = work(connector, account_id, claims)
        if stop is None:
            continue
        if kind is Kind.TELL or not _is_limit(stop):
            holding.hold(account_id, stop, claims[0].intent_id)
        if isinstance(stop, AccountDisconnectedError):
            break
        halted.add(kind)
    return done


def _send(connector: Connector, account_id: int, claims: Sequence[Claim]) -> ChannelError | None:
    """Tell the channel; the error that concerns more than these changes, if there was one."""
    del account_id
    updates = {claim.intent_id: claim.update for claim in claims if claim.update is not None}
    with listening() as heard:
        watch = Watch(heard)
        outcomes = batching.tell(connector, list(updates.values()))
        watch.stop()
    for claim in claims:
        update = updates[claim.intent_id]
        # A change that is sent again keeps the reference of the first.
        outcome = outcomes[update.reference]
        with db.transaction() as session:
            if isinstance(outcome, ChannelError):
                _record_refusal(session, claim, update, outcome, watch)
            else:
                _record_receipt(session, claim, update, outcome, watch)
    return batching.common(outcomes.values())


def _record_receipt(
    session: Session, claim: Claim, update: StatusUpdate, receipt: Receipt, watch: Watch
) -> None:
    order, intent = _locked(session, claim.intent_id)
    receipts.accepted(session, intent.id, update, receipt, watch)
    if intent.state is not IntentState.SENDING:
        return  # settled meanwhile, by a pull that saw it or a person who decided
    moment = now()
    intent.state = IntentState.SENT
    intent.sent_at = moment
    intent.outcome_unknown = False
    intent.claimed_at = None
    intent.attempts = 0
    intent.reason = ""
    intent.next_try_at = moment
    if intent.is_patient:
        # It made its deadline. To read it back can wait until the others are told.
        intent.send_by = urgency.read_back_by(moment)
    order.sync_status = SyncStatus.PUSHING
    if not capabilities.of(order.channel).reads_back:
        _confirm(session, order, intent)
    _event(session, order, "intent:sent", intent)


def _confirm(session: Session, order: Order, intent: StatusIntent) -> None:
    """The accepted call is the proof: this channel can be asked for no other."""
    intent.state = IntentState.CONFIRMED
    intent.settled_at = now()
    intent.reason = _NOT_READ
    packages.note_told(session, intent)
    if not intent.is_part:
        order.status_on_channel = intent.to_status
    has_more = _has_later(session, order, intent)
    order.sync_status = SyncStatus.QUEUED if has_more else SyncStatus.IN_SYNC
    order.version += 1


def _record_refusal(
    session: Session, claim: Claim, update: StatusUpdate, error: ChannelError, watch: Watch
) -> None:
    order, intent = _locked(session, claim.intent_id)
    receipts.refused(session, intent.id, update, error, watch)
    if intent.state is not IntentState.SENDING:
        return
    if isinstance(error, RejectedError):
        _reject(session, order, intent, str(error))
        return
    verdict = retry_policy.after(error, claim.attempts, now())
    if verdict.at is None:
        _give_up(session, order, intent, f"Gave up after {claim.attempts} tries: {error}")
        return
    intent.state = IntentState.BUDGET if _is_limit(error) else IntentState.WAITING
    intent.outcome_unknown = isinstance(error, OutcomeUnknownError)
    intent.claimed_at = None
    intent.reason = str(error)[:500]
    _heed_hold(order, intent)
    intent.attempts = verdict.tries
    intent.next_try_at = verdict.at


def _is_limit(error: ChannelError) -> bool:
    """Whether it waits for the channel's limit, and not for the channel to come back."""
    return isinstance(error, RateLimitedError) and not isinstance(error, LeftAloneError)


def _heed_hold(order: Order, intent: StatusIntent) -> None:
    """A hold that was set while the call was under way counts for the next try."""
    is_stopped = stopping.is_stopped(order, intent.to_status, takes_back=intent.takes_back)
    is_read_first = intent.outcome_unknown and capabilities.of(order.channel).reads_back
    if is_stopped and not is_read_first:
        stopping.put_by(intent, order)


def _reject(session: Session, order: Order, intent: StatusIntent, words: str) -> None:
    _disagree(session, order, intent)
    _settle(session, order, intent, IntentState.REJECTED, words)


def _give_up(session: Session, order: Order, intent: StatusIntent, words: str) -> None:
    """Its policy is used up: from here on a person decides whether it is sent again."""
    _disagree(session, order, intent)
    _settle(session, order, intent, IntentState.NEEDS_PERSON, words)


def _disagree(session: Session, order: Order, intent: StatusIntent) -> None:
    """A later wish that still travels has its own answer to come: until then nobody is asked."""
    has_more = _has_later(session, order, intent)
    order.sync_status = SyncStatus.QUEUED if has_more else SyncStatus.REJECTED
    order.version += 1


def _has_later(session: Session, order: Order, intent: StatusIntent) -> bool:
    later = select(StatusIntent.id).where(
        StatusIntent.order_id == order.id,
        StatusIntent.id > intent.id,
        col(StatusIntent.state).in_(OPEN),
    )
    return session.exec(later.limit(1)).first() is not None


def _settle(
    session: Session, order: Order, intent: StatusIntent, state: IntentState, words: str
) -> None:
    intent.state = state
    intent.reason = words[:500]
    intent.settled_at = now()
    intent.claimed_at = None
    intent.outcome_unknown = False
    _event(session, order, f"intent:{state.value}", intent)


def _read_back(
    connector: Connector, account_id: int, claims: Sequence[Claim]
) -> ChannelError | None:
    """See what the channel has; storing what it says settles an intent if it agrees."""
    with listening() as heard:
        watch = Watch(heard)
        shown = batching.read(connector, [claim.external_id for claim in claims])
        watch.stop()
    for claim in claims:
        told = shown[claim.external_id]
        if isinstance(told, ChannelOrder):
            _look(account_id, claim, told, watch)
        else:
            with db.transaction() as session:
                _record_unread(session, claim, told, watch)
    return batching.common(shown.values())


def _look(account_id: int, claim: Claim, told: ChannelOrder, watch: Watch) -> None:
    with db.transaction() as session:
        # Before it is stored, which may settle the change: what settles one has its receipt.
        receipts.read(session, claim.intent_id, told, watch)
    pulling.save_one(account_id, told)
    with db.transaction() as session:
        order, intent = _locked(session, claim.intent_id)
        if intent.state not in OPEN:
            return
        intent.claimed_at = None
        if intent.state is IntentState.SENT and claim.attempts >= _MOST_LOOKS:
            _never_shown(session, order)
        elif intent.state is IntentState.SENT:
            intent.reason = "Accepted; the channel does not show it yet."
            intent.next_try_at = now() + pause_after(claim.attempts, _FIRST_READ_BACK_S)
        else:
            # The unanswered call did nothing, the channel shows. Send it again.
            intent.state = IntentState.WAITING
            intent.outcome_unknown = False
            intent.next_try_at = now()
            _heed_hold(order, intent)


def _record_unread(session: Session, claim: Claim, error: Exception, watch: Watch) -> None:
    order, intent = _locked(session, claim.intent_id)
    receipts.unread(session, intent.id, claim.external_id, error, watch)
    if intent.state not in OPEN:
        return
    words = f"Reading it back failed: {error}"
    verdict = retry_policy.after(_as_asked(error), claim.attempts, now())
    if verdict.at is None:
        _give_up(session, order, intent, f"Gave up after {claim.attempts} tries. {words}")
        return
    intent.claimed_at = None
    intent.reason = words[:500]
    intent.attempts = verdict.tries
    intent.next_try_at = verdict.at


def _as_asked(error: Exception) -> Exception:
    """A refused reading says nothing of the change: it is tried again as a failed one is."""
    return RetryableError(str(error)) if isinstance(error, RejectedError) else error


def _never_shown(session: Session, order: Order) -> None:
    """The channel took it and went on saying something else: a person decides, as in a conflict."""
    later = session.exec(
        select(StatusIntent)
        .where(StatusIntent.order_id == order.id, col(StatusIntent.state).in_(OPEN))
        .order_by(col(StatusIntent.id))
        .with_for_update()
    ).all()
    said = f"The channel accepted it, and still says {order.channel_status!r}."
    order.sync_status = SyncStatus.CONFLICT
    order.version += 1
    for one in later:
        _settle(session, order, one, IntentState.NEEDS_PERSON, said)


def _locked(session: Session, intent_id: int) -> tuple[Order, StatusIntent]:
    """The order, then its intent: everybody locks in this order."""
    order = session.exec(
        select(Order)
        .join(StatusIntent, col(StatusIntent.order_id) == Order.id)
        .where(StatusIntent.id == intent_id)
        .with_for_update(of=Order)
    ).one()
    intent = session.exec(
        select(StatusIntent).where(StatusIntent.id == intent_id).with_for_update()
    ).one()
    return order, intent


def _event(session: Session, order: Order, kind: str, intent: StatusIntent) -> None:
    account = accounts.get_account(session, order.account_id)
    data: dict[str, Any] = {
        "intent": intent.id,
        "status": intent.to_status.value,
        "reason": intent.reason,
    }
    if intent.is_part:
        data["is_part"] = True
    author = importing.channel_actor(account)
    row = importing.event_row(order.id, kind, author, data, version=order.version)
    session.add(OrderEvent(**row))
