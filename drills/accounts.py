"""After a crash run: is anything lost, doubled, or stuck?"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final, cast

from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.bulk import Outcome
from crm_app.domain.intent import OPEN
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.models import BulkRow, IntentAttempt, Order, OrderEvent, StatusIntent
from crm_app.services import ledger, ledger_counts
from crm_app.services.ledger_query import LedgerQuery
from drills import telling
from drills.stage import Stage
from drills.traffic import Click

_AUDITOR: Final = Actor(
    ActorKind.SYSTEM, "Crash run", permissions=frozenset({Permission.VIEW_ORDERS})
)
_TRAVELLING: Final = (SyncStatus.QUEUED, SyncStatus.PUSHING)


@dataclass
class Account:
    """Sentences of what must not be, and what was counted.

    Attributes:
        lost: Accepted from a person, and not in the ledger or at the channel.
        doubled: Applied at the channel more than once.
        stuck: Still on its way when nothing moves any more.
        said_again: Repeats on channels that cannot be read, after an answer got lost.
        explained: How many of those followed a call that we know to be unanswered; the others
            have to be fewer than the deaths, each of which may have swallowed one answer.
        attempts: Receipts by what they are of.
    """

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    stuck: list[str] = field(default_factory=list[str])
    said_again: int = 0
    explained: int = 0
    attempts: Counter[str] = field(default_factory=Counter[str])
    intents: Counter[str] = field(default_factory=Counter[str])


def settle_up(
    stage: Stage, clicks: Sequence[Click], runs: Sequence[int], unfinished: Sequence[str]
) -> Account:
    """Go through everything that was accepted.

    Args:
        stage: Running, at rest, all faults off.
        clicks: Each change that the API answered with 200.
        runs: Ids of the bulk changes that were started.
        unfinished: Sentences about those that never ended.
    """
    account = Account(stuck=list(unfinished))
    with db.transaction() as session:
        intents = session.exec(select(StatusIntent)).all()
        orders = {one.id: one for one in session.exec(select(Order)).all()}
        attempts: defaultdict[int, list[IntentAttempt]] = defaultdict(list)
        for one in session.exec(select(IntentAttempt)):
            attempts[one.intent_id].append(one)
        session.expunge_all()
    account.intents.update(intent.state.value for intent in intents)
    kinds = (("read back" if one.is_read else "told") for all_ in attempts.values() for one in all_)
    account.attempts.update(kinds)
    _stuck(orders, intents, account)
    with db.transaction() as session:
        _clicks(session, clicks, {one.id for one in intents}, account)
        _rows(session, runs, account)
        _sums(session, account)
    _told(stage, orders, intents, attempts, account)
    return account


def _stuck(orders: Mapping[int, Order], intents: Sequence[StatusIntent], account: Account) -> None:
    open_ones = [one for one in intents if one.state in OPEN]
    account.stuck += [f"change {one.id} is {one.state}: {one.reason}" for one in open_ones]
    moving = {one.order_id for one in open_ones}
    account.stuck += [
        f"order {one.id} is {one.sync_status} with nothing on its way"
        for one in orders.values()
        if one.sync_status in _TRAVELLING and one.id not in moving
    ]


def _clicks(
    session: Session, clicks: Sequence[Click], intent_ids: Set[int], account: Account
) -> None:
    """Each answered click is an event of its order, and the change it was told of is there.

    One that was answered without a change found the order there already: its channel was first.
    """
    moves = [
        (one.order_id, _word(one), one.kind)
        for one in session.exec(select(OrderEvent)).all()
        if "status" in one.data
    ]
    reached = {(order_id, word) for order_id, word, _ in moves}
    found = Counter(
        (order_id, word) for order_id, word, kind in moves if kind == "order:status:changed"
    )
    account.lost += [
        f"order {one.order_id} to {one.status}: answered with change {one.intent_id}, which is gone"
        for one in clicks
        if one.intent_id is not None and one.intent_id not in intent_ids
    ]
    told = [one for one in clicks if one.intent_id is not None]
    for click, times in Counter((one.order_id, one.status) for one in told).items():
        if found[click] < times:
            account.lost.append(f"order {click[0]} to {click[1]}: answered, and not in the history")
    for click in {(one.order_id, one.status) for one in clicks}:
        if click not in reached:
            account.lost.append(f"order {click[0]} to {click[1]}: answered, and not in the history")


def _word(event: OrderEvent) -> str:
    """The status that an event leads to; empty where it tells of it in another way."""
    status: Any = event.data["status"]
    return str(cast("list[Any]", status)[-1]) if isinstance(status, list) else ""


def _rows(session: Session, runs: Sequence[int], account: Account) -> None:
    """Each row of a bulk change has its result, and its change is in the ledger."""
    there = select(StatusIntent.id).where(col(StatusIntent.id) == BulkRow.intent_id)
    gone = session.exec(
        select(BulkRow).where(
            col(BulkRow.run_id).in_(runs), col(BulkRow.intent_id).is_not(None), ~there.exists()
        )
    ).all()
    account.lost += [f"run {one.run_id}: change {one.intent_id} is gone" for one in gone]
    waiting = session.exec(
        select(BulkRow).where(col(BulkRow.run_id).in_(runs), BulkRow.outcome == Outcome.WAITING)
    ).all()
    account.stuck += [f"run {one.run_id}: order {one.order_id} has no result" for one in waiting]


def _sums(session: Session, account: Account) -> None:
    proof = ledger.prove(session, _AUDITOR, LedgerQuery())
    if not proof.is_balanced:
        account.lost.append(f"the proof does not balance: {proof.written} written")
    check = ledger_counts.check(session)
    if check.difference_count:
        account.lost.append(f"{check.difference_count} counts of the ledger are wrong")
    if check.intents != sum(account.intents.values()):
        account.lost.append(f"{check.intents} counted, {sum(account.intents.values())} found")


def _told(
    stage: Stage,
    orders: Mapping[int, Order],
    intents: Sequence[StatusIntent],
    attempts: Mapping[int, Sequence[IntentAttempt]],
    account: Account,
) -> None:
    """Each change against what its channel did of it."""
    by_order: defaultdict[int, list[StatusIntent]] = defaultdict(list)
    for intent in intents:
        by_order[intent.order_id].append(intent)
    for order_id, theirs in by_order.items():
        order = orders[order_id]
        where = f"{order.channel.value} {order.external_id}"
        truth = stage.lever(f"orders/{order.channel.value}/{order.external_id}")
        told = telling.judge(order, theirs, attempts, truth)
        account.doubled += [f"{where}: {one}" for one in told.doubled]
        account.lost += [f"{where}: {one}" for one in told.unheard]
        account.said_again += told.said_again
        account.explained += told.explained
    unexplained = account.said_again - account.explained
    if unexplained > stage.killed.total():
        account.doubled.append(f"{unexplained} repeats that no lost answer and no death explains")
