from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from crm_app.domain.permissions import Role
from crm_app.services.dashboard import Figure
from crm_app.ui.dashboard import view
from crm_app.ui.dashboard.state import DashboardState
from tests.factories import AccountFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_dashboard_of_an_empty_desk(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.READ_ONLY)
    AccountFactory()
    session.commit()
    state = await open_state(DashboardState, "/", cookie)

    await state.load()

    assert [(f.name, f.value, f.then) for f in state.figures] == [
        ("Orders", "0", "nothing then"),
        ("Revenue", "₹0", "nothing then"),
        ("Average order", "₹0", "nothing then"),
    ]
    assert len(state.points) == 30
    assert [(row.label, row.orders, row.revenue) for row in state.channels] == [
        ("Amazon", "0", "—")
    ]
    assert [row.href for row in state.needs][0] == "/orders?attention=late"
    assert state.texts.chart_sentence == "No orders in the last 30 days."


def test_comparison_is_said_in_words_with_its_zone() -> None:
    moment = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)

    words = view.comparison(moment, ZoneInfo("Asia/Kolkata"))

    assert words == "Today until 10:42 IST, against last Friday until 10:42"


def test_change_is_a_percentage_only_where_it_means_something() -> None:
    def drawn(now: int, then: int) -> tuple[str, str]:
        found = view.figure("Orders", Figure(now, then), str)
        return found.change, found.trend

    assert drawn(214, 190) == ("+12.6 %", "up")
    assert drawn(96, 100) == ("−4.0 %", "down")
    assert drawn(100, 100) == ("no change", "same")
    assert drawn(34, 1) == ("up from", "up")
    assert drawn(0, 0) == ("", "same")
