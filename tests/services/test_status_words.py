"""What admins decide about a channel's words, and the report of words that nobody has mapped."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.channels.base import ChannelOrder
from crm_app.channels.words import Word
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, ChannelAccount, OrderWord, StatusWord
from crm_app.services import status_words, unknown_words
from crm_app.services.importing import save_orders
from tests.factories import AccountFactory
from tests.services.fakes import at, told

PACKED_WORD = Word("order", "wc-packed")


@pytest.fixture
def shop(session: Session) -> ChannelAccount:
    account: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE, name="palmonas.com")
    session.commit()
    return account


def decide(
    session: Session,
    actor: Actor,
    status: S,
    account: ChannelAccount | None = None,
    word: Word = PACKED_WORD,
) -> StatusWord:
    row = status_words.set_word(
        session,
        actor,
        channel=Channel.WOOCOMMERCE,
        account_id=account.id if account else None,
        word=word,
        status=status,
    )
    session.commit()
    return row


def odd(number: str, word: str = "wc-packed", minutes: float = 0, **changes: Any) -> ChannelOrder:
    changes = {"status": None, "channel_status": word, "updated_at": at(minutes)} | changes
    return told(number, **changes, unknown_words=(Word("order", word),))


def test_a_word_means_what_was_decided_for_all_accounts_or_for_one(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    other: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    amazon: ChannelAccount = AccountFactory(channel=Channel.AMAZON)
    decide(session, admin, S.PACKED)
    decide(session, admin, S.READY_TO_SHIP, shop)

    read = [status_words.in_force(session, one).read(*PACKED_WORD) for one in (shop, other, amazon)]

    assert read == [S.READY_TO_SHIP, S.PACKED, None]
    assert status_words.in_force(session, shop).read("order", "completed") is S.SHIPPED


def test_a_decision_is_changed_taken_back_and_each_time_recorded(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    first = decide(session, admin, S.PACKED)
    again = decide(session, admin, S.CONFIRMED)
    decide(session, admin, S.CONFIRMED)
    status_words.remove_word(session, admin, again.id)
    session.commit()

    entries = session.exec(select(AuditEntry).order_by("id")).all()
    assert first.id == again.id
    assert [entry.action for entry in entries] == [
        "status_word:set",
        "status_word:set",
        "status_word:removed",
    ]
    assert [entry.after.get("status") for entry in entries] == ["packed", "confirmed", None]
    assert entries[1].before["status"] == "packed"
    assert status_words.in_force(session, shop).read(*PACKED_WORD) is None


def test_only_who_may_map_words_decides(session: Session, asha: Actor) -> None:
    with pytest.raises(PermissionDeniedError):
        decide(session, asha, S.PACKED)
    with pytest.raises(PermissionDeniedError):
        status_words.remove_word(session, asha, 1)
    with pytest.raises(PermissionDeniedError):
        status_words.table(session, asha, Channel.WOOCOMMERCE)

    assert session.exec(select(StatusWord)).all() == []


@pytest.mark.parametrize(
    ("word", "status", "field"),
    [
        (Word("parcel", "wc-packed"), S.PACKED, "vocabulary"),
        (Word("order", "  "), S.PACKED, "word"),
        (Word("order", "wc\npacked"), S.PACKED, "word"),
        (Word("order", "x" * 201), S.PACKED, "word"),
        # What the shop shows once it took "shipped": it could never be confirmed again.
        (Word("order", "completed"), S.CONFIRMED, "status"),
    ],
)
def test_what_cannot_be_decided_is_said_at_its_field(
    session: Session, admin: Actor, word: Word, status: S, field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        decide(session, admin, status, word=word)

    assert set(caught.value.details) == {field}
    assert session.exec(select(StatusWord)).all() == []


def test_a_word_that_we_tell_may_mean_a_status_further_on(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    decide(session, admin, S.DELIVERED, word=Word("order", "completed"))

    assert status_words.in_force(session, shop).read("order", "completed") is S.DELIVERED


def test_an_account_of_another_channel_is_none(session: Session, admin: Actor) -> None:
    amazon: ChannelAccount = AccountFactory(channel=Channel.AMAZON)

    with pytest.raises(NotFoundError):
        decide(session, admin, S.PACKED, amazon)
    with pytest.raises(NotFoundError):
        status_words.remove_word(session, admin, 4_711)


def test_the_table_shows_a_decision_in_place_of_what_it_replaces(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    decide(session, admin, S.CONFIRMED, word=Word("order", "on-hold"))
    decide(session, admin, S.PACKED, shop)

    shown = {(one.word.text, one.account_name): one for one in words_shown(session, admin)}

    hold, packed = shown["on-hold", ""], shown["wc-packed", "palmonas.com"]
    assert (hold.status, hold.built_in, hold.set_by) == (S.CONFIRMED, S.PENDING, admin.label)
    assert (packed.status, packed.built_in) == (S.PACKED, None)
    assert shown["completed", ""].told_for is S.SHIPPED
    assert len(shown) == 10


def words_shown(session: Session, admin: Actor) -> tuple[status_words.WordView, ...]:
    return status_words.table(session, admin, Channel.WOOCOMMERCE).words


def test_unknown_words_are_reported_with_the_orders_that_carry_them(
    session: Session, shop: ChannelAccount
) -> None:
    save_orders(session, shop, [odd("1"), odd("2"), odd("3", "wc-lost"), told("4")])
    session.commit()

    reports = {one.word.text: one for one in unknown_words.unmapped(session)}

    packed = reports["wc-packed"]
    assert set(reports) == {"wc-packed", "wc-lost"}
    assert (packed.orders, packed.times_seen, packed.account_name) == (2, 2, "palmonas.com")
    assert [one.order_number for one in packed.carriers] == ["2", "1"]


def test_an_order_leaves_the_report_when_its_word_is_a_known_one(
    session: Session, shop: ChannelAccount
) -> None:
    save_orders(session, shop, [odd("1"), odd("2")])

    save_orders(session, shop, [told("1", updated_at=at(1)), odd("2", "wc-lost", 1)])
    session.commit()

    counts = {
        one.word.text: (one.orders, one.times_seen) for one in unknown_words.unmapped(session)
    }
    assert counts == {"wc-packed": (0, 2), "wc-lost": (1, 1)}
    assert len(session.exec(select(OrderWord)).all()) == 1


def test_a_mapped_word_leaves_the_report_and_comes_back_when_it_is_taken_back(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    other: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    save_orders(session, shop, [odd("1")])
    save_orders(session, other, [odd("1")])
    row = decide(session, admin, S.PACKED, shop)

    left = [one.account_id for one in unknown_words.unmapped(session)]
    status_words.remove_word(session, admin, row.id)

    assert left == [other.id]
    assert len(unknown_words.unmapped(session)) == 2


def test_a_parcel_word_is_reported_though_the_order_has_a_status(
    session: Session, shop: ChannelAccount
) -> None:
    parcel = (Word("parcel", "BY_DRONE"),)

    save_orders(session, shop, [told("1", status=S.SHIPPED, unknown_words=parcel)])
    session.commit()

    (report,) = unknown_words.unmapped(session)
    assert (report.word, report.orders) == (parcel[0], 1)
