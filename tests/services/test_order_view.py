"""One order in full, and how much of it which role sees."""

from dataclasses import asdict
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import SYSTEM, Actor, ActorKind
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, Order, OrderEvent
from crm_app.services import history, order_view, orders, personal_data
from tests.factories import AccountFactory, CustomerFactory, OrderFactory, OrderLineFactory


@pytest.fixture
def order(session: Session) -> Order:
    account = AccountFactory(name="Palmonas on Amazon.in")
    customer = CustomerFactory(account=account)
    OrderFactory(account=account, customer=customer)
    made = OrderFactory(
        account=account,
        customer=customer,
        note="Ring twice, says Meera",
        ship_to={"name": "Meera Iyer", "line1": "14 Hill Road", "city": "Mumbai"},
    )
    for position, sku in enumerate(("B", "A")):
        OrderLineFactory(order=made, position=position, sku=sku)
    session.commit()
    return made


def test_support_sees_everything_in_the_channel_s_order(
    session: Session, asha: Actor, order: Order
) -> None:
    orders.change_status(session, asha, order.id, OrderStatus.PACKED)
    orders.change_status(
        session, asha, order.id, OrderStatus.SHIPPED, carrier="DTDC", tracking_number="D1"
    )

    view = order_view.get_order(session, asha, order.id)

    assert [line.sku for line in view.lines] == ["B", "A"]
    assert [event.sentence for event in view.events] == [
        "changed the status from Packed to Shipped, tracking D1",
        "changed the status from Confirmed to Packed",
    ]
    assert [(intent.to_status, intent.carrier) for intent in view.intents] == [
        (OrderStatus.SHIPPED, "DTDC")
    ]
    assert (view.account_name, view.version, view.customer_orders) == (
        "Palmonas on Amazon.in",
        3,
        2,
    )
    assert (view.phone_masked, view.email_masked) == ("••••••••••345", "m•••@mail.example")
    assert view.address is not None
    assert (view.address.line1, view.address.state) == ("14 Hill Road", "")
    assert (view.may_change, view.may_reveal) == (True, True)
    assert view.note == "Ring twice, says Meera"


def test_a_reader_sees_no_person_anywhere(session: Session, reader: Actor, order: Order) -> None:
    view = order_view.get_order(session, reader, order.id)

    text = repr(asdict(view))
    for secret in ("Meera", "Hill Road", "400050", "345", "mail.example"):
        assert secret not in text
    assert view.order.customer_name == "Personal data withheld"
    assert (view.address, view.choices) == (None, ())
    assert (view.may_change, view.may_reveal) == (False, False)


def test_an_order_without_a_buyer_or_an_address_opens(session: Session, asha: Actor) -> None:
    bare = OrderFactory(customer_name="", ship_to={}, currency=None, total_minor=None)

    view = order_view.get_order(session, asha, bare.id)

    assert (view.phone_masked, view.email_masked, view.customer_orders) == ("", "", 0)
    assert (view.may_reveal, view.lines) == (False, ())


def test_an_unknown_order_and_an_actor_without_permission(session: Session, asha: Actor) -> None:
    with pytest.raises(NotFoundError, match="There is no order 7"):
        order_view.get_order(session, asha, 7)
    with pytest.raises(PermissionDeniedError):
        order_view.get_order(session, SYSTEM, 7)


def test_revealing_a_contact_is_remembered_without_its_content(
    session: Session, asha: Actor, order: Order
) -> None:
    contact = personal_data.reveal_contact(session, asha, order.id)

    entry = session.exec(select(AuditEntry)).one()
    assert (contact.phone, contact.email) == ("+919820012345", "meera@mail.example")
    assert (entry.action, entry.actor_id, entry.subject_id) == (
        "customer:contact:revealed",
        asha.user_id,
        str(order.id),
    )
    assert entry.after == {"fields": ["phone", "email"]}


def test_a_reader_reveals_nothing(session: Session, reader: Actor, order: Order) -> None:
    with pytest.raises(PermissionDeniedError):
        personal_data.reveal_contact(session, reader, order.id)

    assert session.exec(select(AuditEntry)).all() == []


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("", ""), ("  ", ""), ("12345", "•••••"), ("123456", "••••••"), ("1234567", "••••567")],
)
def test_a_phone_too_short_to_hide_is_hidden_whole(phone: str, masked: str) -> None:
    assert personal_data.mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("email", "masked"), [("", ""), ("a@b.c", "a•••@b.c"), ("nobody", "••••••"), ("@x", "•••@x")]
)
def test_of_an_e_mail_the_domain_stays(email: str, masked: str) -> None:
    assert personal_data.mask_email(email) == masked


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("order:imported", {"status": [None, "pending"]}, "sent the order; it came in as Pending"),
        (
            "order:updated",
            {
                "status": ["confirmed", "shipped"],
                "channel_status": ["UNSHIPPED", "SHIPPED"],
                "carrier": ["", "DTDC"],
                "tracking_number": ["", "D1"],
            },
            "changed the status from Confirmed to Shipped, tracking D1; set the carrier to DTDC",
        ),
        ("order:updated", {"channel_status": ["A", "B"]}, "set its own status to B"),
        (
            "order:updated",
            {"total_minor": [149_900, None], "note": "changed", "lines": [1, 2]},
            "changed the total from ₹1,499.00 to —; changed the lines; changed the note",
        ),
        (
            "order:updated",
            {"payment_status": ["cod", "paid"], "cancel_requested": [False, True]},
            "passed on that the buyer wants to cancel; "
            "changed the payment from Cash on delivery to Paid",
        ),
        (
            "order:updated",
            {"sync_status": ["queued", "in_sync"]},
            "sent a newer version without a visible change",
        ),
        (
            "order:settled:ours",
            {"status": ["shipped", "shipped"]},
            "kept our status Shipped and sent it again",
        ),
        (
            "order:settled:channels",
            {"status": ["shipped", "cancelled"]},
            "took the channel's word: Cancelled",
        ),
        ("intent:sent", {"status": "shipped"}, "accepted Shipped"),
        ("intent:confirmed", {"status": "shipped"}, "shows Shipped: confirmed by reading it back"),
        ("intent:rejected", {"status": "shipped", "reason": "no"}, "refused Shipped: no"),
        ("intent:rejected", {"status": "shipped"}, "refused Shipped"),
        (
            "intent:rejected",
            {"status": "shipped", "reason": "Amazon refused confirmShipment (400): It is gone."},
            "refused Shipped: It is gone.",
        ),
        (
            "intent:needs_person",
            {"status": "shipped"},
            "disagrees with our change to Shipped; a person decides",
        ),
    ],
)
def test_events_in_words(session: Session, kind: str, data: dict[str, Any], said: str) -> None:
    assert history.sentence(kind, data, OrderFactory()) == said


def test_the_timeline_goes_as_far_back_as_is_asked(session: Session, asha: Actor) -> None:
    order = OrderFactory()
    session.flush()
    for n in range(5):
        session.add(
            OrderEvent(
                order_id=order.id,
                kind="order:updated",
                actor_kind=ActorKind.CHANNEL,
                actor_label="Amazon",
                data={"carrier": ["", f"C{n}"]},
            )
        )
    session.commit()

    some = order_view.get_order(session, asha, order.id, most_events=3)
    all_ = order_view.get_order(session, asha, order.id, most_events=5)

    assert [event.sentence for event in some.events] == [
        f"set the carrier to C{n}" for n in (4, 3, 2)
    ]
    assert (some.has_older_events, all_.has_older_events) == (True, False)
    assert len(all_.events) == 5
