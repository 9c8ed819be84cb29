"""Redis holds hints and limits only: emptied at any moment, no status change is lost or doubled."""

import pytest
from redis import Redis
from rq import Queue
from sqlmodel import Session

from crm_app import queue
from crm_app.channels.base import Receipt, StatusUpdate
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.jobs import push
from crm_app.services import pulling, pushing
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeShop, told
from tests.services.outbox import change, states


class Forgetful(FakeShop):
    """While it is told something, Redis loses everything."""

    def push_status(self, update: StatusUpdate) -> Receipt:
        empty_redis()
        return super().push_status(update)


@pytest.fixture
def account_id(session: Session) -> int:
    bind(session)
    made = AccountFactory(channel=Channel.WOOCOMMERCE).id
    session.commit()
    return made


def empty_redis() -> None:
    redis: Redis = queue.connection()
    redis.flushall()


def waiting_jobs() -> list[str]:
    """What the workers are asked for."""
    return [str(job.func_name) for job in Queue(queue.PUSH, connection=queue.connection()).jobs]


def sell(shop: FakeShop, account_id: int) -> None:
    for key in "123":
        shop.put(told(key, channel_status="processing"))
    pulling.pull(shop, account_id, budget_s=60)


def test_the_clock_finds_every_change_whose_hint_was_lost(account_id: int) -> None:
    shop = FakeShop()
    sell(shop, account_id)
    for key in "123":
        change(key, OrderStatus.SHIPPED)
    hinted = waiting_jobs()
    empty_redis()
    lost = waiting_jobs()

    found = push.push_due()

    assert (set(hinted), lost, found) == ({queue.PUSH_ACCOUNT}, [], 1)
    assert waiting_jobs() == [queue.PUSH_ACCOUNT]
    pushing.push(shop, account_id, budget_s=20)
    assert states() == [IntentState.CONFIRMED] * 3


def test_emptied_during_a_call_the_answer_is_kept_and_nothing_is_said_twice(
    account_id: int,
) -> None:
    shop = Forgetful()
    sell(shop, account_id)
    for key in "123":
        change(key, OrderStatus.SHIPPED)

    pushing.push(shop, account_id, budget_s=20)

    assert states() == [IntentState.CONFIRMED] * 3
    assert len(shop.pushed) == 3
