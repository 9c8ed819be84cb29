"""The ledger's page: what it says of the sum, and where each number leads."""

import pytest
from sqlalchemy import text
from sqlmodel import Session

from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.permissions import Role
from crm_app.errors import PermissionDeniedError
from crm_app.services import ledger_counts
from crm_app.ui.ledger.state import LedgerState
from tests.factories import AccountFactory, OrderFactory
from tests.services.test_ledger import write
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_the_proof_says_that_all_are_there_and_leads_to_them(
    session: Session, sign_in: SignIn
) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.AMAZON, name="Amazon India"))
    for state in (IntentState.CONFIRMED, IntentState.CONFIRMED, IntentState.REJECTED):
        write(session, order, state)
    session.commit()
    page = await open_state(LedgerState, "/ledger", sign_in(Role.READ_ONLY))

    await page.load()

    assert (page.count, page.proof.tone) == ("3 status changes", "ok")
    assert page.proof.title == "All 3 are accounted for; 1 for a person."
    assert page.proof.checked == "Not recounted yet."
    [row] = page.proof.rows
    numbers = {head.text: cell for head, cell in zip(page.proof.heads, row.cells, strict=True)}
    assert numbers["Confirmed"].count == "2"
    assert numbers["Rejected"].href == "/ledger?channel=amazon&state=rejected"
    assert (numbers["Queued"].count, numbers["Queued"].href) == ("", "")
    assert [row.state.text for row in page.rows] == ["Rejected", "Confirmed", "Confirmed"]
    assert page.rows[0].number == order.order_number


async def test_a_sum_that_does_not_balance_is_red_and_says_by_how_much(
    session: Session, sign_in: SignIn
) -> None:
    write(session, OrderFactory(), IntentState.QUEUED)
    ledger_counts.fold(session)
    session.execute(text("UPDATE intent_counts SET intents = 0 WHERE state = 'queued'"))
    session.commit()
    page = await open_state(LedgerState, "/ledger", sign_in(Role.SUPPORT))

    await page.load()

    assert page.proof.tone == "bad"
    assert page.proof.title == (
        "The sum does not balance: 1 status changes were written, 0 are accounted for."
    )
    assert not page.proof.rows[0].is_balanced


async def test_an_admin_recounts_and_sees_what_came_out(session: Session, sign_in: SignIn) -> None:
    write(session, OrderFactory(), IntentState.CONFIRMED)
    session.commit()
    page = await open_state(LedgerState, "/ledger", sign_in(Role.ADMIN))

    async for _ in page.recount():
        assert page.is_counting

    assert page.proof.checked.startswith("Recounted today ")
    assert page.proof.checked.endswith(": 1 in the whole ledger, no difference.")
    assert not page.is_counting


async def test_support_may_not_recount(session: Session, sign_in: SignIn) -> None:
    session.commit()
    page = await open_state(LedgerState, "/ledger", sign_in(Role.SUPPORT))

    with pytest.raises(PermissionDeniedError):
        async for _ in page.recount():
            pass


async def test_an_address_filters_and_one_that_means_nothing_says_so(
    session: Session, sign_in: SignIn
) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.AMAZON))
    write(session, order, IntentState.CONFIRMED)
    write(session, order, IntentState.WAITING, days_ago=9)
    session.commit()
    cookie = sign_in(Role.SUPPORT)
    page = await open_state(LedgerState, "/ledger?state=waiting", cookie)
    await page.load()
    broken = await open_state(LedgerState, "/ledger?from=never", cookie)
    await broken.load()

    assert [row.state.text for row in page.rows] == ["Waiting"]
    assert [chip.value for chip in page.menus.chips] == ["waiting"]
    assert "'never' is no day" in broken.failure
    assert broken.menus.channels
