"""Webhooks that come together share a transaction, and nothing else."""

import asyncio
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from sqlalchemy import event, text

from crm_app import db, vault
from crm_app.api import inflow
from crm_app.channels import hooks
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount
from crm_app.services.receiving import Arrival
from tests.channels.purchase_orders import purchase_order, relay_order
from tests.services import webhooks

pytestmark = pytest.mark.usefixtures("database")


def told(account_id: int, order_id: int, **more: str) -> tuple[str, bytes, dict[str, str]]:
    given = webhooks.delivery(Channel.SWIGGY, relay_order(order_id), **more)
    return f"/webhooks/swiggy/{account_id}", given.body, dict(given.headers)


async def send_all(api: FastAPI, *given: tuple[str, bytes, dict[str, str]]) -> list[int]:
    """All of them at once; the status of each answer."""
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        posts = [client.post(url, content=body, headers=headers) for url, body, headers in given]
        return [answer.status_code for answer in await asyncio.gather(*posts)]


async def test_what_comes_together_is_stored_together(api: FastAPI) -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    commits: list[Any] = []

    def note(connection: Any) -> None:
        commits.append(connection)

    event.listen(db.get_engine(), "commit", note)

    codes = await send_all(api, *(told(account_id, number) for number in range(100, 160)))

    event.remove(db.get_engine(), "commit", note)
    assert codes == [200] * 60
    assert len({entry.external_id for entry in webhooks.entries()}) == 60
    # The first one goes alone, the others while it is stored.
    assert len(commits) <= 4


async def test_a_repetition_in_the_same_moment_is_one_entry(api: FastAPI) -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    same = told(account_id, 7)

    codes = await send_all(api, told(account_id, 6), same, same, same, told(account_id, 8))

    assert codes == [200] * 5
    seen = {entry.external_id: entry.times_seen for entry in webhooks.entries()}
    assert seen == {"6": 1, "7": 3, "8": 1}


def test_only_the_first_of_a_repetition_is_new() -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    hook = hooks.HOOKS[Channel.SWIGGY]
    first, other = (
        Arrival(Channel.SWIGGY, account_id, hook, webhooks.delivery(Channel.SWIGGY, relay_order(n)))
        for n in (7, 8)
    )

    found = inflow.store_all([first, first, other]) + inflow.store_all([other, first])

    assert [getattr(one, "is_new", None) for one in found] == [True, False, True, False, False]


async def test_strangers_and_lost_keys_spoil_nothing_for_the_others(api: FastAPI) -> None:
    good, lost = webhooks.account(Channel.SWIGGY), webhooks.account(Channel.BLINKIT)
    with db.transaction() as session:
        account = session.get_one(ChannelAccount, lost)
        account.credentials = Fernet(Fernet.generate_key()).encrypt(b"{}")
    unreadable = webhooks.delivery(Channel.BLINKIT, purchase_order())

    codes = await send_all(
        api,
        told(good, 1),
        told(good, 2, authorization="guess"),
        (f"/webhooks/blinkit/{lost}", unreadable.body, dict(unreadable.headers)),
        told(good + 99, 3),
        told(good, 4),
    )

    # The channel of the lost key tries again until an operator brought it back.
    assert codes == [200, 401, 503, 401, 200]
    assert sorted(entry.external_id for entry in webhooks.entries()) == ["1", "4"]


async def test_what_the_database_refuses_of_one_is_stored_of_the_others(api: FastAPI) -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    with db.transaction() as session:
        session.execute(
            text("ALTER TABLE inbox ADD CONSTRAINT no_seven CHECK (external_id <> '7')")
        )
    try:
        codes = await send_all(api, *(told(account_id, number) for number in (5, 6, 7, 8)))
    finally:
        with db.transaction() as session:
            session.execute(text("ALTER TABLE inbox DROP CONSTRAINT no_seven"))

    assert codes == [200, 200, 503, 200]
    assert sorted(entry.external_id for entry in webhooks.entries()) == ["5", "6", "8"]


async def test_nothing_is_answered_before_its_commit(api: FastAPI) -> None:
    account_id = webhooks.account(Channel.SWIGGY)

    with db.transaction() as session:
        session.execute(text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
        sending = asyncio.create_task(send_all(api, *(told(account_id, n) for n in range(1, 4))))
        await asyncio.sleep(0.3)
        was_answered = sending.done()
    codes = await sending

    assert not was_answered
    assert codes == [200] * 3


async def test_a_secret_that_was_taken_back_proves_nothing_at_once(api: FastAPI) -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    before = await send_all(api, told(account_id, 1))
    with db.transaction() as session:
        account = session.get_one(ChannelAccount, account_id)
        account.credentials = vault.seal({"webhook_secret": "another"})

    after = await send_all(api, told(account_id, 2), told(account_id, 3))

    assert (before, after) == ([200], [401, 401])


async def test_a_database_that_is_away_is_asked_once_for_all(
    api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    db.dispose()
    monkeypatch.setenv("CRM_DATABASE_URL", "postgresql+psycopg://crm@127.0.0.1:1/none")
    get_settings.cache_clear()
    asked: list[Any] = []
    event.listen(db.get_engine(), "do_connect", lambda *given: asked.append(given))

    codes = await send_all(api, *(told(account_id, number) for number in range(20)))

    db.dispose()
    monkeypatch.undo()
    get_settings.cache_clear()
    assert codes == [503] * 20
    assert len(asked) <= 3
    assert await send_all(api, told(account_id, 1)) == [200]


async def test_more_than_can_wait_is_sent_away_and_may_come_again(
    api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = webhooks.account(Channel.SWIGGY)
    monkeypatch.setattr(inflow, "_MOST_WAITING_BYTES", 50_000)
    many = [told(account_id, number) for number in range(30)]

    codes = await send_all(api, *many)
    later = [await send_all(api, one) for one in many]

    assert set(codes) == {200, 503}
    assert later == [[200]] * 30
    assert len(webhooks.entries()) == 30
    assert {entry.times_seen for entry in webhooks.entries()} == {1, 2}
