"""A person changes a status: everything in one transaction, or nothing."""

import dataclasses
import threading
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func
from sqlmodel import Session, select

from crm_app import db, queue
from crm_app.config import get_settings
from crm_app.domain.actor import SYSTEM, Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.errors import (
    ConflictError,
    CrmError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.models import AuditEntry, Order, OrderEvent, OrderRollup, StatusIntent
from crm_app.services import orders, rollups
from crm_app.services.importing import save_orders
from tests.factories import AccountFactory, OrderFactory, bind
from tests.services.fakes import told

S = OrderStatus
PARCEL: dict[str, Any] = {"carrier": "BlueDart", "tracking_number": "BD123"}


@pytest.fixture
def order(session: Session) -> Order:
    """A confirmed Amazon order that came in through an import, so that the sums know it."""
    save_orders(session, AccountFactory(), [told()])
    session.commit()
    return session.exec(select(Order)).one()


@pytest.fixture
def woo(session: Session) -> Order:
    made = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE), status=S.PENDING)
    session.commit()
    return made


def written(session: Session) -> tuple[int, int, int]:
    """Deeds in the history by people, audit entries, intents."""
    session.expire_all()
    deeds = session.exec(
        select(func.count())
        .select_from(OrderEvent)
        .where(OrderEvent.actor_kind == ActorKind.PERSON)
    ).one()
    audits = session.exec(select(func.count()).select_from(AuditEntry)).one()
    return deeds, audits, session.exec(select(func.count()).select_from(StatusIntent)).one()


def change(actor: Actor, order: Order, new: OrderStatus, **more: Any) -> None:
    with db.transaction() as session:
        orders.change_status(session, actor, order.id, new, **more)


def test_shipping_writes_order_event_audit_intent_sums_and_a_hint(
    session: Session, asha: Actor, order: Order
) -> None:
    change(
        asha, order, S.SHIPPED, carrier=" BlueDart ", tracking_number="BD123", expected_version=1
    )

    session.expire_all()
    after = session.exec(select(Order)).one()
    event = session.exec(select(OrderEvent).where(OrderEvent.kind == "order:status:changed")).one()
    entry = session.exec(select(AuditEntry)).one()
    intent = session.exec(select(StatusIntent)).one()
    assert (after.status, after.sync_status, after.version) == (S.SHIPPED, SyncStatus.QUEUED, 2)
    assert (after.carrier, after.tracking_number) == ("BlueDart", "BD123")
    assert after.shipped_at is not None
    assert (event.actor_id, event.actor_label) == (asha.user_id, "Support person")
    assert event.data == {"status": ["confirmed", "shipped"], "tracking_number": [None, "BD123"]}
    assert (entry.action, entry.subject_type, entry.subject_id, entry.actor_id) == (
        "order:status:changed",
        "order",
        str(order.id),
        asha.user_id,
    )
    assert (entry.before, entry.after) == ({"status": "confirmed"}, {"status": "shipped"})
    assert (intent.state, intent.from_status, intent.to_status) == (
        IntentState.QUEUED,
        S.CONFIRMED,
        S.SHIPPED,
    )
    assert (intent.carrier, intent.tracking_number, intent.actor_id) == (
        "BlueDart",
        "BD123",
        asha.user_id,
    )
    assert rollups.differences(session) == ([], [])
    assert hints() == [f"crm_app.jobs.push.push_account({order.account_id})"]


def hints() -> list[str]:
    redis: Redis = queue.connection()
    keys: Any = redis.keys("rq:job:*")
    words: list[Any] = [redis.hget(key, "description") for key in keys]
    return [word.decode() for word in words]


def test_a_step_of_our_own_desk_tells_the_channel_nothing(
    session: Session, asha: Actor, order: Order
) -> None:
    change(asha, order, S.PACKED)

    assert written(session) == (1, 1, 0)
    after = session.exec(select(Order)).one()
    assert (after.status, after.sync_status) == (S.PACKED, SyncStatus.IN_SYNC)
    assert hints() == []


@pytest.mark.parametrize(
    ("new", "more", "error"),
    [
        (S.DELIVERED, {}, InvalidTransitionError),  # not by our rules
        (S.CANCELLED, {}, InvalidTransitionError),  # not by Amazon's
        (S.SHIPPED, {}, InvalidInputError),
        (S.SHIPPED, {"carrier": "BlueDart"}, InvalidInputError),
        (S.SHIPPED, {"carrier": "  ", "tracking_number": "1"}, InvalidInputError),
        (S.SHIPPED, PARCEL | {"carrier": "x" * 81}, InvalidInputError),
        (S.SHIPPED, PARCEL | {"tracking_number": "x" * 121}, InvalidInputError),
        (S.SHIPPED, PARCEL | {"tracking_number": "a\x00b"}, InvalidInputError),
        (S.SHIPPED, PARCEL | {"expected_version": 7}, ConflictError),
    ],
)
def test_a_change_that_is_not_allowed_writes_nothing(
    session: Session,
    asha: Actor,
    order: Order,
    new: OrderStatus,
    more: dict[str, Any],
    error: type[CrmError],
) -> None:
    with pytest.raises(error):
        change(asha, order, new, **more)

    assert written(session) == (0, 0, 0)
    after = session.exec(select(Order)).one()
    assert (after.status, after.version) == (S.CONFIRMED, 1)
    assert hints() == []


def test_people_without_the_permission_change_nothing(
    session: Session, reader: Actor, order: Order
) -> None:
    for actor in (reader, SYSTEM, dataclasses.replace(reader, permissions=frozenset())):
        with pytest.raises(PermissionDeniedError):
            change(actor, order, S.PACKED)

    assert written(session) == (0, 0, 0)
    assert session.exec(select(Order.status)).one() is S.CONFIRMED


def test_an_unknown_order_is_named(asha: Actor, order: Order) -> None:
    with pytest.raises(NotFoundError, match="There is no order 999"), db.transaction() as session:
        orders.change_status(session, asha, 999, S.PACKED)


def test_the_mistakes_name_their_fields(asha: Actor, order: Order) -> None:
    with pytest.raises(InvalidInputError) as caught:
        change(asha, order, S.SHIPPED)

    assert caught.value.details == {
        "carrier": "The channel needs to know the carrier.",
        "tracking_number": "The channel needs a tracking number.",
    }


def test_a_stale_view_is_told_what_the_order_is_now(
    session: Session, asha: Actor, order: Order
) -> None:
    change(asha, order, S.PACKED)

    with pytest.raises(ConflictError) as caught:
        change(asha, order, S.READY_TO_SHIP, expected_version=1)

    details = caught.value.details
    assert (details["version"], details["status"]) == (2, "packed")
    assert written(session) == (1, 1, 0)


def test_the_status_that_it_has_already_changes_nothing(
    session: Session, asha: Actor, order: Order
) -> None:
    change(asha, order, S.CONFIRMED)

    assert written(session) == (0, 0, 0)


def test_what_the_channel_ships_itself_is_not_ours_to_change(session: Session, asha: Actor) -> None:
    mine = OrderFactory(fulfilled_by_channel=True)
    session.commit()

    with pytest.raises(InvalidTransitionError, match="Amazon packs and ships this order itself"):
        change(asha, mine, S.SHIPPED, **PARCEL)

    assert written(session) == (0, 0, 0)


def test_a_fault_after_everything_was_written_leaves_nothing(
    session: Session, asha: Actor, order: Order
) -> None:
    def fail() -> None:
        with db.transaction() as other:
            orders.change_status(other, asha, order.id, S.SHIPPED, **PARCEL)
            other.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert written(session) == (0, 0, 0)
    assert session.exec(select(Order.status)).one() is S.CONFIRMED
    assert session.exec(select(OrderRollup.status)).one() is S.CONFIRMED
    assert hints() == []


def test_redis_away_does_not_harm_a_change(
    session: Session, asha: Actor, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_REDIS_URL", "redis://127.0.0.1:1/0")
    get_settings.cache_clear()
    queue.forget_connections()
    try:
        change(asha, order, S.SHIPPED, **PARCEL)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
        queue.forget_connections()

    assert written(session) == (1, 1, 1)


def test_a_newer_word_for_the_channel_takes_the_place_of_one_not_sent_yet(
    session: Session, asha: Actor, woo: Order
) -> None:
    change(asha, woo, S.CONFIRMED)

    change(asha, woo, S.CANCELLED)

    session.expire_all()
    intents = session.exec(select(StatusIntent).order_by("id")).all()
    assert [(intent.to_status, intent.state) for intent in intents] == [
        (S.CONFIRMED, IntentState.SUPERSEDED),
        (S.CANCELLED, IntentState.QUEUED),
    ]
    assert intents[0].settled_at is not None
    assert session.exec(select(Order.sync_status)).one() is SyncStatus.QUEUED


def test_a_step_of_our_own_desk_does_not_swallow_what_the_channel_must_still_hear(
    session: Session, asha: Actor, woo: Order
) -> None:
    change(asha, woo, S.CONFIRMED)

    change(asha, woo, S.PACKED)

    session.expire_all()
    intent = session.exec(select(StatusIntent)).one()
    after = session.exec(select(Order)).one()
    assert (intent.to_status, intent.state) == (S.CONFIRMED, IntentState.QUEUED)
    assert (after.status, after.sync_status) == (S.PACKED, SyncStatus.QUEUED)


@pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.SENT])
def test_what_is_on_its_way_is_not_superseded(
    session: Session, asha: Actor, woo: Order, state: IntentState
) -> None:
    change(asha, woo, S.CONFIRMED)
    intent = session.exec(select(StatusIntent)).one()
    intent.state = state
    session.commit()

    change(asha, woo, S.CANCELLED)

    session.expire_all()
    states = session.exec(select(StatusIntent.state).order_by("id")).all()
    assert list(states) == [state, IntentState.QUEUED]


def test_two_people_at_once_one_wins_and_the_other_is_told(
    session: Session, asha: Actor, order: Order
) -> None:
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def run(new: OrderStatus) -> None:
        barrier.wait()
        try:
            change(asha, order, new, expected_version=1)
            outcomes.append("changed")
        except ConflictError:
            outcomes.append("told")

    threads = [threading.Thread(target=run, args=(new,)) for new in (S.PACKED, S.READY_TO_SHIP)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["changed", "told"]
    assert written(session) == (1, 1, 0)
    assert session.exec(select(Order.version)).one() == 2


def test_many_people_on_many_orders_neither_lock_each_other_nor_lose_a_sum(
    session: Session, asha: Actor
) -> None:
    save_orders(session, AccountFactory(), [told(str(n)) for n in range(12)])
    session.commit()
    ids = list(session.exec(select(Order.id)).all())

    def run(mine: list[int]) -> None:
        for order_id in mine:
            with db.transaction() as other:
                orders.change_status(other, asha, order_id, S.PACKED)

    threads = [threading.Thread(target=run, args=(ids[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert written(session) == (12, 12, 0)
    assert rollups.differences(session) == ([], [])


def test_the_choices_are_our_next_steps_with_the_channel_s_say(session: Session) -> None:
    bind(session)
    found = {choice.status: choice for choice in orders.choices(OrderFactory())}

    assert list(found) == [S.PACKED, S.READY_TO_SHIP, S.SHIPPED, S.CANCELLED]
    assert (found[S.SHIPPED].is_pushed, found[S.SHIPPED].needs_tracking) == (True, True)
    assert (found[S.PACKED].is_pushed, found[S.PACKED].why_not) == (False, "")
    assert found[S.CANCELLED].why_not.startswith("Amazon takes no cancellation")
