"""What the order's page reads beside the order: its work, its past, and the channel's words."""

from datetime import timedelta

import pytest
from redis import Redis
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.carriers import tracking_url
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.domain.working import HoldReason, Priority
from crm_app.errors import NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, Order
from crm_app.services import order_past, orders, payload_view, presence
from crm_app.services.importing import save_orders
from crm_app.services.working import assigning, holding, reading, tagging
from tests.factories import AccountFactory, CustomerFactory, OrderFactory
from tests.services.fakes import told
from tests.services.working.test_changes import run


@pytest.fixture
def order(session: Session) -> Order:
    save_orders(session, AccountFactory(), [told("405-1", note="ring twice")])
    session.commit()
    return session.exec(select(Order)).one()


def test_the_work_on_an_order_is_read_with_the_customer_s_other_orders(
    session: Session, asha: Actor, reader: Actor
) -> None:
    account = AccountFactory()
    customer = CustomerFactory(account=account)
    made = [OrderFactory(account=account, customer=customer) for _ in range(3)]
    session.commit()
    run(holding.hold, asha, [made[0].id], HoldReason.STOCK, note="call Meera")

    seen = run(reading.work_of, asha, made[0].id)
    withheld = run(reading.work_of, reader, made[0].id)

    assert seen.hold is not None
    assert (seen.hold.reason, seen.hold.note, seen.hold.by) == (
        HoldReason.STOCK,
        "call Meera",
        "Support person",
    )
    assert {one.id for one in seen.others} == {made[1].id, made[2].id}
    assert withheld.hold is not None
    assert (withheld.hold.note, withheld.others) == ("", ())
    with pytest.raises(NotFoundError):
        run(reading.work_of, asha, 10**9)
    with pytest.raises(PermissionDeniedError):
        run(reading.work_of, SYSTEM, made[0].id)


def test_an_order_is_told_back_to_any_moment(session: Session, asha: Actor, order: Order) -> None:
    moments = [now()]
    tag = run(tagging.make_tag, asha, "VIP")

    def after(act: object, *args: object, **kwargs: object) -> None:
        run(act, asha, *args, **kwargs)
        moments.append(now())

    after(assigning.assign, [order.id], asha.user_id)
    after(tagging.put_tag, [order.id], tag.id, is_on=True)
    after(holding.hold, [order.id], HoldReason.FRAUD)
    after(holding.release, [order.id])
    after(orders.change_status, order.id, OrderStatus.PACKED)
    later = order.channel_updated_at + timedelta(hours=1)
    account = session.get_one(type(AccountFactory.build()), order.account_id)
    save_orders(session, account, [told("405-1", note="ring once", updated_at=later)])
    session.commit()

    pasts = [run(order_past.as_of, asha, order.id, moment) for moment in moments]
    told_back = [
        {one.name: one.then for one in past.fields} | {"": str(past.exists)} for past in pasts
    ]

    names = ("status", "assignee", "tags", "hold_reason")
    assert [tuple(one.get(name, "-") for name in names) for one in told_back] == [
        ("Confirmed", "nothing", "nothing", "-"),
        ("Confirmed", "Support person", "nothing", "-"),
        ("Confirmed", "Support person", "VIP", "-"),
        ("Confirmed", "Support person", "VIP", "Looks like fraud"),
        ("Confirmed", "Support person", "VIP", "-"),
        ("Packed", "Support person", "VIP", "-"),
    ]
    assert [past.changed_since for past in pasts] == [("Note",)] * 6
    (status,) = [one for one in pasts[0].fields if one.name == "status"]
    assert (status.now, status.is_other_now) == ("Packed", True)


def test_of_the_time_before_it_came_in_nothing_is_known(asha: Actor, order: Order) -> None:
    past = run(order_past.as_of, asha, order.id, order.created_at - timedelta(days=1))

    assert (past.exists, past.fields, past.last) == (False, (), None)
    with pytest.raises(PermissionDeniedError):
        run(order_past.as_of, SYSTEM, order.id, now())


def test_each_version_of_the_raw_order_is_shown_and_the_look_is_recorded(
    session: Session, admin: Actor, asha: Actor, order: Order
) -> None:
    later = order.channel_updated_at + timedelta(hours=1)
    account = session.get_one(type(AccountFactory.build()), order.account_id)
    save_orders(
        session, account, [told("405-1", note="new", updated_at=later, raw={"note": "neu ☂"})]
    )
    session.commit()

    newest, oldest = run(payload_view.versions, admin, order.id)
    text = run(payload_view.show, admin, order.id, newest.key)

    assert (newest.is_present, oldest.is_present) == (True, False)
    assert text == '{\n  "note": "neu ☂"\n}'
    entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert (entry.action, entry.after["version"]) == ("order:payload:seen", newest.key[:12])
    for key in ("", "zz", "00" * 32):
        with pytest.raises(NotFoundError):
            run(payload_view.show, admin, order.id, key)
    with pytest.raises(PermissionDeniedError):
        run(payload_view.versions, asha, order.id)


def test_people_on_one_order_see_each_other_until_they_leave(
    order: Order, asha: Actor, reader: Actor, admin: Actor
) -> None:
    assert presence.look(asha, order.id) == []
    assert presence.look(reader, order.id) == ["Support person"]
    assert presence.look(admin, order.id) == ["Read-only person", "Support person"]
    assert presence.look(asha, order.id + 1, left=order.id) == []
    assert presence.look(admin, order.id) == ["Read-only person"]

    redis: Redis = queue.connection()
    (key,) = [key for key in redis.keys("order:looked-at:*") if str(order.id).encode() in key]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownMemberType, reportUnknownVariableType]
    assert 0 < redis.ttl(key) <= presence.FADES_S  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
    with pytest.raises(PermissionDeniedError):
        presence.look(SYSTEM, order.id)


@pytest.mark.parametrize(
    ("carrier", "number", "page"),
    [
        (
            "Blue Dart",
            "77 1",
            "https://www.bluedart.com/trackdartresultthirdparty?trackFor=0&trackNo=77%201",
        ),
        ("DELHIVERY Surface", "7781", "https://www.delhivery.com/track-v2/package/7781"),
        ("Ecom Express", "../x?y", "https://ecomexpress.in/tracking/?awb_field=..%2Fx%3Fy"),
        ("Uncle's van", "1", ""),
        ("", "1", ""),
        ("DTDC", " ", ""),
    ],
)
def test_a_parcel_can_be_followed_where_the_carrier_is_known(
    carrier: str, number: str, page: str
) -> None:
    assert tracking_url(carrier, number) == page


def test_priority_counts_its_words() -> None:
    assert [one.label for one in Priority] == ["Low", "Normal", "High", "Urgent"]
