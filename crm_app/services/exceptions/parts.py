"""What every place of exceptions gives: the columns of one relation."""

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, func, literal
from sqlmodel import col

from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.models import AccountStatus, ChannelAccount

# Most changes arrive within seconds; the tightest published limits need some minutes.
TOO_LONG: Final = timedelta(minutes=15)

Statement = Select[*tuple[Any, ...]]


def row(
    source: Source,
    cause: Any,
    *,
    key: tuple[Any, ...],
    since: Any,
    title: Any,
    said: Any,
    account_id: Any = None,
    order_id: Any = None,
    about: Any = "",
) -> Statement:
    """A statement of the columns that `sources.part` names."""
    parts = [item for each in key for item in (":", sa.cast(each, sa.Text))]
    return sa.select(
        func.concat(source.value, *parts).label("key"),
        (literal(cause.value, sa.Text) if isinstance(cause, Cause) else cause).label("cause"),
        (sa.cast(sa.null(), sa.BigInteger) if account_id is None else account_id).label(
            "account_id"
        ),
        since.label("since"),
        (sa.cast(sa.null(), sa.BigInteger) if order_id is None else order_id).label("order_id"),
        sa.cast(title, sa.Text).label("title"),
        (literal(about, sa.Text) if isinstance(about, str) else about).label("about"),
        sa.cast(said, sa.Text).label("said"),
    )


def epoch(moment: Any) -> Any:
    """Whole seconds of a moment, for keys."""
    return sa.cast(func.extract("epoch", moment), sa.BigInteger)


def cutoff() -> datetime:
    """What is older waits too long."""
    return now() - TOO_LONG


def is_connected() -> ColumnElement[bool]:
    """Whether the account of the statement is connected."""
    # Of an account that is not, one line says it for all that waits there.
    return col(ChannelAccount.status) == AccountStatus.CONNECTED


def of_account(
    source: Source, cause: Cause, since: Any, only: int | None, *where: ColumnElement[bool]
) -> Statement:
    """A line for each account for which this holds."""
    statement = row(
        source,
        cause,
        key=(ChannelAccount.id, epoch(since)),
        account_id=col(ChannelAccount.id),
        since=since,
        title=ChannelAccount.name,
        said=ChannelAccount.last_error,
    )
    statement = statement.select_from(ChannelAccount).where(*where)
    return statement if only is None else statement.where(col(ChannelAccount.id) == only)
