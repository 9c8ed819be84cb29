"""Whatever people, channels, bulk changes and deaths do, in any order: the ledger holds.

Every step may be the last of its process: a commit that never came, a call whose answer nobody
read. After each one the books are recounted, and in the end nothing is left on its way.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, text, update
from sqlmodel import col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.base import Receipt, StatusUpdate
from crm_app.channels.capabilities import Telling
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, UNSENT, IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Role
from crm_app.domain.rules import Field, Rule
from crm_app.domain.time import now
from crm_app.domain.working import HoldReason
from crm_app.errors import (
    AccountDisconnectedError,
    ConflictError,
    InvalidInputError,
    LeftAloneError,
    NotFoundError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.models import AccountStatus, ChannelAccount, Order, StatusIntent, User
from crm_app.services import (
    auth,
    bulk_choice,
    bulk_runs,
    bulk_work,
    field_rules,
    ledger,
    ledger_counts,
    orders,
    pulling,
    pushing,
    rollups,
    withdrawing,
)
from crm_app.services.bulk_choice import Choice
from crm_app.services.exceptions import deeds
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.ledger_query import LedgerQuery
from crm_app.services.orders import Keep
from crm_app.services.working import holding
from tests.conftest import as_owner
from tests.factories import AccountFactory, UserFactory, bind
from tests.services.fakes import FakeShop, Fault, told

KEYS = "123"
# All that are told anything at all.
CHANNELS = tuple(
    channel
    for channel in Channel
    if any(one.telling is Telling.PUSH for one in capabilities.of(channel).statuses.values())
)
SETTLED = (SyncStatus.IN_SYNC, SyncStatus.REJECTED, SyncStatus.CONFLICT)
PUSH_FAULTS = (
    Fault(RetryableError("503")),
    Fault(RateLimitedError("slow down", retry_after_s=1)),
    Fault(LeftAloneError("left alone", retry_after_s=1)),
    Fault(NotYetError("on hold")),
    Fault(OutcomeUnknownError("no answer"), acts=True),
    Fault(OutcomeUnknownError("no answer")),
    Fault(RejectedError("no")),
    Fault(AccountDisconnectedError("revoked")),
    Fault(KeyboardInterrupt(), acts=True),
    Fault(KeyboardInterrupt()),
)
READ_FAULTS = (
    RetryableError("503"),
    RejectedError("no such order"),
    AccountDisconnectedError("revoked"),
    KeyboardInterrupt(),
    ValueError("an answer that cannot be read"),
)
# None: it lives. Else it dies with this commit, the first one being 0.
deaths = st.one_of(st.none(), st.none(), st.integers(min_value=0, max_value=6))


@dataclasses.dataclass
class Witness(FakeShop):
    """A shop that remembers who told it what, and when it changed its own mind."""

    applied: list[tuple[str, int]] = dataclasses.field(default_factory=list[tuple[str, int]])
    doubled: list[str] = dataclasses.field(default_factory=list[str])
    asked: defaultdict[str, list[int]] = dataclasses.field(
        default_factory=lambda: defaultdict(list)
    )

    def push_status(self, update: StatusUpdate) -> Receipt:
        self.asked[update.external_id].append(update.reference)
        before = len(self.pushed)
        try:
            return super().push_status(update)
        finally:
            if len(self.pushed) > before:
                self._note(update)

    def _note(self, told_now: StatusUpdate) -> None:
        key = (told_now.external_id, told_now.reference)
        if key in self.applied:
            self.doubled.append(f"order {key[0]}: change {key[1]} was applied twice")
        self.applied.append(key)

    def change_its_mind(self, external_id: str, status: OrderStatus) -> None:
        """From here on what was told before may be told again: it is no longer so."""
        self.set_status(external_id, status)
        self.applied = [one for one in self.applied if one[0] != external_id]


@contextmanager
def dying(at_commit: int | None) -> Generator[None]:
    """The block is killed as it commits for the so-manieth time."""
    left = at_commit

    def die(_connection: object) -> None:
        nonlocal left
        if left is None:
            return
        if left == 0:
            left = None
            raise KeyboardInterrupt
        left -= 1

    engine = db.get_engine()
    event.listen(engine, "commit", die)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        event.remove(engine, "commit", die)


class Ledger(RuleBasedStateMachine):
    """Three orders of one shop, under the table of any channel. The database comes from the test
    that runs the machine."""

    @initialize(channel=st.sampled_from(CHANNELS))
    def begin(self, channel: Channel) -> None:
        with db.transaction() as session:
            as_owner(session)
            session.execute(
                text(
                    "TRUNCATE channel_accounts, audit_entries, users, intent_moves, ledger_checks "
                    "CASCADE"
                )
            )
            bind(session)
            self.account_id: int = AccountFactory(channel=channel).id
            user: User = UserFactory(role=Role.SUPPORT)
            self.person: Actor = auth.person(session, user)
            self.admin: Actor = auth.person(session, UserFactory(role=Role.ADMIN))
        self.is_read = capabilities.of(channel).reads_back
        self.shop = Witness()
        for key, status in zip(
            KEYS, (OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.CONFIRMED), strict=True
        ):
            self.shop.put(told(key, status=status))
        pulling.pull(self.shop, self.account_id, budget_s=60)
        self.runs: list[int] = []
        self.written = 0

    @rule(key=st.sampled_from(KEYS), new=st.sampled_from(OrderStatus))
    def a_person_changes_a_status(self, key: str, new: OrderStatus) -> None:
        with suppress(ConflictError), db.transaction() as session:
            number = f"D{new.value}"
            orders.change_status(
                session, self.person, self._id(key), new, carrier="DTDC", tracking_number=number
            )

    @rule()
    def a_person_withdraws_what_was_not_sent(self) -> None:
        for intent in self._intents()[-2:]:
            with suppress(ConflictError), db.transaction() as session:
                withdrawing.withdraw(session, self.person, intent.id)

    @rule(key=st.sampled_from(KEYS), is_held=st.booleans())
    def a_person_holds_or_releases_it(self, key: str, is_held: bool) -> None:
        with db.transaction() as session:
            if is_held:
                holding.hold(session, self.person, [self._id(key)], HoldReason.STOCK)
            else:
                holding.release(session, self.person, [self._id(key)])

    @rule(field=st.sampled_from(Field), wanted=st.sampled_from(Rule))
    def an_admin_sets_a_rule(self, field: Field, wanted: Rule) -> None:
        with db.transaction() as session:
            field_rules.set_rule(session, self.admin, self.account_id, field, wanted)

    @rule()
    def what_travels_was_tried_for_hours(self) -> None:
        with db.transaction() as session:
            session.execute(
                update(StatusIntent)
                .where(col(StatusIntent.state).in_((*UNSENT, IntentState.SENT)))
                .values(attempts=15)
            )

    @rule()
    def somebody_tries_all_of_the_desk_again(self) -> None:
        with db.transaction() as session:
            keys = deeds.keys_of(session, self.person, ExceptionQuery())
        for key in keys:
            with suppress(ConflictError, NotFoundError), db.transaction() as session:
                deeds.retry(session, self.person, key)

    @rule(key=st.sampled_from(KEYS), keep=st.sampled_from(Keep))
    def a_person_decides(self, key: str, keep: Keep) -> None:
        with suppress(ConflictError), db.transaction() as session:
            orders.settle(session, self.person, self._id(key), keep)

    @rule(new=st.sampled_from((OrderStatus.CONFIRMED, OrderStatus.SHIPPED, OrderStatus.CANCELLED)))
    def a_bulk_change_is_started(self, new: OrderStatus) -> None:
        ids = tuple(self._id(key) for key in KEYS)
        with suppress(ConflictError), db.transaction() as session:
            key = f"press-{len(self.runs)}"
            run = bulk_choice.draft(session, self.person, Choice(ids=ids), key)
            bulk_runs.decide(session, self.person, run.id, "status", {"status": new.value})
            self.runs.append(bulk_runs.start(session, self.person, run.id).id)

    @rule(death=deaths)
    def a_worker_works_on_it(self, death: int | None) -> None:
        if self.runs:
            with dying(death):
                bulk_work.work(self.runs[-1], budget_s=5)

    @rule(act=st.sampled_from((bulk_runs.pause, bulk_runs.resume, bulk_runs.stop)))
    def a_person_pauses_resumes_or_stops_it(self, act: Any) -> None:
        if self.runs:
            with suppress(ConflictError), db.transaction() as session:
                act(session, self.person, self.runs[-1])

    @rule()
    def a_person_undoes_it(self) -> None:
        if self.runs:
            with suppress(ConflictError, InvalidInputError), db.transaction() as session:
                run = bulk_runs.undo(session, self.person, self.runs[-1])
                self.runs.append(bulk_runs.start(session, self.person, run.id).id)

    @rule(key=st.sampled_from(KEYS), status=st.sampled_from(OrderStatus))
    def the_shop_changes_it(self, key: str, status: OrderStatus) -> None:
        self.shop.change_its_mind(key, status)

    @rule(death=deaths)
    def a_pull(self, death: int | None) -> None:
        with dying(death):
            pulling.pull(self.shop, self.account_id, budget_s=60)

    @rule(status=st.sampled_from((AccountStatus.PAUSED, AccountStatus.CONNECTED)))
    def a_person_pauses_or_connects_the_account(self, status: AccountStatus) -> None:
        with db.transaction() as session:
            session.get_one(ChannelAccount, self.account_id).status = status

    @rule(
        fault=st.one_of(st.none(), st.sampled_from(PUSH_FAULTS)),
        unread=st.one_of(st.none(), st.none(), st.sampled_from(READ_FAULTS)),
        death=deaths,
    )
    def a_push(self, fault: Fault | None, unread: BaseException | None, death: int | None) -> None:
        if fault is not None:
            self.shop.push_faults.append(fault)
        if unread is not None:
            self.shop.read_faults.append(unread)
        self._time_passes()
        with db.transaction() as session:
            account = session.get_one(ChannelAccount, self.account_id)
            is_on = account.status is AccountStatus.CONNECTED
        if is_on:
            with dying(death):
                pushing.push(self.shop, self.account_id, budget_s=5)
        self.shop.push_faults.clear()
        self.shop.read_faults.clear()

    @rule()
    def the_clock_adds_up_the_counts(self) -> None:
        with db.transaction() as session:
            ledger_counts.fold(session)

    def teardown(self) -> None:
        """With a channel that answers and people who decide, all of it comes to rest."""
        if not hasattr(self, "shop"):
            return
        self.a_person_pauses_or_connects_the_account(AccountStatus.CONNECTED)
        for key in KEYS:
            self.a_person_holds_or_releases_it(key, is_held=False)
        for run in self.runs:
            with suppress(ConflictError), db.transaction() as session:
                bulk_runs.resume(session, self.person, run)
            bulk_work.work(run, budget_s=5)
        for _ in range(4):
            self.a_push(None, None, None)
        self.the_books_balance()
        left = [(one.state, one.to_status, one.reason) for one in self._intents()]
        assert [one for one in left if one[0] in OPEN] == []
        for order in self._orders():
            assert order.sync_status in SETTLED, order.sync_status

    def _time_passes(self) -> None:
        long_ago = now() - timedelta(hours=1)
        with db.transaction() as session:
            session.execute(update(StatusIntent).values(next_try_at=long_ago))
            session.execute(
                update(StatusIntent)
                .where(col(StatusIntent.claimed_at).is_not(None))
                .values(claimed_at=long_ago)
            )

    def _id(self, key: str) -> int:
        with db.transaction() as session:
            return session.exec(select(Order.id).where(Order.external_id == key)).one()

    def _intents(self) -> list[StatusIntent]:
        with db.transaction() as session:
            return list(session.exec(select(StatusIntent).order_by(col(StatusIntent.id))))

    def _orders(self) -> list[Order]:
        with db.transaction() as session:
            return list(session.exec(select(Order)))

    @invariant()
    def every_intent_is_in_one_state_and_none_is_lost(self) -> None:
        intents = self._intents()
        assert len(intents) >= self.written
        self.written = len(intents)
        for one in intents:
            is_open = one.state in OPEN
            assert is_open == (one.settled_at is None)
            assert is_open or (one.claimed_at is None and not one.outcome_unknown)
            # Whoever has to act on it is told why.
            is_a_person_s = one.state in (IntentState.REJECTED, IntentState.NEEDS_PERSON)
            assert one.reason or not is_a_person_s

    @invariant()
    def the_books_balance(self) -> None:
        intents = self._intents()
        counted = Counter(one.state for one in intents)
        with db.transaction() as session:
            proof = ledger.prove(session, self.person, LedgerQuery())
            check = ledger_counts.check(session)
            sums = rollups.differences(session)
        assert proof.is_balanced
        assert {state: count for state, count in proof.states.items() if count} == dict(counted)
        assert (check.intents, check.difference_count) == (len(intents), 0)
        assert sums == ([], [])

    @invariant()
    def the_shop_hears_each_change_once_and_in_order(self) -> None:
        # One that cannot be read is told again where an answer got lost: it is the only way.
        assert self.shop.doubled == [] or not self.is_read
        for external_id, references in self.shop.asked.items():
            assert references == sorted(references), external_id

    @invariant()
    def what_is_confirmed_was_told(self) -> None:
        told_of = {reference for asked in self.shop.asked.values() for reference in asked}
        for one in self._intents():
            if one.state is IntentState.CONFIRMED:
                assert one.sent_at is not None
                assert one.id in told_of
            if one.state is IntentState.UNDONE:
                assert one.id not in told_of

    @invariant()
    def what_is_held_is_of_an_order_on_hold(self) -> None:
        held = {one.order_id for one in self._intents() if one.state is IntentState.HELD}
        assert held <= {one.id for one in self._orders() if one.held_at is not None}

    @invariant()
    def an_order_says_that_it_travels_only_if_it_does(self) -> None:
        travelling = {one.order_id for one in self._intents() if one.state in OPEN}
        for order in self._orders():
            if order.sync_status in (SyncStatus.QUEUED, SyncStatus.PUSHING):
                assert order.id in travelling


def test_the_ledger_holds_whatever_happens(database: str) -> None:
    del database
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=14,
            stateful_step_count=22,
            deadline=None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
