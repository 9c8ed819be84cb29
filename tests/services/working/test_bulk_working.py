"""Working data in bulk: an honest preview, the same rules as one click, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.domain.working import HoldReason, Priority
from crm_app.errors import InvalidInputError
from crm_app.models import Order
from crm_app.services import bulk_actions, bulk_runs
from crm_app.services.working import assigning, holding, tagging
from tests.factories import OrderFactory, UserFactory
from tests.services import bulk_runs as tool
from tests.services.working.test_changes import run, said

S = OrderStatus


@pytest.fixture
def shelf(session: Session) -> list[Order]:
    made: list[Order] = [OrderFactory(status=s) for s in (S.CONFIRMED, S.PACKED, S.DELIVERED)]
    session.commit()
    return made


def ids(shelf: list[Order]) -> list[int]:
    return [order.id for order in shelf]


def groups(actor: Actor, run_id: int) -> list[tuple[str, int, bool]]:
    with db.transaction() as session:
        found = bulk_runs.preview(session, actor, run_id).groups
    return [(one.sentence, one.count, one.changes) for one in found]


def decided(actor: Actor, orders: list[Order], action: str, **settings: str) -> int:
    run_id = tool.draft(actor, ids(orders), f"press-{action}")
    run(bulk_runs.decide, actor, run_id, action, settings)
    return run_id


def test_the_preview_says_what_the_run_then_does(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    hold = decided(asha, shelf, "hold", reason="stock")

    assert groups(asha, hold) == [
        ("Put on hold", 2, True),
        ("It is delivered: there is nothing to hold.", 1, False),
    ]
    run(bulk_runs.start, asha, hold)
    tool.work(hold)
    assert [row.reason for row in tool.rows(hold) if row.outcome is Outcome.REFUSED] == [
        "It is delivered: there is nothing to hold."
    ]
    assert said(session, shelf[0]) == [f"put it on hold: out of stock, in bulk change {hold}"]
    tool.recount(session)
    status = decided(asha, shelf, "status", status="ready_to_ship")
    assert ("It is on hold here: release it first.", 2, False) in groups(asha, status)


@pytest.mark.parametrize(
    ("action", "settings", "fine"),
    [
        ("assign", {"assignee": ""}, {"assignee": ""}),
        ("assign", {"assignee": "x"}, None),
        ("priority", {"priority": "high"}, {"priority": "high"}),
        ("priority", {}, None),
        ("tag", {"tag": "  VIP "}, {"tag": "VIP"}),
        ("tag", {"tag": ""}, None),
        ("hold", {"reason": "stock"}, {"reason": "stock", "until": "", "note": ""}),
        ("hold", {"reason": "mood"}, None),
        ("hold", {"reason": "stock", "until": "soon"}, None),
        ("hold", {"reason": "stock", "until": "2000-01-01"}, None),
        ("release", {"anything": "else"}, {}),
        ("archive", {}, {}),
    ],
)
def test_settings_are_checked(action: str, settings: dict[str, str], fine: Any) -> None:
    if fine is None:
        with pytest.raises(InvalidInputError) as caught:
            bulk_actions.of(action).check(settings)
        assert caught.value.details
    else:
        assert bulk_actions.of(action).check(settings) == fine


def test_an_unknown_tag_or_colleague_starts_nothing(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    for action, settings in (("tag", {"tag": "VIP"}), ("assign", {"assignee": "999999"})):
        run_id = decided(asha, shelf, action, **settings)
        with pytest.raises(InvalidInputError):
            run(bulk_runs.start, asha, run_id)
    assert said(session, shelf[0]) == []


def test_giving_work_is_taken_back_order_by_order(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    ravi = UserFactory(name="Ravi Menon")
    session.commit()
    run(assigning.assign, asha, ids(shelf)[:1], asha.user_id)
    first = decided(asha, shelf, "assign", assignee=str(ravi.id))
    assert groups(asha, first) == [
        ("From nobody to Ravi Menon", 2, True),
        ("From Support person to Ravi Menon", 1, True),
    ]
    run(bulk_runs.start, asha, first)
    tool.work(first)
    run(assigning.assign, asha, ids(shelf)[2:], None)

    undoing = tool.undo(asha, first)

    session.expire_all()
    assert [order.assignee_id for order in shelf] == [asha.user_id, None, None]
    assert tool.outcomes(undoing).count(Outcome.CHANGED) == 2
    assert tool.reasons(undoing) == {"", "It was changed again since."}


def test_every_other_kind_goes_back_too(session: Session, asha: Actor, shelf: list[Order]) -> None:
    run(tagging.make_tag, asha, "VIP")
    run(assigning.set_priority, asha, ids(shelf), Priority.LOW)
    until = now() + timedelta(days=3)
    run(holding.hold, asha, ids(shelf)[:1], HoldReason.FRAUD, until=until)
    for action, settings in (
        ("priority", {"priority": "urgent"}),
        ("tag", {"tag": "vip"}),
        ("hold", {"reason": "stock"}),
        ("archive", {}),
    ):
        first = decided(asha, shelf, action, **settings)
        run(bulk_runs.start, asha, first)
        tool.work(first)
        tool.undo(asha, first)

    session.expire_all()
    assert [order.priority for order in shelf] == [Priority.LOW] * 3
    assert tagging.tags_of(session, ids(shelf)) == {}
    assert [order.hold_reason for order in shelf] == [HoldReason.FRAUD, None, None]
    assert shelf[0].held_until == until
    assert [order.archived_at for order in shelf] == [None] * 3
    released = decided(asha, shelf, "release")
    run(bulk_runs.start, asha, released)
    tool.work(released)
    tool.undo(asha, released)
    session.expire_all()
    assert shelf[0].hold_reason is HoldReason.FRAUD
