"""What people do about exceptions, and what heals by itself."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db, queue
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    ServiceUnavailableError,
)
from crm_app.models import (
    AccountStatus,
    AuditEntry,
    ExceptionMark,
    InboxState,
    Order,
    StatusIntent,
)
from crm_app.services.exceptions import deeds, listing
from crm_app.services.exceptions.query import NOBODY, ExceptionQuery, View
from crm_app.services.exceptions.rows import ExceptionRow
from crm_app.services.orders import Keep
from tests.channels.purchase_orders import purchase_order
from tests.factories import UserFactory
from tests.services import webhooks
from tests.services.exceptions import trouble
from tests.services.fakes import FakeShop, told


def rows(actor: Actor, **asked: Any) -> list[ExceptionRow]:
    with db.transaction() as session:
        return list(listing.list_exceptions(session, actor, ExceptionQuery(**asked)).rows)


def do(deed: Any, actor: Actor, key: str, *args: Any) -> None:
    with db.transaction() as session:
        deed(session, actor, key, *args)


def written(key: str) -> list[str]:
    with db.transaction() as session:
        found = session.exec(
            select(AuditEntry.action).where(AuditEntry.subject_id == key).order_by("id")
        )
        return list(found)


def test_a_refused_change_is_sent_again_and_leaves_the_list(session: Session, asha: Actor) -> None:
    shop = trouble.account()
    made = trouble.refused(session, shop)
    session.commit()
    (row,) = rows(asha)

    do(deeds.retry, asha, row.key)

    intents = session.exec(select(StatusIntent).order_by("id")).all()
    session.refresh(made)
    assert (row.summary, row.said) == ("WooCommerce did not take Shipped", "No stock.")
    assert [one.state for one in intents] == [IntentState.REJECTED, IntentState.QUEUED]
    assert (intents[1].to_status, intents[1].actor_label) == (OrderStatus.SHIPPED, asha.label)
    assert made.sync_status is SyncStatus.QUEUED
    assert rows(asha) == []
    assert written(row.key) == ["exception:retried"]
    assert queue.connection().llen("rq:queue:push") == 1


def test_a_change_that_is_refused_anew_is_another_exception(session: Session, asha: Actor) -> None:
    shop = trouble.account()
    made = trouble.refused(session, shop)
    session.commit()
    (first,) = rows(asha)
    do(deeds.resolve, asha, first.key, "The shop was called.")
    assert rows(asha) == []

    trouble.intent(session, made, IntentState.REJECTED, reason="Still no.", settled_at=now())
    session.commit()

    (second,) = rows(asha)
    assert (second.said, second.key != first.key) == ("Still no.", True)


@pytest.mark.parametrize(
    ("whose", "status", "sync", "intents"),
    [
        (Keep.OURS, OrderStatus.SHIPPED, SyncStatus.QUEUED, 2),
        (Keep.CHANNELS, OrderStatus.CONFIRMED, SyncStatus.IN_SYNC, 1),
    ],
)
def test_a_conflict_is_decided(
    session: Session,
    asha: Actor,
    whose: Keep,
    status: OrderStatus,
    sync: SyncStatus,
    intents: int,
) -> None:
    made = trouble.conflict(session, trouble.account())
    session.commit()
    (row,) = rows(asha)

    with pytest.raises(ConflictError, match="Decide first whose status stays"):
        do(deeds.retry, asha, row.key)
    with pytest.raises(ConflictError, match="Decide whose status stays"):
        do(deeds.resolve, asha, row.key, "Whatever.")
    do(deeds.keep, asha, row.key, whose)

    session.refresh(made)
    assert row.cause is Cause.CONFLICT
    assert (made.status, made.sync_status) == (status, sync)
    assert len(session.exec(select(StatusIntent)).all()) == intents
    assert rows(asha) == []
    assert written(row.key) == ["exception:decided"]


def test_a_waiting_change_takes_its_turn_at_once(session: Session, asha: Actor) -> None:
    waits = trouble.waiting(session, trouble.account(), "RetryableError")
    session.commit()
    (row,) = rows(asha)

    do(deeds.retry, asha, row.key)

    session.refresh(waits)
    assert row.cause is Cause.REMOTE
    assert waits.next_try_at <= now()
    assert queue.connection().llen("rq:queue:push") == 1
    waits.claimed_at = now()
    session.commit()
    with pytest.raises(ConflictError, match="being sent"):
        do(deeds.retry, asha, row.key)


def test_a_change_that_arrives_leaves_by_itself(session: Session, asha: Actor) -> None:
    waits = trouble.waiting(session, trouble.account(), "RateLimitedError")
    session.commit()
    (row,) = rows(asha)

    waits.state = IntentState.CONFIRMED
    session.commit()

    assert row.cause is Cause.QUOTA
    assert rows(asha) == []
    with pytest.raises(NotFoundError):
        do(deeds.retry, asha, row.key)


def test_a_pulled_order_is_read_anew_from_its_channel(session: Session, asha: Actor) -> None:
    shop = trouble.account()
    aside = trouble.entry(session, shop, kind="order", topic="", external_id="77")
    session.commit()
    (row,) = rows(asha)
    fake = FakeShop()
    fake.put(told("77"))

    do(deeds.retry, asha, row.key)
    taken = webhooks.work(Channel.WOOCOMMERCE, shop.id, fake)

    session.refresh(aside)
    assert (row.summary, taken, aside.state) == ("Order was set aside", 1, InboxState.PROCESSED)
    assert session.exec(select(Order.external_id)).all() == ["77"]
    assert rows(asha) == []


def test_a_replay_that_fails_again_is_seen_though_it_was_snoozed(asha: Actor) -> None:
    blinkit = webhooks.account(Channel.BLINKIT)
    body = {"type": "PO_CREATION", "po_number": "1"}
    webhooks.send(Channel.BLINKIT, blinkit, webhooks.delivery(Channel.BLINKIT, body))
    webhooks.work(Channel.BLINKIT, blinkit)
    (row,) = rows(asha)
    do(deeds.snooze, asha, row.key, now() + timedelta(hours=1))
    assert rows(asha) == []

    do(deeds.retry, asha, row.key)
    webhooks.work(Channel.BLINKIT, blinkit)

    (again,) = rows(asha)
    assert (again.key, again.cause, again.snoozed_until) == (row.key, Cause.POISON, None)
    assert written(row.key) == ["exception:snoozed", "exception:retried"]


def test_what_cannot_be_tried_again_is_closed_with_a_note(session: Session, asha: Actor) -> None:
    shop = trouble.account(name="Shop")
    aside = trouble.entry(session, shop, kind="hook:person", topic="customers/redact")
    session.commit()
    (row,) = rows(asha)

    with pytest.raises(ConflictError):
        do(deeds.retry, asha, row.key)
    for note in ("", "   ", "x" * 501, "a\x00b"):
        with pytest.raises(InvalidInputError):
            do(deeds.resolve, asha, row.key, note)
    do(deeds.resolve, asha, row.key, " Answered  the buyer. ")

    session.refresh(aside)
    (closed,) = rows(asha, view=View.CLOSED)
    assert aside.state is InboxState.PROCESSED
    assert (closed.note, closed.changed_by, closed.title) == (
        "Answered the buyer.",
        asha.label,
        "405-9",
    )
    assert closed.ways == ()
    assert rows(asha) == []
    with pytest.raises(NotFoundError):
        do(deeds.resolve, asha, row.key, "Again.")


def test_an_event_that_waits_can_be_given_up(session: Session, asha: Actor) -> None:
    waits = trouble.entry(session, trouble.account(), InboxState.WAITING)
    session.commit()
    (row,) = rows(asha)

    do(deeds.resolve, asha, row.key, "The order was a test.")

    session.refresh(waits)
    assert row.cause is Cause.WAITING
    assert (waits.state, waits.next_try_at) == (InboxState.PROCESSED, None)
    assert webhooks.work(Channel.WOOCOMMERCE, waits.account_id) == 0


@pytest.mark.parametrize("make", [trouble.disconnected, trouble.failing, trouble.paused])
def test_trouble_of_an_account_ends_with_its_cause(
    session: Session, asha: Actor, make: Any
) -> None:
    account = make(session)
    session.commit()
    (row,) = rows(asha)

    for deed, more in ((deeds.retry, ()), (deeds.resolve, ("Seen.",)), (deeds.keep, (Keep.OURS,))):
        with pytest.raises(ConflictError):
            do(deed, asha, row.key, *more)
    account.status, account.failures = AccountStatus.CONNECTED, 0
    session.commit()

    assert row.source in (Source.ACCOUNT, Source.FAILING, Source.PAUSED)
    assert row.title == account.name
    # The change that waited on the paused account is now one of its own.
    assert [one.source for one in rows(asha)] in ([], [Source.WAIT])


def test_an_account_that_is_lost_again_is_another_exception(session: Session, asha: Actor) -> None:
    account = trouble.disconnected(session, at=now() - timedelta(hours=2))
    session.commit()
    (first,) = rows(asha)
    do(deeds.snooze, asha, first.key, now() + timedelta(days=1))
    assert rows(asha) == []

    account.last_error_at = now()
    session.commit()

    (second,) = rows(asha)
    assert second.key != first.key


def test_it_is_given_to_a_person_and_back(session: Session, asha: Actor) -> None:
    trouble.refused(session, trouble.account())
    colleague = UserFactory(name="Ravi Menon")
    left = UserFactory(name="Gone", is_active=False)
    session.commit()
    (row,) = rows(asha)

    for nobody in (left.id, 999_999):
        with pytest.raises(InvalidInputError):
            do(deeds.assign, asha, row.key, nobody)
    do(deeds.assign, asha, row.key, colleague.id)
    assert [one.assignee for one in rows(asha, assignee=str(colleague.id))] == ["Ravi Menon"]
    assert rows(asha, assignee="me") == rows(asha, assignee=NOBODY) == []
    do(deeds.assign, asha, row.key, asha.user_id)
    assert [one.assignee_id for one in rows(asha, assignee="me")] == [asha.user_id]
    do(deeds.assign, asha, row.key, None)

    assert len(rows(asha, assignee=NOBODY)) == 1
    assert written(row.key) == ["exception:assigned"] * 3


def test_it_sleeps_until_its_time(session: Session, asha: Actor) -> None:
    trouble.refused(session, trouble.account())
    session.commit()
    (row,) = rows(asha)

    for until in (now() - timedelta(seconds=1), now() + timedelta(days=31)):
        with pytest.raises(InvalidInputError):
            do(deeds.snooze, asha, row.key, until)
    do(deeds.snooze, asha, row.key, now() + timedelta(hours=4))
    assert (len(rows(asha)), len(rows(asha, view=View.SNOOZED))) == (0, 1)
    session.get_one(ExceptionMark, row.key).snoozed_until = now() - timedelta(seconds=1)
    session.commit()
    assert (len(rows(asha)), len(rows(asha, view=View.SNOOZED))) == (1, 0)
    do(deeds.snooze, asha, row.key, now() + timedelta(hours=4))
    do(deeds.snooze, asha, row.key, None)

    assert len(rows(asha)) == 1


def test_one_that_is_refused_stops_none_of_the_others(session: Session, asha: Actor) -> None:
    shop = trouble.account()
    trouble.refused(session, shop)
    trouble.conflict(session, shop)
    session.commit()
    found = {row.cause: row.key for row in rows(asha)}
    keys = [found[Cause.CONFLICT], "inbox:1", "nonsense", *found.values()]

    result = deeds.each(keys, lambda session, key: deeds.retry(session, asha, key))

    assert result.done == (found[Cause.TRANSITION],)
    assert list(result.refused) == [found[Cause.CONFLICT]]
    assert result.gone == ("inbox:1", "nonsense")
    assert [row.key for row in rows(asha)] == [found[Cause.CONFLICT]]


def test_a_database_that_is_away_is_true_of_all() -> None:
    def away(session: Session, key: str) -> None:
        del session, key
        raise ServiceUnavailableError("Away.")

    with pytest.raises(ServiceUnavailableError):
        deeds.each(["inbox:1"], away)


def test_a_reader_changes_nothing(session: Session, reader: Actor) -> None:
    aside = trouble.entry(session, trouble.account())
    session.commit()
    (row,) = rows(reader)

    for deed, more in (
        (deeds.retry, ()),
        (deeds.keep, (Keep.OURS,)),
        (deeds.assign, (reader.user_id,)),
        (deeds.snooze, (now() + timedelta(hours=1),)),
        (deeds.resolve, ("Done.",)),
    ):
        with pytest.raises(PermissionDeniedError):
            do(deed, reader, row.key, *more)

    session.refresh(aside)
    assert aside.state is InboxState.SET_ASIDE
    assert session.exec(select(ExceptionMark)).all() == []
    assert session.exec(select(AuditEntry)).all() == []


def test_a_poison_order_stands_on_the_page_while_the_rest_goes_on(asha: Actor) -> None:
    blinkit = webhooks.account(Channel.BLINKIT)
    for body in (purchase_order("1", item_data=[]), purchase_order("2")):
        webhooks.send(Channel.BLINKIT, blinkit, webhooks.delivery(Channel.BLINKIT, body))
    webhooks.work(Channel.BLINKIT, blinkit)

    (row,) = rows(asha)

    assert (row.cause, row.title) == (Cause.POISON, "1")
    assert row.said == "item_data is missing"
    assert list(webhooks.orders()) == ["2"]
