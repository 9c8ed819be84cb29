"""What became of a bulk change: its runs, progress per account, each order's result, its file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, true
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import NotFoundError
from crm_app.models import BulkRow, BulkRun, ChannelAccount, Download, Order, StatusIntent
from crm_app.services import bulk_runs, reach, sheets
from crm_app.services.bulk_status import CHANGED_MEANWHILE

# Pieces of a sheet.
Lines = Iterator[str]

_CHUNK: Final = 2_000

# Where a told order stands, in the words of the order page.
TRAVEL: Final[dict[IntentState, str]] = {
    IntentState.QUEUED: "waits for the channel",
    IntentState.BUDGET: "waits for the channel's limit",
    IntentState.WAITING: "waits for the channel",
    IntentState.HELD: "waits for the end of a hold",
    IntentState.SENDING: "being sent",
    IntentState.SENT: "sent",
    IntentState.CONFIRMED: "confirmed",
    IntentState.SUPERSEDED: "replaced, or the channel was first",
    IntentState.REJECTED: "refused by the channel",
    IntentState.NEEDS_PERSON: "in conflict",
    IntentState.UNDONE: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class AccountProgress:
    """How far a run is on one account; `travel` counts what was told, by where it stands."""

    account_id: int
    channel: Channel
    name: str
    outcomes: dict[Outcome, int] = field(default_factory=dict[Outcome, int])
    travel: dict[IntentState, int] = field(default_factory=dict[IntentState, int])

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class RowResult:
    """One order's result, ready for a sheet or a screen."""

    position: int
    order_id: int
    number: str
    channel: Channel
    outcome: Outcome
    reason: str
    seen_version: int
    seen_status: OrderStatus
    found_version: int | None
    from_status: OrderStatus | None
    to_status: OrderStatus | None
    carrier: str
    tracking_number: str
    travel: IntentState | None
    channel_says: str
    done_at: datetime | None

    @property
    def explanation(self) -> str:
        """The reason; of an order that was changed meanwhile, with both versions."""
        if self.reason != CHANGED_MEANWHILE or self.from_status is None:
            return self.reason
        return (
            f"{self.reason} Version {self.seen_version} was {self.seen_status.label.lower()}, "
            f"version {self.found_version} is {self.from_status.label.lower()}."
        )


def list_runs(
    session: Session, actor: Actor, *, before: int | None = None, limit: int = 50
) -> list[BulkRun]:
    """The newest runs of everybody, and one's own drafts; older than the run `before`, if given."""
    reach.require(session, actor, Permission.BULK_CHANGE)
    is_seen = (col(BulkRun.state) != RunState.DRAFT) | (col(BulkRun.actor_id) == actor.user_id)
    older = col(BulkRun.id) < before if before is not None else true()
    return list(
        session.exec(
            select(BulkRun).where(is_seen, older).order_by(col(BulkRun.id).desc()).limit(limit)
        )
    )


def undone_by(session: Session, run_id: int) -> BulkRun | None:
    """The newest started run that undoes this one."""
    return session.exec(
        select(BulkRun)
        .where(BulkRun.undo_of == run_id, BulkRun.state != RunState.DRAFT)
        .order_by(col(BulkRun.id).desc())
        .limit(1)
    ).one_or_none()


def progress(session: Session, actor: Actor, run_id: int) -> list[AccountProgress]:
    """Per account, the largest first."""
    bulk_runs.get_run(session, actor, run_id)
    rows = session.execute(
        columns(
            col(BulkRow.account_id),
            col(BulkRow.channel),
            col(ChannelAccount.name),
            col(BulkRow.outcome),
            col(StatusIntent.state),
            func.count(),
        )
        .join(ChannelAccount, col(ChannelAccount.id) == col(BulkRow.account_id))
        .outerjoin(StatusIntent, col(StatusIntent.id) == col(BulkRow.intent_id))
        .where(col(BulkRow.run_id) == run_id)
        .group_by(
            col(BulkRow.account_id),
            col(BulkRow.channel),
            col(ChannelAccount.name),
            col(BulkRow.outcome),
            col(StatusIntent.state),
        )
    )
    found: dict[int, AccountProgress] = {}
    for account_id, channel, name, outcome, state, count in rows:
        one = found.setdefault(account_id, AccountProgress(account_id, channel, name))
        one.outcomes[outcome] = one.outcomes.get(outcome, 0) + count
        if state is not None:
            one.travel[state] = one.travel.get(state, 0) + count
    return sorted(found.values(), key=lambda one: (-one.total, one.account_id))


def reasons(session: Session, actor: Actor, run_id: int) -> list[tuple[Outcome, str, int]]:
    """Outcome, sentence and count, the most frequent first; what still waits is left out."""
    bulk_runs.get_run(session, actor, run_id)
    found = session.execute(
        columns(col(BulkRow.outcome), col(BulkRow.reason), func.count())
        .where(col(BulkRow.run_id) == run_id, col(BulkRow.outcome) != Outcome.WAITING)
        .group_by(col(BulkRow.outcome), col(BulkRow.reason))
        .order_by(func.count().desc(), col(BulkRow.reason))
    )
    return [(outcome, reason, count) for outcome, reason, count in found]


def rows(
    session: Session,
    actor: Actor,
    run_id: int,
    *,
    outcome: Outcome | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[RowResult]:
    """Results behind position `after`, in the order of the run."""
    bulk_runs.get_run(session, actor, run_id)
    conditions = [col(BulkRow.run_id) == run_id, col(BulkRow.position) > after]
    if outcome is not None:
        conditions.append(col(BulkRow.outcome) == outcome)
    return [RowResult(*row) for row in session.execute(_rows(conditions).limit(limit))]


def _rows(conditions: list[ColumnElement[bool]]) -> Any:
    return (
        columns(
            col(BulkRow.position),
            col(Order.id),
            col(Order.order_number),
            col(BulkRow.channel),
            col(BulkRow.outcome),
            col(BulkRow.reason),
            col(BulkRow.seen_version),
            col(BulkRow.seen_status),
            col(BulkRow.found_version),
            col(BulkRow.from_status),
            col(BulkRow.to_status),
            col(BulkRow.carrier),
            col(BulkRow.tracking_number),
            col(StatusIntent.state),
            func.coalesce(col(StatusIntent.reason), ""),
            col(BulkRow.done_at),
        )
        .join(Order, col(Order.id) == col(BulkRow.order_id))
        .outerjoin(StatusIntent, col(StatusIntent.id) == col(BulkRow.intent_id))
        .where(*conditions)
        .order_by(col(BulkRow.position))
    )


def results_csv(actor: Actor, run_id: int) -> Lines:
    """Every order's result as CSV, read in chunks, so that memory stays flat.

    Raises:
        PermissionDeniedError, NotFoundError: Before the first piece.
    """
    with db.transaction() as session:
        bulk_runs.get_run(session, actor, run_id)
    return _results_csv(actor, run_id)


def _results_csv(actor: Actor, run_id: int) -> Lines:
    zone = get_settings().zone
    yield sheets.BOM + sheets.lines([_HEADINGS])
    after = 0
    while True:
        with db.transaction() as session:
            found = rows(session, actor, run_id, after=after, limit=_CHUNK)
        if not found:
            return
        yield sheets.lines(_line(row, zone) for row in found)
        after = found[-1].position


_HEADINGS: Final = (
    "Order number",
    "Channel",
    "Result",
    "Reason",
    "From",
    "To",
    "Carrier",
    "Tracking number",
    "At the channel",
    "Channel's words",
    "Done",
)


def _line(row: RowResult, zone: ZoneInfo) -> list[object]:
    return [
        row.number,
        row.channel.label,
        row.outcome.value,
        row.explanation,
        row.from_status.label if row.from_status else "",
        row.to_status.label if row.to_status else "",
        row.carrier,
        row.tracking_number,
        TRAVEL[row.travel] if row.travel else "",
        row.channel_says,
        f"{row.done_at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if row.done_at else "",
    ]


def file_of(session: Session, actor: Actor, run_id: int) -> int:
    """The id of the file that a run made, for its download.

    Raises:
        PermissionDeniedError: If the actor may not look at bulk changes.
        NotFoundError: If the run made no file, or somebody else's, or it is deleted.
    """
    bulk_runs.get_run(session, actor, run_id)
    found = session.exec(
        select(Download.id).where(Download.run_id == run_id, Download.user_id == actor.user_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("file of bulk change", run_id)
    return found
