"""When our word and the channel's disagree, a person decides once, and it is written down."""

import pytest
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.errors import ConflictError, InvalidTransitionError, PermissionDeniedError
from crm_app.models import AuditEntry, FieldDispute, Order, OrderEvent, StatusIntent
from crm_app.services import orders, rollups
from crm_app.services.importing import save_orders
from crm_app.services.orders import Keep
from tests.factories import AccountFactory
from tests.services.fakes import at, told

S = OrderStatus


def disputed_with(session: Session, asha: Actor, **word: str) -> Order:
    """We shipped it; before the channel heard of it, the buyer cancelled there."""
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    save_orders(session, account, [told()])
    session.commit()
    order = session.exec(select(Order)).one()
    with db.transaction() as other:
        orders.change_status(other, asha, order.id, S.SHIPPED, carrier="DTDC", tracking_number="D1")
    session.expire_all()
    cancelled = told(updated_at=at(1), status=S.CANCELLED, channel_status="cancelled", **word)
    save_orders(session, account, [cancelled])
    session.commit()
    return order


@pytest.fixture
def disputed(session: Session, asha: Actor) -> Order:
    return disputed_with(session, asha)


def settle(actor: Actor, order: Order, keep: Keep) -> None:
    with db.transaction() as session:
        orders.settle(session, actor, order.id, keep)


def test_a_disagreement_waits_for_a_person(session: Session, disputed: Order) -> None:
    session.expire_all()
    intent = session.exec(select(StatusIntent)).one()
    kinds = session.exec(select(OrderEvent.kind).order_by("id")).all()

    assert (disputed.status, disputed.sync_status) == (S.SHIPPED, SyncStatus.CONFLICT)
    assert disputed.status_on_channel is S.CANCELLED
    assert (intent.state, intent.reason) == (
        IntentState.NEEDS_PERSON,
        "The channel says 'cancelled' now.",
    )
    assert list(kinds)[-2:] == ["order:updated", "intent:needs_person"]


def test_nothing_else_may_happen_before_the_decision(
    session: Session, asha: Actor, disputed: Order
) -> None:
    with pytest.raises(InvalidTransitionError, match="Decide first"), db.transaction() as other:
        orders.change_status(other, asha, disputed.id, S.DELIVERED)

    session.expire_all()
    assert disputed.status is S.SHIPPED


def test_taking_the_channel_s_word(session: Session, asha: Actor, disputed: Order) -> None:
    settle(asha, disputed, Keep.CHANNELS)

    session.expire_all()
    event = session.exec(select(OrderEvent).order_by(col(OrderEvent.id).desc())).first()
    entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert (disputed.status, disputed.sync_status) == (S.CANCELLED, SyncStatus.IN_SYNC)
    assert event is not None
    assert (event.kind, event.actor_id) == ("order:settled:channels", asha.user_id)
    assert event.data == {"status": ["shipped", "cancelled"]}
    assert entry is not None
    assert (entry.before, entry.after) == ({"status": "shipped"}, {"status": "cancelled"})
    assert rollups.differences(session) == ([], [])


def test_keeping_ours_sends_it_again_with_the_same_parcel(
    session: Session, asha: Actor, disputed: Order
) -> None:
    settle(asha, disputed, Keep.OURS)

    session.expire_all()
    first, second = session.exec(select(StatusIntent).order_by("id")).all()
    assert first.state is IntentState.NEEDS_PERSON
    assert (second.state, second.from_status, second.to_status) == (
        IntentState.QUEUED,
        S.CANCELLED,
        S.SHIPPED,
    )
    assert (second.carrier, second.tracking_number) == ("DTDC", "D1")
    assert (disputed.status, disputed.sync_status) == (S.SHIPPED, SyncStatus.QUEUED)


@pytest.mark.parametrize(
    ("keep", "parcel"), [(Keep.CHANNELS, ("Ch", "CH1")), (Keep.OURS, ("DTDC", "D1"))]
)
def test_the_parcel_follows_the_status(
    session: Session, asha: Actor, keep: Keep, parcel: tuple[str, str]
) -> None:
    # It never heard of ours, and cancels with the parcel of before in its notes.
    order = disputed_with(session, asha, carrier="Ch", tracking_number="CH1")
    session.expire_all()
    before = (order.carrier, order.tracking_number)
    beside = session.exec(select(FieldDispute.theirs)).all()

    settle(asha, order, keep)

    session.expire_all()
    assert before == ("DTDC", "D1")
    assert beside == [{"carrier": "Ch", "tracking_number": "CH1"}]
    assert (order.carrier, order.tracking_number) == parcel
    assert not any(one.decided_at is None for one in session.exec(select(FieldDispute)))


def test_a_decision_is_made_once(session: Session, asha: Actor, disputed: Order) -> None:
    settle(asha, disputed, Keep.OURS)

    for keep in Keep:
        with pytest.raises(ConflictError, match="Nothing is left to decide"):
            settle(asha, disputed, keep)

    assert len(session.exec(select(StatusIntent)).all()) == 2


def test_a_reader_decides_nothing(session: Session, reader: Actor, disputed: Order) -> None:
    with pytest.raises(PermissionDeniedError):
        settle(reader, disputed, Keep.CHANNELS)

    session.expire_all()
    assert disputed.sync_status is SyncStatus.CONFLICT


def test_a_word_that_nobody_mapped_cannot_be_taken(
    session: Session, asha: Actor, disputed: Order
) -> None:
    disputed.status_on_channel = None
    session.commit()

    with pytest.raises(ConflictError, match="'cancelled' is not mapped"):
        settle(asha, disputed, Keep.CHANNELS)

    session.expire_all()
    assert (disputed.status, disputed.sync_status) == (S.SHIPPED, SyncStatus.CONFLICT)


def test_sending_again_says_what_the_channel_can_hear_though_we_went_further(
    session: Session, asha: Actor, disputed: Order
) -> None:
    disputed.sync_status = SyncStatus.REJECTED
    session.commit()
    with db.transaction() as other:
        orders.change_status(other, asha, disputed.id, S.OUT_FOR_DELIVERY)
    session.expire_all()
    kept = disputed.sync_status

    settle(asha, disputed, Keep.OURS)

    session.expire_all()
    last = session.exec(select(StatusIntent).order_by(col(StatusIntent.id).desc())).first()
    assert kept is SyncStatus.REJECTED  # a local step does not hide the refusal
    assert last is not None
    assert last.to_status is S.SHIPPED
    assert disputed.status is S.OUT_FOR_DELIVERY
