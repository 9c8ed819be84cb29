"""Whose word stays, field by field: a rule or a person decides, and nothing flickers back."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels.base import ChannelAddress, ChannelOrder
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import OrderStatus as S
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import CHOICES, Field, Rule
from crm_app.domain.time import now
from crm_app.errors import ConflictError, PermissionDeniedError
from crm_app.models import AuditEntry, ChannelAccount, FieldDispute, Order, OrderEvent, StatusIntent
from crm_app.services import audit, disputes, field_rules, orders, rollups
from crm_app.services.exceptions import deeds, detail, listing
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.importing import save_orders
from crm_app.services.settling import Keep
from tests.conftest import as_owner
from tests.factories import AccountFactory, bind
from tests.services.fakes import at, told

PERSON = Actor(
    ActorKind.PERSON, "Asha", 7, frozenset({Permission.CHANGE_STATUS, Permission.CANCEL_ORDERS})
)
HOME = ChannelAddress(name="Meera Iyer", line1="14 Hill Road", city="Mumbai", pincode="400050")
AWAY = ChannelAddress(name="Meera Iyer", line1="2 Lake View", city="Pune", pincode="411001")


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    return AccountFactory(channel=Channel.WOOCOMMERCE)


def say(session: Session, account: ChannelAccount, minute: float, **fields: Any) -> Order:
    """A version of the order as the channel tells it; what it leaves out is as at the first."""
    values: dict[str, Any] = {"address": HOME, **fields}
    version: ChannelOrder = told(updated_at=at(minute), **values)
    raw = {"minute": minute, "said": repr(fields)}
    save_orders(session, account, [dataclasses.replace(version, raw=raw)])
    session.commit()
    return session.exec(select(Order).execution_options(populate_existing=True)).one()


def rule(session: Session, account: ChannelAccount, field: Field, wanted: Rule) -> None:
    admin = Actor(ActorKind.PERSON, "Riya", 1, frozenset(Permission))
    field_rules.set_rule(session, admin, account.id, field, wanted)
    session.commit()


def conflict(session: Session, account: ChannelAccount) -> Order:
    """Ours says shipped and travels; the channel says cancelled."""
    order = say(session, account, 0)
    orders.change_status(session, PERSON, order.id, S.SHIPPED, carrier="X", tracking_number="1")
    session.commit()
    return say(session, account, 5, status=S.CANCELLED, channel_status="cancelled")


def open_intents(session: Session) -> list[StatusIntent]:
    return list(session.exec(select(StatusIntent).where(col(StatusIntent.state).in_(OPEN))))


@pytest.mark.parametrize(
    ("wanted", "status", "sync", "travelling"),
    [
        (Rule.ASK, S.SHIPPED, SyncStatus.CONFLICT, 0),
        (Rule.OURS, S.SHIPPED, SyncStatus.QUEUED, 1),
        (Rule.CHANNELS, S.CANCELLED, SyncStatus.IN_SYNC, 0),
        # The person spoke now, the channel two days ago.
        (Rule.LATER, S.SHIPPED, SyncStatus.QUEUED, 1),
    ],
)
def test_a_rule_decides_a_conflict_of_statuses(
    session: Session,
    account: ChannelAccount,
    wanted: Rule,
    status: S,
    sync: SyncStatus,
    travelling: int,
) -> None:
    rule(session, account, Field.STATUS, wanted)

    order = conflict(session, account)

    assert (order.status, order.sync_status) == (status, sync)
    assert len(open_intents(session)) == travelling
    assert rollups.differences(session) == ([], [])
    settled = session.exec(
        select(OrderEvent.actor_label).where(col(OrderEvent.kind).like("order:settled:%"))
    ).all()
    assert settled == ([] if wanted is Rule.ASK else ["Rule of the account"])
    assert audit.verify(session) is None
    assert ("order:settled:ours" in [*session.exec(select(AuditEntry.action))]) == bool(travelling)


def test_the_later_word_is_the_channel_s_if_it_spoke_after_the_person(
    session: Session, account: ChannelAccount
) -> None:
    rule(session, account, Field.STATUS, Rule.LATER)
    order = say(session, account, 0)
    orders.change_status(session, PERSON, order.id, S.SHIPPED, carrier="X", tracking_number="1")
    session.commit()
    later = (now() + timedelta(minutes=1) - at(0)).total_seconds() / 60

    order = say(session, account, later, status=S.CANCELLED, channel_status="cancelled")

    assert (order.status, order.sync_status) == (S.CANCELLED, SyncStatus.IN_SYNC)


def test_a_rule_gives_up_on_a_shop_that_takes_every_change_back(
    session: Session, account: ChannelAccount
) -> None:
    rule(session, account, Field.STATUS, Rule.OURS)
    order = conflict(session, account)
    for step in range(1, 8):
        word = (S.FAILED, S.CANCELLED)[step % 2]
        order = say(session, account, 5 + step, status=word, channel_status=f"{word}{step}")

    decided = session.exec(select(OrderEvent).where(OrderEvent.kind == "order:settled:ours")).all()
    assert len(decided) == 3
    assert order.sync_status is SyncStatus.CONFLICT


def pack(session: Session, order: Order) -> None:
    orders.change_status(session, PERSON, order.id, S.PACKED)
    session.commit()


@pytest.mark.parametrize(
    ("wanted", "city", "disputes_open"),
    [
        (Rule.CHANNELS, "Pune", 0),
        (Rule.OURS, "Mumbai", 0),
        (Rule.ASK, "Mumbai", 1),
        (Rule.LATER, "Pune", 0),  # nobody here said another one after it
    ],
)
def test_an_address_that_changes_after_packing_follows_the_rule(
    session: Session, account: ChannelAccount, wanted: Rule, city: str, disputes_open: int
) -> None:
    rule(session, account, Field.ADDRESS, wanted)
    pack(session, say(session, account, 0))

    order = say(session, account, 5, address=AWAY)

    assert (order.city, order.ship_to["city"]) == (city, city)
    assert len(disputes.open_disputes(session, order.id)) == disputes_open


def test_before_packing_the_channel_s_address_is_simply_taken(
    session: Session, account: ChannelAccount
) -> None:
    rule(session, account, Field.ADDRESS, Rule.ASK)
    say(session, account, 0)

    assert say(session, account, 5, address=AWAY).city == "Pune"


def test_an_address_that_is_withheld_is_no_other_address(
    session: Session, account: ChannelAccount
) -> None:
    rule(session, account, Field.ADDRESS, Rule.ASK)
    pack(session, say(session, account, 0))

    order = say(session, account, 5, address=ChannelAddress(city="Mumbai"))

    assert disputes.open_disputes(session, order.id) == []


@pytest.mark.parametrize("keep", list(Keep))
def test_a_decision_of_a_person_is_not_taken_back_by_the_same_word(
    session: Session, account: ChannelAccount, admin: Actor, reader: Actor, keep: Keep
) -> None:
    rule(session, account, Field.ADDRESS, Rule.ASK)
    pack(session, say(session, account, 0))
    order = say(session, account, 5, address=AWAY)
    (row,) = listing.list_exceptions(session, admin, ExceptionQuery()).rows
    of_admin = detail.get_exception(session, admin, row.key)
    of_reader = detail.get_exception(session, reader, row.key)
    deeds.keep(session, admin, row.key, keep)
    session.commit()
    city = "Mumbai" if keep is Keep.OURS else "Pune"

    seen = [say(session, account, 6 + n, address=AWAY, note=f"{n}").city for n in range(3)]

    assert of_admin.ours is not None
    assert of_admin.theirs is not None
    assert of_admin.ours.raw == "Meera Iyer, 14 Hill Road, Mumbai, 400050"
    assert (of_admin.theirs.raw, of_admin.theirs.at) == (
        "Meera Iyer, 2 Lake View, Pune, 411001",
        at(5),
    )
    assert "Lake" not in repr(of_reader)
    assert seen == [city] * 3
    assert listing.list_exceptions(session, admin, ExceptionQuery()).rows == ()
    said = session.exec(
        select(OrderEvent.data).where(col(OrderEvent.kind).like("order:field:%"))
    ).one()
    assert "Lake" not in str(said)
    with pytest.raises(ConflictError):
        disputes.decide(session, admin, order.id, Field.ADDRESS, keep)


def test_a_third_address_is_asked_about_anew(session: Session, account: ChannelAccount) -> None:
    rule(session, account, Field.ADDRESS, Rule.ASK)
    pack(session, say(session, account, 0))
    order = say(session, account, 5, address=AWAY)
    disputes.decide(session, PERSON, order.id, Field.ADDRESS, Keep.OURS)
    session.commit()

    say(session, account, 6, address=dataclasses.replace(AWAY, city="Nashik"))

    (row,) = disputes.open_disputes(session, order.id)
    assert row.theirs["city"] == "Nashik"


def test_both_saying_the_same_again_ends_it_by_itself(
    session: Session, account: ChannelAccount
) -> None:
    rule(session, account, Field.ADDRESS, Rule.ASK)
    pack(session, say(session, account, 0))
    say(session, account, 5, address=AWAY)

    say(session, account, 6, note="back again")

    assert session.exec(select(FieldDispute)).all() == []


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (Rule.CHANNELS, "CH2"),
        (Rule.OURS, "OUR1"),
        (Rule.ASK, "OUR1"),
        # The channel's versions are of two days ago, the click is of now.
        (Rule.LATER, "OUR1"),
    ],
)
def test_a_parcel_that_a_person_named_follows_the_rule(
    session: Session, account: ChannelAccount, wanted: Rule, number: str
) -> None:
    rule(session, account, Field.PARCEL, wanted)
    order = say(session, account, 0)
    orders.change_status(
        session, PERSON, order.id, S.SHIPPED, carrier="Ours", tracking_number="OUR1"
    )
    session.commit()
    shipped = {"status": S.SHIPPED, "channel_status": "completed"}
    travelling = say(session, account, 5, carrier="Ch", tracking_number="CH1").tracking_number
    say(session, account, 6, **shipped, carrier="Ours", tracking_number="OUR1")

    order = say(session, account, 7, **shipped, carrier="Ch", tracking_number="CH2")

    again = say(session, account, 8, **shipped, carrier="Ch", tracking_number="CH2", note="x")
    assert travelling == "OUR1"
    assert order.tracking_number == number
    assert again.tracking_number == number
    is_asked = wanted is Rule.ASK
    assert [one.field for one in disputes.open_disputes(session, order.id)] == (
        [Field.PARCEL] if is_asked else []
    )
    if is_asked:
        disputes.decide(session, PERSON, order.id, Field.PARCEL, Keep.CHANNELS)
        assert (order.carrier, order.tracking_number) == ("Ch", "CH2")


def test_the_later_parcel_is_the_channels_where_it_was_named_after_ours(
    session: Session, account: ChannelAccount
) -> None:
    rule(session, account, Field.PARCEL, Rule.LATER)
    order = say(session, account, 0)
    orders.change_status(
        session, PERSON, order.id, S.SHIPPED, carrier="Ours", tracking_number="OUR1"
    )
    session.commit()
    shipped = {"status": S.SHIPPED, "channel_status": "completed"}
    say(session, account, 6, **shipped, carrier="Ours", tracking_number="OUR1")
    as_owner(session)
    session.execute(update(OrderEvent).values(at=at(6)))
    session.commit()

    order = say(session, account, 7, **shipped, carrier="Ch", tracking_number="CH2")

    assert order.tracking_number == "CH2"
    assert disputes.open_disputes(session, order.id) == []


def test_a_parcel_that_travels_to_the_channel_is_not_overwritten_by_an_older_one(
    session: Session, account: ChannelAccount
) -> None:
    order = say(session, account, 0, carrier="Old", tracking_number="OLD")
    orders.change_status(session, PERSON, order.id, S.SHIPPED, carrier="New", tracking_number="N1")
    session.commit()

    order = say(session, account, 5, carrier="Old", tracking_number="OLD", note="edited")

    assert (order.carrier, order.tracking_number) == ("New", "N1")


def test_the_channel_corrects_its_own_parcel_whatever_the_rule(
    session: Session, account: ChannelAccount
) -> None:
    rule(session, account, Field.PARCEL, Rule.OURS)
    shipped = {"status": S.SHIPPED, "channel_status": "completed"}
    say(session, account, 0, **shipped, tracking_number="CH1")

    assert say(session, account, 5, **shipped, tracking_number="CH2").tracking_number == "CH2"


def test_only_admins_set_rules_and_each_field_knows_all_of_them(
    session: Session, account: ChannelAccount, admin: Actor, asha: Actor
) -> None:
    with pytest.raises(PermissionDeniedError):
        field_rules.set_rule(session, asha, account.id, Field.STATUS, Rule.OURS)
    assert field_rules.rules_of(session, account.id) == {
        field: rules[0] for field, rules in CHOICES.items()
    }

    for field in Field:
        assert set(CHOICES[field]) == set(Rule)
        field_rules.set_rule(session, admin, account.id, field, Rule.LATER)
    assert set(field_rules.rules_of(session, account.id).values()) == {Rule.LATER}


# ---- nothing flickers back ----

_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["told", "pack", "decide"]), st.integers(0, 2), st.sampled_from(Keep)
    ),
    min_size=3,
    max_size=9,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_STEPS, wanted=st.sampled_from(CHOICES[Field.ADDRESS]))
def test_after_a_decision_the_same_word_never_brings_another_address(
    database: str, steps: list[tuple[str, int, Keep]], wanted: Rule
) -> None:
    del database
    cities = ("Mumbai", "Pune", "Nashik")
    with Session(db.get_engine(), expire_on_commit=False) as session:
        as_owner(session)
        session.execute(text("TRUNCATE channel_accounts, audit_entries CASCADE"))
        bind(session)
        account = AccountFactory(channel=Channel.WOOCOMMERCE)
        rule(session, account, Field.ADDRESS, wanted)
        order, minute, last = say(session, account, 0), 0, 0
        for what, city, keep in steps:
            minute += 1
            if what == "told":
                last = city
                address = dataclasses.replace(HOME, city=cities[city])
                say(session, account, minute, address=address)
            elif what == "pack" and order.status is S.CONFIRMED:
                pack(session, order)
            elif what == "decide" and disputes.open_disputes(session, order.id):
                disputes.decide(session, PERSON, order.id, Field.ADDRESS, keep)
                session.commit()
            session.refresh(order)
            settled = order.city
            is_open = bool(disputes.open_disputes(session, order.id))
            # The channel says its word again, in a newer version of the order.
            minute += 1
            again = say(
                session,
                account,
                minute,
                address=dataclasses.replace(HOME, city=cities[last]),
                note=f"edit {minute}",
            )

            assert again.city == settled
            assert again.ship_to["city"] == settled
            assert bool(disputes.open_disputes(session, order.id)) == is_open
            if what == "decide":
                assert not is_open


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ours=st.sampled_from((S.SHIPPED, S.CANCELLED)),
    heard=st.sampled_from((S.PENDING, S.SHIPPED, S.CANCELLED, S.RETURNED, S.FAILED)),
    decision=st.sampled_from((Keep.OURS, Keep.CHANNELS, Rule.OURS, Rule.CHANNELS, Rule.LATER)),
)
def test_after_a_decision_the_same_word_never_brings_another_status(
    database: str, ours: S, heard: S, decision: Keep | Rule
) -> None:
    del database
    with Session(db.get_engine(), expire_on_commit=False) as session:
        as_owner(session)
        session.execute(text("TRUNCATE channel_accounts, audit_entries CASCADE"))
        bind(session)
        account = AccountFactory(channel=Channel.WOOCOMMERCE)
        if isinstance(decision, Rule):
            rule(session, account, Field.STATUS, decision)
        order = say(session, account, 0)
        orders.change_status(session, PERSON, order.id, ours, carrier="X", tracking_number="1")
        session.commit()
        order = say(session, account, 1, status=heard, channel_status=heard.value)
        if isinstance(decision, Keep) and order.sync_status is SyncStatus.CONFLICT:
            orders.settle(session, PERSON, order.id, decision)
            session.commit()
            session.refresh(order)
        settled = (order.status, order.sync_status)

        again = [
            say(session, account, 2 + n, status=heard, channel_status=heard.value, note=f"{n}")
            for n in range(2)
        ]

        assert [(one.status, one.sync_status) for one in again] == [settled] * 2
        assert SyncStatus.CONFLICT not in settled
        assert rollups.differences(session) == ([], [])


def test_a_channel_that_shipped_it_first_names_the_parcel(
    session: Session, account: ChannelAccount
) -> None:
    order = say(session, account, 0)
    orders.change_status(
        session, PERSON, order.id, S.SHIPPED, carrier="Ours", tracking_number="OUR1"
    )
    session.commit()

    shipped = say(
        session,
        account,
        5,
        status=S.SHIPPED,
        channel_status="completed",
        carrier="Ch",
        tracking_number="CH1",
    )

    assert (shipped.status, shipped.sync_status) == (S.SHIPPED, SyncStatus.IN_SYNC)
    assert (shipped.carrier, shipped.tracking_number) == ("Ch", "CH1")
    intent = session.exec(select(StatusIntent)).one()
    assert (intent.state, intent.sent_at) == (IntentState.SUPERSEDED, None)
    assert intent.reason == (
        "The channel was first: nothing of ours was sent. It says 'completed', parcel CH1."
    )
