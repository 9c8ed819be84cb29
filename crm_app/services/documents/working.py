"""The worker's part: a file is read, checked and imported in pages that each end in a commit.

A page writes the orders, the results of their lines and how far it came in one transaction, so a
job that is killed is gone on with where it was, and nothing is done twice.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import PermissionDeniedError
from crm_app.models import ChannelAccount, Document, DocumentResult, DocumentState, Outcome
from crm_app.services import audit, bulk
from crm_app.services.authors import Author
from crm_app.services.behalf import on_behalf
from crm_app.services.documents import lines, orders, saving, staging
from crm_app.services.documents.fields import Field
from crm_app.services.documents.mapping import Mapping
from crm_app.services.documents.orders import Reader, Verdict
from crm_app.services.documents.saving import Fate

logger = logging.getLogger(__name__)

_ORDERS_AT_ONCE: Final = 300
_LINES_AT_ONCE: Final = 2_000
# One order is written in one piece: a column that is no order id must not make a giant of it.
MAX_LINES_OF_ORDER: Final = 1_000
_WORKING: Final = (DocumentState.CHECKING, DocumentState.IMPORTING)


@dataclass(frozen=True, slots=True)
class _Group:
    """The lines of one order; `problem` says why their order id cannot be used."""

    external_id: str
    numbers: list[int]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One step of a file, the same for whoever goes on with it."""

    document_id: int
    step: int
    is_trial: bool
    account_id: int
    groups: list[_Group]
    reader: Reader
    file: str


def work(document_id: int, *, budget_s: float) -> bool:
    """Do what is next for a file, for about so long; whether something is left to do.

    Callers hold the document's lock.
    """
    if staging.read_file(document_id, budget_s=budget_s):
        return True
    give_up = time.monotonic() + budget_s
    with db.transaction() as session:
        plan = plan_of(session, document_id)
    if plan is None:
        return False
    while time.monotonic() < give_up:
        with db.transaction() as session:
            is_left = do_page(session, plan)
        if not is_left:
            return False
    return True


def plan_of(session: Session, document_id: int) -> Plan | None:
    """What is to be done with a file; None if nothing runs."""
    document = session.get(Document, document_id)
    if document is None or document.state not in _WORKING or document.account_id is None:
        return None
    decided = Mapping.from_json(document.mapping)
    header = staging.layout_of(document).header
    place = header.index(decided.columns[Field.ORDER_ID])
    return Plan(
        document_id=document_id,
        step=document.step,
        is_trial=document.state is DocumentState.CHECKING,
        account_id=document.account_id,
        groups=_groups(lines.cells_of(session, document, place)),
        reader=Reader(decided, header, get_settings().zone, document.created_at),
        file=document.name,
    )


def _author(session: Session, document: Document) -> Actor | None:
    """Who pressed "Import", with what they may do today; None, and no more work, if it ended."""
    try:
        actor = on_behalf(session, document.imported_by, document.token_id)
        actor.require(Permission.IMPORT_ORDERS, document.account_id)
    except PermissionDeniedError:
        document.state = DocumentState.CANCELLED
        document.step += 1
        document.reason = f"{document.imported_by_name} may no longer import. What was done stays."
        audit.record(
            session,
            SYSTEM,
            "document:import:stopped",
            subject_type="document",
            subject_id=document.id,
            after={"orders": document.progress, "of": document.progress_of},
        )
        return None
    return actor


def _groups(cells: Sequence[tuple[int, str, str]]) -> list[_Group]:
    """Orders in the order of their first lines."""
    found: dict[str, _Group] = {}
    for number, cell, problem in cells:
        key, said = orders.order_id_of(cell, problem)
        # Each line without a key stands alone.
        name = key or f"\x00{number}"
        found.setdefault(name, _Group(key, [], said)).numbers.append(number)
    return list(found.values())


def do_page(session: Session, plan: Plan) -> bool:
    """One page of orders; whether there is another."""
    document = session.get_one(
        Document, plan.document_id, with_for_update=True, populate_existing=True
    )
    if document.step != plan.step or document.state not in _WORKING:
        return False
    # A check writes nothing, so it needs nobody to answer for it.
    actor = SYSTEM if plan.is_trial else _author(session, document)
    if actor is None:
        return False
    if document.progress == 0:
        document.progress_of = len(plan.groups)
        _forget_results(session, document.id)
    groups = _next_groups(plan.groups, document.progress)
    author = Author(actor, {"file": plan.file})
    rows = _results(session, document, plan, author, groups)
    if rows:
        session.execute(bulk.insert_rows(DocumentResult, list(rows[0])), bulk.parameter(rows))
    document.counts = _counted(document.counts, rows, groups)
    document.progress += len(groups)
    if document.progress < len(plan.groups):
        return True
    _finish(session, document, plan, actor)
    return False


def _next_groups(groups: Sequence[_Group], start: int) -> list[_Group]:
    page: list[_Group] = []
    count = 0
    for group in groups[start : start + _ORDERS_AT_ONCE]:
        count += len(group.numbers)
        if page and count > _LINES_AT_ONCE:
            break
        page.append(group)
    return page


def _results(
    session: Session, document: Document, plan: Plan, author: Author, groups: Sequence[_Group]
) -> list[dict[str, Any]]:
    wanted = [number for group in groups if _is_usable(group) for number in group.numbers]
    found = lines.numbered(session, document, wanted)
    verdicts = {
        index: plan.reader.read(group.external_id, [found[number] for number in group.numbers])
        for index, group in enumerate(groups)
        if _is_usable(group)
    }
    made = [verdict.order for verdict in verdicts.values() if verdict.order is not None]
    account = session.get_one(ChannelAccount, plan.account_id)
    act = saving.try_out if plan.is_trial else saving.save
    fates = act(session, account, made, author)
    rows: list[dict[str, Any]] = []
    for index, group in enumerate(groups):
        verdict = verdicts.get(index)
        for number in group.numbers:
            fate = _fate(group, verdict, number, fates)
            rows.append(
                {
                    "document_id": document.id,
                    "number": number,
                    "external_id": group.external_id,
                    "outcome": fate.outcome,
                    "reason": fate.reason[:500],
                }
            )
    return rows


def _is_usable(group: _Group) -> bool:
    return not group.problem and len(group.numbers) <= MAX_LINES_OF_ORDER


def _fate(group: _Group, verdict: Verdict | None, number: int, fates: dict[str, Fate]) -> Fate:
    if verdict is None:
        said = group.problem or (
            f"{len(group.numbers):,} lines have this order id; {MAX_LINES_OF_ORDER:,} are the most "
            "for one order. Is it the right column?"
        )
        return Fate(Outcome.REFUSED, said)
    if number in verdict.refused:
        return Fate(Outcome.REFUSED, verdict.refused[number])
    if verdict.left_out:
        return Fate(Outcome.SKIPPED, verdict.left_out)
    if number in verdict.repeats:
        first = verdict.repeats[number]
        return Fate(Outcome.SKIPPED, f"Repeats line {first:,} exactly; counted once.")
    return fates[group.external_id]


def _counted(
    counts: dict[str, Any], rows: Sequence[dict[str, Any]], groups: Sequence[_Group]
) -> dict[str, Any]:
    """Orders and lines by outcome, with those of a page added."""
    of_lines = dict(counts.get("lines", {}))
    of_orders = dict(counts.get("orders", {}))
    # The first line of an order is never the repeat of another.
    firsts = {group.numbers[0] for group in groups}
    for row in rows:
        word = row["outcome"].value
        of_lines[word] = of_lines.get(word, 0) + 1
        if row["number"] in firsts:
            of_orders[word] = of_orders.get(word, 0) + 1
    return {"orders": of_orders, "lines": of_lines}


def _finish(session: Session, document: Document, plan: Plan, actor: Actor) -> None:
    moment = now()
    if plan.is_trial:
        document.state = DocumentState.CHECKED
        return
    document.state = DocumentState.DONE
    document.finished_at = moment
    session.get_one(ChannelAccount, plan.account_id).last_success_at = moment
    audit.record(
        session,
        actor,
        "document:imported",
        subject_type="document",
        subject_id=document.id,
        after={"name": document.name, "counts": document.counts},
    )
    logger.info("Imported document %d: %s", document.id, document.counts)


def _forget_results(session: Session, document_id: int) -> None:
    session.execute(delete(DocumentResult).where(col(DocumentResult.document_id) == document_id))
