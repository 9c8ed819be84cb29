"""One click is taken back before its channel was told; afterwards it is too late, and says so."""

import pytest
from sqlmodel import func, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.errors import ConflictError, NotFoundError, OutcomeUnknownError, PermissionDeniedError
from crm_app.models import AuditEntry
from crm_app.services import intent_view, ledger_counts, pulling, rollups, withdrawing
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, Fault, told
from tests.services.outbox import PERSON, change, intents, kinds, order_of, push, states

S, I = OrderStatus, IntentState  # noqa: E741


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(channel=Channel.SWIGGY).id


@pytest.fixture
def shop(account_id: int) -> FakeShop:
    made = FakeShop()
    made.put(told("1", channel_status="Placed", status=S.PENDING))
    pulling.pull(made, account_id, budget_s=60)
    return made


def withdraw(actor: Actor = PERSON) -> None:
    with db.transaction() as session:
        withdrawing.withdraw(session, actor, intents()[-1].id)


def audited() -> int:
    with db.transaction() as session:
        return session.exec(select(func.count()).select_from(AuditEntry)).one()


def test_a_click_is_taken_back_before_it_is_sent(account_id: int, shop: FakeShop) -> None:
    change("1", S.CONFIRMED)
    with db.transaction() as session:
        assert intent_view.withdrawable(session, order_of("1")) == intents()[0].id

    withdraw()

    order = order_of("1")
    assert (order.status, order.sync_status) == (S.PENDING, SyncStatus.IN_SYNC)
    assert states() == [I.UNDONE]
    assert intents()[0].reason == "Asha took it back before it was sent."
    assert kinds("1")[-1] == "order:status:undone"
    assert (push(shop, account_id), shop.calls) == (0, [])
    with db.transaction() as session:
        assert intent_view.withdrawable(session, order) == 0
        assert ledger_counts.check(session).difference_count == 0
        assert rollups.differences(session) == ([], [])


def test_what_it_had_replaced_is_wished_again(account_id: int, shop: FakeShop) -> None:
    del account_id, shop
    change("1", S.CONFIRMED)
    change("1", S.PACKED)

    withdraw()

    assert order_of("1").status is S.CONFIRMED
    assert states() == [I.SUPERSEDED, I.UNDONE, I.QUEUED]
    assert intents()[-1].to_status is S.CONFIRMED


def test_a_change_that_left_cannot_be_withdrawn(account_id: int, shop: FakeShop) -> None:
    change("1", S.CONFIRMED)
    push(shop, account_id)
    before = audited()

    with pytest.raises(ConflictError, match="told already"):
        withdraw()

    assert (order_of("1").status, states(), audited()) == (S.CONFIRMED, [I.CONFIRMED], before)


def test_one_that_the_channel_may_know_of_neither(account_id: int, shop: FakeShop) -> None:
    change("1", S.CONFIRMED)
    shop.push_faults.append(Fault(OutcomeUnknownError("no answer")))
    push(shop, account_id)

    with pytest.raises(ConflictError, match="may know of it"):
        withdraw()

    assert order_of("1").status is S.CONFIRMED


def test_only_the_newest_may_be_withdrawn(account_id: int, shop: FakeShop) -> None:
    del account_id, shop
    change("1", S.CONFIRMED)
    first = intents()[0].id
    change("1", S.PACKED)

    with (
        pytest.raises(ConflictError, match="told already"),
        db.transaction() as session,
    ):
        withdrawing.withdraw(session, PERSON, first)

    assert order_of("1").status is S.PACKED


def test_without_the_right_nothing_happens(account_id: int, shop: FakeShop) -> None:
    del account_id, shop
    change("1", S.CONFIRMED)
    stranger = Actor(ActorKind.PERSON, "Reader", 9, frozenset())

    with pytest.raises(PermissionDeniedError):
        withdraw(stranger)
    with pytest.raises(NotFoundError), db.transaction() as session:
        withdrawing.withdraw(session, PERSON, 10**9)

    assert states() == [I.QUEUED]
