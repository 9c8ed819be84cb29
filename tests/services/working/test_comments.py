"""Comments: whom they name, who may change them, and what the history keeps of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, Order, OrderComment, OrderEvent
from crm_app.services import history
from crm_app.services.working import comments, watching
from crm_app.services.working.people import Colleague
from tests.factories import OrderFactory, UserFactory
from tests.services.working.test_changes import run

ASHA, ASHA_K, RAVI = Colleague(1, "Asha"), Colleague(2, "Asha Kulkarni"), Colleague(3, "Ravi")


@pytest.fixture
def order(session: Session) -> Order:
    made: Order = OrderFactory()
    session.commit()
    return made


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Asha Kulkarni please call", [ASHA_K]),
        ("@asha, and @RAVI.", [ASHA, RAVI]),
        ("@Asha Kulkarnis cousin", [ASHA]),
        ("@Ashas", []),
        ("mail asha@Ravi.example", []),
        ("@ Ravi @@Ravi", [RAVI]),
        ("@Ravi @Ravi", [RAVI]),
        ("", []),
    ],
)
def test_a_name_is_found(text: str, named: list[Colleague]) -> None:
    assert comments.mentioned(text, [ASHA, ASHA_K, RAVI]) == named


@given(st.text())
def test_no_text_breaks_the_search_for_names(text: str) -> None:
    assert set(comments.mentioned(text, [ASHA, RAVI])) <= {ASHA, RAVI}


def test_a_comment_names_people_who_then_watch(session: Session, asha: Actor, order: Order) -> None:
    UserFactory(name="Ravi Menon")
    session.commit()

    made = run(comments.add_comment, asha, order.id, " Ask @ravi menon\r\nabout the pin \x00")

    assert (made.text, made.is_mine, made.edited_at) == (
        "Ask @ravi menon\nabout the pin",
        True,
        None,
    )
    assert [one.name for one in watching.watchers(session, order.id)] == [
        "Ravi Menon",
        "Support person",
    ]
    event = session.exec(select(OrderEvent)).one()
    assert (event.kind, event.data) == (
        "comment:added",
        {"comment": made.id, "to": "Ravi Menon"},
    )
    assert history.sentence(event.kind, event.data, order) == "wrote a comment to Ravi Menon"
    told = session.exec(select(AuditEntry).order_by("id")).all()
    assert [one.action for one in told] == ["order:watched", "order:watched", "comment:added"]
    assert (told[2].before, told[2].after) == ({}, event.data)


def test_only_the_author_edits_and_deletes(
    session: Session, asha: Actor, admin: Actor, order: Order
) -> None:
    made = run(comments.add_comment, asha, order.id, "first")

    for act in (
        lambda: run(comments.edit_comment, admin, made.id, "mine now"),
        lambda: run(comments.delete_comment, admin, made.id),
    ):
        with pytest.raises(PermissionDeniedError):
            act()
    run(comments.edit_comment, asha, made.id, "first")  # says nothing new
    edited = run(comments.edit_comment, asha, made.id, "second")
    assert (edited.text, edited.edited_at is None) == ("second", False)
    run(comments.delete_comment, asha, made.id)

    with pytest.raises(NotFoundError):
        run(comments.edit_comment, asha, made.id, "third")
    assert run(comments.list_comments, asha, order.id) == []
    assert session.exec(select(OrderComment.text)).one() == ""
    kinds = session.exec(select(OrderEvent.kind).order_by(col(OrderEvent.id))).all()
    assert kinds == ["comment:added", "comment:edited", "comment:deleted"]


def test_a_reader_sees_that_somebody_wrote_and_not_what(
    session: Session, asha: Actor, reader: Actor, order: Order
) -> None:
    run(comments.add_comment, asha, order.id, "Meera moved to Pune")

    (seen,) = run(comments.list_comments, reader, order.id)
    with pytest.raises(PermissionDeniedError):
        run(comments.add_comment, reader, order.id, "me too")

    assert (seen.author, seen.text, seen.is_mine) == (
        "Support person",
        "Personal data withheld",
        False,
    )


@pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 4_001])
def test_an_empty_or_endless_comment_is_refused(
    session: Session, asha: Actor, order: Order, text: Any
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        run(comments.add_comment, asha, order.id, text)

    assert list(caught.value.details) == ["text"]
    assert session.exec(select(OrderEvent)).all() == []
