"""The page of SKUs and the form on the desk, against the real database."""

from sqlmodel import Session, select

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.jobs.skus import watch_skus
from crm_app.models import ChannelAccount, ChannelSku
from crm_app.ui.exceptions.panel_state import PanelState
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.skus.state import SkusState
from tests.factories import AccountFactory, OrderFactory, OrderLineFactory
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn


def shop(session: Session, *sold: str) -> ChannelAccount:
    account: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE, name="Own shop")
    for sku in sold:
        OrderLineFactory(order=OrderFactory(account=account), sku=sku)
    session.commit()
    return account


async def test_a_list_is_begun_with_a_sheet_and_says_what_it_lacks(
    session: Session, sign_in: SignIn
) -> None:
    account = shop(session, "RING-1", "RING-2")
    page = await open_state(SkusState, f"/skus?account={account.id}", sign_in(Role.ADMIN))
    await page.load()
    assert ([one.lines for one in page.accounts], page.unknown) == (["no list"], [])

    await page.take_sheet({"sheet": "RING-1,PLM-1,A ring\nRING-9\n"})

    assert page.said == "1 added, 0 changed, 0 as before; 1 could not be used."
    assert page.problems == ["Line 2: Our SKU is missing."]
    assert [(row.key, row.sku, row.title) for row in page.rows] == [("RING-1", "PLM-1", "A ring")]
    assert [(row.key, row.orders) for row in page.unknown] == [("RING-2", "1 order to ship")]
    await page.put({"channel_sku": "RING-2", "sku": "", "title": ""})
    assert page.mistake == "Our SKU is missing."
    await page.put({"channel_sku": "RING-2", "sku": "PLM-2", "title": ""})
    assert (page.said, page.unknown) == ("RING-2 is on the list.", [])
    await page.remove("RING-1")
    assert [row.key for row in page.rows] == ["RING-2"]


async def test_an_unknown_sku_is_named_beside_the_list_of_exceptions(
    session: Session, sign_in: SignIn
) -> None:
    account = shop(session, "RING-1", "RING-2")
    cookie = sign_in(Role.ADMIN)
    page = await open_state(SkusState, f"/skus?account={account.id}", cookie)
    await page.load()
    await page.put({"channel_sku": "RING-1", "sku": "PLM-1"})
    watch_skus()
    listed = await open_state(ExceptionsState, "/exceptions?cause=sku", cookie)
    await listed.load()
    (line,) = listed.lines
    desk = await open_state(PanelState, f"/exceptions?open={line.key}", cookie)
    await desk.load()
    assert (desk.panel.title, desk.panel.is_sku) == ("RING-2", True)

    await desk.name_sku({"sku": "PLM-2"})

    assert (desk.phase, desk.done) == ("gone", "It is on the list.")
    assert session.exec(select(ChannelSku.sku).order_by("sku")).all() == ["PLM-1", "PLM-2"]


async def test_who_keeps_no_mappings_changes_no_list(session: Session, sign_in: SignIn) -> None:
    shop(session, "RING-1")
    async with tab(sign_in(Role.SUPPORT)) as opened:
        await opened.call(SkusState.take_sheet, form={"sheet": "RING-1,PLM-1"})
        assert "Your role does not allow this" in opened.said()

    assert session.exec(select(ChannelSku)).all() == []
