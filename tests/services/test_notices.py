"""Notices: told once while unread, read by their own person only."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.time import now
from crm_app.errors import NotFoundError, NotSignedInError
from crm_app.models import Notice
from crm_app.services import notices, retention
from tests.factories import UserFactory


def tell(session: Session, *people: Actor, sentence: str = "Look at it.", key: str = "k") -> int:
    told = notices.tell(
        session,
        [person.user_id for person in people if person.user_id],
        kind="alert",
        sentence=sentence,
        href="/orders/5",
        key=key,
    )
    session.commit()
    return told


def sentences(session: Session, person: Actor) -> list[str]:
    return [notice.sentence for notice in notices.list_notices(session, person).notices]


def test_the_same_subject_is_told_again_only_after_it_was_read(
    session: Session, asha: Actor, admin: Actor
) -> None:
    assert tell(session, asha, admin) == 2

    again = tell(session, asha, admin)
    first = notices.list_notices(session, asha).notices[0]
    notices.mark_read(session, asha, first.id)
    after_reading = tell(session, asha, admin, sentence="Look again.")

    assert (again, after_reading) == (0, 1)
    assert sentences(session, asha) == ["Look again.", "Look at it."]
    assert sentences(session, admin) == ["Look at it."]


def test_two_at_once_tell_a_person_once(session: Session, asha: Actor) -> None:
    def go() -> None:
        with db.transaction() as own:
            notices.tell(own, [asha.user_id or 0], kind="alert", sentence="x", href="/", key="k")

    running = [threading.Thread(target=go) for _ in range(8)]
    for one in running:
        one.start()
    for one in running:
        one.join()

    assert len(notices.list_notices(session, asha).notices) == 1


def test_nobody_reads_or_marks_what_another_was_told(
    session: Session, asha: Actor, admin: Actor
) -> None:
    tell(session, asha)
    of_asha = notices.list_notices(session, asha).notices[0]

    with pytest.raises(NotFoundError):
        notices.mark_read(session, admin, of_asha.id)

    assert notices.mark_all_read(session, admin) == 0
    assert (notices.count_unread(session, admin), notices.count_unread(session, asha)) == (0, 1)


def test_marking_all_keeps_what_came_after_the_screen_was_drawn(
    session: Session, asha: Actor
) -> None:
    for number in range(3):
        tell(session, asha, key=f"k{number}", sentence=f"Number {number}")
    seen = notices.list_notices(session, asha).notices[1]

    marked = notices.mark_all_read(session, asha, up_to=seen.id)

    assert marked == 2
    unread = notices.list_notices(session, asha, only_unread=True).notices
    assert [notice.sentence for notice in unread] == ["Number 2"]


def test_pages_go_on_below_and_end(session: Session, asha: Actor) -> None:
    for number in range(5):
        tell(session, asha, key=f"k{number}", sentence=str(number))

    first = notices.list_notices(session, asha, limit=3)
    second = notices.list_notices(session, asha, before=first.older, limit=3)

    assert [notice.sentence for notice in first.notices] == ["4", "3", "2"]
    assert [notice.sentence for notice in second.notices] == ["1", "0"]
    assert second.older is None


@pytest.mark.parametrize(
    ("href", "kept"),
    [("/orders/5", "/orders/5"), ("https://evil.example", "/"), ("//evil.example/x", "/")],
)
def test_a_notice_leads_nowhere_else(session: Session, asha: Actor, href: str, kept: str) -> None:
    notices.tell(session, [asha.user_id or 0], kind="x", sentence="y", href=href, key="k")

    assert notices.list_notices(session, asha).notices[0].href == kept


def test_who_left_or_never_was_is_told_nothing(session: Session) -> None:
    gone = UserFactory(is_active=False)

    told = notices.tell(session, [gone.id, 987_654], kind="alert", sentence="x", href="/", key="k")

    assert told == 0
    assert session.exec(select(Notice)).all() == []


def test_a_subject_without_a_name_is_refused(session: Session, asha: Actor) -> None:
    for key in ("", "x" * 121):
        with pytest.raises(ValueError, match="1 to 120"):
            notices.tell(session, [asha.user_id or 0], kind="a", sentence="b", href="/", key=key)


def test_the_system_has_no_notices(session: Session) -> None:
    with pytest.raises(NotSignedInError):
        notices.list_notices(session, SYSTEM)


def test_what_is_over_is_taken_from_the_unread_of_everybody(
    session: Session, asha: Actor, admin: Actor
) -> None:
    tell(session, asha, admin)

    assert notices.withdraw(session, key="k") == 2
    assert notices.count_unread(session, asha) == 0
    assert len(sentences(session, asha)) == 1


def test_counting_stops_at_a_hundred(session: Session, asha: Actor) -> None:
    for number in range(103):
        notices.tell(
            session, [asha.user_id or 0], kind="a", sentence="b", href="/", key=str(number)
        )

    assert notices.count_unread(session, asha) == 100


def test_old_notices_are_forgotten_by_the_daily_cleaning(session: Session, asha: Actor) -> None:
    tell(session, asha, key="old", sentence="Old")
    session.execute(
        update(Notice).where(col(Notice.key) == "old").values(at=now() - timedelta(days=40))
    )
    tell(session, asha, key="new", sentence="New")

    forgotten = retention.forget_notices(session, now() - timedelta(days=30))

    assert forgotten == 1
    assert sentences(session, asha) == ["New"]
