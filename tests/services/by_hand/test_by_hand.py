"""Orders written by hand: one for one press, exact sums, and edits that keep colleagues' fields."""

import dataclasses
import threading
from dataclasses import replace

import pytest
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.models import AuditEntry, ChannelAccount, Order, OrderEvent, OrderLine, StatusIntent
from crm_app.services import history, orders, rollups
from crm_app.services.by_hand import orders as by_hand
from crm_app.services.by_hand import people
from crm_app.services.by_hand.draft import Draft, DraftLine
from crm_app.services.papers import invoicing
from tests.factories import CustomerFactory, OrderFactory

DRAFT = Draft(
    source="Phone",
    name="Meera Iyer",
    phone="+91 98200 12345",
    email="Meera@mail.example",
    line1="14 Hill Road",
    city="Mumbai",
    state="Maharashtra",
    pincode="400050",
    payment="cod",
    shipping="50",
    discount="100.50",
    tax="77",
    lines=(DraftLine("Pearl Drop Earrings", "PDE-18K-RG", "2", "1,499"), DraftLine()),
)
KEY = "press-of-the-button-1"


def create(actor: Actor, draft: Draft = DRAFT, key: str = KEY) -> int:
    with db.transaction() as session:
        return by_hand.create(session, actor, draft, key).id


def seen(actor: Actor, order_id: int) -> Draft:
    with db.transaction() as session:
        return by_hand.draft_of(session, actor, order_id)


def edit(actor: Actor, order_id: int, before: Draft, **values: object) -> Order:
    with db.transaction() as session:
        after = replace(before, **values)  # pyright: ignore[reportArgumentType]
        return by_hand.edit(session, actor, order_id, before, after)


def test_an_order_is_written_with_its_sums(session: Session, asha: Actor) -> None:
    order = session.get_one(Order, create(asha))

    (line,) = session.exec(select(OrderLine)).all()
    assert (order.channel, order.status, order.payment_status, order.is_cod) == (
        Channel.MANUAL,
        OrderStatus.CONFIRMED,
        PaymentStatus.COD,
        True,
    )
    assert order.order_number.startswith("H-")
    assert (order.subtotal_minor, order.total_minor, order.tax_minor) == (299_800, 294_750, 7_700)
    assert (line.sku, line.quantity, line.unit_price_minor, line.total_minor) == (
        "PDE-18K-RG",
        2,
        149_900,
        299_800,
    )
    assert rollups.differences(session) == ([], [])
    (event,) = session.exec(select(OrderEvent)).all()
    assert (event.actor_id, history.sentence(event.kind, event.data, order)) == (
        asha.user_id,
        "wrote the order by hand as Confirmed",
    )
    actions = session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))).all()
    assert list(actions) == ["account:created", "order:created"]


def test_pressed_twice_at_once_it_is_one_order(session: Session, asha: Actor) -> None:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(create(asha))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    assert len(made) == 4
    assert len(session.exec(select(Order)).all()) == 1
    assert len(session.exec(select(ChannelAccount)).all()) == 1


def test_its_status_is_our_own_and_nobody_is_told(session: Session, asha: Actor) -> None:
    order_id = create(asha)

    with db.transaction() as opened:
        orders.change_status(opened, asha, order_id, OrderStatus.SHIPPED)

    order = session.get_one(Order, order_id)
    assert (order.status, order.sync_status) == (OrderStatus.SHIPPED, SyncStatus.IN_SYNC)
    assert session.exec(select(StatusIntent)).all() == []


def test_each_mistake_has_its_sentence_and_nothing_is_written(
    session: Session, asha: Actor
) -> None:
    bad = replace(
        DRAFT,
        source=" ",
        name="",
        phone="none",
        email="meera",
        payment="gold",
        shipping="-1",
        tax="a lot",
        lines=(DraftLine("", "", "0", "1"), DraftLine("Ring", "", "1.5", "")),
    )

    with pytest.raises(InvalidInputError) as caught:
        create(asha, bad)

    assert set(caught.value.details) == {
        "source",
        "name",
        "phone",
        "email",
        "payment",
        "shipping",
        "tax",
        "line.0.title",
        "line.0.quantity",
        "line.1.quantity",
        "line.1.price",
    }
    with pytest.raises(InvalidInputError, match="needs a line"):
        create(asha, replace(DRAFT, lines=()))
    with pytest.raises(InvalidInputError, match="larger than the order"):
        create(asha, replace(DRAFT, discount="99999"))
    assert session.exec(select(ChannelAccount)).all() == []
    assert session.exec(select(Order)).all() == []


def test_who_may_not_write_writes_nothing(session: Session, reader: Actor) -> None:
    with pytest.raises(PermissionDeniedError):
        create(reader)

    assert session.exec(select(Order)).all() == []


def test_two_people_edit_different_fields(session: Session, asha: Actor, admin: Actor) -> None:
    order_id = create(asha)
    before = seen(asha, order_id)

    edit(asha, order_id, before, city="Pune")
    edit(
        admin,
        order_id,
        before,
        lines=(*before.lines, DraftLine("Ring", "RNG-22", "1", "500")),
    )

    order = session.get_one(Order, order_id)
    assert (order.city, order.total_minor, order.line_count) == ("Pune", 344_750, 2)
    assert order.ship_to["city"] == "Pune"
    assert order.status is OrderStatus.CONFIRMED
    assert rollups.differences(session) == ([], [])
    entries = session.exec(
        select(AuditEntry).where(AuditEntry.action == "order:edited").order_by(col(AuditEntry.id))
    ).all()
    assert [entry.after for entry in entries] == [{"fields": ["city"]}, {"fields": ["lines"]}]


def test_two_people_edit_the_same_field(session: Session, asha: Actor, admin: Actor) -> None:
    order_id = create(asha)
    before = seen(asha, order_id)
    edit(asha, order_id, before, city="Pune", note="Gift")

    with pytest.raises(ConflictError, match="changed the city: it is 'Pune' now") as caught:
        edit(admin, order_id, before, city="Goa", name="Meera I.")

    assert set(caught.value.details) == {"city"}
    session.expire_all()
    assert session.get_one(Order, order_id).customer_name == "Meera Iyer"


def test_a_note_can_be_taken_away(session: Session, asha: Actor) -> None:
    order_id = create(asha, replace(DRAFT, note="Gift"))

    edit(asha, order_id, seen(asha, order_id), note="")

    assert session.get_one(Order, order_id).note == ""


def test_what_left_or_is_invoiced_stays(session: Session, asha: Actor) -> None:
    order_id = create(asha)
    with db.transaction() as opened:
        invoicing.issue(opened, asha, [order_id])
    before = seen(asha, order_id)

    with pytest.raises(ConflictError, match="is issued"):
        edit(asha, order_id, before, shipping="60")
    edit(asha, order_id, before, line1="15 Hill Road")
    with db.transaction() as opened:
        orders.change_status(opened, asha, order_id, OrderStatus.SHIPPED)
    with pytest.raises(ConflictError, match="is shipped"):
        edit(asha, order_id, before, note="late")


def test_an_order_of_a_channel_is_not_ours_to_edit(session: Session, asha: Actor) -> None:
    order = OrderFactory()
    session.commit()

    with pytest.raises(ConflictError, match="Amazon wrote this order"):
        seen(asha, order.id)
    with pytest.raises(NotFoundError):
        seen(asha, order.id + 1)


def test_known_buyers_are_found_and_taken_on_the_record(session: Session, asha: Actor) -> None:
    customer = CustomerFactory()
    OrderFactory(customer=customer, ship_to={"line1": "14 Hill Road"})
    session.commit()
    blind = dataclasses.replace(asha, permissions=asha.permissions - {Permission.SEE_PERSONAL_DATA})

    for typed in ("meera iy", "meera@mail", "012345"):
        (person,) = people.find(session, asha, typed)
        assert (person.id, person.name) == (customer.id, "Meera Iyer")
        assert "98200" not in person.phone
    assert people.find(session, asha, "me") == []
    known = people.take(session, asha, customer.id)

    assert (known.phone, known.address) == ("+919820012345", {"line1": "14 Hill Road"})
    (entry,) = session.exec(select(AuditEntry)).all()
    assert entry.action == "customer:contact:revealed"
    with pytest.raises(PermissionDeniedError):
        people.find(session, blind, "meera")
