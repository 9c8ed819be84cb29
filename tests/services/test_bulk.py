"""Many orders at once: the single click's rules, row by row, and each row's result kept."""

import threading

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from crm_app import db
from crm_app.channels import pace
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, BulkRow, BulkRun, Order, OrderEvent, StatusIntent, User
from crm_app.services import (
    audit,
    bulk_choice,
    bulk_pace,
    bulk_results,
    bulk_runs,
    bulk_work,
    claiming,
    orders,
    parcels,
)
from crm_app.services.bulk_choice import Choice
from crm_app.services.order_query import OrderQuery
from tests.factories import AccountFactory, OrderFactory
from tests.services import bulk_runs as tool


def make(session: Session, count: int, **values: object) -> list[int]:
    account = values.pop("account", None) or AccountFactory(channel=Channel.WOOCOMMERCE)
    made: list[int] = [OrderFactory(account=account, **values).id for _ in range(count)]  # pyright: ignore[reportAssignmentType]
    session.commit()
    return made


def test_orders_change_with_event_audit_sums_and_intent(session: Session, asha: Actor) -> None:
    ids = make(session, 3)
    tool.recount(session)

    run_id = tool.start(asha, ids, status="shipped")
    tool.work(run_id)

    run = tool.run(run_id)
    assert (run.state, run.total, run.changed, run.refused) == (RunState.TELLING, 3, 3, 0)
    assert {tool.order(one).status for one in ids} == {OrderStatus.SHIPPED}
    assert {tool.order(one).sync_status for one in ids} == {SyncStatus.QUEUED}
    assert {tool.order(one).version for one in ids} == {2}
    assert all(tool.order(one).shipped_at for one in ids)
    assert tool.differences() == ([], [])
    events = session.exec(select(OrderEvent).where(OrderEvent.kind == "order:status:changed")).all()
    assert [event.data for event in events] == [
        {"status": ["confirmed", "shipped"], "run": run_id}
    ] * 3
    assert {event.actor_label for event in events} == {asha.label}
    entries = session.exec(select(AuditEntry).where(AuditEntry.subject_type == "order")).all()
    assert sorted(entry.subject_id for entry in entries) == sorted(map(str, ids))
    assert audit.verify(session) is None
    (intent,) = tool.intents(ids[0])
    assert (intent.state, intent.to_status) == (IntentState.QUEUED, OrderStatus.SHIPPED)
    assert tool.rows(run_id)[0].intent_id in {tool.intents(one)[0].id for one in ids}


def test_one_rows_refusal_stops_none_of_the_others(session: Session, asha: Actor) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    good = make(session, 2, account=account)
    bad = make(session, 1, account=account, status=OrderStatus.DELIVERED)
    same = make(session, 1, account=account, status=OrderStatus.PACKED)

    run_id = tool.start(asha, [*good, *bad, *same], status="packed")
    tool.work(run_id)

    run = tool.run(run_id)
    assert (run.changed, run.refused, run.failed, run.state) == (2, 2, 0, RunState.DONE)
    assert tool.reasons(run_id) == {
        "",
        "An order that is delivered cannot become packed.",
        "It is packed already.",
    }
    assert tool.order(bad[0]).version == 1


def test_preview_says_the_same_as_the_run_does(session: Session, asha: Actor) -> None:
    amazon = AccountFactory(channel=Channel.AMAZON)
    make(session, 2, account=amazon, status=OrderStatus.READY_TO_SHIP)
    make(session, 1, account=amazon, fulfilled_by_channel=True)
    make(session, 1, account=amazon, status=OrderStatus.CANCELLED)
    shop = AccountFactory(channel=Channel.WOOCOMMERCE)
    make(session, 3, account=shop)
    make(session, 1, account=shop, sync_status=SyncStatus.CONFLICT)
    run_id = tool.draft(asha, list(session.exec(select(Order.id))))

    with db.transaction() as opened:
        bulk_runs.decide(opened, asha, run_id, "status", {"status": "shipped"})
        preview = bulk_runs.preview(opened, asha, run_id)
    with db.transaction() as opened:
        bulk_runs.start(opened, asha, run_id)
    tool.work(run_id)

    assert (preview.changes, preview.refuses, preview.lacks_parcel) == (3, 5, 2)
    assert preview.groups[0].sentence == "Confirmed to shipped; WooCommerce is told"
    assert len(preview.groups[0].examples) == 3
    refused = {group.sentence: group.count for group in preview.groups if not group.changes}
    with db.transaction() as opened:
        told = bulk_results.reasons(opened, asha, run_id)
    assert refused == {reason: count for _, reason, count in told if reason}
    assert tool.run(run_id).changed == preview.changes


def test_time_of_a_channel_is_count_over_its_published_rate(session: Session, asha: Actor) -> None:
    amazon = AccountFactory(channel=Channel.AMAZON, name="Amazon.in")
    ids = make(session, 12, account=amazon, status=OrderStatus.READY_TO_SHIP)
    run_id = tool.draft(asha, ids)
    numbers = "\n".join(f"{number}\tBlueDart\tBD{n}" for n, number in enumerate(_numbers(session)))

    with db.transaction() as opened:
        given = parcels.give(opened, asha, run_id, numbers)
        bulk_runs.decide(opened, asha, run_id, "status", {"status": "shipped"})
        preview = bulk_runs.preview(opened, asha, run_id)
        (telling,) = bulk_pace.tellings(opened, preview, pace.per_second)

    assert (given.orders, given.problem_count) == (12, 0)
    # Amazon publishes two confirmations a second.
    assert (telling.name, telling.count, telling.seconds) == ("Amazon.in", 12, 6.0)


def _numbers(session: Session) -> list[str]:
    return list(session.exec(select(Order.order_number).order_by("id")))


def test_pasted_parcels_reach_their_orders(session: Session, asha: Actor) -> None:
    amazon = AccountFactory(channel=Channel.AMAZON)
    ids = make(session, 3, account=amazon)
    first, second, _ = _numbers(session)
    run_id = tool.draft(asha, ids)

    with db.transaction() as opened:
        given = parcels.give(
            opened,
            asha,
            run_id,
            f"Order number,Carrier,Tracking\n{first},BlueDart,BD-1\n{second},DL-2\n"
            f"999-9,BlueDart,BD-9\nalone\n{first},BlueDart,OTHER\n",
            default_carrier="Delhivery",
        )
        bulk_runs.decide(opened, asha, run_id, "status", {"status": "shipped"})
        bulk_runs.start(opened, asha, run_id)
    tool.work(run_id)

    assert given.orders == 2
    assert given.problem_count == 3
    assert {problem.split(":")[0] for problem in given.problems} == {
        "Line 5",
        "Line 6",
        "999-9 is not among these orders.",
    }
    shipped = {one: (tool.order(one).carrier, tool.order(one).tracking_number) for one in ids}
    assert shipped == {
        ids[0]: ("BlueDart", "BD-1"),
        ids[1]: ("Delhivery", "DL-2"),
        ids[2]: ("", ""),
    }
    assert tool.outcomes(run_id).count(Outcome.REFUSED) == 1


def test_set_is_frozen_when_it_is_chosen(session: Session, asha: Actor) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    ids = make(session, 2, account=account)
    tool.recount(session)
    with db.transaction() as opened:
        query = OrderQuery(statuses=(OrderStatus.CONFIRMED,))
        run_id = bulk_choice.draft(opened, asha, Choice(query=query), "k").id
    late = make(session, 1, account=account)

    with db.transaction() as opened:
        bulk_runs.decide(opened, asha, run_id, "status", {"status": "packed"})
        bulk_runs.start(opened, asha, run_id)
    tool.work(run_id)

    assert {row.order_id for row in tool.rows(run_id)} == set(ids)
    assert tool.order(late[0]).status is OrderStatus.CONFIRMED
    assert tool.run(run_id).filter == {"status": "confirmed"}


def test_all_that_match_but_some(session: Session, asha: Actor) -> None:
    ids = make(session, 3)
    with db.transaction() as opened:
        choice = Choice(query=OrderQuery(), without=(ids[1],))
        run_id = bulk_choice.draft(opened, asha, choice, "k").id

    assert {row.order_id for row in tool.rows(run_id)} == {ids[0], ids[2]}


def test_an_order_that_a_colleague_changed_meanwhile_is_left_with_both_versions(
    session: Session, asha: Actor, admin: Actor
) -> None:
    ids = make(session, 2)
    run_id = tool.start(asha, ids, status="packed")
    with db.transaction() as opened:
        orders.change_status(opened, admin, ids[0], OrderStatus.CANCELLED)

    tool.work(run_id)

    assert tool.order(ids[0]).status is OrderStatus.CANCELLED
    assert tool.order(ids[1]).status is OrderStatus.PACKED
    with db.transaction() as opened:
        (result,) = bulk_results.rows(opened, asha, run_id, outcome=Outcome.REFUSED)
    assert result.explanation == (
        "It was changed since it was chosen. Version 1 was confirmed, version 2 is cancelled."
    )


def test_the_same_press_twice_is_one_run(session: Session, asha: Actor, admin: Actor) -> None:
    ids = make(session, 2)

    first, again = tool.draft(asha, ids, "p"), tool.draft(asha, ids[:1], "p")
    other = tool.draft(admin, ids, "p")
    with db.transaction() as opened:
        bulk_runs.decide(opened, asha, first, "status", {"status": "packed"})
    for _ in range(2):
        with db.transaction() as opened:
            bulk_runs.start(opened, asha, first)
    tool.work(first)
    tool.work(first)

    assert first == again != other
    assert tool.run(first).changed == 2
    assert {len(tool.intents(one)) for one in ids} == {0}
    assert {tool.order(one).version for one in ids} == {2}


def test_two_presses_at_once_are_one_run(session: Session, asha: Actor) -> None:
    ids = make(session, 20)
    found: list[int] = []
    barrier = threading.Barrier(4)

    def press() -> None:
        barrier.wait()
        found.append(tool.draft(asha, ids, "same"))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert len(found) == 4
    assert len(tool.rows(found[0])) == 20


def test_a_bulk_of_none_is_refused_and_leaves_nothing(session: Session, asha: Actor) -> None:
    make(session, 1)
    for choice in (Choice(), Choice(ids=(0,)), Choice(query=OrderQuery(text="nobody at all"))):
        with (
            pytest.raises(InvalidInputError, match="nothing to change"),
            db.transaction() as opened,
        ):
            bulk_choice.draft(opened, asha, choice, "k")

    assert session.exec(select(BulkRun)).all() == []


def test_too_many_are_refused(
    session: Session, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(session, 3)
    monkeypatch.setattr(bulk_choice, "MAX_ORDERS", 2)

    with pytest.raises(InvalidInputError, match="Narrow the filter"), db.transaction() as opened:
        bulk_choice.draft(opened, asha, Choice(query=OrderQuery()), "k")

    assert session.exec(select(BulkRow)).all() == []


def test_a_run_that_could_change_nothing_is_not_started(session: Session, asha: Actor) -> None:
    ids = make(session, 2, status=OrderStatus.CANCELLED)

    with pytest.raises(ConflictError, match="nothing was started"):
        tool.start(asha, ids, status="packed")

    assert session.exec(select(BulkRun.state)).all() == [RunState.DRAFT]


def test_reader_may_not_and_nobody_starts_anothers_draft(
    session: Session, asha: Actor, admin: Actor, reader: Actor
) -> None:
    ids = make(session, 1)
    with pytest.raises(PermissionDeniedError), db.transaction() as opened:
        bulk_choice.draft(opened, reader, Choice(ids=tuple(ids)), "k")
    run_id = tool.draft(asha, ids)
    for step in (bulk_runs.start, bulk_runs.discard):
        with pytest.raises(PermissionDeniedError), db.transaction() as opened:
            step(opened, admin, run_id)
    for look in (bulk_runs.get_run, bulk_runs.preview, bulk_runs.pause, bulk_runs.undo):
        with pytest.raises(PermissionDeniedError), db.transaction() as opened:
            look(opened, reader, run_id)

    assert tool.run(run_id).state is RunState.DRAFT
    with pytest.raises(NotFoundError), db.transaction() as opened:
        bulk_runs.start(opened, asha, 999_999)


def test_pause_holds_and_resume_goes_on(
    session: Session, asha: Actor, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make(session, 5)
    monkeypatch.setattr(bulk_work, "BATCH", 2)
    run_id = tool.start(asha, ids, status="packed")
    with db.transaction() as opened:
        bulk_work._batch(opened, run_id, 2)  # pyright: ignore[reportPrivateUsage] - one step of it
    with db.transaction() as opened:
        bulk_runs.pause(opened, admin, run_id)

    assert bulk_work.work(run_id, budget_s=5) is False
    paused = tool.run(run_id)
    assert (paused.state, paused.reason) == (RunState.PAUSED, f"Paused by {admin.label}.")
    assert paused.changed == 2
    with db.transaction() as opened:
        bulk_runs.resume(opened, asha, run_id)
    tool.work(run_id)

    run = tool.run(run_id)
    assert (run.state, run.changed, run.reason) == (RunState.DONE, 5, "")
    assert {tool.order(one).version for one in ids} == {2}


def test_stop_leaves_the_rest(session: Session, asha: Actor) -> None:
    ids = make(session, 3)
    run_id = tool.start(asha, ids, status="packed")
    with db.transaction() as opened:
        bulk_runs.stop(opened, asha, run_id)
    tool.work(run_id)

    assert tool.run(run_id).state is RunState.STOPPED
    assert set(tool.outcomes(run_id)) == {Outcome.WAITING}
    with pytest.raises(ConflictError, match="cannot go on"), db.transaction() as opened:
        bulk_runs.resume(opened, asha, run_id)


def test_run_of_somebody_who_lost_the_role_waits(session: Session, asha: Actor) -> None:
    ids = make(session, 2)
    run_id = tool.start(asha, ids, status="packed")
    session.get_one(User, asha.user_id).is_active = False
    session.commit()

    tool.work(run_id)

    run = tool.run(run_id)
    assert run.state is RunState.PAUSED
    assert "may no longer" in run.reason
    assert {tool.order(one).status for one in ids} == {OrderStatus.CONFIRMED}


def test_a_row_that_breaks_fails_alone(
    session: Session, asha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make(session, 4)
    poison = ids[1]
    decide = orders.decide

    def broken(order: Order, *args: object, **more: object) -> object:
        if order.id == poison:
            raise RuntimeError("what nobody foresaw")
        return decide(order, *args, **more)  # pyright: ignore[reportArgumentType]

    run_id = tool.start(asha, ids, status="packed")
    monkeypatch.setattr(orders, "decide", broken)

    tool.work(run_id)

    run = tool.run(run_id)
    assert (run.state, run.changed, run.failed) == (RunState.DONE, 3, 1)
    assert tool.order(poison).version == 1
    (failed,) = [row for row in tool.rows(run_id) if row.outcome is Outcome.FAILED]
    assert (failed.order_id, "log" in failed.reason) == (poison, True)


def test_an_order_in_somebodys_hands_is_done_after_the_others(
    session: Session, asha: Actor
) -> None:
    ids = make(session, 3)
    run_id = tool.start(asha, ids, status="packed")
    held = threading.Event()
    let_go = threading.Event()

    def hold() -> None:
        with db.transaction() as opened:
            opened.exec(select(Order).where(Order.id == ids[0]).with_for_update()).one()
            held.set()
            let_go.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    with db.transaction() as opened:
        assert bulk_work._batch(opened, run_id, 10) == 2  # pyright: ignore[reportPrivateUsage]
    let_go.set()
    holder.join()
    tool.work(run_id)

    assert tool.run(run_id).changed == 3


def test_a_single_click_goes_before_the_many(session: Session, asha: Actor) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    many = make(session, 3, account=account)
    single = make(session, 1, account=account)
    pressing = make(session, 1, account=account, ship_by=now())
    tool.work(tool.start(asha, [*many, *pressing], status="shipped"))
    with db.transaction() as opened:
        orders.change_status(opened, asha, single[0], OrderStatus.SHIPPED)

    taken: list[int] = []
    for _ in range(5):
        with db.transaction() as opened:
            (claim,) = claiming.claim(opened, account.id)
            taken.append(opened.get_one(StatusIntent, claim.intent_id).order_id)

    assert taken == [*pressing, *single, *many]


def copies(session: Session, order_id: int, count: int) -> None:
    """The same order so many times more, each with an id of its own at the channel."""
    names = [one.name for one in Order.__table__.columns if one.name not in ("id", "external_id")]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    kept = ", ".join(f'"{name}"' for name in names if not _is_generated(name))
    session.execute(
        text(
            f"INSERT INTO orders (external_id, {kept}) "  # noqa: S608 - columns of our own
            f"SELECT 'copy-' || n, {kept} FROM orders, generate_series(1, :count) AS n "
            "WHERE id = :id"
        ),
        {"id": order_id, "count": count},
    )
    session.commit()


def _is_generated(name: str) -> bool:
    return Order.__table__.columns[name].computed is not None  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def test_fifty_thousand_are_taken_and_one_more_is_not(session: Session, asha: Actor) -> None:
    (first,) = make(session, 1)
    copies(session, first, bulk_choice.MAX_ORDERS)

    with pytest.raises(InvalidInputError, match="At most 50,000"), db.transaction() as opened:
        bulk_choice.draft(opened, asha, Choice(query=OrderQuery()), "too-many")
    assert session.exec(select(BulkRun)).all() == []
    with db.transaction() as opened:
        all_but_one = Choice(query=OrderQuery(), without=(first,))
        run_id = bulk_choice.draft(opened, asha, all_but_one, "at-the-limit").id
        bulk_runs.decide(opened, asha, run_id, "status", {"status": "shipped"})
        preview = bulk_runs.preview(opened, asha, run_id)
        bulk_runs.start(opened, asha, run_id)
    with db.transaction() as opened:
        bulk_work._batch(opened, run_id, 2)  # pyright: ignore[reportPrivateUsage] - one step of it

    run = tool.run(run_id)
    assert (run.total, preview.changes, run.changed) == (50_000, 50_000, 2)


def test_runs_are_listed_page_by_page(session: Session, asha: Actor) -> None:
    ids = make(session, 1)
    made = [tool.draft(asha, ids, f"k{number}") for number in range(3)]

    with db.transaction() as opened:
        first = bulk_results.list_runs(opened, asha, limit=2)
        rest = bulk_results.list_runs(opened, asha, before=first[-1].id, limit=2)

    assert [one.id for one in (*first, *rest)] == made[::-1]
