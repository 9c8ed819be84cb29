"""A word without a meaning is an exception as long as an order carries it and nobody knows it."""

import pytest
from sqlalchemy import delete
from sqlmodel import Session

from crm_app.channels.words import Word
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.models import OrderWord
from crm_app.services import status_words
from crm_app.services.exceptions import listing
from crm_app.services.exceptions.query import ExceptionQuery
from tests.services.exceptions import trouble


def titles(session: Session, actor: Actor) -> list[str]:
    return [row.title for row in listing.list_exceptions(session, actor, ExceptionQuery()).rows]


@pytest.mark.parametrize(
    ("word", "is_shown"), [("on-the-moon", True), ("completed", False), ("Completed", True)]
)
def test_a_word_that_a_release_taught_the_product_is_no_exception(
    session: Session, asha: Actor, word: str, is_shown: bool
) -> None:
    trouble.word(session, trouble.account(), word)

    assert titles(session, asha) == [word] * is_shown


def test_a_word_that_no_order_carries_any_more_leaves(session: Session, asha: Actor) -> None:
    shop = trouble.account()
    trouble.word(session, shop, "GONE")
    session.execute(delete(OrderWord))
    trouble.word(session, shop, "HERE")

    assert titles(session, asha) == ["HERE"]


def test_a_word_that_an_admin_decided_leaves_and_comes_back_with_the_decision(
    session: Session, asha: Actor, admin: Actor
) -> None:
    trouble.word(session, trouble.account(), "PACKING")
    given = status_words.set_word(
        session,
        admin,
        channel=Channel.WOOCOMMERCE,
        account_id=None,
        word=Word("order", "PACKING"),
        status=OrderStatus.PACKED,
    )
    decided = titles(session, asha)

    status_words.remove_word(session, admin, given.id)

    assert (decided, titles(session, asha)) == ([], ["PACKING"])
