"""Alerts: what fires, once; who is told; how it ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.alert import AlertKind, AlertLevel
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.rhythm import HOUR, floor
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, PermissionDeniedError
from crm_app.models import (
    AccountHour,
    AccountPulse,
    AccountStatus,
    Alert,
    AlertMessage,
    ChannelAccount,
    Order,
    StatusIntent,
)
from crm_app.services import notices, pulse
from crm_app.services.alerts import leads, watching
from crm_app.services.alerts import settings as alert_settings
from tests.factories import AccountFactory, OrderFactory

NOW = now().replace(minute=20, second=0, microsecond=0)


def alerts(session: Session) -> list[Alert]:
    return list(session.exec(select(Alert).order_by("id")))


def check(session: Session, at: datetime = NOW) -> None:
    watching.check(session, at)
    session.commit()


def told(session: Session, person: Actor) -> list[str]:
    page = notices.list_notices(session, person, only_unread=True)
    return [notice.sentence for notice in page.notices]


def busy_shop(session: Session, *, silent_for: timedelta, **fields: Any) -> ChannelAccount:
    """An account with 20 orders in each hour of five weeks, up to the last one."""
    account = AccountFactory(name="Amazon India", **fields)
    last = NOW - silent_for
    for index in range(28 * 24):
        hour = floor(last) - index * HOUR
        at = last if index == 0 else hour + HOUR / 2
        session.add(AccountHour(account_id=account.id, hour=hour, orders=20, last_order_at=at))
    session.commit()
    return account


def waits(order: Order, at: datetime, **fields: Any) -> StatusIntent:
    values: dict[str, Any] = {
        "state": IntentState.QUEUED,
        "from_status": OrderStatus.PACKED,
        "to_status": OrderStatus.SHIPPED,
        "happened_at": at,
        "order_version": 1,
        "actor_label": "Asha",
        "next_try_at": at,
        "created_at": at,
    }
    return StatusIntent(order_id=order.id, account_id=order.account_id, **values | fields)


@pytest.mark.parametrize(
    ("minutes", "levels"), [(20, []), (25, []), (70, [AlertLevel.WARN]), (240, [AlertLevel.BAD])]
)
def test_an_account_is_silent_by_its_own_rhythm(
    session: Session, minutes: int, levels: list[AlertLevel]
) -> None:
    busy_shop(session, silent_for=timedelta(minutes=minutes))

    check(session)

    assert [alert.level for alert in alerts(session)] == levels


def test_the_sentence_of_a_silence_says_what_is_missing(session: Session) -> None:
    account = busy_shop(session, silent_for=timedelta(minutes=90))

    check(session)

    (alert,) = alerts(session)
    assert (alert.kind, alert.account_id) == (AlertKind.SILENT, account.id)
    assert alert.sentence == (
        "Amazon India has sent no order for 1 h 30 min; as it usually goes, about 30 would have"
        " come"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"status": AccountStatus.PAUSED},
        {"channel": Channel.DOCUMENT},
    ],
)
def test_a_silence_on_purpose_is_none(session: Session, fields: dict[str, Any]) -> None:
    busy_shop(session, silent_for=timedelta(hours=9), **fields)

    check(session)

    assert alerts(session) == []


def test_an_imported_order_ends_the_silence(session: Session) -> None:
    account = busy_shop(session, silent_for=timedelta(hours=2))
    check(session)
    pulse.note_orders(session, account.id, [NOW])

    check(session)
    check(session, NOW + watching.CLEAR_FOR)

    assert [alert.closed_at for alert in alerts(session)] == [NOW]


def test_it_tells_once_gets_worse_once_and_ends_once(
    session: Session, admin: Actor, asha: Actor
) -> None:
    account = AccountFactory(name="Shop", status=AccountStatus.CONNECTED)
    order = OrderFactory(account=account)
    intent = waits(order, NOW - timedelta(minutes=12))
    session.add(intent)
    session.commit()

    for minute in (0, 1, 2):
        check(session, NOW + timedelta(minutes=minute))
    first = told(session, asha)
    for minute in (40, 41):
        check(session, NOW + timedelta(minutes=minute))
    worse = told(session, asha)
    intent.state = IntentState.CONFIRMED
    session.add(intent)
    session.commit()
    for minute in (42, 43, 46, 47):
        check(session, NOW + timedelta(minutes=minute))

    wait = "1 change waits to be sent to Shop, the oldest for"
    usual = "usually they are out within 1 min"
    assert first == [f"{wait} 12 min; {usual}"]
    assert worse == [f"Worse: {wait} 52 min; {usual}", *first]
    assert told(session, asha) == [f"Over: {wait} 53 min; {usual}"]
    (alert,) = alerts(session)
    assert (alert.level, alert.closed_at) == (AlertLevel.BAD, NOW + timedelta(minutes=42))


def test_what_comes_and_goes_opens_no_second_alert_and_after_its_end_it_does(
    session: Session, asha: Actor
) -> None:
    account = AccountFactory(status=AccountStatus.DISCONNECTED, last_error="key revoked")
    session.commit()

    def at(minute: int, status: AccountStatus) -> None:
        account.status = status
        session.add(account)
        session.commit()
        check(session, NOW + timedelta(minutes=minute))

    at(0, AccountStatus.DISCONNECTED)
    at(1, AccountStatus.CONNECTED)
    at(2, AccountStatus.DISCONNECTED)
    flapping = len(alerts(session))
    at(3, AccountStatus.CONNECTED)
    at(6, AccountStatus.CONNECTED)
    at(7, AccountStatus.DISCONNECTED)

    assert flapping == 1
    assert [alert.closed_at is None for alert in alerts(session)] == [False, True]


def test_a_queue_is_measured_by_what_is_usual_for_its_account(session: Session) -> None:
    slow, quick = AccountFactory(name="Slow"), AccountFactory(name="Quick")
    for account, usual_s in ((slow, 1_200.0), (quick, 5.0)):
        session.add(AccountPulse(account_id=account.id, at=NOW, usual_wait_s=usual_s))
        session.add(waits(OrderFactory(account=account), NOW - timedelta(minutes=30)))
    session.commit()

    check(session)

    assert [alert.subject for alert in alerts(session)] == [f"queue:{quick.id}"]


def test_a_bulk_change_that_takes_its_time_is_no_queue(session: Session) -> None:
    order = OrderFactory(account=AccountFactory())
    session.add(waits(order, NOW - timedelta(hours=2), is_patient=True))
    session.commit()

    check(session)

    assert alerts(session) == []


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"ship_by": timedelta(minutes=40)}, AlertLevel.WARN),
        ({"ship_by": timedelta(minutes=10)}, AlertLevel.BAD),
        ({"ship_by": timedelta(minutes=-10)}, AlertLevel.BAD),
        ({"ship_by": timedelta(minutes=90)}, None),
        ({"ship_by": timedelta(hours=-3)}, None),
        ({"ship_by": timedelta(minutes=40), "on_hold": True}, None),
        ({"ship_by": timedelta(minutes=40), "status": OrderStatus.SHIPPED}, None),
        ({"ship_by": timedelta(minutes=40), "fulfilled_by_channel": True}, None),
    ],
)
def test_a_deadline_is_said_before_it_is_missed(
    session: Session, fields: dict[str, Any], level: AlertLevel | None
) -> None:
    OrderFactory(account=AccountFactory(), **{**fields, "ship_by": NOW + fields["ship_by"]})
    session.commit()

    check(session)

    assert [alert.level for alert in alerts(session)] == ([level] if level else [])


def test_a_parcel_that_left_and_is_not_told_counts_too(session: Session) -> None:
    order = OrderFactory(
        account=AccountFactory(name="Shop"),
        status=OrderStatus.SHIPPED,
        ship_by=NOW + timedelta(minutes=30),
    )
    session.add(waits(order, NOW - timedelta(minutes=2)))
    session.commit()

    check(session)

    (alert,) = alerts(session)
    assert alert.sentence.startswith("Shop: 1 parcel left that the channel was not told of;")


def test_who_is_told_by_default_and_by_choice(
    session: Session, admin: Actor, asha: Actor, reader: Actor
) -> None:
    alert_settings.choose(session, reader, AlertKind.RECONNECT, in_app=True, by_mail=False)
    alert_settings.choose(session, admin, AlertKind.RECONNECT, in_app=False, by_mail=False)
    AccountFactory(name="Shop", status=AccountStatus.DISCONNECTED, last_error="key revoked")
    session.commit()

    check(session)

    sentence = "Shop has to be connected again: key revoked"
    assert [told(session, one) for one in (admin, asha, reader)] == [[], [], [sentence]]


def test_without_a_mail_server_nobody_can_choose_mail(session: Session, asha: Actor) -> None:
    with pytest.raises(ConflictError, match="CRM_SMTP_HOST"):
        alert_settings.choose(session, asha, AlertKind.QUEUE, in_app=True, by_mail=True)


def test_only_admins_set_where_alerts_are_posted_and_see_who_is_told(
    session: Session, asha: Actor, admin: Actor
) -> None:
    secret = alert_settings.set_hook(session, admin, "https://hooks.example/crm")
    session.commit()

    for deed in (
        lambda: alert_settings.set_hook(session, asha, "https://evil.example"),
        lambda: alert_settings.remove_hook(session, asha),
        lambda: alert_settings.send_test(session, asha, "webhook"),
        lambda: alert_settings.send_again(session, asha, 1),
    ):
        with pytest.raises(PermissionDeniedError):
            deed()

    of_asha, of_admin = (alert_settings.overview(session, one) for one in (asha, admin))
    assert (of_asha.hook, of_asha.everybody, of_asha.messages) == (None, (), ())
    assert of_admin.hook is not None
    assert of_admin.hook.url == "https://hooks.example/crm"
    assert secret not in repr(of_admin)
    assert len(secret) >= 32
    assert len(of_asha.mine) == len(AlertKind)


def test_a_webhook_that_is_set_gets_each_moment_of_an_alert(session: Session, admin: Actor) -> None:
    alert_settings.set_hook(session, admin, "https://hooks.example/crm")
    account = AccountFactory(name="Shop", status=AccountStatus.DISCONNECTED)
    session.commit()

    check(session)
    account.status = AccountStatus.CONNECTED
    session.add(account)
    session.commit()
    for minute in (1, 5):
        check(session, NOW + timedelta(minutes=minute))

    bodies = [message.body for message in session.exec(select(AlertMessage).order_by("id"))]
    assert [body["event"] for body in bodies] == ["alert.opened", "alert.over"]
    assert bodies[1]["alert"]["closed_at"] == (NOW + timedelta(minutes=1)).isoformat()
    assert bodies[0]["alert"]["url"] == f"{get_settings().origin}/accounts/{account.id}"


def test_hours_are_counted_by_the_time_of_placing(session: Session) -> None:
    account = AccountFactory()
    pulse.note_orders(session, account.id, [NOW, NOW - HOUR, NOW - timedelta(minutes=5)])
    pulse.note_orders(session, account.id, [NOW - timedelta(minutes=1), NOW - timedelta(days=90)])

    rows = session.exec(select(AccountHour).order_by("hour")).all()

    assert [(row.hour, row.orders, row.last_order_at) for row in rows] == [
        (floor(NOW - HOUR), 1, NOW - HOUR),
        (floor(NOW), 3, NOW),
    ]


def test_webhooks_that_a_shop_switched_off_are_told_until_they_are_on_again(
    session: Session,
) -> None:
    account = AccountFactory(
        channel=Channel.WOOCOMMERCE, name="Shop", hooks={"active": 2, "disabled": 2}
    )
    session.commit()

    check(session)
    (alert,) = alerts(session)
    told = (alert.kind, alert.level, alert.account_id, alert.sentence)
    account.hooks = {"active": 4, "disabled": 0}
    session.add(account)
    session.commit()
    check(session, NOW + timedelta(minutes=1))
    is_open = alert.closed_at is None
    check(session, NOW + timedelta(minutes=1) + watching.CLEAR_FOR)

    assert told == (
        AlertKind.WEBHOOKS,
        AlertLevel.WARN,
        account.id,
        "Shop has switched off 2 webhooks after failed deliveries; orders come by asking only",
    )
    # What comes and goes opens no alert each time: it is over once it stayed away.
    assert is_open
    assert [one.closed_at for one in alerts(session)] == [NOW + timedelta(minutes=1)]


def test_a_deadline_is_said_as_early_as_the_account_is_set(session: Session, admin: Actor) -> None:
    account = AccountFactory(name="Own shop", channel=Channel.WOOCOMMERCE)
    OrderFactory(account=account, ship_by=NOW + timedelta(hours=3))
    session.commit()
    check(session)
    assert alerts(session) == []

    leads.set_lead(session, admin, account.id, 240)
    session.commit()
    check(session)

    (alert,) = alerts(session)
    assert alert.sentence.startswith("Own shop: 1 order has to ship within 4 h 00 min and not left")
    assert alert.href == f"/orders?attention=at_risk&account={account.id}"
    assert [(one.name, one.minutes) for one in leads.list_leads(session, admin)] == [
        ("Own shop", 240)
    ]


def test_leads_are_set_by_those_who_manage_accounts(
    session: Session, admin: Actor, asha: Actor
) -> None:
    account = AccountFactory()
    session.commit()

    with pytest.raises(PermissionDeniedError):
        leads.set_lead(session, asha, account.id, 240)
    with pytest.raises(InvalidInputError):
        leads.set_lead(session, admin, account.id, 7)
    session.rollback()

    assert [one.minutes for one in leads.list_leads(session, admin)] == [60]
