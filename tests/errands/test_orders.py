"""Fetch one order by its id: the one that a list forgot, within the account's own limits."""

from typing import Any

import pytest
from redis import Redis
from sqlmodel import Session, select

from crm_app import db, queue
from crm_app.channels.breaker import THRESHOLD, Breaker, Family
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.errands.orders import fetch_order
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    LeftAloneError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.models import AuditEntry, ChannelAccount, Order
from crm_app.services.fetch_offers import offers
from tests.factories import AccountFactory
from tests.running import SandboxServer


def test_the_order_that_a_list_forgot_comes_by_its_id(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor
) -> None:
    (forgotten,) = sandbox.place("amazon")
    sandbox.post(f"orders/amazon/{forgotten}/hide", {"hidden": True})

    first = fetch_order(asha, amazon.id, f" {forgotten} ")
    second = fetch_order(asha, amazon.id, forgotten)

    with db.transaction() as session:
        here = session.get_one(Order, first.order_id)
        entry = session.exec(select(AuditEntry)).first()
    assert (here.external_id, here.account_id) == (forgotten, amazon.id)
    assert (first.is_new, first.is_changed) == (True, False)
    assert (second.is_new, second.is_changed) == (False, False)
    assert entry is not None
    assert (entry.action, entry.subject_id) == ("order:fetched", str(here.id))


def test_what_the_channel_does_not_know_is_said_in_its_words(
    amazon: ChannelAccount, asha: Actor
) -> None:
    with pytest.raises(RejectedError, match="Amazon knows no order 405-0000000-0000000"):
        fetch_order(asha, amazon.id, "405-0000000-0000000")

    with db.transaction() as session:
        assert session.exec(select(Order)).all() == []


@pytest.mark.parametrize("text", ["", "  ", "4 05", "x" * 129, "a\x00b"])
def test_what_is_no_id_is_never_asked(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor, text: str
) -> None:
    before = sandbox.get("stats")["calls"]

    with pytest.raises(InvalidInputError):
        fetch_order(asha, amazon.id, text)

    assert sandbox.get("stats")["calls"] == before


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"channel": Channel.SWIGGY}, ConflictError),
        ({"channel": Channel.BLINKIT}, ConflictError),
        ({"status": "paused"}, ConflictError),
        ({"status": "disconnected"}, ConflictError),
    ],
)
def test_an_account_that_cannot_be_asked_says_so(
    session: Session, asha: Actor, fields: dict[str, Any], error: type[Exception]
) -> None:
    account = AccountFactory(**fields)
    session.commit()

    with pytest.raises(error):
        fetch_order(asha, account.id, "1")
    with pytest.raises(NotFoundError):
        fetch_order(asha, account.id + 1, "1")


def test_who_may_not_import_may_not_fetch(amazon: ChannelAccount, reader: Actor) -> None:
    with pytest.raises(PermissionDeniedError):
        fetch_order(reader, amazon.id, "1")


def test_a_click_draws_on_the_same_limit_as_the_workers(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor
) -> None:
    (bought,) = sandbox.place("amazon")
    redis: Redis = queue.connection()
    fetch_order(asha, amazon.id, bought)
    spent = redis.hget(f"crm:limit:{amazon.id}:getOrder", "tokens")  # pyright: ignore[reportUnknownMemberType]
    redis.hset(f"crm:limit:{amazon.id}:getOrder", "shut_until", "99999999999")  # pyright: ignore[reportUnknownMemberType]
    before = sandbox.get("stats")["calls"]

    with pytest.raises(RateLimitedError, match="getOrder is used up"):
        fetch_order(asha, amazon.id, bought)

    assert spent is not None
    assert sandbox.get("stats")["calls"] == before


def test_a_click_does_not_disturb_a_channel_that_is_left_alone(
    amazon: ChannelAccount, sandbox: SandboxServer, asha: Actor
) -> None:
    circuit = Breaker(queue.connection(), amazon.id)
    for _ in range(THRESHOLD):
        circuit.ended(Family.READ, RetryableError("Amazon answered 503."))
    before = asked(sandbox)

    with pytest.raises(LeftAloneError, match="Left alone for a while after 5 failures"):
        fetch_order(asha, amazon.id, "405-0000000-0000000")

    assert asked(sandbox) == before


def asked(sandbox: SandboxServer) -> int:
    """How often an order was asked for by its id."""
    told = sandbox.get("stats")["calls"]
    return sum(count for name, count in told.items() if "getOrder" in name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("405-8039912-4401136", ["Amazon"]),
        ("d133588f-b0ac-443b-99b4-7ac8648a0f89", ["Flipkart"]),
        ("#10492", ["Shop"]),
        ("5312786014", ["Shop", "Boutique"]),
        ("Meera Iyer", []),
        ("meera@mail.example", []),
        ("", []),
    ],
)
def test_a_search_that_finds_nothing_offers_whom_to_ask(
    session: Session, asha: Actor, reader: Actor, text: str, expected: list[str]
) -> None:
    for channel, name in (
        (Channel.AMAZON, "Amazon"),
        (Channel.FLIPKART, "Flipkart"),
        (Channel.WOOCOMMERCE, "Shop"),
        (Channel.SHOPIFY, "Boutique"),
        (Channel.SWIGGY, "Swiggy"),
    ):
        AccountFactory(channel=channel, name=name)
    AccountFactory(channel=Channel.AMAZON, name="Paused", status="paused")

    assert [offer.name for offer in offers(session, asha, text)] == expected
    assert offers(session, reader, text) == []
