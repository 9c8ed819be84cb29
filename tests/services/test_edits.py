"""Two people on one order: only what both touch stands in the way."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlmodel import Session

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import ConflictError
from crm_app.models import Order, OrderEvent
from crm_app.services import edits, importing, merging, orders
from tests.factories import AccountFactory, OrderFactory


def change(session: Session, actor: Actor, order: Order, **fields: tuple[Any, Any]) -> None:
    """What a colleague's save leaves behind: the version and its event."""
    merging.count_change(order)
    data = {name: list(values) for name, values in fields.items()}
    row = importing.event_row(order.id, "order:edited", actor, data, version=order.version)
    session.add(OrderEvent(**row))
    session.commit()


def order_of(session: Session, **fields: Any) -> Order:
    order = OrderFactory(account=AccountFactory(), **fields)
    session.commit()
    return order


def merged(
    session: Session, order: Order, wanted: Mapping[str, Any], current: Mapping[str, Any]
) -> edits.Merge:
    return edits.merge(session, order, seen=1, wanted=wanted, current=current)


def test_a_status_goes_through_beside_a_tag_of_somebody_else(
    session: Session, asha: Actor, admin: Actor
) -> None:
    order = order_of(session)
    change(session, admin, order, tags=([], ["gift"]))

    with db.transaction() as own:
        after = orders.change_status(own, asha, order.id, S.PACKED, expected_version=1)

    assert (after.status, after.version) == (S.PACKED, 3)


@pytest.mark.parametrize("field", ["cancel_requested", "on_hold"])
def test_what_a_step_is_decided_by_stops_it(
    session: Session, asha: Actor, admin: Actor, field: str
) -> None:
    order = order_of(session)
    change(session, admin, order, **{field: (False, True)})

    with pytest.raises(ConflictError) as caught, db.transaction() as own:
        orders.change_status(own, asha, order.id, S.PACKED, expected_version=1)

    session.refresh(order)
    assert order.status is S.CONFIRMED
    assert [one["field"] for one in caught.value.details["changes"]] == [field]


def test_the_second_save_is_told_who_did_what(session: Session, asha: Actor, admin: Actor) -> None:
    order = order_of(session)
    with db.transaction() as own:
        orders.change_status(own, admin, order.id, S.PACKED)

    with pytest.raises(ConflictError) as caught, db.transaction() as own:
        orders.change_status(own, asha, order.id, S.READY_TO_SHIP, expected_version=1)

    assert str(caught.value) == (
        "Meanwhile Admin person changed status from Confirmed to Packed."
        " Look again before you change it."
    )
    found = caught.value.details["changes"]
    assert [(one["label"], one["before"], one["after"], one["who"]) for one in found] == [
        ("Status", "Confirmed", "Packed", "Admin person")
    ]


def test_a_version_that_no_event_explains_stops_every_save(session: Session, asha: Actor) -> None:
    order = order_of(session)
    merging.count_change(order)
    session.commit()

    with pytest.raises(ConflictError, match="it is confirmed now"), db.transaction() as own:
        orders.change_status(own, asha, order.id, S.PACKED, expected_version=1)


def test_a_version_from_the_future_is_refused(session: Session, asha: Actor) -> None:
    order = order_of(session)

    with pytest.raises(ConflictError), db.transaction() as own:
        orders.change_status(own, asha, order.id, S.PACKED, expected_version=9)


def test_there_and_back_is_no_change(session: Session, admin: Actor) -> None:
    order = order_of(session)
    change(session, admin, order, priority=("normal", "high"))
    change(session, admin, order, priority=("high", "normal"))

    assert edits.since(session, order, 1) == edits.Since({})


def test_a_form_keeps_what_nobody_else_touched_and_asks_about_the_rest(
    session: Session, admin: Actor
) -> None:
    order = order_of(session)
    change(session, admin, order, priority=("normal", "high"), note=("", "Call first"))

    found = merged(
        session,
        order,
        wanted={"priority": "urgent", "note": "", "assignee": 7},
        current={"priority": "high", "note": "Call first", "assignee": None},
    )

    # The note was left as it was seen: the colleague's stays, and nobody is asked.
    assert found.free == {"assignee": 7}
    assert [(c.field, c.yours, c.theirs, c.who) for c in found.clashes] == [
        ("priority", "urgent", "high", "Admin person")
    ]
    assert found.version == 2
    said = edits.refusal(order, found.clashes)
    assert str(said) == (
        "Admin person changed the same meanwhile: priority. Decide which value stays."
    )
    assert said.details["clashes"][0]["theirs"] == "high"


def test_both_typed_the_same(session: Session, admin: Actor) -> None:
    order = order_of(session)
    change(session, admin, order, priority=("normal", "high"))

    found = merged(session, order, wanted={"priority": "high"}, current={"priority": "high"})

    assert (found.free, found.clashes) == ({}, ())


def test_what_the_history_does_not_keep_is_not_shown(session: Session, admin: Actor) -> None:
    order = order_of(session)
    merging.count_change(order)
    row = importing.event_row(
        order.id, "order:edited", admin, {"note": "changed"}, version=order.version
    )
    session.add(OrderEvent(**row))
    session.commit()

    found = merged(session, order, wanted={"note": "mine"}, current={"note": "Meera's secret"})

    assert [clash.theirs for clash in found.clashes] == ["changed"]
    assert "secret" not in str(edits.refusal(order, found.clashes).details)
