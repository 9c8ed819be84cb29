"""A deep sweep's other way: orders that are here and that the channel's list did not name.

Each is asked for by its id. One that the channel still knows was only forgotten by its list, and
what it says now is stored; one that it no longer knows was deleted there. Both are told, and
nothing is deleted here: the order, its history and its money were real.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select

from crm_app.channels.base import ChannelOrder
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import ChannelError, RejectedError
from crm_app.models import Order, Sweep, SweepEntry
from crm_app.services import accounts, pulling

# A list that names nothing at all is the channel's fault, and no reason for so many calls.
MOST_ASKED: Final = 500
BATCH: Final = 25
_EXAMPLES: Final = 20
# What changed just before a sweep began may stand in no list yet.
_LISTS_LAG: Final = timedelta(minutes=10)


class Fate(StrEnum):
    """What became of an order that is here."""

    LISTED = "listed"
    UNLISTED = "unlisted"  # the channel knows it, and its list does not name it
    UNKNOWN = "unknown"  # the channel knows it no more
    ENDED = "ended"  # cancelled or binned: a shop's list leaves those out


def note_listed(session: Session, sweep: Sweep, external_ids: Iterable[str]) -> None:
    """Remember what the list named, until the sweep is over."""
    _note(session, sweep, dict.fromkeys(external_ids, Fate.LISTED))


def to_ask_for(session: Session, sweep: Sweep) -> list[str]:
    """Ids of some orders that the list should have named and did not; empty when all are asked.

    Only those whose last change lies in the time that was listed, and well before the sweep began.
    """
    asked = session.exec(
        select(func.count()).where(
            SweepEntry.sweep_id == sweep.id, SweepEntry.fate != Fate.LISTED.value
        )
    ).one()
    seen = select(SweepEntry.sweep_id).where(
        SweepEntry.sweep_id == sweep.id, SweepEntry.external_id == Order.external_id
    )
    return list(
        session.exec(
            select(Order.external_id)
            .where(
                Order.account_id == sweep.account_id,
                col(Order.channel_updated_at) >= sweep.since,
                col(Order.channel_updated_at) <= sweep.started_at - _LISTS_LAG,
                ~seen.exists(),
            )
            .order_by(col(Order.id).desc())
            .limit(max(0, min(BATCH, MOST_ASKED - asked)))
        )
    )


def common_error(answers: Mapping[str, ChannelOrder | Exception]) -> ChannelError | None:
    """The error that says nothing of an order, but of the channel; None if there is none."""
    for one in answers.values():
        if isinstance(one, ChannelError) and not isinstance(one, RejectedError):
            return one
    return None


def store(session: Session, sweep: Sweep, answers: Mapping[str, ChannelOrder | Exception]) -> None:
    """Note what the channel said of each; what it still knows is brought up to date."""
    orders = [one for one in answers.values() if isinstance(one, ChannelOrder)]
    account = accounts.get_account(session, sweep.account_id)
    pulling.store(session, account, orders, ())
    fates = {key: _fate(one) for key, one in answers.items()}
    _note(session, sweep, fates)
    sweep.unlisted += sum(fate is Fate.UNLISTED for fate in fates.values())
    sweep.unknown += sum(fate is Fate.UNKNOWN for fate in fates.values())
    absent = [key for key, fate in fates.items() if fate is not Fate.ENDED]
    sweep.absent = [*sweep.absent, *absent][:_EXAMPLES]


def _fate(answer: ChannelOrder | Exception) -> Fate:
    if isinstance(answer, RejectedError):
        return Fate.UNKNOWN
    if isinstance(answer, ChannelOrder) and answer.status is OrderStatus.CANCELLED:
        return Fate.ENDED
    return Fate.UNLISTED


def finish(session: Session, sweep: Sweep) -> None:
    """The sweep is over: what its list named need not be remembered any more."""
    sweep.finished_at = now()
    sweep.error = ""
    if sweep.unlisted + sweep.unknown >= MOST_ASKED:
        sweep.error = f"The list left out more than {MOST_ASKED} orders; no more were asked for."
    forget(session, sweep)


def forget(session: Session, sweep: Sweep) -> None:
    """Drop what was remembered for a sweep."""
    session.execute(delete(SweepEntry).where(col(SweepEntry.sweep_id) == sweep.id))


def _note(session: Session, sweep: Sweep, fates: Mapping[str, Fate]) -> None:
    rows = [
        {
            "sweep_id": sweep.id,
            "external_id": key,
            "account_id": sweep.account_id,
            "fate": fate.value,
        }
        for key, fate in fates.items()
        if key
    ]
    if rows:
        session.execute(upsert(SweepEntry).values(rows).on_conflict_do_nothing())
