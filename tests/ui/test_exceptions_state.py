"""The real states of the exceptions page, against the real database."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.bulk import RunState
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Role
from crm_app.jobs.retrying import retries_due, work_on
from crm_app.models import (
    AuditEntry,
    DeskRetry,
    ExceptionMark,
    InboxState,
    Order,
    StatusIntent,
    User,
)
from crm_app.services.exceptions import healed, retrying
from crm_app.services.exceptions.deeds import Result
from crm_app.ui.exceptions.bulk_state import BulkState, report_of
from crm_app.ui.exceptions.panel_state import PanelState
from crm_app.ui.exceptions.snoozes import until
from crm_app.ui.exceptions.state import ExceptionsState, news_text
from crm_app.ui.shared.shell_state import ShellState
from tests.services.exceptions import trouble
from tests.services.exceptions.test_works import run
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn


async def both(path: str, cookie: str) -> tuple[ExceptionsState, PanelState]:
    """The list and the panel of one tab, loaded."""
    listed = await open_state(ExceptionsState, path, cookie)
    await listed.load()
    panel = await listed.get_state(PanelState)
    await panel.load()
    return listed, panel


async def test_the_list_draws_texts_tabs_and_the_number_in_the_sidebar(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    shop = trouble.account(name="Own shop")
    made = trouble.refused(session, shop)
    trouble.entry(session, shop)
    trouble.entry(session, shop)
    session.commit()
    listed, panel = await both("/exceptions", cookie)
    shell = await listed.get_state(ShellState)

    line = next(one for one in listed.lines if one.title == made.order_number)
    assert (line.cause.text, line.mark, line.account) == ("Change refused", "WC", "Own shop")
    assert (line.summary, line.said) == ("WooCommerce did not take Shipped", "No stock.")
    assert (line.since, line.assignee, line.can_retry) == ("now", "", True)
    assert [(one.label, one.count, one.is_on) for one in listed.menus.tabs] == [
        ("All", "3", True),
        ("Change refused", "1", False),
        ("Set aside", "2", False),
    ]
    assert listed.count == "3 open"
    assert (shell.trouble, shell.trouble_title) == ("3", "1 change refused, 2 set aside")
    assert panel.phase == "closed"


async def test_the_address_narrows_the_list_and_names_nonsense(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.READ_ONLY)
    shop, other = trouble.account(), trouble.account()
    trouble.refused(session, shop)
    trouble.entry(session, shop)
    trouble.refused(session, other)
    session.commit()

    narrowed, _ = await both(f"/exceptions?cause=transition&account={shop.id}", cookie)
    wrong, _ = await both("/exceptions?cause=weather", cookie)

    assert [one.account for one in narrowed.lines] == [shop.name]
    assert (narrowed.menus.account, narrowed.can_retry_cause) == (shop.name, True)
    assert [one.count for one in narrowed.menus.tabs] == ["2", "1", "1"]
    assert "weather" in wrong.failure
    assert wrong.lines == []


async def test_an_empty_desk_says_so(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    session.commit()

    listed, _ = await both("/exceptions", cookie)
    snoozed, _ = await both("/exceptions?view=snoozed", cookie)

    assert (listed.is_all_clear, listed.count, listed.is_loaded) == (True, "0 open", True)
    assert not snoozed.is_all_clear
    assert snoozed.empty == "Nothing is snoozed."
    narrowed, _ = await both("/exceptions?view=snoozed&assignee=nobody", cookie)
    assert narrowed.empty == "Nothing that matches these filters is snoozed."


async def test_a_conflict_is_decided_in_the_panel_and_its_line_stays_where_it_is(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    shop = trouble.account()
    order = trouble.conflict(session, shop)
    trouble.entry(session, shop)
    session.commit()
    first, _ = await both("/exceptions", cookie)
    href = next(one.href for one in first.lines if one.cause.text == "Conflict")
    listed, panel = await both(href, cookie)

    shown = panel.panel
    follow = await panel.keep("channels")
    await listed.refresh()

    session.refresh(order)
    assert panel.phase == "gone"
    assert (shown.ours.status, shown.ours.who) == ("Shipped", "by Asha")
    assert (shown.theirs.status, shown.theirs.raw) == ("Confirmed", "processing")
    assert (shown.retry, shown.can_keep, shown.can_resolve) == ("", True, False)
    assert order.sync_status is SyncStatus.IN_SYNC
    assert follow == ExceptionsState.refresh
    assert sorted((one.cause.text, one.is_gone) for one in listed.lines) == [
        ("Conflict", True),
        ("Set aside", False),
    ]
    assert (listed.news, listed.count) == ("1 seen to", "1 open")
    await listed.show_news()
    assert [one.cause.text for one in listed.lines] == ["Set aside"]


async def test_one_is_given_snoozed_woken_and_closed(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    aside = trouble.entry(session, trouble.account())
    session.commit()
    _, panel = await both(f"/exceptions?open=inbox:{aside.id}", cookie)

    await panel.assign("me")
    assert panel.panel.whose == "Support Person"
    await panel.assign("nonsense")
    assert panel.panel.whose == ""
    await panel.snooze("tomorrow")
    assert "tomorrow" in panel.panel.snoozed
    await panel.snooze("")
    assert panel.panel.snoozed == ""
    await panel.resolve({"note": ""})
    assert "what was done" in panel.notice
    await panel.resolve({"note": "Called the buyer."})

    session.refresh(aside)
    assert aside.state is InboxState.PROCESSED
    assert (panel.phase, panel.panel.is_closed, panel.notice) == ("found", True, "")
    assert panel.panel.said == "Called the buyer."
    assert [one.text for one in panel.panel.deeds][0] == "closed it: Called the buyer."
    listed, _ = await both("/exceptions?view=closed", cookie)
    bulk = await listed.get_state(BulkState)
    await bulk.pick_all()
    assert [one.said for one in listed.lines] == ["Called the buyer."]
    assert (listed.can_pick, bulk.picked) == (False, [])


async def test_what_arrived_is_shown_in_clear_on_request_only(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    aside = trouble.entry(session, trouble.account())
    session.commit()
    _, panel = await both(f"/exceptions?open=inbox:{aside.id}", cookie)

    assert "Meera" not in str(panel.panel)
    await panel.reveal()

    assert "Meera" in panel.raw
    entries = session.exec(select(AuditEntry).order_by("id")).all()
    assert [one.action for one in entries] == ["session:opened", "exception:body:revealed"]


async def test_one_that_healed_is_said_to_be_solved(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    aside = trouble.entry(session, trouble.account())
    session.commit()
    _, panel = await both(f"/exceptions?open=inbox:{aside.id}", cookie)
    aside.state = InboxState.PROCESSED
    session.commit()

    await panel.retry()

    assert (panel.phase, panel.done) == ("gone", "It was seen to meanwhile.")


async def test_many_are_tried_again_and_the_report_says_what_was_not(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    shop = trouble.account()
    for _ in range(2):
        trouble.refused(session, shop)
    trouble.conflict(session, shop)
    session.commit()
    listed, _ = await both("/exceptions", cookie)
    bulk = await listed.get_state(BulkState)

    await bulk.pick_all()
    assert len(bulk.picked) == 3
    await bulk.retry()

    assert bulk.picked == []
    assert bulk.report == "2 tried again, 1 not."
    assert bulk.reasons == ["1 × Decide first whose status stays: ours or the channel's."]
    assert len(session.exec(select(StatusIntent)).all()) == 5


async def test_picked_ones_are_given_snoozed_and_closed_together(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    shop = trouble.account()
    for _ in range(3):
        trouble.entry(session, shop)
    session.commit()
    listed, _ = await both("/exceptions", cookie)
    bulk = await listed.get_state(BulkState)
    keys = [line.key for line in listed.lines]

    for key in keys:
        await bulk.pick(key)
    await bulk.pick(keys[2])
    assert bulk.picked == keys[:2]
    await bulk.assign("me")
    await bulk.pick_all()
    await bulk.snooze("hour")
    await listed.refresh()
    await bulk.pick_all()
    assert bulk.picked == []
    bulk.picked = keys[:2]
    await bulk.resolve({"note": " "})
    assert bulk.failure == "Say what was done about them."
    await bulk.resolve({"note": "All of yesterday's test."})

    session.expire_all()
    marks = {one.key: one for one in session.exec(select(ExceptionMark))}
    assert bulk.report == "2 closed."
    assert [marks[key].note for key in keys] == ["All of yesterday's test."] * 2 + [""]
    assert all(one.snoozed_until is not None for one in marks.values())
    assert [marks[key].assignee_id is not None for key in keys] == [True, True, False]


async def test_a_whole_cause_is_tried_again_by_the_worker(
    session: Session, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "_PAGE", 2)
    cookie = sign_in(Role.SUPPORT)
    shop = trouble.account()
    for _ in range(5):
        trouble.refused(session, shop)
    trouble.entry(session, shop)
    session.commit()
    listed, _ = await both("/exceptions?cause=transition", cookie)
    bulk = await listed.get_state(BulkState)

    await bulk.retry_cause()
    await bulk.retry_cause()
    assert (bulk.report, bulk.is_working) == ("0 tried again.", True)
    (asked,) = session.exec(select(DeskRetry)).all()
    # The tab is closed; a worker dies after the first page.
    assert retrying._page(asked.id) is True  # pyright: ignore[reportPrivateUsage]
    came_back = await (await both("/exceptions", cookie))[0].get_state(BulkState)
    await came_back.load()
    assert (came_back.report, came_back.is_working) == ("2 tried again.", True)
    assert retries_due() == 1
    assert work_on(asked.id) is False
    await came_back.follow()

    session.expire_all()
    assert (came_back.report, came_back.is_working) == ("5 tried again.", False)
    assert {order.sync_status for order in session.exec(select(Order))} == {SyncStatus.QUEUED}
    assert retries_due() == 0
    # Without a cause there is no "all of them".
    await came_back.retry_cause()
    assert len(session.exec(select(DeskRetry)).all()) == 1


async def test_whoever_is_deactivated_tries_no_cause_again(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.SUPPORT)
    trouble.refused(session, trouble.account())
    session.commit()
    listed, _ = await both("/exceptions?cause=transition", cookie)
    bulk = await listed.get_state(BulkState)
    await bulk.retry_cause()
    (asked,) = session.exec(select(DeskRetry)).all()
    session.get_one(User, asked.actor_id).is_active = False
    session.commit()

    assert work_on(asked.id) is False

    session.expire_all()
    assert (asked.done, asked.refused, asked.finished_at is not None) == (0, 1, True)
    assert session.exec(select(Order.sync_status)).one() is SyncStatus.REJECTED


async def test_a_reader_sees_the_page_and_changes_nothing(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.READ_ONLY)
    aside = trouble.entry(session, trouble.account())
    session.commit()
    path = f"/exceptions?open=inbox:{aside.id}"

    async with tab(cookie) as opened:
        await opened.call(ExceptionsState.load, path)
        await opened.call(PanelState.load, path)
        await opened.call(PanelState.resolve, path, form={"note": "x"})
        await opened.call(PanelState.retry, path)
        await opened.call(PanelState.reveal, path)
        await opened.call(BulkState.retry, path)
        shown: Any = opened.shown(PanelState)["panel"]

    session.refresh(aside)
    assert aside.state is InboxState.SET_ASIDE
    assert session.exec(select(ExceptionMark)).all() == []
    assert "Your role does not allow this." in opened.said()
    assert "Meera" not in str(opened.deltas)
    assert shown.may_act is False


def test_a_report_names_the_commonest_reasons() -> None:
    refused = {"a": "No.", "b": "Later.", "c": "No.", "d": "x", "e": "y"}

    text, reasons = report_of("closed", Result(("1",), refused, ("2", "3")))

    assert text == "1 closed, 5 not, 2 seen to meanwhile."
    assert reasons == ["2 × No.", "1 × Later.", "1 × x"]
    assert (news_text(0, 0), news_text(2, 1)) == ("", "2 new, 1 seen to")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("hour", "2026-11-20 23:30"),
        ("four", "2026-11-21 02:30"),
        ("tomorrow", "2026-11-21 09:00"),
        ("monday", "2026-11-23 09:00"),
    ],
)
def test_snoozes_follow_the_business_day(choice: str, expected: str) -> None:
    zone = ZoneInfo("Asia/Kolkata")
    friday_evening = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)

    moment = until(choice, friday_evening, zone)

    assert moment is not None
    assert f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" == expected
    assert until("never", friday_evening, zone) is None


async def test_the_page_lists_what_solved_itself(
    session: Session, asha: Actor, sign_in: SignIn
) -> None:
    made = run(session, asha, RunState.PAUSED, reason="Asha may no longer do this.")
    healed.watch(session)
    made.state = RunState.DONE
    session.flush()
    healed.watch(session)
    session.commit()
    page = await open_state(ExceptionsState, "/exceptions?view=healed", sign_in(Role.SUPPORT))

    await page.load()

    (line,) = page.lines
    assert (line.title, page.count, page.can_pick) == (f"Bulk change {made.id}", "1 solved", False)
    assert line.ends.startswith("gone ")
