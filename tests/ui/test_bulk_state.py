"""Choosing orders in the list, and the page of a bulk change, against the real database."""

from sqlmodel import Session, select

from crm_app.domain.bulk import RunState
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Role
from crm_app.models import BulkRow, BulkRun, Order
from crm_app.services import bulk_work
from crm_app.ui.bulk.ahead import about
from crm_app.ui.bulk.runs_state import RunsState
from crm_app.ui.bulk.state import BulkState
from crm_app.ui.orders.choosing import ChoosingState
from crm_app.ui.orders.state import OrdersState
from tests.factories import AccountFactory, OrderFactory
from tests.services import bulk_runs as tool
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn

SHIFT = {"shift_key": True}


def make(session: Session, count: int, **values: object) -> list[int]:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    ids: list[int] = []
    for number in range(count):
        order = OrderFactory(account=account, external_id=f"n{number:03}", **values)
        ids.append(order.id)
    session.commit()
    tool.recount(session)
    return ids


async def open_list(path: str, cookie: str) -> tuple[OrdersState, ChoosingState]:
    orders = await open_state(OrdersState, path, cookie)
    await orders.load()
    choosing = await orders.get_state(ChoosingState)
    await choosing.follow()
    return orders, choosing


async def test_shift_chooses_all_between(session: Session, sign_in: SignIn) -> None:
    make(session, 6)
    orders, choosing = await open_list("/orders", sign_in(Role.SUPPORT))
    ids = [row.id for row in orders.rows]

    await choosing.pick(ids[1], {})
    await choosing.pick(ids[4], SHIFT)
    await choosing.pick(ids[2], {})

    assert choosing.marked == [ids[1], ids[3], ids[4]]
    assert (choosing.label, choosing.offer, choosing.has_page) == ("3 chosen", "", False)


async def test_choice_survives_paging_and_ends_with_the_filter(
    session: Session, sign_in: SignIn
) -> None:
    make(session, 52)
    cookie = sign_in(Role.SUPPORT)
    orders, choosing = await open_list("/orders", cookie)
    await choosing.pick_page()
    assert (choosing.label, choosing.offer) == ("50 chosen", "Choose all 52")

    def go(path: str) -> None:
        root = orders._get_root_state()  # pyright: ignore[reportPrivateUsage]
        router = root.router
        root.router = type(router)(
            session=router.session,
            headers=router.headers,
            url=type(router.url)(f"http://localhost:8000{path}"),
            route_id="/orders",
        )

    go(orders.pages.next)
    await orders.load()
    await choosing.follow()
    assert (choosing.label, choosing.marked, choosing.has_page) == ("50 chosen", [], False)
    go("/orders?status=packed")
    await orders.load()
    await choosing.follow()

    assert (choosing.label, choosing.marked) == ("", [])


async def test_all_that_match_but_one_are_frozen(session: Session, sign_in: SignIn) -> None:
    ids = make(session, 52)
    orders, choosing = await open_list("/orders", sign_in(Role.SUPPORT))
    await choosing.pick_page()
    await choosing.pick_all()
    left_out = orders.rows[0].id
    await choosing.pick(left_out, {})

    label = choosing.label
    first = await choosing.begin("status")
    again = await choosing.begin("status")

    assert label == "All 52 but 1 chosen"
    run = session.exec(select(BulkRun)).one()
    assert f"/bulk/{run.id}" in str(first)
    assert f"/bulk/{run.id}" in str(again)
    assert set(session.exec(select(BulkRow.order_id))) == set(ids) - {left_out}
    # Back in the list the choice is still there, and the same press is another bulk change.
    await choosing.follow()
    await choosing.begin("status")
    assert choosing.label == label
    assert len(session.exec(select(BulkRun)).all()) == 2


async def test_export_starts_at_once(session: Session, sign_in: SignIn) -> None:
    make(session, 2)
    _, choosing = await open_list("/orders", sign_in(Role.SUPPORT))
    await choosing.pick_page()

    await choosing.begin("export")

    run = session.exec(select(BulkRun)).one()
    assert (run.action, run.state) == ("export", RunState.QUEUED)


async def test_reader_chooses_nothing(session: Session, sign_in: SignIn) -> None:
    (order_id,) = make(session, 1)
    async with tab(sign_in(Role.READ_ONLY)) as opened:
        await opened.call(ChoosingState.pick, order_id=order_id, pointer={})
        await opened.call(ChoosingState.begin, action="status")
        assert "Your role does not allow this" in opened.said()

    assert session.exec(select(BulkRun)).all() == []


async def test_page_of_a_run_from_draft_to_undo(session: Session, sign_in: SignIn) -> None:
    make(session, 3)
    make_done = session.exec(select(Order)).first()
    assert make_done
    make_done.status = OrderStatus.DELIVERED
    session.commit()
    cookie = sign_in(Role.SUPPORT)
    _, choosing = await open_list("/orders", cookie)
    await choosing.pick_page()
    await choosing.begin("status")
    run_id = session.exec(select(BulkRun.id)).one()
    page = await open_state(BulkState, f"/bulk/{run_id}", cookie)

    await page.load()
    assert (page.run.title, page.run.is_draft, page.preview.verb) == ("Change 3 orders", True, "")
    await page.choose("Shipped")
    assert page.preview.verb == "Change 2 orders to shipped"
    assert [row.time for row in page.preview.tellings] == ["about a second"]
    assert page.preview.refuses[0].sentence == "An order that is delivered cannot become shipped."
    await page.press("start")
    assert page.run.verbs == ["pause", "stop"]
    await page.press("pause")
    assert (page.run.state.text, page.run.verbs) == ("Paused", ["resume", "stop"])
    await page.press("resume")
    bulk_work.work(run_id, budget_s=10)
    await page.refresh()

    assert (page.run.state.text, page.run.progress) == ("Telling the channels", "3 of 3")
    assert (page.run.changed, page.run.refused) == ("2", "1")
    assert page.run.verbs == ["pause", "stop", "undo"]
    assert page.left == "about a second until all channels are told"
    assert [(row.here, row.told) for row in page.accounts] == [("2 of 3", "0 of 2")]
    assert [row.left for row in page.accounts] == ["about a second left"]
    assert sorted(row.outcome.text for row in page.rows) == ["Changed", "Changed", "Not changed"]
    undo = await page.undo()
    undoing = session.exec(select(BulkRun).where(BulkRun.undo_of == run_id)).one()
    assert f"/bulk/{undoing.id}" in str(undo)
    runs = await open_state(RunsState, "/bulk", cookie)
    await runs.load()
    assert [row.title for row in runs.rows] == [
        f"Undo of bulk change {run_id}",
        "Status to shipped",
    ]


async def test_what_changed_meanwhile_can_be_tried_again(session: Session, sign_in: SignIn) -> None:
    ids = make(session, 2)
    cookie = sign_in(Role.SUPPORT)
    _, choosing = await open_list("/orders", cookie)
    await choosing.pick_page()
    await choosing.begin("status")
    run_id = session.exec(select(BulkRun.id)).one()
    page = await open_state(BulkState, f"/bulk/{run_id}", cookie)
    await page.choose("Packed")
    await page.press("start")
    session.get_one(Order, ids[0]).version += 1
    session.commit()
    bulk_work.work(run_id, budget_s=10)
    await page.refresh()

    offered = page.again
    await page.try_again()
    draft = session.exec(select(BulkRun).where(BulkRun.id != run_id)).one()

    assert offered == "Try 1 order again…"
    assert (draft.action, draft.settings, draft.total) == ("status", {"status": "packed"}, 1)


async def test_results_are_filtered_by_the_address(session: Session, sign_in: SignIn) -> None:
    make(session, 2)
    cookie = sign_in(Role.SUPPORT)
    _, choosing = await open_list("/orders", cookie)
    await choosing.pick_page()
    await choosing.begin("export")
    run_id = session.exec(select(BulkRun.id)).one()

    page = await open_state(BulkState, f"/bulk/{run_id}?show=changed", cookie)
    await page.load()
    odd = await open_state(BulkState, f"/bulk/{run_id}?show=nonsense&after=x", cookie)
    await odd.load()
    missing = await open_state(BulkState, "/bulk/99999999999999999999", cookie)
    await missing.load()

    assert (page.tab, page.rows) == ("changed", [])
    assert (odd.tab, len(odd.rows)) == ("", 2)
    assert missing.phase == "missing"


def test_lengths_read_as_people_say_them() -> None:
    assert [about(seconds) for seconds in (0.2, 48, 206, 7_500)] == [
        "about a second",
        "about 48 s",
        "about 3 min 26 s",
        "about 2 h 05 min",
    ]
