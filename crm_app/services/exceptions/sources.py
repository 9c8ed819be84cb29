"""The places where exceptions are seen, as one relation.

Nothing is copied: what heals its source is gone from here in the same moment. Each part walks an
index that holds only what is open, so the cost grows with the trouble and not with the orders.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, any_, case, func, literal, literal_column, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col, select

from crm_app.channels import capabilities
from crm_app.domain.intent import IntentState
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.models import (
    AccountStatus,
    ChannelAccount,
    FieldDispute,
    InboxEntry,
    Order,
    OrderWord,
    StatusIntent,
    StatusWord,
    UnmappedWord,
    WebhookRefusal,
)
from crm_app.services.exceptions import skus, sweeps, waits, works
from crm_app.services.exceptions.parts import (
    Statement,
    cutoff,
    epoch,
    is_connected,
    of_account,
    row,
)

# One pull that failed is tried again; a row of them wants to be looked at.
FAILURES_THAT_MATTER: Final = 3
# A stranger who tries once is noise; a wrong secret refuses every webhook of the account.
REFUSALS_THAT_MATTER: Final = 10
REFUSED_WITHIN: Final = timedelta(hours=1)

# In the words of the partial indexes.
_DISAGREES: Final = literal_column("orders.sync_status IN ('rejected', 'conflict')", sa.Boolean)
_ASIDE: Final = literal_column("inbox.state = 'set_aside'", sa.Boolean)
_ENTRY_WAITS: Final = literal_column("inbox.state IN ('received', 'waiting')", sa.Boolean)


def part(source: Source, only: int | None = None) -> Statement:
    """One place's exceptions.

    Args:
        source: Which.
        only: Id of the order, intent, inbox entry or account; None for all of them.

    Returns:
        Columns `key`, `cause`, `account_id`, `since`, `order_id`, `title`, `about`, `said`:
        `about` is the wished status, the kind of the inbox entry, or empty; `said` the words of
        the channel or of who set it aside.
    """
    return _PARTS[source](only)


def everything(*sources: Source) -> Any:
    """The parts of these sources, or of all, as one subquery."""
    return sa.union_all(*(part(one) for one in sources or tuple(Source))).subquery("exceptions")


def source_of(key: str) -> tuple[Source, int] | None:
    """The source and the first id that a key names; None for what is no key."""
    word, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    is_id = number.isascii() and number.isdecimal() and len(number) < 19
    return (Source(word), int(number)) if is_id and word in list(Source) else None


def _change(only: int | None) -> Statement:
    last = (
        sa.select(
            col(StatusIntent.id),
            col(StatusIntent.reason),
            col(StatusIntent.settled_at),
            col(StatusIntent.state),
            waits.word_of_wish(),
        )
        .where(
            col(StatusIntent.order_id) == Order.id,
            col(StatusIntent.state).in_((IntentState.REJECTED, IntentState.NEEDS_PERSON)),
        )
        .order_by(col(StatusIntent.id).desc())
        .limit(1)
        .lateral("last")
    )
    is_conflict = literal_column("orders.sync_status = 'conflict'", sa.Boolean)
    # No refusal, and the channel says nothing else: we tried for as long as our policy lets us.
    was_given_up = last.c.state == IntentState.NEEDS_PERSON.value
    statement = row(
        Source.CHANGE,
        case(
            (is_conflict, Cause.CONFLICT.value),
            (was_given_up, Cause.REMOTE.value),
            else_=Cause.TRANSITION.value,
        ),
        # A change that is refused anew is another exception.
        key=(Order.id, func.coalesce(last.c.id, 0)),
        account_id=col(Order.account_id),
        since=func.coalesce(last.c.settled_at, Order.updated_at),
        order_id=col(Order.id),
        title=Order.order_number,
        about=func.coalesce(last.c.wish, ""),
        said=func.coalesce(last.c.reason, ""),
    )
    statement = statement.select_from(Order).outerjoin(last, sa.true()).where(_DISAGREES)
    return statement if only is None else statement.where(col(Order.id) == only)


def _inbox(only: int | None) -> Statement:
    statement = row(
        Source.INBOX,
        case((_ASIDE, Cause.POISON.value), else_=Cause.WAITING.value),
        key=(InboxEntry.id,),
        account_id=col(InboxEntry.account_id),
        since=InboxEntry.received_at,
        order_id=col(Order.id),
        title=case(
            (col(Order.order_number) != "", Order.order_number), else_=InboxEntry.external_id
        ),
        about=func.concat(InboxEntry.kind, " ", InboxEntry.topic),
        said=InboxEntry.reason,
    )
    statement = (
        statement.select_from(InboxEntry)
        .join(ChannelAccount, col(ChannelAccount.id) == InboxEntry.account_id)
        .outerjoin(
            Order,
            and_(
                col(Order.account_id) == InboxEntry.account_id,
                col(Order.external_id) == InboxEntry.external_id,
            ),
        )
        .where(
            or_(
                _ASIDE,
                and_(_ENTRY_WAITS, col(InboxEntry.received_at) < cutoff(), is_connected()),
            )
        )
    )
    return statement if only is None else statement.where(col(InboxEntry.id) == only)


def _account(only: int | None) -> Statement:
    since = func.coalesce(ChannelAccount.last_error_at, ChannelAccount.created_at)
    is_out = col(ChannelAccount.status) == AccountStatus.DISCONNECTED
    return of_account(Source.ACCOUNT, Cause.CREDENTIALS, since, only, is_out)


def _failing(only: int | None) -> Statement:
    since = func.coalesce(ChannelAccount.last_success_at, ChannelAccount.created_at)
    is_failing = col(ChannelAccount.failures) >= FAILURES_THAT_MATTER
    return of_account(Source.FAILING, Cause.REMOTE, since, only, is_connected(), is_failing)


def _hooks(only: int | None) -> Statement:
    hour = func.date_trunc("hour", literal(now() - REFUSED_WITHIN, sa.DateTime(timezone=True)))
    total = func.sum(WebhookRefusal.refused)
    statement = row(
        Source.HOOKS,
        Cause.CREDENTIALS,
        key=(ChannelAccount.id,),
        account_id=col(ChannelAccount.id),
        since=func.min(WebhookRefusal.hour),
        title=ChannelAccount.name,
        said=func.concat(total, " webhooks of the last hours carried no valid proof."),
    )
    statement = (
        statement.select_from(WebhookRefusal)
        .join(ChannelAccount, col(ChannelAccount.id) == WebhookRefusal.account_id)
        .where(col(WebhookRefusal.hour) >= hour)
        # By each: to a view, which a narrowed transaction reads, the key does not imply the name.
        .group_by(col(ChannelAccount.id), col(ChannelAccount.name))
        .having(total >= REFUSALS_THAT_MATTER)
    )
    return statement if only is None else statement.where(col(ChannelAccount.id) == only)


def _word(only: int | None) -> Statement:
    statement = row(
        Source.WORD,
        Cause.MAPPING,
        key=(
            UnmappedWord.account_id,
            func.md5(func.concat(UnmappedWord.vocabulary, ":", UnmappedWord.word)),
        ),
        account_id=col(UnmappedWord.account_id),
        since=UnmappedWord.first_seen_at,
        title=UnmappedWord.word,
        said=func.concat("For example on order ", UnmappedWord.example_external_id),
    )
    decided = select(StatusWord.id).where(
        StatusWord.channel == ChannelAccount.channel,
        or_(
            col(StatusWord.account_id).is_(None),
            col(StatusWord.account_id) == UnmappedWord.account_id,
        ),
        StatusWord.vocabulary == UnmappedWord.vocabulary,
        StatusWord.word == UnmappedWord.word,
    )
    carried = select(OrderWord.order_id).where(
        OrderWord.account_id == UnmappedWord.account_id,
        OrderWord.vocabulary == UnmappedWord.vocabulary,
        OrderWord.word == UnmappedWord.word,
    )
    statement = (
        statement.select_from(UnmappedWord)
        .join(ChannelAccount, col(ChannelAccount.id) == UnmappedWord.account_id)
        .where(~decided.exists(), carried.exists(), ~_is_built_in())
    )
    return statement if only is None else statement.where(col(UnmappedWord.account_id) == only)


def _is_built_in() -> ColumnElement[bool]:
    """Whether the product itself has learnt the word since it was reported."""
    known = [
        f"{channel.value}:{vocabulary.key}:{word}"
        for channel, rules in capabilities.CAPABILITIES.items()
        for vocabulary in rules.vocabularies
        for word in (*vocabulary.means, *vocabulary.silent)
    ]
    name = func.concat(ChannelAccount.channel, ":", UnmappedWord.vocabulary, ":", UnmappedWord.word)
    return name == any_(literal(known, ARRAY(sa.Text)))


def _field(only: int | None) -> Statement:
    statement = row(
        Source.FIELD,
        Cause.CONFLICT,
        # A word that is told anew is another disagreement.
        key=(FieldDispute.order_id, FieldDispute.field, epoch(FieldDispute.opened_at)),
        account_id=col(Order.account_id),
        since=FieldDispute.opened_at,
        order_id=col(Order.id),
        title=Order.order_number,
        about=sa.cast(FieldDispute.field, sa.Text),
        said="",
    )
    statement = (
        statement.select_from(FieldDispute)
        .join(Order, col(Order.id) == FieldDispute.order_id)
        .where(literal_column("field_disputes.decided_at IS NULL", sa.Boolean))
    )
    return statement if only is None else statement.where(col(FieldDispute.order_id) == only)


_PARTS: Final[dict[Source, Callable[[int | None], Statement]]] = {
    Source.CHANGE: _change,
    Source.WAIT: waits.wait,
    Source.QUEUE: waits.queue,
    Source.INBOX: _inbox,
    Source.ACCOUNT: _account,
    Source.FAILING: _failing,
    Source.PAUSED: waits.paused,
    Source.SWEEP: sweeps.unsettled,
    Source.HOOKS: _hooks,
    Source.WORD: _word,
    Source.FIELD: _field,
    Source.SKU: skus.unmapped,
    Source.RUN: works.run,
    Source.ROWS: works.failed_rows,
    Source.DOWNLOAD: works.download,
    Source.DOCUMENT: works.document,
    Source.MESSAGE: works.message,
}

# Which sources can show a cause: a list of one cause asks no other.
SEEN_IN: Final[dict[Cause, tuple[Source, ...]]] = {
    Cause.CREDENTIALS: (Source.ACCOUNT, Source.HOOKS),
    Cause.CONFLICT: (Source.CHANGE, Source.FIELD),
    Cause.TRANSITION: (Source.CHANGE,),
    Cause.POISON: (Source.INBOX,),
    Cause.REMOTE: (Source.CHANGE, Source.WAIT, Source.QUEUE, Source.FAILING, Source.SWEEP),
    Cause.NOT_READY: (Source.WAIT,),
    Cause.QUOTA: (Source.WAIT, Source.QUEUE),
    Cause.MAPPING: (Source.WORD,),
    Cause.SKU: (Source.SKU,),
    Cause.WAITING: (Source.WAIT, Source.QUEUE, Source.INBOX, Source.PAUSED),
    Cause.WORK: (
        Source.RUN,
        Source.ROWS,
        Source.DOWNLOAD,
        Source.DOCUMENT,
        Source.MESSAGE,
    ),
}
