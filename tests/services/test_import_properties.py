"""Whatever arrives twice, late or out of order: one order each, its newest version, exact sums."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from crm_app import db
from crm_app.channels.base import ChannelOrder
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError
from crm_app.models import ChannelAccount, Order, OrderEvent
from crm_app.services import orders, rollups
from crm_app.services.importing import save_orders
from tests.conftest import as_owner
from tests.factories import AccountFactory, bind
from tests.services.fakes import LONG_AGO, at, told

few = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PERSON = Actor(
    ActorKind.PERSON, "Asha", 1, frozenset({Permission.CHANGE_STATUS, Permission.CANCEL_ORDERS})
)


def fresh_account(session: Session) -> ChannelAccount:
    """An account in a database that the former example left behind."""
    as_owner(session)
    session.execute(text("TRUNCATE channel_accounts, customers, audit_entries CASCADE"))
    bind(session)
    return AccountFactory()


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[ChannelOrder]]:
    """Pages with versions of three orders: each at least once, repeated and shuffled."""
    versions = [
        told(str(key), updated_at=at(minute), total_minor=key * 100 + minute)
        for key in range(3)
        for minute in range(1, 5)
    ]
    repeats = draw(st.lists(st.sampled_from(versions), max_size=12))
    sequence = draw(st.permutations([*versions, *repeats]))
    pages: list[list[ChannelOrder]] = []
    while sequence:
        size = draw(st.integers(1, 8))
        pages.append(list(sequence[:size]))
        sequence = sequence[size:]
    return pages


@few
@given(deliveries())
def test_any_order_of_arrival_ends_in_the_newest_versions(
    database: str, pages: list[list[ChannelOrder]]
) -> None:
    del database
    with db.transaction() as session:
        account = fresh_account(session)
    for page in pages:
        with db.transaction() as session:
            save_orders(session, account, page)

    with db.transaction() as session:
        rows = session.exec(
            select(Order.external_id, Order.total_minor).order_by("external_id")
        ).all()
        assert list(rows) == [("0", 4), ("1", 104), ("2", 204)]
        assert rollups.differences(session) == ([], [])


@st.composite
def histories(draw: st.DrawFn) -> list[ChannelOrder | tuple[str, OrderStatus]]:
    """What channel and people do, in any order."""
    keys = st.sampled_from(["1", "2", "3"])
    version = st.builds(
        lambda key, minute, status, currency, total, day: told(
            key,
            updated_at=at(minute),
            placed_at=LONG_AGO - timedelta(days=day),
            status=status,
            currency=currency if total is not None else None,
            total_minor=total,
        ),
        keys,
        st.integers(0, 30),
        st.sampled_from([*OrderStatus, None]),
        st.sampled_from(["INR", "USD"]),
        st.sampled_from([None, 0, 1_000, 149_900]),
        st.integers(0, 1),
    )
    deed = st.tuples(keys, st.sampled_from(OrderStatus))
    return draw(st.lists(st.one_of(version, deed), min_size=5, max_size=25))


@few
@given(histories())
def test_sums_equal_a_recount_and_every_change_of_status_has_its_event(
    database: str, history: list[ChannelOrder | tuple[str, OrderStatus]]
) -> None:
    del database
    with db.transaction() as session:
        account = fresh_account(session)
    for step in history:
        try:
            with db.transaction() as session:
                if isinstance(step, ChannelOrder):
                    save_orders(session, account, [replace(step, raw={"told": repr(step)})])
                else:
                    _change(session, *step)
        except CrmError:
            continue

    with db.transaction() as session:
        assert rollups.differences(session) == ([], [])
        for order in session.exec(select(Order)):
            assert _told_by_events(session, order) == order.status


def _change(session: Session, external_id: str, status: OrderStatus) -> None:
    order_id = session.exec(select(Order.id).where(Order.external_id == external_id)).first()
    if order_id is not None:
        orders.change_status(
            session, PERSON, order_id, status, carrier="BlueDart", tracking_number="BD1"
        )


def _told_by_events(session: Session, order: Order) -> OrderStatus:
    """Replay the history: each change begins where the one before ended."""
    status: str | None = None
    events = session.exec(select(OrderEvent).where(OrderEvent.order_id == order.id).order_by("id"))
    for event in events:
        assert event.actor_label
        if "status" in event.data and isinstance(event.data["status"], list):
            before, status = event.data["status"]
            assert event.kind == "order:imported" or before is not None
    assert status is not None
    return OrderStatus(status)
