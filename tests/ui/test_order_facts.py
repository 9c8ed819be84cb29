"""What the order page says beside lines, money and customer."""

import pytest
from sqlmodel import Session

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.ui.order.state import OrderState
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
