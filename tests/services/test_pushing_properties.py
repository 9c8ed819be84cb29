"""Whatever people, the channel and accidents do: every intent is in exactly one state."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text, update
from sqlmodel import col, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import (
    ConflictError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.models import AccountStatus, ChannelAccount, Order, StatusIntent
from crm_app.services import orders, pulling, pushing, rollups
from crm_app.services.orders import Keep
from tests.conftest import as_owner
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, Fault, told

PERSON = Actor(
    ActorKind.PERSON, "Asha", 7, frozenset({Permission.CHANGE_STATUS, Permission.CANCEL_ORDERS})
)
FAULTS = (
    Fault(RetryableError("down")),
    Fault(RateLimitedError("slow down", retry_after_s=1)),
    Fault(OutcomeUnknownError("no answer"), acts=True),
    Fault(OutcomeUnknownError("no answer")),
    Fault(RejectedError("no")),
    Fault(KeyboardInterrupt(), acts=True),
    Fault(KeyboardInterrupt()),
)


class Outbox(RuleBasedStateMachine):
    """Two orders of one shop. The database comes from the test that runs the machine."""

    def __init__(self) -> None:
        super().__init__()
        with db.transaction() as session:
            as_owner(session)
            session.execute(text("TRUNCATE channel_accounts, audit_entries CASCADE"))
            bind(session)
            self.account_id = AccountFactory(channel=Channel.WOOCOMMERCE).id
        self.shop = FakeShop()
        for key in ("1", "2"):
            self.shop.put(told(key, status=OrderStatus.PENDING))
        pulling.pull(self.shop, self.account_id, budget_s=60)
        self.wished = 0

    @rule(key=st.sampled_from("12"), new=st.sampled_from(OrderStatus))
    def a_person_changes_a_status(self, key: str, new: OrderStatus) -> None:
        with suppress(ConflictError), db.transaction() as session:
            orders.change_status(session, PERSON, self._id(key), new)

    @rule(key=st.sampled_from("12"), keep=st.sampled_from(Keep))
    def a_person_decides(self, key: str, keep: Keep) -> None:
        with suppress(ConflictError), db.transaction() as session:
            orders.settle(session, PERSON, self._id(key), keep)

    @rule(key=st.sampled_from("12"), status=st.sampled_from(OrderStatus))
    def the_shop_changes_it(self, key: str, status: OrderStatus) -> None:
        self.shop.set_status(key, status)

    @rule()
    def a_pull(self) -> None:
        pulling.pull(self.shop, self.account_id, budget_s=60)

    @rule(fault=st.sampled_from((None, None, *FAULTS)))
    def a_push(self, fault: Fault | None) -> None:
        if fault is not None:
            self.shop.push_faults.append(fault)
        long_ago = now() - timedelta(hours=1)
        with db.transaction() as session:
            session.execute(update(StatusIntent).values(next_try_at=long_ago))
            session.execute(
                update(StatusIntent)
                .where(col(StatusIntent.claimed_at).is_not(None))
                .values(claimed_at=long_ago)
            )
        with suppress(KeyboardInterrupt):
            pushing.push(self.shop, self.account_id, budget_s=5)
        self.shop.push_faults.clear()

    def teardown(self) -> None:
        """With a channel that answers, everything open arrives or is decided by a person."""
        for _ in range(3):
            self.a_push(None)
        with db.transaction() as session:
            left = session.exec(
                select(StatusIntent).where(col(StatusIntent.settled_at).is_(None))
            ).all()
        assert [(intent.state, intent.to_status, intent.reason) for intent in left] == []

    def _id(self, key: str) -> int:
        with db.transaction() as session:
            return session.exec(select(Order.id).where(Order.external_id == key)).one()

    @invariant()
    def the_states_sum_up_and_agree_with_the_orders(self) -> None:
        with db.transaction() as session:
            intents = session.exec(select(StatusIntent)).all()
            found = session.exec(select(Order)).all()
            sums = rollups.differences(session)
            account = session.exec(select(ChannelAccount.status)).one()
        counted = Counter(intent.state for intent in intents)
        assert sum(counted[state] for state in IntentState) == len(intents) >= self.wished
        self.wished = len(intents)
        assert sums == ([], [])
        assert account is AccountStatus.CONNECTED
        for intent in intents:
            is_open = intent.state in OPEN
            assert is_open == (intent.settled_at is None)
            assert is_open or (intent.claimed_at is None and not intent.outcome_unknown)
        still_open = {intent.order_id for intent in intents if intent.state in OPEN}
        for order in found:
            if order.sync_status in (SyncStatus.QUEUED, SyncStatus.PUSHING):
                assert order.id in still_open


def test_no_intent_is_ever_lost(database: str) -> None:
    del database
    run_state_machine_as_test(
        Outbox,
        settings=settings(
            max_examples=8,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
