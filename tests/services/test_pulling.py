"""A sweep of one account: what a stop at any point leaves behind, and how it goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from crm_app import db
from crm_app.channels.base import BadOrder, ChannelOrder, OrderPage
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    ServiceUnavailableError,
)
from crm_app.models import AccountStatus, ChannelAccount, InboxEntry, Order
from crm_app.services import pulling
from crm_app.services.importing import ImportCount
from tests.factories import AccountFactory, bind
from tests.services.fakes import FakeSource, at, last_page, line, told


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(cursor="before").id


def account(account_id: int) -> ChannelAccount:
    with db.transaction() as session:
        return session.get_one(ChannelAccount, account_id)


def stored() -> list[str]:
    with db.transaction() as session:
        return list(session.exec(select(Order.external_id).order_by("external_id")))


def pull(source: FakeSource, account_id: int, budget_s: float = 60) -> pulling.PullResult:
    return pulling.pull(source, account_id, budget_s=budget_s)


def page(*orders: ChannelOrder, resume: str) -> OrderPage:
    return OrderPage(orders=orders, resume=resume)


def test_the_cursor_moves_with_the_last_page_and_no_transaction_is_open_meanwhile(
    account_id: int,
) -> None:
    source = FakeSource([page(told("1"), resume="p2"), last_page(told("2"), cursor="after")])

    result = pull(source, account_id)

    found = account(account_id)
    assert (result.count, result.is_complete, result.error) == (ImportCount(2), True, None)
    assert (found.cursor, found.resume, found.watermark) == ("after", None, at(60))
    assert (source.asked, source.idle) == ([("before", None)], [0, 0])
    assert found.next_pull_at is not None
    assert found.next_pull_at > now()


def test_an_empty_answer_moves_the_cursor_too(account_id: int) -> None:
    result = pull(FakeSource([last_page(cursor="after")]), account_id)

    assert (result.count.total, result.is_complete) == (0, True)
    assert account(account_id).cursor == "after"


@pytest.mark.parametrize("error", [RetryableError("down"), KeyError("boom"), KeyboardInterrupt()])
def test_whatever_stops_it_between_two_pages_loses_nothing(
    account_id: int, error: BaseException
) -> None:
    first, second = page(told("1"), resume="p2"), last_page(told("2"), cursor="after")
    source = FakeSource([first, error])
    if isinstance(error, ChannelError):
        assert pull(source, account_id).error is error
    else:
        with pytest.raises(type(error)):
            pull(source, account_id)
    stopped, kept = account(account_id), stored()
    # How to go on was stored with the page that it follows, or neither was.
    again = FakeSource([second] if stopped.resume else [first, second])

    pull(again, account_id)

    assert (stopped.cursor, stopped.resume, kept) in (("before", "p2", ["1"]), ("before", None, []))
    assert again.asked == [("before", stopped.resume)]
    assert stored() == ["1", "2"]
    assert (account(account_id).cursor, account(account_id).failures) == ("after", 0)


def test_an_unexpected_fault_is_shown_on_the_account_without_its_content(account_id: int) -> None:
    with pytest.raises(KeyError):
        pull(FakeSource([KeyError("meera@mail.example")]), account_id)

    found = account(account_id)
    assert (found.last_error, found.failures) == ("Unexpected: KeyError.", 1)
    assert found.next_pull_at is not None


def test_a_list_without_an_end_is_no_complete_pull(account_id: int) -> None:
    result = pull(FakeSource([page(told("1"), resume="p2")]), account_id)

    assert result.is_complete is False
    assert account(account_id).cursor == "before"
    assert account(account_id).last_error == "The channel's list of orders ended before its end."


def test_when_time_is_up_the_next_pull_goes_on_from_there(account_id: int) -> None:
    source = FakeSource([page(told("1"), resume="p2"), AssertionError("asked for too much")])

    result = pull(source, account_id, budget_s=-1)

    assert (result.count, result.is_complete, result.error) == (ImportCount(1), False, None)
    assert account(account_id).resume == "p2"


def test_a_channel_at_its_limit_is_asked_again_when_it_said_and_has_not_failed(
    account_id: int,
) -> None:
    before = now()

    pull(FakeSource([RateLimitedError("slow down", retry_after_s=90)]), account_id)

    found = account(account_id)
    assert (found.failures, found.status) == (0, AccountStatus.CONNECTED)
    assert found.next_pull_at is not None
    assert 89 < (found.next_pull_at - before).total_seconds() < 100


def test_failures_in_a_row_are_counted_and_wait_longer(account_id: int) -> None:
    waits: list[float] = []
    for _ in range(4):
        before = now()
        pull(FakeSource([RetryableError("down")]), account_id)
        due = account(account_id).next_pull_at
        assert due is not None
        waits.append((due - before).total_seconds())

    assert account(account_id).failures == 4
    assert waits[3] > waits[1] > waits[0] * 0.9


def test_a_refused_key_disconnects_the_account_and_keeps_the_cursor(account_id: int) -> None:
    pull(FakeSource([AccountDisconnectedError("key revoked")]), account_id)

    found = account(account_id)
    assert (found.status, found.cursor) == (AccountStatus.DISCONNECTED, "before")
    assert found.last_error == "key revoked"


def test_a_refused_page_token_is_forgotten(account_id: int) -> None:
    pull(FakeSource([page(told("1"), resume="bad"), RejectedError("token expired")]), account_id)

    assert (account(account_id).resume, account(account_id).cursor) == (None, "before")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (told("bad", note="a\x00b"), "Unicode escape sequence"),
        (told("bad", note="half \ud83d"), "UnicodeEncodeError"),
        (told("bad", total_minor=2**70), "out of range for type bigint"),
        (told("bad", lines=(line(quantity=2**40),)), "out of range for type integer"),
        (told("bad", lines=(line(sku="x" * 500),)), "value too long for type"),
    ],
    ids=["null byte", "half a character", "huge amount", "huge quantity", "long sku"],
)
def test_one_value_that_the_database_refuses_sets_aside_that_order_alone(
    account_id: int, bad: ChannelOrder, reason: str
) -> None:
    refused_by_mapping = BadOrder("worse", "no total", {"id": "worse"})

    result = pull(
        FakeSource([last_page(told("1"), bad, told("2"), bad=(refused_by_mapping,))]), account_id
    )

    with db.transaction() as session:
        reasons = dict(session.exec(select(InboxEntry.external_id, InboxEntry.reason)).all())
    assert result.count == ImportCount(created=2, set_aside=2)
    assert stored() == ["1", "2"]
    assert sorted(reasons) == ["bad", "worse"]
    assert reason in reasons["bad"]
    assert account(account_id).cursor == "next"


@contextmanager
def refusing_everything() -> Iterator[None]:
    """A rule that the code does not know of, as after a migration that went wrong."""
    with db.get_engine().begin() as connection:
        connection.execute(text("ALTER TABLE orders ADD CONSTRAINT ours CHECK (false) NOT VALID"))
    try:
        yield
    finally:
        with db.get_engine().begin() as connection:
            connection.execute(text("ALTER TABLE orders DROP CONSTRAINT ours"))


def test_a_page_of_which_every_order_is_refused_for_one_reason_is_our_fault_and_waits(
    account_id: int,
) -> None:
    page_of_two = last_page(told("1"), told("2"), bad=(BadOrder("3", "no total", {}),))
    with refusing_everything(), pytest.raises(IntegrityError):
        pull(FakeSource([page_of_two]), account_id)
    meanwhile, kept = account(account_id), stored()
    with db.transaction() as session:
        set_aside = session.exec(select(InboxEntry.external_id)).all()

    pull(FakeSource([page_of_two]), account_id)

    assert (kept, set_aside, meanwhile.cursor) == ([], [], "before")
    assert (meanwhile.last_error, meanwhile.failures) == ("Unexpected: IntegrityError.", 1)
    assert stored() == ["1", "2"]
    assert account(account_id).cursor == "next"


def test_a_page_of_which_each_order_is_bad_in_its_own_way_is_set_aside(account_id: int) -> None:
    orders = (told("1", total_minor=2**70), told("2", lines=(line(sku="x" * 500),)))

    result = pull(FakeSource([last_page(*orders)]), account_id)

    assert result.count == ImportCount(set_aside=2)
    assert (stored(), account(account_id).cursor) == ([], "next")


@contextmanager
def full_disk(table: str) -> Iterator[None]:
    """Inserts into the table fail as they do when the disk is full."""
    with db.get_engine().begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
                "EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER no_room BEFORE INSERT ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION no_room()"
            )
        )
    try:
        yield
    finally:
        with db.get_engine().begin() as connection:
            connection.execute(text("DROP FUNCTION no_room() CASCADE"))


# The last table of a page: everything before it was written already.
@pytest.mark.parametrize("table", ["orders", "order_events", "order_rollups"])
def test_a_full_disk_rolls_the_page_back_and_the_next_pull_completes(
    account_id: int, table: str
) -> None:
    pages = [page(told("1"), resume="p2"), last_page(told("2"), cursor="after")]
    with full_disk(table), pytest.raises(ServiceUnavailableError) as caught:
        pull(FakeSource(pages), account_id)
    meanwhile, kept = account(account_id), stored()

    pull(FakeSource(pages), account_id)

    assert str(caught.value) == (
        "The disk of the database is full. Nothing was changed; try again in a moment."
    )
    assert (kept, meanwhile.cursor, meanwhile.resume) == ([], "before", None)
    assert meanwhile.last_error == str(caught.value)
    assert stored() == ["1", "2"]
    assert account(account_id).cursor == "after"


def test_two_pulls_that_meet_store_each_order_once(account_id: int) -> None:
    # One account is pulled by one job at a time; a read-back may still meet it.
    barrier = threading.Barrier(2)
    orders = [told(str(n)) for n in range(20)]
    counts: list[ImportCount] = []

    def run() -> None:
        barrier.wait()
        for order in orders:
            counts.append(pull(FakeSource([last_page(order)]), account_id).count)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    total = sum(counts, ImportCount())
    assert (total.created, total.updated, total.unchanged) == (20, 0, 20)
    assert len(stored()) == 20
