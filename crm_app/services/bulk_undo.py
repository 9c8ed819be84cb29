"""The bulk action that undoes another one: withdrawn, taken back, or an honest no."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import any_, literal, update
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.types import BigInteger, Integer
from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.channels.capabilities import Telling
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, UNSENT, IntentState
from crm_app.domain.order_status import REFINES, OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.models import BulkRow, BulkRun, Order, StatusIntent
from crm_app.services import bulk_working, bulk_working_undo, status_moves
from crm_app.services.bulk_action import Item, Preview, Result, alike
from crm_app.services.status_moves import Move

_WHY: Final = "Undo of a bulk change"
_WITHDRAWN: Final = "Withdrawn before it was sent"
_HERE: Final = "Taken back here; the channel was never told"
_REFUSED: Final = "Taken back here; the channel had refused it"
_NEWER: Final = "A newer change of this order was made since."
ON_ITS_WAY: Final = "It is on its way to the channel at this moment. Try again in a minute."
CONFLICT: Final = "Decide first whose status stays: ours or the channel's."


class Did(NamedTuple):
    """What the first run did to one order, and how it stands now: all that decides."""

    channel: Channel
    current: OrderStatus
    origin: OrderStatus
    target: OrderStatus
    state: IntentState | None  # None: the channel was not told
    is_unknown: bool  # the channel may have acted on it
    has_newer: bool
    has_older: bool  # an earlier change still travels
    # What the first run's intent took the place of, which is then wished again.
    replaced: OrderStatus | None
    replaced_carrier: str
    replaced_tracking: str


@dataclass(frozen=True, slots=True)
class Way:
    """How one order goes back; without `is_open` only `sentence` counts."""

    sentence: str
    is_open: bool = False
    tells: OrderStatus | None = None
    sync: SyncStatus | None = None
    parcel: tuple[str, str] = ("", "")
    withdraws: bool = False
    tells_back: bool = False


def judge(did: Did) -> Way:
    """Whether and how this order can go back; pure."""
    if did.current is not did.target:
        return Way(f"It went on since: it is {did.current.label.lower()} now.")
    if did.has_newer:
        return Way(_NEWER)
    if did.state is None:
        return Way(_HERE, is_open=True)
    if did.state in UNSENT and not did.is_unknown:
        return _withdrawn(did)
    if did.state is IntentState.REJECTED:
        return _refused(did)
    if did.state is IntentState.NEEDS_PERSON:
        return Way(CONFLICT)
    if did.state in (IntentState.SENT, IntentState.CONFIRMED):
        return _compensated(did)
    return Way(ON_ITS_WAY)


def _withdrawn(did: Did) -> Way:
    if did.replaced is not None:
        return replace(_wished_again(did, _WITHDRAWN), withdraws=True)
    sync = SyncStatus.QUEUED if did.has_older else SyncStatus.IN_SYNC
    return Way(_WITHDRAWN, is_open=True, sync=sync, withdraws=True)


def _refused(did: Did) -> Way:
    if did.replaced is not None:
        return _wished_again(did, _REFUSED)
    return Way(_REFUSED, is_open=True, sync=SyncStatus.IN_SYNC)


def _wished_again(did: Did, sentence: str) -> Way:
    """The change whose place this one took was never told: the channel is told it now."""
    parcel = (did.replaced_carrier, did.replaced_tracking)
    return Way(sentence, is_open=True, tells=did.replaced, parcel=parcel)


def _compensated(did: Did) -> Way:
    """The channel knows: it has to be told the word of before, where it has one."""
    of_channel = capabilities.of(did.channel)
    word = did.origin
    if of_channel.rule(word).telling is Telling.LOCAL:
        word = REFINES.get(word, word)
    can_say = of_channel.rule(word).telling is Telling.PUSH
    if did.target not in of_channel.takes_back or not can_say:
        return Way(of_channel.no_way_back)
    sentence = f"{did.channel.label} is told to go back"
    return Way(sentence, is_open=True, tells=word, tells_back=True)


class UndoAction:
    """No settings: the run itself names the one that it undoes."""

    name = "undo"
    permission = Permission.CHANGE_STATUS
    can_be_undone = False

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See `Action`."""
        del settings
        return {}

    def title(self, settings: dict[str, Any]) -> str:
        """See `Action`."""
        del settings
        return "Undo"

    def preview(self, session: Session, actor: Actor, run: BulkRun) -> Preview:
        """See `Action`."""
        del actor
        if _first(session, run).action in bulk_working.NAMES:
            return bulk_working_undo.preview(session, run)
        preview = Preview()
        for count, examples, account_id, facts in alike(session, _facts(run)):
            way = judge(Did(*facts))
            preview.add(way.sentence, count, examples, changes=way.is_open)
            if way.is_open and way.tells:
                preview.tell(account_id, way.tells, count)
        return preview.sorted()

    def apply(
        self, session: Session, actor: Actor, run: BulkRun, items: Sequence[Item]
    ) -> list[Result]:
        """See `Action`."""
        if _first(session, run).action in bulk_working.NAMES:
            return bulk_working_undo.apply(session, actor, run, items)
        ids: Any = literal([item.order.id for item in items], ARRAY(BigInteger))
        # Before they are judged: from here on no worker sends one of them.
        session.exec(
            select(StatusIntent.id)
            .where(
                col(StatusIntent.order_id) == any_(ids),
                col(StatusIntent.state).in_(OPEN),
            )
            .order_by(col(StatusIntent.id))
            .with_for_update()
        ).all()
        dids = _dids(session, run, [item.row.position for item in items])
        ways = {key: judge(did) for key, did in dids.items()}
        withdrawn = [item.order.id for item in items if ways[item.order.id].withdraws]
        moves = [
            _move(item.order, dids[item.order.id], way)
            for item in items
            if (way := ways[item.order.id]).is_open
        ]
        _withdraw(session, run, withdrawn, now())
        intents = status_moves.write(session, actor, moves, run_id=run.id)
        return [_result(item, dids[item.order.id], ways[item.order.id], intents) for item in items]


def _first(session: Session, run: BulkRun) -> BulkRun:
    """The run that is undone."""
    return session.get_one(BulkRun, run.undo_of)


def _move(order: Order, did: Did, way: Way) -> Move:
    return Move(
        order,
        did.origin,
        tells=way.tells,
        parcel=way.parcel,
        sync=way.sync,
        takes_back=True,
        why=_WHY,
        # A channel that has to be told to go back may refuse, and then it has left.
        never_left=did.current is OrderStatus.SHIPPED and not way.tells_back,
    )


def _withdraw(session: Session, run: BulkRun, order_ids: list[int], moment: datetime) -> None:
    if not order_ids:
        return
    theirs = columns(col(BulkRow.intent_id)).where(
        col(BulkRow.run_id) == run.undo_of,
        col(BulkRow.order_id) == any_(literal(order_ids, ARRAY(BigInteger))),
    )
    session.execute(
        update(StatusIntent)
        .where(col(StatusIntent.id).in_(theirs))
        .values(state=IntentState.UNDONE, settled_at=moment, claimed_at=None)
        .execution_options(synchronize_session=False)
    )


def _result(item: Item, did: Did, way: Way, intents: dict[int, int]) -> Result:
    return Result(
        item.row.position,
        Outcome.CHANGED if way.is_open else Outcome.REFUSED,
        reason=way.sentence,
        found_version=item.order.version,
        from_status=did.current,
        to_status=did.origin if way.is_open else None,
        intent_id=intents.get(item.order.id),
    )


def _dids(session: Session, run: BulkRun, positions: list[int]) -> dict[int, Did]:
    """By order. A row of the undo has the position of the row that it undoes."""
    found = session.execute(_facts(run, literal(positions, ARRAY(Integer))))
    return {order_id: Did(*facts) for order_id, _, _, *facts in found}


def _facts(run: BulkRun, positions: Any = None) -> Any:
    """Id, number and account of each order, then the fields of `Did`."""
    first, mine = aliased(BulkRow), aliased(BulkRow)
    intent, replaced = aliased(StatusIntent), aliased(StatusIntent)
    statement = (
        columns(
            col(Order.id),
            col(Order.order_number),
            col(Order.account_id),
            col(Order.channel),
            col(Order.status),
            col(first.from_status),
            col(first.to_status),
            col(intent.state),
            col(intent.outcome_unknown).is_(True).label("is_unknown"),
            _has_newer(first).label("has_newer"),
            _has_older(first).label("has_older"),
            col(replaced.to_status).label("replaced"),
            col(replaced.carrier).label("replaced_carrier"),
            col(replaced.tracking_number).label("replaced_tracking"),
        )
        .select_from(first)
        .join(Order, col(Order.id) == col(first.order_id))
        .outerjoin(intent, col(intent.id) == col(first.intent_id))
        .outerjoin(
            replaced,
            (col(replaced.order_id) == col(Order.id))
            & (col(replaced.state) == IntentState.SUPERSEDED)
            & (col(replaced.to_status) == col(first.from_status))
            # Both were written in one transaction, with one moment.
            & (col(replaced.settled_at) == col(intent.happened_at)),
        )
        .where(col(first.run_id) == run.undo_of, col(first.outcome) == Outcome.CHANGED)
        # An earlier undo may have seen to some of them.
        .join(mine, (col(mine.run_id) == run.id) & (col(mine.position) == col(first.position)))
    )
    return (
        statement if positions is None else statement.where(col(first.position) == any_(positions))
    )


def _has_newer(first: Any) -> Any:
    """Whether the order got another wish after the first run's."""
    newer = aliased(StatusIntent)
    # A run that told nobody left no intent: what was made after it counts.
    is_newer = (col(newer.id) > col(first.intent_id)) | (
        col(first.intent_id).is_(None) & (col(newer.created_at) > col(first.done_at))
    )
    return columns(col(newer.id)).where(col(newer.order_id) == col(Order.id), is_newer).exists()


def _has_older(first: Any) -> Any:
    """Whether a wish of before the first run's still travels."""
    older = aliased(StatusIntent)
    is_open = (col(older.id) < col(first.intent_id)) & col(older.state).in_(OPEN)
    return columns(col(older.id)).where(col(older.order_id) == col(Order.id), is_open).exists()
