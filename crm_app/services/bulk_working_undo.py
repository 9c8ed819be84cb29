"""Taking back a bulk change of working data: the history of each order says what was before."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.time import now
from crm_app.domain.working import HoldReason, Priority
from crm_app.models import BulkRow, BulkRun, Order, OrderEvent
from crm_app.services.bulk_action import Example, Item, Preview, Result
from crm_app.services.bulk_working import results
from crm_app.services.working import tagging
from crm_app.services.working.among import one_of
from crm_app.services.working.archiving import Archive
from crm_app.services.working.assigning import Assign, SetPriority
from crm_app.services.working.changes import Change, Fate, make_on
from crm_app.services.working.holding import Hold, Release
from crm_app.services.working.people import Colleague
from crm_app.services.working.tagging import PutTag, TagView

_SINCE: Final = "It was changed again since."


class _Now(NamedTuple):
    """How an order stands now."""

    assignee_id: int | None
    priority: Priority
    hold_reason: HoldReason | None


class _Did(NamedTuple):
    order_id: int
    number: str
    change: Change | None  # None: somebody changed the same since


def preview(session: Session, run: BulkRun) -> Preview:
    """What taking back would do: see `bulk_action.Action`."""
    found = Preview()
    for change, dids in _by_change(_dids(session, run)).items():
        fates = _fates(session, change, [did.order_id for did in dids])
        for did in dids:
            fate = fates.get(did.order_id, Fate(_SINCE, False))
            example = [Example(did.order_id, did.number)]
            found.add(fate.sentence, 1, example, changes=fate.changes)
    return found.sorted()


def apply(session: Session, actor: Actor, run: BulkRun, items: Sequence[Item]) -> list[Result]:
    """Take it back on these orders: see `bulk_action.Action`."""
    ids = [item.order.id for item in items]
    refused: dict[int, str] = {}
    for change, dids in _by_change(_dids(session, run, ids)).items():
        theirs = [did.order_id for did in dids]
        if change is None:
            refused |= dict.fromkeys(theirs, _SINCE)
        else:
            refused |= make_on(session, actor, change, theirs, run_id=run.id).refused
    return results(items, refused)


def _by_change(dids: Sequence[_Did]) -> dict[Change | None, list[_Did]]:
    """Orders that go back alike go back together."""
    found: dict[Change | None, list[_Did]] = {}
    for did in dids:
        found.setdefault(did.change, []).append(did)
    return found


def _fates(session: Session, change: Change | None, ids: list[int]) -> dict[int, Fate]:
    if change is None:
        return {}
    rows = session.execute(columns(col(Order.id), *change.looks_at()).where(one_of(ids)))
    return {order_id: change.fate(*seen) for order_id, *seen in rows}


def _dids(session: Session, run: BulkRun, ids: Sequence[int] | None = None) -> list[_Did]:
    """What the first run did to each order, read from the event that it left."""
    row, mine, event = BulkRow, aliased(BulkRow), OrderEvent
    statement = (
        columns(
            col(Order.id),
            col(Order.order_number),
            col(event.kind),
            col(event.data),
            col(Order.assignee_id),
            col(Order.priority),
            col(Order.hold_reason),
        )
        .select_from(row)
        .join(Order, col(Order.id) == col(row.order_id))
        .join(mine, (col(mine.run_id) == run.id) & (col(mine.position) == col(row.position)))
        .join(event, col(event.order_id) == col(Order.id))
        .where(
            col(row.run_id) == run.undo_of,
            col(row.outcome) == Outcome.CHANGED,
            col(event.data)["run"].as_integer() == run.undo_of,
        )
        .order_by(col(Order.id))
    )
    if ids is not None:
        statement = statement.where(one_of(ids))
    return [
        _Did(order_id, number, _BACK[kind](data, _Now(*present)))
        for order_id, number, kind, data, *present in session.execute(statement)
    ]


def _assigned(data: dict[str, Any], present: _Now) -> Change | None:
    before, after = data["assignee_id"]
    if present.assignee_id != after:
        return None
    return Assign(Colleague(before, data["assignee"][0]) if before else None)


def _prioritised(data: dict[str, Any], present: _Now) -> Change | None:
    before, after = data["priority"]
    return SetPriority(Priority(before)) if present.priority == after else None


def _held(data: dict[str, Any], present: _Now) -> Change | None:
    before, after = data["hold_reason"]
    if present.hold_reason != after:
        return None
    if before is None:
        return Release()
    return Hold(HoldReason(before), _still(data["held_until"][0]))


def _tagged(data: dict[str, Any], present: _Now) -> Change | None:
    del present
    before, after = data["tag"]
    tag = TagView(data["tag_id"], before or after, tagging.TagColour.GRAY)
    return PutTag(tag, is_on=before is not None)


def _still(stamp: str | None) -> datetime | None:
    """A release date that has not come yet."""
    moment = datetime.fromisoformat(stamp) if stamp else None
    return moment if moment and moment > now() else None


_BACK: Final[dict[str, Callable[[dict[str, Any], _Now], Change | None]]] = {
    "order:assigned": _assigned,
    "order:priority:set": _prioritised,
    "order:held": _held,
    "order:released": _held,
    "order:tagged": _tagged,
    "order:untagged": _tagged,
    "order:archived": lambda data, _: Archive(data["archived"][0]),
    "order:unarchived": lambda data, _: Archive(data["archived"][0]),
}
