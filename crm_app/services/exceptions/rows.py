"""One exception as people read it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_app.channels import capabilities
from crm_app.domain.channel import Channel
from crm_app.domain.trouble import Cause, Source, Way
from crm_app.services.exceptions import wording
from crm_app.services.inbox_review import WORKABLE


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """One thing that needs a person.

    Attributes:
        key: Names source and occurrence.
        account_id: None, and no channel, for work of our own.
        title: Order number, account, or status word.
        summary: What is wrong, in our words.
        said: The channel's own words, or the reason why it was set aside.
        ways: What may be done about it here.
        closed_at: When a person closed it, with `note`; None while it is open.
        healed_at: When it was found gone, without anybody's doing.
        changed_by: Who assigned, snoozed or closed it last.
    """

    key: str
    source: Source
    cause: Cause
    account_id: int | None
    account_name: str
    channel: Channel | None
    order_id: int | None
    title: str
    summary: str
    said: str
    since: datetime
    ways: tuple[Way, ...]
    assignee_id: int | None = None
    assignee: str = ""
    snoozed_until: datetime | None = None
    closed_at: datetime | None = None
    healed_at: datetime | None = None
    note: str = ""
    changed_by: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.closed_at is not None or self.healed_at is not None


def row_of(row: Any) -> ExceptionRow:
    """From a row of the relation, joined with its mark and account."""
    source, cause = Source(row.key.partition(":")[0]), Cause(row.cause)
    return ExceptionRow(
        key=row.key,
        source=source,
        cause=cause,
        account_id=row.account_id,
        account_name=row.account_name or "",
        channel=row.channel,
        order_id=row.order_id,
        title=row.title,
        summary=wording.summary(source, cause, row.channel, row.about),
        said=row.said,
        since=row.since,
        ways=_ways(source, cause, row),
        assignee_id=row.assignee_id,
        assignee=row.assignee or "",
        snoozed_until=row.snoozed_until,
        note=row.note or "",
        changed_by=row.changed_by or "",
    )


def _ways(source: Source, cause: Cause, row: Any) -> tuple[Way, ...]:
    match source:
        case Source.CHANGE if cause is Cause.CONFLICT:
            return (Way.KEEP_OURS, Way.KEEP_CHANNELS)
        case Source.FIELD:
            return (Way.KEEP_OURS, Way.KEEP_CHANNELS)
        case Source.CHANGE:
            return (Way.RETRY, Way.KEEP_CHANNELS, Way.RESOLVE)
        case Source.WAIT:
            return (Way.RETRY,)
        case Source.INBOX:
            kind = row.about.partition(" ")[0]
            # What was pulled is read again by its id, where the channel can be asked for one.
            is_readable = capabilities.of(row.channel).reads_back and row.title != ""
            can_retry = kind in WORKABLE or (kind == wording.PULLED and is_readable)
            return (Way.RETRY, Way.RESOLVE) if can_retry else (Way.RESOLVE,)
        case Source.MESSAGE:
            return (Way.RETRY, Way.RESOLVE)
        case (
            Source.WORD
            | Source.SKU
            | Source.ROWS
            | Source.DOWNLOAD
            | Source.DOCUMENT
            | Source.SWEEP
        ):
            return (Way.RESOLVE,)
        case _:
            return ()
