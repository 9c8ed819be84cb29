"""After a crash run: is anything lost, doubled, or stuck?"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.bulk import Outcome
from crm_app.domain.intent import OPEN
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.models import BulkRow, Order, OrderEvent, StatusIntent
from crm_app.services import ledger, ledger_counts
from crm_app.services.ledger_query import LedgerQuery
from drills import compare
from drills.stage import Stage

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
        said_again: Harmless repeats on channels that cannot be read.
    """

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    stuck: list[str] = field(default_factory=list[str])
    said_again: int = 0
    intents: Counter[str] = field(default_factory=Counter[str])


def settle_up(
    stage: Stage, clicks: Sequence[tuple[int, str]], runs: Sequence[int], unfinished: Sequence[str]
) -> Account:
    """Go through everything that was accepted.

    Args:
        stage: Running, at rest, all faults off.
        clicks: Order id and status of each change that the API answered with 200.
        runs: Ids of the bulk changes that were started.
        unfinished: Sentences about those that never ended.
    """
    account = Account(stuck=list(unfinished))
    with db.transaction() as session:
        intents = session.exec(select(StatusIntent)).all()
        orders = {one.id: one for one in session.exec(select(Order)).all()}
        session.expunge_all()
    account.intents.update(intent.state.value for intent in intents)
    _stuck(orders, intents, account)
    with db.transaction() as session:
        _clicks(session, clicks, account)
        _rows(session, runs, account)
        _sums(session, account)
    _doubled(stage, orders, intents, account)
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


def _clicks(session: Session, clicks: Sequence[tuple[int, str]], account: Account) -> None:
    """Each answered click is an event of its order."""
    changed = session.exec(select(OrderEvent).where(OrderEvent.kind == "order:status:changed"))
    found = Counter((one.order_id, str(one.data["status"][1])) for one in changed)
    for click, times in Counter(clicks).items():
        if found[click] < times:
            account.lost.append(f"order {click[0]} to {click[1]}: answered, and not in the history")


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


def _doubled(
    stage: Stage, orders: Mapping[int, Order], intents: Sequence[StatusIntent], account: Account
) -> None:
    """Calls that the channel took, against the changes that could have made them."""
    by_order: defaultdict[int, int] = defaultdict(int)
    for intent in intents:
        by_order[intent.order_id] += 1
    for order_id, changes in by_order.items():
        order = orders[order_id]
        channel = order.channel.value
        truth = stage.lever(f"orders/{channel}/{order.external_id}")
        taken = _taken(channel, truth)
        if taken <= changes:
            continue
        # Amazon knows a parcel by our reference: said again, it is the same parcel.
        by_reference = {one["packageReferenceId"] for one in truth.get("packages") or ()}
        is_harmless = channel == "amazon" and len(by_reference) <= changes
        if is_harmless or not capabilities.of(order.channel).reads_back:
            account.said_again += taken - changes
        else:
            account.doubled.append(
                f"{channel} {order.external_id}: told {taken} times for {changes} changes"
            )


def _taken(channel: str, truth: Mapping[str, Any]) -> int:
    """How often the operation was taken that was taken most: Flipkart packs, then dispatches."""
    times = Counter(
        call["operation"]
        for call in truth["calls"]
        if call["operation"] in compare.WRITES[channel] and call["status_code"] < 300
    )
    return max(times.values(), default=0)
