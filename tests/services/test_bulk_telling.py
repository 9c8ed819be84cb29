"""A bulk change whose orders are done here and whose channels are still told."""

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels import pace
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import ConflictError, OutcomeUnknownError
from crm_app.jobs import bulk
from crm_app.models import BulkRun, Order, StatusIntent
from crm_app.services import accounts, bulk_pace, bulk_runs, bulk_telling, pulling
from tests.factories import AccountFactory, OrderFactory
from tests.services import bulk_runs as tool
from tests.services.fakes import FakeShop, Fault, line, told
from tests.services.outbox import change, push, states

Travel, S = IntentState, OrderStatus


@pytest.fixture
def account_id(session: Session) -> int:
    found: int = AccountFactory(channel=Channel.WOOCOMMERCE).id
    session.commit()
    return found


@pytest.fixture
def shop(account_id: int) -> FakeShop:
    made = FakeShop()
    for key in ("1", "2", "3"):
        made.put(told(key, channel_status="processing", lines=(line("10", quantity=1),)))
    pulling.pull(made, account_id, budget_s=60)
    return made


def ids() -> list[int]:
    with db.transaction() as session:
        return list(session.exec(select(Order.id).order_by(col(Order.id))))


def do(deed: object, actor: Actor, run_id: int) -> BulkRun:
    with db.transaction() as session:
        return deed(session, actor, run_id)  # pyright: ignore[reportCallIssue, reportUnknownVariableType]


def held(run_id: int) -> int:
    with db.transaction() as session:
        return bulk_telling.held(session, run_id)


def due() -> list[int]:
    with db.transaction() as session:
        return accounts.due_for_push(session)


def test_a_run_tells_until_its_last_change_is_confirmed(
    asha: Actor, account_id: int, shop: FakeShop
) -> None:
    run_id = tool.start(asha, ids(), status="shipped")
    tool.work(run_id)
    bulk.bulk_due()
    before = tool.run(run_id)

    push(shop, account_id)
    bulk.bulk_due()

    assert (before.state, before.finished_at) == (RunState.TELLING, None)
    assert states() == [Travel.CONFIRMED] * 3
    after = tool.run(run_id)
    assert after.state is RunState.DONE
    assert after.finished_at is not None


def test_a_paused_run_tells_nobody_and_a_click_still_does(
    asha: Actor, account_id: int, shop: FakeShop
) -> None:
    first, second, third = ids()
    run_id = tool.start(asha, [first, second], status="shipped")
    tool.work(run_id)
    do(bulk_runs.pause, asha, run_id)

    assert due() == []
    assert push(shop, account_id) == 0
    change("3", S.SHIPPED)
    assert due() == [account_id]
    push(shop, account_id)
    assert [one.external_id for one in shop.pushed] == ["3"]
    assert (held(run_id), states()) == (2, [Travel.QUEUED, Travel.QUEUED, Travel.CONFIRMED])
    do(bulk_runs.resume, asha, run_id)
    tool.work(run_id)
    push(shop, account_id)

    assert sorted(one.external_id for one in shop.pushed) == ["1", "2", "3"]
    assert tool.order(third).status is S.SHIPPED
    assert tool.run(run_id).state is RunState.TELLING


def test_what_may_have_reached_the_channel_is_read_though_the_run_is_paused(
    asha: Actor, account_id: int, shop: FakeShop
) -> None:
    run_id = tool.start(asha, ids()[:1], status="shipped")
    tool.work(run_id)
    shop.push_faults.append(Fault(OutcomeUnknownError("no answer"), acts=True))
    push(shop, account_id)
    do(bulk_runs.pause, asha, run_id)
    shop.calls.clear()

    push(shop, account_id)

    assert (shop.calls, states()) == (["read 1"], [Travel.CONFIRMED])


def test_a_stopped_run_holds_back_what_was_not_told_until_somebody_decides(
    asha: Actor, account_id: int, shop: FakeShop
) -> None:
    run_id = tool.start(asha, ids(), status="shipped")
    tool.work(run_id)

    stopped = do(bulk_runs.stop, asha, run_id)
    push(shop, account_id)

    assert "3 changes are not told" in stopped.reason
    assert (shop.pushed, tool.run(run_id).state) == ([], RunState.STOPPED)
    told_after_all = do(bulk_runs.resume, asha, run_id)
    assert (told_after_all.state, told_after_all.finished_at) == (RunState.TELLING, None)
    push(shop, account_id)
    assert states() == [Travel.CONFIRMED] * 3
    bulk.bulk_due()
    with pytest.raises(ConflictError, match="nothing to stop"):
        do(bulk_runs.stop, asha, run_id)


def test_what_a_stopped_run_held_back_can_be_undone(
    asha: Actor, account_id: int, shop: FakeShop
) -> None:
    run_id = tool.start(asha, ids(), status="shipped")
    tool.work(run_id)
    do(bulk_runs.stop, asha, run_id)

    tool.undo(asha, run_id)
    push(shop, account_id)

    assert (shop.pushed, held(run_id)) == ([], 0)
    assert {tool.order(one).status for one in ids()} == {S.CONFIRMED}
    with pytest.raises(ConflictError, match="cannot go on"):
        do(bulk_runs.resume, asha, run_id)


def test_what_was_on_its_way_can_be_undone_later(
    asha: Actor, account_id: int, shop: FakeShop
) -> None:
    run_id = tool.start(asha, ids(), status="shipped")
    tool.work(run_id)
    with db.transaction() as session:
        first = session.exec(select(StatusIntent).order_by(col(StatusIntent.id))).first()
        assert first
        session.execute(
            update(StatusIntent)
            .where(col(StatusIntent.id) == first.id)
            .values(state=Travel.SENDING, outcome_unknown=True)
        )
        waits_for = first.order_id
    undone = tool.undo(asha, run_id)
    assert sorted(tool.outcomes(undone)) == [Outcome.CHANGED, Outcome.CHANGED, Outcome.REFUSED]

    push(shop, account_id)
    again = tool.undo(asha, run_id)

    assert again != undone
    assert [(row.order_id, row.outcome) for row in tool.rows(again)] == [
        (waits_for, Outcome.CHANGED)
    ]
    assert {tool.order(one).status for one in ids()} == {S.CONFIRMED}
    # Nothing is left: the last undo is what is shown.
    assert do(bulk_runs.undo, asha, run_id).id == again


def test_what_a_stopped_undo_did_not_get_to_can_be_undone_later(
    asha: Actor, account_id: int, shop: FakeShop
) -> None:
    del account_id, shop
    run_id = tool.start(asha, ids(), status="shipped")
    tool.work(run_id)
    undoing = do(bulk_runs.undo, asha, run_id).id
    do(bulk_runs.start, asha, undoing)
    do(bulk_runs.stop, asha, undoing)
    assert {tool.order(one).status for one in ids()} == {S.SHIPPED}

    again = tool.undo(asha, run_id)

    assert again != undoing
    assert tool.outcomes(again) == [Outcome.CHANGED] * 3
    assert {tool.order(one).status for one in ids()} == {S.CONFIRMED}


def test_time_that_is_told_counts_what_waits_already(
    session: Session, asha: Actor, account_id: int
) -> None:
    made = [OrderFactory(account_id=account_id, channel=Channel.WOOCOMMERCE, account=None)]
    made += [OrderFactory(account_id=account_id, channel=Channel.WOOCOMMERCE, account=None)]
    session.commit()
    waits = tool.start(asha, [made[0].id], status="shipped", key="a")
    tool.work(waits)
    draft = tool.draft(asha, [made[1].id], "b")

    def telling() -> bulk_pace.Telling:
        with db.transaction() as opened:
            bulk_runs.decide(opened, asha, draft, "status", {"status": "shipped"})
            preview = bulk_runs.preview(opened, asha, draft)
            (found,) = bulk_pace.tellings(opened, preview, pace.per_second)
            return found

    behind = telling()
    do(bulk_runs.pause, asha, waits)
    alone = telling()

    assert (behind.count, behind.ahead, behind.seconds) == (1, 1, 0.4)
    assert (alone.count, alone.ahead, alone.seconds) == (1, 0, 0.2)
