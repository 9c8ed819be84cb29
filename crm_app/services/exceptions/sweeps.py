"""What the last deep sweep of an account could not put right by itself."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import Text, case, func, or_
from sqlmodel import col, select

from crm_app.domain.trouble import Cause, Source
from crm_app.models import ChannelAccount, Sweep
from crm_app.services.exceptions.parts import Statement, is_connected, row

_UNKNOWN: Final = " here that it no longer knows."


def unsettled(only: int | None) -> Statement:
    """Accounts whose last sweep was given up, or found orders that the channel knows no more."""
    last = (
        select(
            Sweep.finished_at,
            Sweep.unknown,
            Sweep.error,
            sa.cast(Sweep.absent, Text).label("absent"),
        )
        .where(Sweep.account_id == ChannelAccount.id, col(Sweep.finished_at).is_not(None))
        .order_by(col(Sweep.id).desc())
        .limit(1)
        .lateral("last")
    )
    orders = case((last.c.unknown == 1, " order is"), else_=" orders are")
    unknown = case((last.c.unknown > 0, func.concat(last.c.unknown, orders, _UNKNOWN)), else_="")
    statement = row(
        Source.SWEEP,
        Cause.REMOTE,
        # The same finding of the next sweep is no news; another one is.
        key=(ChannelAccount.id, func.md5(func.concat(last.c.absent, last.c.error))),
        account_id=col(ChannelAccount.id),
        since=last.c.finished_at,
        title=ChannelAccount.name,
        said=func.concat_ws(" ", func.nullif(unknown, ""), func.nullif(last.c.error, "")),
    )
    statement = (
        statement.select_from(ChannelAccount)
        .join(last, sa.true())
        .where(is_connected(), or_(last.c.unknown > 0, last.c.error != ""))
    )
    return statement if only is None else statement.where(col(ChannelAccount.id) == only)
