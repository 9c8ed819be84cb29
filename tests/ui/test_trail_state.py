"""The page of the audit trail: read, filtered, proved."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.jobs import trail as jobs
from crm_app.models import AuditCheck, CheckState
from crm_app.services import audit
from crm_app.ui.trail.state import TrailState
from crm_app.ui.trail.view import CheckView, action_words, change_words, path_of
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn

MOMENT = datetime(2026, 11, 30, 10, tzinfo=UTC)


def record(actor: Actor, count: int) -> None:
    with db.transaction() as session:
        for number in range(count):
            audit.record(
                session,
                actor.at("203.0.113.7"),
                "order:status:changed",
                subject_type="order",
                subject_id=number,
                before={"status": "confirmed"},
                after={"status": "packed"},
            )


async def test_entries_are_shown_with_what_was_and_what_is(admin: Actor, sign_in: SignIn) -> None:
    record(admin, 1)
    state = await open_state(TrailState, "/audit?action=order", sign_in(Role.ADMIN))

    await state.load()

    (row,) = state.rows
    assert (row.action, row.who, row.subject, row.address) == (
        "Order status changed",
        "Admin person",
        "order 0",
        "203.0.113.7",
    )
    assert row.change == "status: confirmed → packed"
    assert ("order:status:changed", "Order status changed") in state.actions


def test_a_deed_is_read_as_words() -> None:
    deeds = ("sku:sheet:taken", "user:two-factor:on", "account:webhook_secret:renewed")

    assert [action_words(deed) for deed in deeds] == [
        "SKU sheet taken",
        "User two factor on",
        "Account webhook secret renewed",
    ]


async def test_pages_go_on_where_the_last_one_ended(admin: Actor, sign_in: SignIn) -> None:
    record(admin, 60)
    cookie = sign_in(Role.ADMIN)
    state = await open_state(TrailState, "/audit?action=order", cookie)
    await state.load()

    following = await open_state(TrailState, state.older, cookie)
    await following.load()

    shown = [row.key for row in (*state.rows, *following.rows)]
    assert (len(state.rows), len(following.rows)) == (50, 10)
    assert len(set(shown)) == 60
    assert following.first == "/audit?action=order"
    assert following.older == ""


@pytest.mark.parametrize("query", ["from=nonsense", "person=asha", "from=2026-11-30&to=2026-11-01"])
async def test_an_address_that_means_nothing_says_so(sign_in: SignIn, query: str) -> None:
    state = await open_state(TrailState, f"/audit?{query}", sign_in(Role.ADMIN))

    await state.load()

    assert state.failure
    assert state.rows == []


async def test_the_button_has_the_trail_proved_by_a_worker(
    session: Session, admin: Actor, sign_in: SignIn
) -> None:
    record(admin, 3)
    state = await open_state(TrailState, "/audit", sign_in(Role.ADMIN))
    await state.verify()
    running = state.check.is_running

    jobs.check(session.exec(select(AuditCheck.id)).one())
    await state.follow()

    assert running
    assert (state.check.tone, state.check.is_running) == ("ok", False)
    assert state.check.says.startswith("Nothing was rewritten: all ")


async def test_it_is_for_who_may_read_it(session: Session, sign_in: SignIn) -> None:
    async with tab(sign_in(Role.SUPPORT)) as opened:
        await opened.call(TrailState.load, "/audit")
        await opened.call(TrailState.verify, "/audit")

    assert opened.shown(TrailState) == {}
    assert session.exec(select(AuditCheck)).all() == []


def test_what_changed_is_said_in_words() -> None:
    before = {"tags": ["a", "b"], "is_on": True, "note": "x"}
    after = {"tags": [], "is_on": False, "count": 3}

    assert change_words(before, after) == (
        "count: 3; is on: yes → no; note: x → nothing; tags: a, b → nothing"
    )


def test_a_walk_that_failed_is_said_in_red() -> None:
    check = AuditCheck(
        state=CheckState.BROKEN,
        asked_by="System",
        reached=4,
        reached_hash=b"",
        total=9,
        broken_id=5,
        reason="Entry 5: its content is not what its hash was made from.",
        finished_at=MOMENT,
    )

    view = CheckView.of(check, MOMENT, ZoneInfo("Asia/Kolkata"))

    assert view.tone == "bad"
    assert "Entry 5" in view.says


def test_an_address_keeps_the_filters_and_nothing_else() -> None:
    assert path_of({"q": " asha ", "from": "", "x": "y"}, 7) == "/audit?q=asha&before=7"
