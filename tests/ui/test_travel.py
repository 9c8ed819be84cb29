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


def intent(
    state: IntentState, *, sent_at: datetime | None = None, send_by: datetime | None = None
) -> IntentView:
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
        send_by=send_by,
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


@pytest.mark.parametrize(
    ("send_by", "ship_by", "said"),
    [
        (
            NOW + timedelta(minutes=90),
            NOW + timedelta(hours=2),
            " It should be out before today 13:00, because ship-by is today 13:30.",
        ),
        (
            NOW - timedelta(minutes=90),
            NOW - timedelta(hours=1),
            " It goes before others: ship-by was today 10:30.",
        ),
        # The deadline is days away, and nothing is pressing.
        (NOW + timedelta(hours=24), NOW + timedelta(hours=12), ""),
        (NOW + timedelta(hours=24), None, ""),
    ],
)
def test_what_waits_says_by_when_it_should_be_out(
    send_by: datetime, ship_by: datetime | None, said: str
) -> None:
    waiting = intent(IntentState.WAITING, send_by=send_by)

    assert travel.urgency(ship_by, waiting, NOW, KOLKATA) == said
    sent = intent(IntentState.SENT, send_by=send_by)
    assert travel.urgency(ship_by, sent, NOW, KOLKATA) == ""
