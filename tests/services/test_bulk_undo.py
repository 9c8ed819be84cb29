"""Taking a bulk change back: withdrawn, told back, or an honest no; and the files of a run."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import ConflictError, PermissionDeniedError
from crm_app.models import BulkRun, Download, Order, OrderEvent, StatusIntent
from crm_app.services import bulk_keeping, bulk_results, bulk_runs, orders
from tests.factories import AccountFactory, OrderFactory
from tests.services import bulk_runs as tool

S = OrderStatus


def make(session: Session, channel: Channel = Channel.WOOCOMMERCE, **values: object) -> int:
    order = OrderFactory(account=AccountFactory(channel=channel), **values)
    session.commit()
    return order.id


def travelled(order_id: int, state: IntentState, **more: object) -> None:
    """Let the order's newest intent be in this state, as the worker would leave it."""
    key = tool.intents(order_id)[-1].id
    with db.transaction() as session:
        session.execute(
            update(StatusIntent).where(col(StatusIntent.id) == key).values(state=state, **more)
        )


def test_what_was_not_sent_is_withdrawn(session: Session, asha: Actor) -> None:
    order_id = make(session)
    tool.recount(session)
    first = tool.start(asha, [order_id], status="shipped")
    tool.work(first)

    undoing = tool.undo(asha, first)

    order = tool.order(order_id)
    assert (order.status, order.sync_status) == (S.CONFIRMED, SyncStatus.IN_SYNC)
    assert (order.shipped_at, order.version) == (None, 3)
    assert [intent.state for intent in tool.intents(order_id)] == [IntentState.UNDONE]
    assert tool.reasons(undoing) == {"Withdrawn before it was sent"}
    assert tool.differences() == ([], [])
    event = session.exec(select(OrderEvent).where(OrderEvent.kind == "order:status:undone")).one()
    assert event.data == {"status": ["shipped", "confirmed"], "run": undoing}


def test_a_change_that_the_first_run_replaced_is_wished_again(
    session: Session, asha: Actor
) -> None:
    order_id = make(session, Channel.FLIPKART)
    with db.transaction() as opened:
        orders.change_status(opened, asha, order_id, S.PACKED)
    first = tool.start(asha, [order_id], status="ready_to_ship")
    tool.work(first)

    tool.undo(asha, first)

    assert tool.order(order_id).status is S.PACKED
    assert [(one.to_status, one.state) for one in tool.intents(order_id)] == [
        (S.PACKED, IntentState.SUPERSEDED),
        (S.READY_TO_SHIP, IntentState.UNDONE),
        (S.PACKED, IntentState.QUEUED),
    ]


def test_a_change_that_a_refused_one_replaced_is_wished_again(
    session: Session, asha: Actor
) -> None:
    order_id = make(session, Channel.SWIGGY)
    with db.transaction() as opened:
        orders.change_status(opened, asha, order_id, S.PACKED)
    first = tool.start(asha, [order_id], status="shipped")
    tool.work(first)
    travelled(order_id, IntentState.REJECTED, reason="Not ready.")

    tool.undo(asha, first)

    order = tool.order(order_id)
    assert (order.status, order.sync_status) == (S.PACKED, SyncStatus.QUEUED)
    # Swiggy never heard that it is packed: without this one nobody would tell it.
    assert [(one.to_status, one.state) for one in tool.intents(order_id)] == [
        (S.PACKED, IntentState.SUPERSEDED),
        (S.SHIPPED, IntentState.REJECTED),
        (S.PACKED, IntentState.QUEUED),
    ]
    assert order.shipped_at is None


def test_what_only_our_desk_knew_is_taken_back_here(session: Session, asha: Actor) -> None:
    order_id = make(session, Channel.AMAZON)
    first = tool.start(asha, [order_id], status="packed")
    tool.work(first)

    tool.undo(asha, first)

    assert tool.order(order_id).status is S.CONFIRMED
    assert tool.intents(order_id) == []


@pytest.mark.parametrize("state", [IntentState.SENT, IntentState.CONFIRMED])
def test_a_shop_that_was_told_is_told_back(
    session: Session, asha: Actor, state: IntentState
) -> None:
    order_id = make(session, status=S.PACKED)
    first = tool.start(asha, [order_id], status="shipped")
    tool.work(first)
    travelled(order_id, state)

    tool.undo(asha, first)

    order, back = tool.order(order_id), tool.intents(order_id)[-1]
    assert (order.status, order.sync_status) == (S.PACKED, SyncStatus.QUEUED)
    # The shop has no word for packed: it goes back to the one before.
    assert (back.from_status, back.to_status) == (S.SHIPPED, S.CONFIRMED)
    assert back.takes_back


@pytest.mark.parametrize(
    ("channel", "target", "state", "unknown", "sentence"),
    [
        (Channel.FLIPKART, "packed", IntentState.CONFIRMED, False, "takes no step"),
        (Channel.SWIGGY, "packed", IntentState.CONFIRMED, False, "Swiggy takes no status back"),
        (Channel.WOOCOMMERCE, "shipped", IntentState.SENDING, True, "on its way"),
        (Channel.WOOCOMMERCE, "shipped", IntentState.WAITING, True, "on its way"),
        (Channel.WOOCOMMERCE, "shipped", IntentState.NEEDS_PERSON, False, "Decide first"),
    ],
)
def test_what_cannot_be_undone_says_why(
    session: Session,
    asha: Actor,
    channel: Channel,
    target: str,
    state: IntentState,
    unknown: bool,
    sentence: str,
) -> None:
    stuck, free = make(session, channel), make(session, Channel.AMAZON, status=S.CONFIRMED)
    first = tool.start(asha, [stuck], key="a", status=target)
    tool.work(first)
    travelled(stuck, state, outcome_unknown=unknown)
    with db.transaction() as opened:
        undoing = bulk_runs.undo(opened, asha, first).id
        preview = bulk_runs.preview(opened, asha, undoing)
    with pytest.raises(ConflictError), db.transaction() as opened:
        bulk_runs.start(opened, asha, undoing)

    (group,) = preview.groups
    assert sentence in group.sentence
    assert (group.changes, group.count) == (False, 1)
    assert tool.order(stuck).status is S(target)
    assert tool.order(free).version == 1


def test_what_went_on_since_is_left(session: Session, asha: Actor, admin: Actor) -> None:
    went_on, stayed = make(session), make(session)
    first = tool.start(asha, [went_on, stayed], status="packed")
    tool.work(first)
    with db.transaction() as opened:
        orders.change_status(opened, admin, went_on, S.SHIPPED)

    undoing = tool.undo(asha, first)

    assert tool.order(went_on).status is S.SHIPPED
    assert tool.order(stayed).status is S.CONFIRMED
    refused = next(row for row in tool.rows(undoing) if row.outcome is Outcome.REFUSED)
    assert (refused.order_id, refused.reason) == (
        went_on,
        "It went on since: it is shipped now.",
    )


def test_undo_is_one_run_however_often_it_is_asked_for(session: Session, asha: Actor) -> None:
    first = tool.start(asha, [make(session)], status="packed")
    with pytest.raises(ConflictError, match="Pause or stop"), db.transaction() as opened:
        bulk_runs.undo(opened, asha, first)
    tool.work(first)

    undoing = tool.undo(asha, first)
    with db.transaction() as opened:
        again = bulk_runs.undo(opened, asha, first)
        assert (again.id, again.state, again.undo_of) == (undoing, RunState.DONE, first)
    with pytest.raises(ConflictError, match="cannot be undone"), db.transaction() as opened:
        bulk_runs.undo(opened, asha, undoing)
    with db.transaction() as opened:
        found = bulk_results.undone_by(opened, first)
    assert found is not None
    assert found.id == undoing


def test_results_are_a_sheet_with_every_order(session: Session, asha: Actor) -> None:
    good, bad = make(session), make(session, status=S.CANCELLED)
    number = session.get_one(Order, good).order_number
    run_id = tool.start(asha, [good, bad], status="shipped")
    tool.work(run_id)
    travelled(good, IntentState.REJECTED, reason="No such parcel")

    text = "".join(bulk_results.results_csv(asha, run_id))

    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {line["Result"] for line in lines} == {"changed", "refused"}
    line = next(line for line in lines if line["Order number"] == number)
    assert (line["At the channel"], line["Channel's words"], line["To"]) == (
        "refused by the channel",
        "No such parcel",
        "Shipped",
    )


def test_an_export_makes_one_file_under_downloads(
    session: Session, asha: Actor, reader: Actor
) -> None:
    ids = [make(session) for _ in range(3)]
    run_id = tool.start(asha, ids, "export")
    tool.work(run_id)

    with db.transaction() as opened:
        file_id = bulk_results.file_of(opened, asha, run_id)
        download = opened.get_one(Download, file_id)

    assert (download.total, download.run_id, download.user_id) == (3, run_id, asha.user_id)
    assert tool.reasons(run_id) == {f"In file {file_id} under Downloads."}
    with pytest.raises(PermissionDeniedError), db.transaction() as opened:
        bulk_results.file_of(opened, reader, run_id)
    with pytest.raises(ConflictError, match="cannot be undone"), db.transaction() as opened:
        bulk_runs.undo(opened, asha, run_id)


def test_drafts_and_rows_are_forgotten_in_their_time(session: Session, asha: Actor) -> None:
    order_id = make(session)
    exported = tool.start(asha, [order_id], "export", key="a")
    tool.work(exported)
    unused = tool.draft(asha, [order_id], "b")

    def age(days: int) -> None:
        moment = now() - timedelta(days=days)
        with db.transaction() as opened:
            opened.execute(update(BulkRun).values(created_at=moment))
            opened.execute(
                update(BulkRun).where(col(BulkRun.id) == exported).values(finished_at=moment)
            )

    def forget() -> int:
        with db.transaction() as opened:
            return bulk_keeping.forget(opened)

    assert forget() == 0
    age(8)
    assert forget() == 1
    assert len(tool.rows(exported)) == 1
    assert session.get(BulkRun, unused) is None
    age(91)
    assert forget() == 1
    assert tool.rows(exported) == []
    assert tool.run(exported).changed == 1
