"""What the order page says beside lines, money and customer."""

import pytest
from sqlmodel import Session

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.state import OrdersState
from tests.factories import AccountFactory, OrderFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


@pytest.mark.parametrize(
    ("channel", "is_inferred"),
    [(Channel.SWIGGY, True), (Channel.BLINKIT, True), (Channel.AMAZON, False)],
)
async def test_an_inferred_contract_is_named_where_staff_see_it(
    session: Session, sign_in: SignIn, channel: Channel, is_inferred: bool
) -> None:
    order = OrderFactory(account=AccountFactory(channel=channel))
    session.commit()

    state = await open_state(OrderState, f"/orders/{order.id}", sign_in(Role.SUPPORT))
    async for _ in state.load():
        pass

    assert ("Contract" in [fact.name for fact in state.order.facts]) is is_inferred


@pytest.mark.parametrize(
    ("channel", "name", "tags"),
    [
        (Channel.BLINKIT, "Blinkit (contract inferred)", ["Contract inferred"]),
        (Channel.SWIGGY, "Swiggy (contract inferred)", ["Contract inferred"]),
        (Channel.AMAZON, "Amazon", []),
    ],
)
async def test_an_inferred_contract_is_marked_in_the_list_and_on_the_order(
    session: Session, sign_in: SignIn, channel: Channel, name: str, tags: list[str]
) -> None:
    cookie = sign_in(Role.READ_ONLY)
    order = OrderFactory(account=AccountFactory(channel=channel))
    session.commit()
    listed = await open_state(OrdersState, "/orders", cookie)
    page = await open_state(OrderState, f"/orders/{order.id}", cookie)

    await listed.load()
    async for _ in page.load():
        pass

    assert listed.rows[0].channel_label == name
    assert page.order.tags == tags
