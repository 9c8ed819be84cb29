"""Reading ahead: order, errors, the end of the time, and a thread that never outlives its block."""

import threading
import time
from collections.abc import Iterator

import pytest

from crm_app.channels.base import OrderPage
from crm_app.errors import RetryableError
from crm_app.services.reading_ahead import ahead

NEVER = float("inf")


def page(name: str) -> OrderPage:
    return OrderPage(orders=(), resume=name)


def readers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "reading ahead"]


def drain(pages: Iterator[OrderPage], got: list[str | None]) -> None:
    with ahead(pages, NEVER) as read:
        for one in read:
            # Storing takes its time.
            time.sleep(0.01)
            got.append(one.resume)


def test_pages_come_in_their_order_and_the_error_after_them() -> None:
    def pages() -> Iterator[OrderPage]:
        yield from (page(str(number)) for number in range(5))
        raise RetryableError("down")

    got: list[str | None] = []
    with pytest.raises(RetryableError, match="down"):
        drain(pages(), got)

    assert got == ["0", "1", "2", "3", "4"]
    assert readers() == []


def test_every_page_before_an_error_is_handed_on() -> None:
    def pages() -> Iterator[OrderPage]:
        yield page("1")
        yield page("2")
        raise KeyboardInterrupt

    got: list[str | None] = []
    with pytest.raises(KeyboardInterrupt):
        drain(pages(), got)

    assert got == ["1", "2"]


def test_the_next_page_is_read_while_the_last_one_is_in_hand() -> None:
    second_was_read = threading.Event()

    def pages() -> Iterator[OrderPage]:
        yield page("1")
        second_was_read.set()
        yield page("2")

    with ahead(pages(), NEVER) as read:
        iterator = iter(read)
        next(iterator)
        assert second_was_read.wait(5)
        assert next(iterator).resume == "2"


def test_after_the_deadline_nothing_is_asked_for_and_nothing_read_is_lost() -> None:
    asked: list[int] = []

    def pages() -> Iterator[OrderPage]:
        for number in range(100):
            asked.append(number)
            yield page(str(number))

    with ahead(pages(), time.monotonic() - 1) as read:
        got = [one.resume for one in read]

    assert (asked, got) == ([0], ["0"])


def test_leaving_early_ends_the_thread_and_a_call_is_waited_for() -> None:
    may_end, is_done = threading.Event(), threading.Event()

    def pages() -> Iterator[OrderPage]:
        yield page("1")
        may_end.wait(5)
        is_done.set()
        yield page("2")
        raise AssertionError("asked for too much")

    with ahead(pages(), NEVER) as read:
        next(iter(read))
        may_end.set()

    assert is_done.is_set()
    assert readers() == []
