"""Every status change is counted, whatever happens to it, and the sum balances."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update
from sqlmodel import Session, col, func, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError, PermissionDeniedError
from crm_app.models import IntentCount, IntentMove, Order, StatusIntent
from crm_app.models.outbox import business_today
from crm_app.services import ledger, ledger_counts
from crm_app.services.ledger_query import LedgerQuery, Place
from tests.factories import AccountFactory, OrderFactory

TODAY = business_today()
READER = Actor(ActorKind.PERSON, "Asha", 7, frozenset({Permission.VIEW_ORDERS}))


def write(session: Session, order: Order, state: IntentState, *, days_ago: int = 0) -> StatusIntent:
    intent = StatusIntent(
        order_id=order.id,
        account_id=order.account_id,
        state=state,
        from_status=OrderStatus.CONFIRMED,
        to_status=OrderStatus.SHIPPED,
        happened_at=now(),
        order_version=1,
        actor_label="Asha",
        next_try_at=now(),
        made_on=TODAY - timedelta(days=days_ago),
    )
    session.add(intent)
    session.flush()
    return intent


def counted(session: Session, query: LedgerQuery | None = None) -> dict[str, int]:
    proof = ledger.prove(session, READER, query or LedgerQuery())
    assert proof.is_balanced
    return {"written": proof.written} | {
        state.value: count for state, count in proof.states.items() if count
    }


def test_a_change_is_counted_in_one_state_from_its_first_moment(session: Session) -> None:
    intent = write(session, OrderFactory(), IntentState.QUEUED)
    assert counted(session) == {"written": 1, "queued": 1}

    intent.state = IntentState.SENDING
    session.flush()
    assert counted(session) == {"written": 1, "sending": 1}

    session.execute(update(StatusIntent).values(state=IntentState.CONFIRMED))
    assert counted(session) == {"written": 1, "confirmed": 1}

    session.execute(delete(StatusIntent))
    assert counted(session) == {"written": 0}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.sampled_from(IntentState), st.integers(0, 2)),
            st.tuples(st.just("move"), st.sampled_from(IntentState), st.integers(0, 9)),
            st.tuples(st.just("gone"), st.none(), st.integers(0, 9)),
            st.tuples(st.just("fold"), st.none(), st.just(0)),
        ),
        max_size=20,
    )
)
def test_counts_equal_a_recount_whatever_happens(
    session: Session, steps: list[tuple[str, IntentState | None, int]]
) -> None:
    before = session.begin_nested()
    order = OrderFactory()
    for act, state, number in steps:
        intents = session.exec(select(StatusIntent).order_by(col(StatusIntent.id))).all()
        if act == "write" and state is not None:
            write(session, order, state, days_ago=number)
        elif act == "fold":
            ledger_counts.fold(session)
        elif intents:
            chosen = intents[number % len(intents)]
            if state is None:
                session.delete(chosen)
            else:
                chosen.state = state
            session.flush()
    states = session.exec(select(StatusIntent.state)).all()
    # The recount holds the order against its changes, too.
    order.sync_status = SyncStatus.QUEUED if set(OPEN) & set(states) else SyncStatus.IN_SYNC
    session.flush()
    check = ledger_counts.check(session)

    assert check.differences == []
    assert check.intents == len(states)
    expected = {"written": len(states)} | {str(state): n for state, n in Counter(states).items()}
    assert counted(session) == expected
    before.rollback()


def test_adding_up_changes_no_count_and_leaves_no_move(session: Session) -> None:
    order = OrderFactory()
    for state in (IntentState.QUEUED, IntentState.REJECTED, IntentState.QUEUED):
        write(session, order, state)
    before = counted(session)

    folded = ledger_counts.fold(session)
    write(session, order, IntentState.SENT)
    again = ledger_counts.fold(session)

    assert (folded, again) == (6, 2)
    assert session.exec(select(func.count()).select_from(IntentMove)).one() == 0
    assert counted(session) == before | {"written": 4, "sent": 1}


def test_a_lost_change_turns_the_proof_red(session: Session) -> None:
    order = OrderFactory()
    write(session, order, IntentState.CONFIRMED)
    write(session, order, IntentState.QUEUED)
    ledger_counts.fold(session)
    # Nothing of the product can do this: somebody at the database itself has to.
    session.execute(text("ALTER TABLE status_intents DISABLE TRIGGER ALL"))
    session.execute(delete(StatusIntent).where(col(StatusIntent.state) == IntentState.QUEUED))
    session.execute(text("ALTER TABLE status_intents ENABLE TRIGGER ALL"))
    assert ledger.prove(session, READER, LedgerQuery()).is_balanced  # not noticed yet

    check = ledger_counts.check(session)

    proof = ledger.prove(session, READER, LedgerQuery())
    assert check.difference_count == 2
    assert {one["state"]: (one["kept"], one["counted"]) for one in check.differences} == {
        "queued": (1, 0),
        "written": (2, 1),
    }
    assert (proof.is_balanced, proof.last_check_differences) == (False, 2)


def test_states_that_do_not_add_up_turn_it_red_at_once(session: Session) -> None:
    write(session, OrderFactory(), IntentState.QUEUED)
    ledger_counts.fold(session)
    session.execute(update(IntentCount).where(col(IntentCount.state) == "queued").values(intents=0))

    assert not ledger.prove(session, READER, LedgerQuery()).is_balanced


def test_a_proof_is_of_the_days_and_channels_asked_for(session: Session) -> None:
    amazon = OrderFactory(account=AccountFactory(channel=Channel.AMAZON))
    shop = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE))
    write(session, amazon, IntentState.QUEUED)
    write(session, amazon, IntentState.CONFIRMED, days_ago=3)
    ledger_counts.fold(session)
    write(session, shop, IntentState.CONFIRMED)

    today = LedgerQuery(first=TODAY, last=TODAY)
    of_amazon = LedgerQuery(channels=(Channel.AMAZON,))
    assert counted(session, today) == {"written": 2, "queued": 1, "confirmed": 1}
    assert counted(session, of_amazon) == {"written": 2, "queued": 1, "confirmed": 1}
    [account] = ledger.prove(session, READER, of_amazon).accounts
    assert (account.account_id, account.written) == (amazon.account_id, 2)
    assert counted(session, LedgerQuery(last=TODAY - timedelta(days=1))) == {
        "written": 1,
        "confirmed": 1,
    }


def ids(page: ledger.ChangePage) -> list[int]:
    return [change.id for change in page.changes]


def test_the_ledger_is_read_page_by_page_both_ways(session: Session) -> None:
    orders = [OrderFactory(account=AccountFactory()) for _ in range(2)]
    written = [
        write(session, orders[number % 2], list(IntentState)[number % 9]).id for number in range(11)
    ]
    query = LedgerQuery(limit=4)

    first = ledger.list_changes(session, READER, query)
    assert first.older
    second = ledger.list_changes(session, READER, first.older)
    assert second.older
    third = ledger.list_changes(session, READER, second.older)
    assert third.newer
    back = ledger.list_changes(session, READER, third.newer)

    assert ids(first) + ids(second) + ids(third) == written[::-1]
    assert ids(back) == ids(second)
    assert (first.newer, third.older) == (None, None)
    assert back.newer is not None
    assert ids(ledger.list_changes(session, READER, back.newer)) == ids(first)


def test_the_ledger_is_filtered_by_state_channel_and_day(session: Session) -> None:
    amazon = OrderFactory(account=AccountFactory(channel=Channel.AMAZON))
    shop = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE))
    old = write(session, amazon, IntentState.REJECTED, days_ago=5).id
    new = write(session, amazon, IntentState.REJECTED).id
    other = write(session, shop, IntentState.QUEUED).id

    def listed(**query: object) -> list[int]:
        return ids(ledger.list_changes(session, READER, LedgerQuery(**query)))  # pyright: ignore[reportArgumentType]

    assert listed(states=(IntentState.REJECTED,)) == [new, old]
    assert listed(channels=(Channel.WOOCOMMERCE,)) == [other]
    assert listed(first=TODAY) == [other, new]
    assert listed(last=TODAY - timedelta(days=1)) == [old]
    assert listed(states=(IntentState.UNDONE,)) == []


def test_addresses_come_and_go_unchanged() -> None:
    query = LedgerQuery(
        first=TODAY,
        last=TODAY,
        channels=(Channel.AMAZON, Channel.SHOPIFY),
        states=(IntentState.REJECTED,),
        before=Place(TODAY, 17),
        limit=20,
    )

    assert LedgerQuery.parse(query.params()) == query
    assert LedgerQuery.parse({}) == LedgerQuery()


@pytest.mark.parametrize(
    "params",
    [
        {"from": "yesterday"},
        {"from": "2026-11-20", "to": "2026-11-19"},
        {"state": "lost"},
        {"channel": "ebay"},
        {"cursor": "x1"},
        {"cursor": "b"},
        {"cursor": "b20261341-1"},
        {"cursor": "b20261120--1"},
        {"limit": "0"},
    ],
)
def test_an_address_that_means_nothing_is_refused(params: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        LedgerQuery.parse(params)


def test_only_who_may_see_orders_reads_it_and_only_admins_recount(database: str) -> None:
    del database
    nobody = Actor(ActorKind.PERSON, "Nobody", 8, frozenset())
    with db.transaction() as session:
        for read in (ledger.prove, ledger.list_changes):
            with pytest.raises(PermissionDeniedError):
                read(session, nobody, LedgerQuery())
        with pytest.raises(PermissionDeniedError):
            ledger_counts.check_by(session, READER)
