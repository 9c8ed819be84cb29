"""The line of travel of a status change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.services.order_view import IntentView
from crm_app.ui.order import travel

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
KOLKATA = ZoneInfo("Asia/Kolkata")


def intent(state: IntentState, *, sent_at: datetime | None) -> IntentView:
    return IntentView(
        id=1,
        state=state,
        from_status=OrderStatus.CONFIRMED,
        to_status=OrderStatus.SHIPPED,
        carrier="BlueDart",
        tracking_number="BD-1",
        actor_label="Riya",
        created_at=NOW - timedelta(minutes=2),
        sent_at=sent_at,
        settled_at=NOW,
        next_try_at=NOW,
        attempts=1,
        reason="",
    )


@pytest.mark.parametrize(
    ("sent_at", "names", "looks"),
    [
        (NOW, ["Queued", "Sent", "Disagrees"], ["done", "done", "bad"]),
        (None, ["Queued", "Not sent", "Disagrees"], ["done", "off", "bad"]),
    ],
)
def test_a_conflict_shows_as_sent_only_what_was_sent(
    sent_at: datetime | None, names: list[str], looks: list[str]
) -> None:
    found = travel.steps(intent(IntentState.NEEDS_PERSON, sent_at=sent_at), NOW, KOLKATA)

    assert [step.name for step in found] == names
    assert [step.look for step in found] == looks
