"""Several orders go out in one call, and each is claimed, recorded and settled by itself."""

import pytest

from crm_app import db
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState as I  # noqa: N814
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
)
from crm_app.models import AccountStatus, ChannelAccount
from crm_app.services import pulling
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeWarehouse, Fault, line, told
from tests.services.outbox import change, claims_expire, intents, outcomes, push, states


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(channel=Channel.FLIPKART).id


@pytest.fixture
def house(account_id: int) -> FakeWarehouse:
    """A warehouse with thirty confirmed orders that were pulled already."""
    made = FakeWarehouse()
    for number in range(30):
        made.put(told(f"F-{number}", lines=(line("10"),)))
    pulling.pull(made, account_id, budget_s=60)
    return made


def test_thirty_changes_are_two_calls_and_thirty_receipts(
    account_id: int, house: FakeWarehouse
) -> None:
    for number in range(30):
        change(f"F-{number}", S.PACKED)

    done = push(house, account_id)

    assert [len(one) for one in house.batches] == [25, 5]
    assert [len(one) for one in house.read_batches] == [25, 5]
    assert done == 60
    assert states() == [I.CONFIRMED] * 30
    assert outcomes() == ["accepted"] * 30
    assert len({update.reference for update in house.pushed}) == 30
    assert set(house.idle) == {0}


def test_a_batch_says_one_thing(account_id: int, house: FakeWarehouse) -> None:
    for number in range(3):
        change(f"F-{number}", S.PACKED)
    change("F-3", S.CANCELLED)
    change("F-4", S.PACKED)

    push(house, account_id)

    assert house.batches == [["F-0", "F-1", "F-2", "F-4"], ["F-3"]]
    assert states() == [I.CONFIRMED] * 5


def test_a_later_change_of_an_order_stays_out_of_the_batch(
    account_id: int, house: FakeWarehouse
) -> None:
    house.shows = False
    change("F-0", S.PACKED)
    push(house, account_id)
    assert states() == [I.SENT]

    change("F-0", S.READY_TO_SHIP)
    change("F-1", S.READY_TO_SHIP)
    push(house, account_id)

    assert house.batches == [["F-0"], ["F-1"]]
    assert states() == [I.SENT, I.QUEUED, I.SENT]


def test_each_change_of_a_batch_has_its_own_end(account_id: int, house: FakeWarehouse) -> None:
    for number in range(4):
        change(f"F-{number}", S.PACKED)
    house.push_faults.extend(
        [None, Fault(RejectedError("No.")), Fault(OutcomeUnknownError("?"), acts=True), None]
    )
    house.shows = True

    push(house, account_id)

    assert outcomes() == ["accepted", "RejectedError", "OutcomeUnknownError", "accepted"]
    ends = {intent.id - intents()[0].id: intent.state for intent in intents()}
    assert ends == {0: I.CONFIRMED, 1: I.REJECTED, 2: I.WAITING, 3: I.CONFIRMED}
    assert intents()[2].outcome_unknown

    push(house, account_id)

    assert states()[2] is I.CONFIRMED
    assert len(house.batches) == 1


@pytest.mark.parametrize(
    ("error", "status", "waiting"),
    [
        # What waits for the same limit says so; without an account all stays as it is.
        (RateLimitedError("Later.", retry_after_s=30), AccountStatus.CONNECTED, {I.BUDGET: 6}),
        (
            AccountDisconnectedError("Who?"),
            AccountStatus.DISCONNECTED,
            {I.WAITING: 1, I.QUEUED: 5},
        ),
    ],
)
def test_an_end_that_concerns_the_account_stops_the_telling(
    account_id: int,
    house: FakeWarehouse,
    error: ChannelError,
    status: AccountStatus,
    waiting: dict[I, int],
) -> None:
    for number in range(30):
        change(f"F-{number}", S.PACKED)
    house.push_faults.extend([None] * 24 + [Fault(error)])

    push(house, account_id)

    assert [len(one) for one in house.batches] == [25]
    assert {state: states().count(state) for state in waiting} == waiting
    with db.transaction() as session:
        assert session.get_one(ChannelAccount, account_id).status is status


def test_a_worker_that_dies_in_a_batch_leaves_each_to_be_read_first(
    account_id: int, house: FakeWarehouse
) -> None:
    for number in range(4):
        change(f"F-{number}", S.PACKED)
    house.dies_at = "F-2"
    with pytest.raises(KeyboardInterrupt):
        push(house, account_id)
    assert states() == [I.SENDING] * 4

    house.dies_at = ""
    claims_expire()
    push(house, account_id)

    assert house.read_batches[0] == ["F-0", "F-1", "F-2", "F-3"]
    assert house.batches[1:] == [["F-2", "F-3"]]
    assert states() == [I.CONFIRMED] * 4
    assert [update.external_id for update in house.pushed] == ["F-0", "F-1", "F-2", "F-3"]
