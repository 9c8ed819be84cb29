"""The desk's own data on the order's page, driven as people do."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.domain.working import Priority
from crm_app.models import Order, OrderComment
from crm_app.services.importing import save_orders
from crm_app.ui.order.past_state import PastState
from crm_app.ui.order.state import SHARED_MS, OrderState
from crm_app.ui.order.talk_state import TalkState
from crm_app.ui.order.work_state import WorkState
from tests.factories import AccountFactory
from tests.services.fakes import told
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


@pytest.fixture
def order(session: Session) -> Order:
    save_orders(session, AccountFactory(), [told("405-1"), told("405-2")])
    session.commit()
    return session.exec(select(Order).where(Order.external_id == "405-1")).one()


async def opened(order: Order, cookie: str) -> OrderState:
    state = await open_state(OrderState, f"/orders/{order.id}", cookie)
    async for _ in state.load():
        pass
    return state


async def test_each_deed_is_saved_and_shown(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    page = await opened(order, sign_in(Role.SUPPORT))
    work = await page.get_state(WorkState)
    me = page.work.people[1]

    await work.assign(me.value)
    await work.prioritise(Priority.URGENT.value)
    await work.new_tag({"name": "VIP"})
    await work.watch(True)
    await work.hold({"reason": "stock", "until": "", "note": "soon"})
    await page.refresh()

    shown = page.work
    assert (shown.assignee_name, shown.priority, shown.is_watched) == (me.label, "urgent", True)
    assert [(tag.name, tag.is_on) for tag in shown.tags] == [("VIP", True)]
    assert (shown.held.title, shown.held.note) == ("On hold: out of stock", "soon")
    assert [refusal.why for refusal in page.steps.refused][0] == (
        "It is on hold here: release it first."
    )
    assert [(entry.sort, entry.sentence) for entry in page.entries][:2] == [
        ("desk", "put it on hold: out of stock"),
        ("desk", "put the tag VIP on it"),
    ]
    await work.release()
    await work.put_tag(shown.tags[0].id, False)
    await work.archive(True)
    assert work.notice == "It is confirmed: ship or cancel it before you archive it."
    session.refresh(order)
    assert (order.on_hold, order.archived_at) == (False, None)


@pytest.mark.parametrize(
    ("form", "mistakes"),
    [
        ({"reason": "stock", "until": "2001-01-01"}, ["until"]),
        ({"reason": "stock", "until": "soon"}, ["until"]),
        ({"reason": "stock", "note": "x" * 501}, ["note"]),
    ],
)
async def test_a_hold_that_makes_no_sense_keeps_its_question_open(
    session: Session, order: Order, sign_in: SignIn, form: dict[str, Any], mistakes: list[str]
) -> None:
    page = await opened(order, sign_in(Role.SUPPORT))
    work = await page.get_state(WorkState)

    await work.hold(form)

    assert work.hold_form.is_open
    assert list(work.hold_form.mistakes) == mistakes
    session.refresh(order)
    assert not order.on_hold


async def test_comments_are_written_edited_and_deleted(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    page = await opened(order, sign_in(Role.SUPPORT))
    talk = await page.get_state(TalkState)
    before = page.said_last

    await talk.say({"text": "Call the buyer"})
    await page.refresh()
    comment = page.entries[0]
    assert (comment.text, comment.is_mine, page.said_last > before) == (
        "Call the buyer",
        True,
        True,
    )
    await talk.say({"text": "   "})
    assert talk.failure.startswith("A comment has 1 to")
    await talk.edit(comment.comment)
    await talk.save({"text": "Called"})
    await page.refresh()
    assert talk.editing == 0
    assert [entry.text for entry in page.entries if entry.comment] == ["Called"]
    assert page.entries[0].sentence == "changed a comment"
    await talk.delete(comment.comment)
    await page.refresh()
    assert [entry for entry in page.entries if entry.comment] == []
    await talk.show("said")
    await talk.show("anything")
    assert talk.shown == "said"
    assert session.exec(select(OrderComment.text)).one() == ""


async def test_a_reader_sees_the_work_and_changes_none_of_it(order: Order, sign_in: SignIn) -> None:
    page = await opened(order, sign_in(Role.READ_ONLY))

    work = page.work
    may = [name for name in work.__dataclass_fields__ if name.startswith("may_")]
    assert len(may) == 6
    assert [name for name in may if getattr(work, name)] == []


async def test_two_people_on_one_order_are_told_of_each_other(
    order: Order, sign_in: SignIn
) -> None:
    first = await opened(order, sign_in(Role.SUPPORT))
    second = await opened(order, sign_in(Role.ADMIN))
    await first.refresh()

    assert second.others_here.endswith(" is here too")
    assert first.others_here.endswith(" is here too")
    assert first.every_ms == SHARED_MS


async def test_the_panel_shows_the_order_it_was_given(
    session: Session, order: Order, sign_in: SignIn
) -> None:
    other = session.exec(select(Order).where(Order.external_id == "405-2")).one()
    page = await open_state(OrderState, "/orders?status=confirmed", sign_in(Role.SUPPORT))

    for wanted in (order, other):
        async for _ in page.open_order(wanted.id):
            pass
        assert (page.phase, page.order.id) == ("found", wanted.id)
    await page.take_step("packed")
    session.refresh(other)
    assert other.status.value == "packed"
    await page.close_panel()
    assert (page.panel_id, page.order.id, page.phase) == (0, 0, "loading")


async def test_the_past_and_the_raw_words_are_looked_up(order: Order, sign_in: SignIn) -> None:
    page = await opened(order, sign_in(Role.ADMIN))
    past = await page.get_state(PastState)

    await past.look_back("2001-01-01T10:00")
    assert past.past.sentence.startswith("The order was not here yet")
    await past.look_back("2090-01-01T10:00")
    assert ("Status", "Confirmed") in [(row.label, row.then) for row in past.past.rows]
    await past.look_back("someday")
    assert (past.past.is_shown, past.failure[:20]) == (False, "That is no moment su")
    await past.open_versions(True)
    await past.show_version(past.versions[0].key)
    assert past.body.startswith("{")
    await past.show_version("zz")
    assert past.failure == "There is no version zz."
    await past.open_versions(False)
    assert (past.versions, past.body, past.is_open) == ([], "", False)
