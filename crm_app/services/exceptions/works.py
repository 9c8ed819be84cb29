"""Work of our own that needs a person: bulk changes, files, and alerts that reached nobody."""

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import and_, case, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from crm_app.domain.bulk import RunState
from crm_app.domain.download import DownloadState
from crm_app.domain.intent import UNSENT
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.models import AlertMessage, BulkRun, Document, DocumentState, Download, StatusIntent
from crm_app.models.outbox import IS_OPEN
from crm_app.services.exceptions.parts import Statement, cutoff, row

_FILES_FOR: Final = timedelta(days=14)
_MESSAGES_FOR: Final = timedelta(days=7)
# In the words of `bulk_runs.pause`: whatever else paused a run was no person.
_BY_A_PERSON: Final = "Paused by %"
_PLACE: Final = (col(Document.progress), " of ", col(Document.progress_of), ".")
_REMOVED: Final = "The webhook was removed."


def run(only: int | None) -> Statement:
    """Bulk changes that stand still: paused by the system, or holding changes back for a while."""
    held = and_(
        IS_OPEN,
        col(StatusIntent.run_id) == BulkRun.id,
        col(StatusIntent.state).in_(UNSENT),
        col(StatusIntent.outcome_unknown).is_(False),
    )
    oldest = select(func.min(StatusIntent.created_at)).where(held).scalar_subquery()
    count = select(func.count()).where(held).scalar_subquery()
    is_halted = sa.literal_column("bulk_runs.state IN ('paused', 'stopped')", sa.Boolean)
    by_itself = and_(
        col(BulkRun.state) == RunState.PAUSED, col(BulkRun.reason).not_like(_BY_A_PERSON)
    )
    not_told = case((count > 0, func.concat(" ", count, " not told to their channels.")), else_="")
    statement = row(
        Source.RUN,
        Cause.WORK,
        key=(BulkRun.id,),
        since=func.coalesce(oldest, BulkRun.started_at, BulkRun.created_at),
        title=func.concat("Bulk change ", BulkRun.id),
        said=func.concat(BulkRun.reason, not_told),
    )
    statement = statement.select_from(BulkRun).where(is_halted, or_(by_itself, oldest < cutoff()))
    return _one(statement, col(BulkRun.id), only)


def failed_rows(only: int | None) -> Statement:
    """Bulk changes that left orders undone by a mistake of ours, until they are tried again."""
    again = aliased(BulkRun)
    is_tried = select(again.id).where(
        again.key == func.concat("again-", BulkRun.id), again.state != RunState.DRAFT
    )
    orders = case((col(BulkRun.failed) == 1, " order"), else_=" orders")
    statement = row(
        Source.ROWS,
        Cause.WORK,
        key=(BulkRun.id,),
        since=func.coalesce(BulkRun.finished_at, BulkRun.started_at, BulkRun.created_at),
        title=func.concat("Bulk change ", BulkRun.id),
        said=func.concat(BulkRun.failed, orders, " of ", BulkRun.total, " failed on our side."),
    )
    statement = statement.select_from(BulkRun).where(
        sa.literal_column("bulk_runs.failed > 0", sa.Boolean),
        col(BulkRun.state).in_((RunState.DONE, RunState.STOPPED, RunState.TELLING)),
        ~is_tried.exists(),
    )
    return _one(statement, col(BulkRun.id), only)


def download(only: int | None) -> Statement:
    """Files that could not be made, until the same is asked for again."""
    newer = aliased(Download)
    asked_again = select(newer.id).where(
        newer.user_id == Download.user_id,
        newer.title == Download.title,
        col(newer.id) > Download.id,
    )
    statement = row(
        Source.DOWNLOAD,
        Cause.WORK,
        key=(Download.id,),
        since=func.coalesce(Download.finished_at, Download.created_at),
        title=Download.title,
        said=func.concat(Download.user_label, " asked for it. ", Download.reason),
    )
    statement = statement.select_from(Download).where(
        col(Download.state) == DownloadState.FAILED,
        col(Download.created_at) > now() - _FILES_FOR,
        ~asked_again.exists(),
    )
    return _one(statement, col(Download.id), only)


def document(only: int | None) -> Statement:
    """Uploaded files that a step has to go on with, and nothing does."""
    moved = func.coalesce(Document.moved_at, Document.created_at)
    stands = case(
        (col(Document.state) == DocumentState.RECEIVED, "Nothing has read it yet."),
        (
            col(Document.state) == DocumentState.CHECKING,
            func.concat("The check stands still at order ", *_PLACE),
        ),
        else_=func.concat("The import stands still at order ", *_PLACE),
    )
    statement = row(
        Source.DOCUMENT,
        Cause.WORK,
        key=(Document.id,),
        since=moved,
        title=Document.name,
        said=func.concat(Document.uploaded_by_name, " uploaded it. ", stands),
    )
    in_work = "documents.state IN ('received', 'checking', 'importing')"
    statement = statement.select_from(Document).where(
        sa.literal_column(in_work, sa.Boolean), moved < cutoff()
    )
    return _one(statement, col(Document.id), only)


def message(only: int | None) -> Statement:
    """Ways of alerts that reach nobody: a line for each, until a message arrives there again."""
    arrived = aliased(AlertMessage)
    count, newest = func.count(), func.max(AlertMessage.id)
    messages = case((count == 1, " message was"), else_=" messages were")
    statement = row(
        Source.MESSAGE,
        Cause.WORK,
        # What is given up anew is another exception.
        key=(newest,),
        since=func.min(AlertMessage.failed_at),
        title=case((col(AlertMessage.way) == "mail", "Alerts by mail"), else_="Alerts by webhook"),
        said=func.concat(count, messages, " given up: ", func.max(AlertMessage.answer)),
    )
    later = select(arrived.id).where(
        arrived.way == AlertMessage.way,
        arrived.target == AlertMessage.target,
        col(arrived.sent_at) > AlertMessage.failed_at,
    )
    statement = (
        statement.select_from(AlertMessage)
        .where(
            col(AlertMessage.at) > now() - _MESSAGES_FOR,
            col(AlertMessage.failed_at).is_not(None),
            col(AlertMessage.alert_id).is_not(None),
            col(AlertMessage.answer) != _REMOVED,
            ~later.exists(),
        )
        .group_by(col(AlertMessage.way), col(AlertMessage.target))
    )
    return statement if only is None else statement.having(newest == only)


def _one(statement: Statement, key: Any, only: int | None) -> Statement:
    return statement if only is None else statement.where(key == only)
