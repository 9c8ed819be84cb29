"""Refusals are remembered, and nobody fills the trail with them."""

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.models import AuditEntry
from crm_app.services import refusals
from crm_app.services.refusals import Bound


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_the_same_refusal_is_written_once_a_minute_and_says_how_often() -> None:
    clock = Hand()
    bound = Bound(clock=clock)

    first = [bound.claim("a") for _ in range(5)]
    clock.at = 61
    later = [bound.claim("a"), bound.claim("b")]

    assert first == [1, 0, 0, 0, 0]
    assert later == [5, 1]


def test_a_flood_of_different_ones_is_cut_and_counted() -> None:
    clock = Hand()
    bound = Bound(burst=10, per_second=0.1, clock=clock)

    written = sum(bound.claim(number) > 0 for number in range(1_000))
    clock.at = 10
    next_one = bound.claim("later")

    assert (written, next_one) == (10, 991)


def test_what_is_remembered_of_refusals_does_not_grow() -> None:
    bound = Bound(burst=10_000, most_keys=100)

    for number in range(1_000):
        bound.claim(number)

    assert len(bound._seen) == 100  # pyright: ignore[reportPrivateUsage]


def test_an_entry_names_who_and_where_and_never_what_was_sent(
    session: Session, asha: Actor
) -> None:
    refusals.note("event:refused", "orders_state.load", "permission_denied", actor=asha.at("::1"))
    refusals.note("socket:refused", "events", "other_origin", address="203.0.113.9")

    found = session.exec(select(AuditEntry).order_by("id")).all()
    assert [
        (one.action, one.actor_label, one.actor_id, one.address, one.subject_id, one.after)
        for one in found
    ] == [
        (
            "event:refused",
            "Support person",
            asha.user_id,
            "::1",
            "orders_state.load",
            {"error": "permission_denied"},
        ),
        ("socket:refused", "Nobody", None, "203.0.113.9", "events", {"error": "other_origin"}),
    ]


def test_a_refusal_stands_also_where_it_cannot_be_written(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    del database
    monkeypatch.setattr(refusals.db, "LOCK_AUDIT_CHAIN", "no number")

    refusals.note("event:refused", "orders_state.load", "permission_denied")

    assert "could not be written down" in caplog.text
