"""A bulk change in real workers: killed in the middle, and told to a real shop."""

import signal
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.jobs import bulk, push
from crm_app.models import ChannelAccount, Order, OrderEvent, StatusIntent
from crm_app.services import bulk_runs, bulk_work, orders
from tests import running
from tests.factories import AccountFactory, OrderFactory
from tests.jobs.conftest import arrive, follow
from tests.running import SandboxServer
from tests.services import bulk_runs as tool

_KILLS_AT = (20, 40)
_ORDERS = 200

# As the worker runs it, one order a transaction: slow enough to be killed in the middle.
_WORKER = """
from crm_app.jobs import bulk
from crm_app.services import bulk_work
bulk_work.BATCH = 1
while bulk.bulk_due():
    for run_id in {runs}:
        bulk.work_on(run_id)
"""


def test_killed_in_the_middle_nothing_is_lost_and_nothing_done_twice(
    session: Session, asha: Actor, tmp_path: Path
) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    ids = [OrderFactory(account=account).id for _ in range(_ORDERS)]
    session.commit()
    tool.recount(session)
    run_id = tool.start(asha, ids, status="shipped")

    code = _WORKER.format(runs=[run_id])

    def has_done(count: int) -> bool:
        return tool.run(run_id).done >= count

    for count in _KILLS_AT:
        with running.process(["-c", code], {}, tmp_path / "worker.log") as worker:
            running.wait_for(partial(has_done, count), "the run gets on")
            worker.send_signal(signal.SIGKILL)
            worker.wait(timeout=10)
        assert tool.run(run_id).done < _ORDERS, "it was killed too late to show anything"
    # The killed one's lock went with it; the next worker takes the run up where it stood.
    while bulk.work_on(run_id):
        pass

    run = tool.run(run_id)
    assert (run.state, run.changed, run.refused, run.failed) == (
        RunState.TELLING,
        _ORDERS,
        0,
        0,
    )
    per_order = select(func.count()).group_by("order_id")
    assert set(session.exec(per_order.select_from(StatusIntent))) == {1}
    assert set(session.exec(per_order.select_from(OrderEvent))) == {1}
    assert set(session.exec(select(Order.version))) == {2}
    assert tool.differences() == ([], [])


def test_two_workers_share_no_order(session: Session, asha: Actor, tmp_path: Path) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    ids = [OrderFactory(account=account).id for _ in range(40)]
    session.commit()
    run_id = tool.start(asha, ids, status="packed")
    code = _WORKER.format(runs=[run_id])

    with (
        running.process(["-c", code], {}, tmp_path / "one.log"),
        running.process(["-c", code], {}, tmp_path / "other.log"),
    ):
        running.wait_for(lambda: tool.run(run_id).state is RunState.DONE, "the run ends")

    assert tool.run(run_id).changed == 40
    assert set(session.exec(select(Order.version))) == {2}


def test_a_lost_hint_is_made_up_for_by_the_clock(session: Session, asha: Actor) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.AMAZON))
    session.commit()
    run_id = tool.start(asha, [order.id], status="packed")

    assert bulk.bulk_due() == 1
    assert bulk.work_on(run_id) is False
    assert bulk.bulk_due() == 0
    assert tool.order(order.id).status is OrderStatus.PACKED


def test_shop_is_told_and_told_back(
    shop: ChannelAccount, sandbox: SandboxServer, asha: Actor
) -> None:
    placed = [sandbox.place("woocommerce", status="processing")[0] for _ in range(3)]
    arrive(shop, placed)
    with db.transaction() as session:
        # A shop shows what other tests placed there, too.
        theirs = select(Order.id).where(col(Order.external_id).in_(placed))
        ids = list(session.exec(theirs.order_by(col(Order.id))))
    run_id = tool.start(asha, ids, status="shipped")
    tool.work(run_id)
    push.push_account(shop.id)
    assert {sandbox.truth("woocommerce", one)["status"] for one in placed} == {"completed"}
    # A pull in between sees what is to be taken back, and must not take it for the answer.
    with db.transaction() as session:
        undoing = bulk_runs.undo(session, asha, run_id).id
        bulk_runs.start(session, asha, undoing)
    tool.work(undoing)
    follow(shop, placed[0], OrderStatus.CONFIRMED)
    assert [one.state for one in tool.intents(ids[0])][-1] == IntentState.QUEUED

    push.push_account(shop.id)

    assert {sandbox.truth("woocommerce", one)["status"] for one in placed} == {"processing"}
    assert {tool.intents(one)[-1].state for one in ids} == {IntentState.CONFIRMED}
    assert {tool.order(one).status for one in ids} == {OrderStatus.CONFIRMED}


def test_a_click_interrupts_the_many(
    session: Session, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    ids = [OrderFactory(account=account).id for _ in range(20)]
    session.commit()
    monkeypatch.setattr(bulk_work, "BATCH", 5)
    run_id = tool.start(asha, ids[:-1], status="packed")
    with db.transaction() as opened:
        orders.change_status(opened, asha, ids[-1], OrderStatus.SHIPPED)

    has_more = bulk.work_on(run_id)

    assert has_more
    assert tool.run(run_id).done == 5
