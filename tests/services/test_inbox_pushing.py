"""A status goes out to a channel that cannot be read: the accepted call is the proof."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import update
from sqlmodel import select

from crm_app import db
from crm_app.channels.base import ChannelOrder, OrderPage, Receipt, StatusUpdate
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import OutcomeUnknownError, RejectedError
from crm_app.models import OrderEvent, StatusIntent
from crm_app.services import accounts, health, order_view, orders, pushing
from tests.channels.purchase_orders import purchase_order, relay_order
from tests.services import webhooks

S, I = OrderStatus, IntentState  # noqa: E741
PERSON = Actor(
    ActorKind.PERSON,
    "Asha",
    7,
    frozenset({Permission.CHANGE_STATUS, Permission.CANCEL_ORDERS, Permission.VIEW_ORDERS}),
)

pytestmark = pytest.mark.usefixtures("database")


@dataclass
class Sink:
    """Takes statuses and shows nothing."""

    channel: ClassVar[Channel] = Channel.BLINKIT

    faults: deque[Exception] = field(default_factory=deque[Exception])
    pushed: list[StatusUpdate] = field(default_factory=list[StatusUpdate])

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        del cursor, resume
        yield from ()

    def fetch_order(self, external_id: str) -> ChannelOrder:
        raise AssertionError(f"nobody reads {external_id} from this channel")

    def push_status(self, update: StatusUpdate) -> Receipt:
        self.pushed.append(update)
        if self.faults:
            raise self.faults.popleft()
        return Receipt("tell", 200, answer="ok")

    def close(self) -> None:
        return None


def stored(channel: Channel, body: Any) -> int:
    """An account with one order that came by webhook; the account's id."""
    account_id = webhooks.account(channel)
    webhooks.send(channel, account_id, webhooks.delivery(channel, body))
    webhooks.work(channel, account_id)
    return account_id


def change(new: OrderStatus) -> None:
    (order,) = webhooks.orders().values()
    with db.transaction() as session:
        orders.change_status(session, PERSON, order.id, new)


def push(sink: Sink, account_id: int) -> int:
    with db.transaction() as session:
        session.execute(update(StatusIntent).values(next_try_at=now() - timedelta(seconds=1)))
    return pushing.push(sink, account_id, budget_s=20)


def intents() -> list[StatusIntent]:
    with db.transaction() as session:
        return list(session.exec(select(StatusIntent).order_by("id")))


def test_an_accepted_call_confirms_the_change() -> None:
    account_id = stored(Channel.BLINKIT, purchase_order())
    sink = Sink()
    change(S.CONFIRMED)

    calls = push(sink, account_id)

    (order,) = webhooks.orders().values()
    (intent,) = intents()
    (sent,) = sink.pushed
    assert calls == 1
    assert (intent.state, intent.claimed_at, intent.outcome_unknown) == (I.CONFIRMED, None, False)
    assert intent.settled_at is not None
    assert (order.status, order.status_on_channel) == (S.CONFIRMED, S.CONFIRMED)
    assert order.sync_status is SyncStatus.IN_SYNC
    # What no channel can be asked for travels with the call.
    assert sent.known["po"]["po_number"] == "7700001"
    with db.transaction() as session:
        kinds = list(session.exec(select(OrderEvent.kind).order_by("id")))
    assert kinds == ["order:imported", "order:status:changed", "intent:sent"]


def test_a_call_without_an_answer_is_repeated_with_its_reference() -> None:
    account_id = stored(Channel.SWIGGY, relay_order())
    sink = Sink(deque([OutcomeUnknownError("No answer.")]))
    change(S.CONFIRMED)

    first, unknown = push(sink, account_id), intents()[0]
    second = push(sink, account_id)

    assert (first, second) == (1, 1)
    assert (unknown.state, unknown.outcome_unknown) == (I.WAITING, True)
    assert intents()[0].state is I.CONFIRMED
    assert sink.pushed[0].reference == sink.pushed[1].reference


def test_a_refusal_ends_it_with_the_channels_words() -> None:
    account_id = stored(Channel.SWIGGY, relay_order())
    sink = Sink(deque([RejectedError("Needs a call: cancel it by phone.")]))
    change(S.CANCELLED)

    push(sink, account_id)
    again = push(sink, account_id)

    (order,) = webhooks.orders().values()
    assert again == 0
    assert (intents()[0].state, intents()[0].reason) == (
        I.REJECTED,
        "Needs a call: cancel it by phone.",
    )
    assert order.sync_status is SyncStatus.REJECTED


def test_a_second_change_waits_for_the_first_and_both_are_confirmed() -> None:
    account_id = stored(Channel.SWIGGY, relay_order())
    sink = Sink(deque([OutcomeUnknownError("No answer.")]))
    change(S.CONFIRMED)
    push(sink, account_id)
    change(S.PACKED)

    calls = push(sink, account_id)

    (order,) = webhooks.orders().values()
    assert calls == 2
    assert [sent.status for sent in sink.pushed] == [S.CONFIRMED, S.CONFIRMED, S.PACKED]
    assert [intent.state for intent in intents()] == [I.CONFIRMED, I.CONFIRMED]
    assert (order.status, order.status_on_channel, order.sync_status) == (
        S.PACKED,
        S.PACKED,
        SyncStatus.IN_SYNC,
    )


def test_channels_that_only_send_are_never_pulled_and_well_all_the_same() -> None:
    webhooks.account(Channel.BLINKIT)
    shop = webhooks.account(Channel.WOOCOMMERCE)

    with db.transaction() as session:
        due = accounts.claim_for_pull(session)
        found = {one.channel: one for one in health.account_health(session)}

    assert due == [shop]
    assert found[Channel.BLINKIT].level == "ok"
    assert found[Channel.BLINKIT].sentence == "Blinkit sends its orders; none can be asked for."


@pytest.mark.parametrize(
    ("channel", "body", "is_inferred"),
    [(Channel.SWIGGY, relay_order(), True), (Channel.BLINKIT, purchase_order(), True)],
)
def test_an_inferred_contract_is_marked_as_such(
    channel: Channel, body: Any, is_inferred: bool
) -> None:
    stored(channel, body)
    (order,) = webhooks.orders().values()

    with db.transaction() as session:
        detail = order_view.get_order(session, PERSON, order.id)

    assert detail.contract_is_inferred is is_inferred
