"""Stored payloads read again: a dry run that shows the difference, then the difference itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, delete, select

from crm_app.channels.base import ChannelOrder
from crm_app.channels.rereading import REREADERS
from crm_app.channels.woocommerce import mapping
from crm_app.channels.words import Lexicon, Word
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus as S
from crm_app.errors import ConflictError, NotFoundError, PermissionDeniedError
from crm_app.models import (
    AuditEntry,
    ChannelAccount,
    Order,
    OrderEvent,
    OrderPayload,
    OrderWord,
    Replay,
    ReplayState,
    StatusIntent,
)
from crm_app.services import order_rows, orders, replaying, replays, rollups, status_words
from crm_app.services.importing import save_orders
from crm_app.services.order_view import get_order
from tests.channels.orders import woo_order
from tests.factories import AccountFactory

WORD = Word("order", "wc-packed")


@pytest.fixture
def shop(session: Session) -> ChannelAccount:
    account: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE, name="palmonas.com")
    session.commit()
    return account


def store(session: Session, account: ChannelAccount, **words: str) -> None:
    """Orders by number with the shop's word: `store(..., n1="wc-packed")` is order 1."""
    raws = [woo_order(id=int(key[1:]), number=key[1:], status=word) for key, word in words.items()]
    words_now = status_words.in_force(session, account)
    save_orders(session, account, [mapping.to_order(raw, 48, words_now) for raw in raws])
    session.commit()


def decide(session: Session, actor: Actor, status: S, word: Word = WORD) -> None:
    status_words.set_word(
        session, actor, channel=Channel.WOOCOMMERCE, account_id=None, word=word, status=status
    )
    session.commit()


def begin(session: Session, actor: Actor, word: Word | None = WORD) -> Replay:
    replay = replays.begin(session, actor, Channel.WOOCOMMERCE, word=word)
    session.commit()
    return work(session, replay)


def work(session: Session, replay: Replay) -> Replay:
    while replaying.run(replay.id, REREADERS, budget_s=5):
        pass
    session.refresh(replay)
    return replay


def apply(session: Session, actor: Actor, replay: Replay) -> Replay:
    replays.apply(session, actor, replay.id)
    session.commit()
    return work(session, replay)


def order(session: Session, number: str) -> Order:
    return session.exec(
        select(Order).where(Order.external_id == number).execution_options(populate_existing=True)
    ).one()


def statuses(session: Session) -> dict[str, S]:
    rows = session.exec(select(Order.external_id, Order.status).order_by(Order.external_id))
    return {number: S(status) for number, status in rows}


def fates(tally: dict[str, Any]) -> dict[str, int]:
    return tally["fates"]


def test_a_dry_run_shows_the_difference_and_writes_nothing(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed", n2="wc-packed", n3="processing")
    decide(session, admin, S.SHIPPED)
    events = len(session.exec(select(OrderEvent)).all())

    replay = begin(session, admin)

    assert replay.state is ReplayState.CHECKED
    assert (replay.expected, replay.found["seen"]) == (2, 2)
    assert replay.found["moves"] == {"pending>shipped": 2}
    assert [one[1] for one in replay.found["examples"]["changed"]] == ["1", "2"]
    assert statuses(session) == {"1": S.PENDING, "2": S.PENDING, "3": S.CONFIRMED}
    assert len(session.exec(select(OrderEvent)).all()) == events
    assert len(session.exec(select(OrderWord)).all()) == 2
    assert order(session, "1").version == 1


def test_what_was_shown_is_applied_and_explained(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed", n2="wc-packed", n3="processing")
    decide(session, admin, S.SHIPPED)

    replay = apply(session, admin, begin(session, admin))

    assert replay.state is ReplayState.DONE
    assert replay.done["moves"] == replay.found["moves"]
    assert statuses(session) == {"1": S.SHIPPED, "2": S.SHIPPED, "3": S.CONFIRMED}
    assert order(session, "1").status_on_channel is S.SHIPPED
    assert session.exec(select(OrderWord)).all() == []
    assert rollups.differences(session) == ([], [])
    detail = get_order(session, admin, order(session, "1").id)
    assert detail.events[0].actor_label == admin.label
    assert detail.events[0].sentence.startswith(
        "read it again with the desk's words: changed the status from Pending to Shipped"
    )
    # The lines say so too: the mapping reads the quantities by the status.
    assert detail.lines[0].quantity_shipped == detail.lines[0].quantity
    actions = [entry.action for entry in session.exec(select(AuditEntry).order_by("id"))]
    assert actions == ["status_word:set", "replay:checked", "replay:applied"]


def test_nothing_changes_where_the_words_are_as_before(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed", n2="completed", n3="processing", n4="refunded")

    replay = apply(session, admin, begin(session, admin, word=None))

    assert fates(replay.found) == {"same": 3, "unknown": 1}
    assert replay.done["fates"] == replay.found["fates"]
    assert {one.version for one in session.exec(select(Order))} == {1}


def test_a_known_word_with_another_meaning_is_read_again_on_the_whole_channel(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    second: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    store(session, shop, n1="on-hold", n2="processing")
    store(session, second, n3="on-hold")
    decide(session, admin, S.CONFIRMED, Word("order", "on-hold"))

    replay = apply(session, admin, begin(session, admin, word=None))

    assert replay.done["moves"] == {"pending>confirmed": 2}
    assert statuses(session) == {"1": S.CONFIRMED, "2": S.CONFIRMED, "3": S.CONFIRMED}


def test_one_account_alone_is_read_again(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    second: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    store(session, shop, n1="on-hold")
    store(session, second, n2="on-hold")
    decide(session, admin, S.CONFIRMED, Word("order", "on-hold"))
    replay = replays.begin(session, admin, Channel.WOOCOMMERCE, account_id=second.id, is_dry=False)
    session.commit()

    work(session, replay)

    assert statuses(session) == {"1": S.PENDING, "2": S.CONFIRMED}


def test_a_change_on_its_way_and_a_persons_status_are_held_back(
    session: Session, admin: Actor, asha: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed", n2="wc-packed", n3="wc-packed")
    orders.change_status(session, asha, order(session, "1").id, S.CONFIRMED)  # told to the shop
    orders.change_status(session, asha, order(session, "2").id, S.CANCELLED)
    two = order(session, "2")
    session.commit()
    # As if it had been told long ago, and the shop's word were the same.
    two.sync_status = order(session, "3").sync_status
    session.add(two)
    session.execute(delete(StatusIntent).where(col(StatusIntent.order_id) == two.id))
    session.commit()
    decide(session, admin, S.SHIPPED)

    replay = apply(session, admin, begin(session, admin))

    assert fates(replay.done) == {"travelling": 1, "person": 1, "changed": 1}
    assert statuses(session) == {"1": S.CONFIRMED, "2": S.CANCELLED, "3": S.SHIPPED}
    assert replay.done["examples"]["person"][0][1:3] == ["2", "cancelled>shipped"]


def test_payloads_that_are_gone_or_cannot_be_read_are_counted(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed", n2="wc-packed", n3="wc-packed")
    session.execute(
        delete(OrderPayload).where(col(OrderPayload.order_id) == order(session, "1").id)
    )
    session.execute(
        update(OrderPayload)
        .where(col(OrderPayload.order_id) == order(session, "2").id)
        .values(body=order_rows.pack(b'{"id": 2}'))
    )
    decide(session, admin, S.SHIPPED)

    replay = apply(session, admin, begin(session, admin))

    assert fates(replay.done) == {"gone": 1, "unreadable": 1, "changed": 1}
    assert replay.done["examples"]["unreadable"][0][3] == "status is missing."
    assert statuses(session) == {"1": S.PENDING, "2": S.PENDING, "3": S.SHIPPED}


def test_words_that_change_meanwhile_end_it_with_the_reason(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed")
    decide(session, admin, S.SHIPPED)
    checked = begin(session, admin)
    decide(session, admin, S.PACKED)

    with pytest.raises(ConflictError, match="words of this channel were changed"):
        replays.apply(session, admin, checked.id)
    running = replays.begin(session, admin, Channel.WOOCOMMERCE, word=WORD)
    session.commit()
    decide(session, admin, S.CONFIRMED)
    work(session, running)

    assert running.state is ReplayState.STOPPED
    assert "changed meanwhile" in running.reason
    assert statuses(session) == {"1": S.PENDING}


def test_it_goes_on_where_a_killed_worker_left_it_and_counts_nothing_twice(
    session: Session, admin: Actor, shop: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(session, shop, **{f"n{number}": "wc-packed" for number in range(1, 8)})
    decide(session, admin, S.SHIPPED)
    checked = begin(session, admin)
    replays.apply(session, admin, checked.id)
    session.commit()
    monkeypatch.setattr(replaying, "BATCH", 3)
    calls: list[str] = []

    def dying(options: Mapping[str, Any], words: Lexicon) -> replaying.Reread:
        reread = REREADERS[Channel.WOOCOMMERCE](options, words)

        def read(raw: Mapping[str, Any], moment: datetime) -> ChannelOrder:
            calls.append(str(raw["id"]))
            if len(calls) == 5:
                raise KeyboardInterrupt
            return reread(raw, moment)

        return read

    with pytest.raises(KeyboardInterrupt):
        replaying.run(checked.id, {Channel.WOOCOMMERCE: dying}, budget_s=60)
    session.rollback()
    done_before = sum(status is S.SHIPPED for status in statuses(session).values())
    work(session, checked)

    assert done_before == 3
    assert checked.done["seen"] == 7
    assert checked.done["moves"] == {"pending>shipped": 7}
    assert set(statuses(session).values()) == {S.SHIPPED}
    assert rollups.differences(session) == ([], [])


def test_one_at_a_time_per_channel_and_a_stopped_one_stays_where_it_was(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed")
    first = replays.begin(session, admin, Channel.WOOCOMMERCE, word=WORD)
    session.commit()

    with pytest.raises(ConflictError, match="already"):
        replays.begin(session, admin, Channel.WOOCOMMERCE)
    replays.stop(session, admin, first.id)
    session.commit()
    work(session, first)

    assert (first.state, first.found) == (ReplayState.STOPPED, {})
    with pytest.raises(ConflictError, match="ended"):
        replays.stop(session, admin, first.id)
    with pytest.raises(ConflictError, match="looked at"):
        replays.apply(session, admin, first.id)


def test_only_who_may_map_words_reads_again(
    session: Session, admin: Actor, asha: Actor, shop: ChannelAccount
) -> None:
    with pytest.raises(PermissionDeniedError):
        replays.begin(session, asha, Channel.WOOCOMMERCE)
    with pytest.raises(PermissionDeniedError):
        replays.latest(session, asha, Channel.WOOCOMMERCE)
    with pytest.raises(NotFoundError):
        replays.begin(session, admin, Channel.SHOPIFY)

    assert session.exec(select(Replay)).all() == []


def test_a_replay_that_nobody_works_on_is_found_again(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    replay = replays.begin(session, admin, Channel.WOOCOMMERCE)
    session.commit()
    assert replays.left_behind(session) == []

    replay.updated_at = replay.updated_at - 2 * replays.SILENT
    session.commit()

    assert replays.left_behind(session) == [replay.id]


def test_a_better_mapping_brings_other_details_and_leaves_the_status(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="processing")
    stored = order(session, "1")
    right, stored.total_minor = stored.total_minor, 1
    stored.note = "as a mapping of before read it"
    session.commit()

    checked = begin(session, admin, word=None)
    shown, total_before = fates(checked.found), order(session, "1").total_minor
    apply(session, admin, checked)

    after = order(session, "1")
    assert (shown, total_before) == ({"refreshed": 1}, 1)
    assert (after.total_minor, after.status, after.version) == (right, S.CONFIRMED, 2)


def take_back(session: Session, actor: Actor, word: Word = WORD) -> None:
    row = status_words.find(session, actor, Channel.WOOCOMMERCE, None, word)
    assert row is not None
    status_words.remove_word(session, actor, row.id)
    session.commit()


def look(session: Session, actor: Actor) -> Replay:
    replay = replays.look(session, actor, Channel.WOOCOMMERCE, None, WORD)
    session.commit()
    return work(session, replay)


def test_a_meaning_that_is_taken_back_gives_orders_their_status_back(
    session: Session, admin: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed", n2="processing", n5="completed")
    decide(session, admin, S.CANCELLED)
    apply(session, admin, begin(session, admin))
    # Read by the word while it had a meaning: an order that was here, and two that were not.
    newer = woo_order(id=2, number="2", status="wc-packed")
    words_now = status_words.in_force(session, shop)
    save_orders(session, shop, [mapping.to_order(newer, 48, words_now)])
    store(session, shop, n3="wc-packed", n4="wc-packed")
    decide(session, admin, S.SHIPPED)
    apply(session, admin, begin(session, admin, word=None))
    before = statuses(session)
    take_back(session, admin)

    checked = look(session, admin)
    untouched = statuses(session)
    done = apply(session, admin, checked)

    assert before == untouched
    assert before == {
        "1": S.SHIPPED,
        "2": S.SHIPPED,
        "3": S.SHIPPED,
        "4": S.SHIPPED,
        "5": S.SHIPPED,
    }
    assert done.done["moves"] == {"shipped>pending": 3, "shipped>confirmed": 1}
    assert statuses(session) == {
        "1": S.PENDING,
        "2": S.CONFIRMED,
        "3": S.PENDING,
        "4": S.PENDING,
        "5": S.SHIPPED,
    }
    assert [order(session, number).status_on_channel for number in "123"] == [
        None,
        S.CONFIRMED,
        None,
    ]
    assert len(session.exec(select(OrderWord)).all()) == 4
    assert rollups.differences(session) == ([], [])
    # And once more from the beginning: the word gets a meaning again.
    decide(session, admin, S.SHIPPED)
    again = apply(session, admin, look(session, admin))
    assert again.done["moves"] == {"pending>shipped": 3, "confirmed>shipped": 1}


def test_what_a_person_or_a_journey_decided_since_is_not_gone_back_from(
    session: Session, admin: Actor, asha: Actor, shop: ChannelAccount
) -> None:
    store(session, shop, n1="wc-packed", n2="wc-packed", n3="wc-packed")
    decide(session, admin, S.CONFIRMED)
    apply(session, admin, begin(session, admin))
    orders.change_status(session, asha, order(session, "1").id, S.CANCELLED)
    orders.change_status(session, asha, order(session, "2").id, S.CANCELLED)
    session.execute(
        delete(StatusIntent).where(col(StatusIntent.order_id) == order(session, "2").id)
    )
    session.execute(
        update(Order).where(col(Order.external_id) == "2").values(sync_status="in_sync")
    )
    session.commit()
    take_back(session, admin)

    done = apply(session, admin, look(session, admin))

    assert statuses(session) == {"1": S.CANCELLED, "2": S.CANCELLED, "3": S.PENDING}
    assert fates(done.done) == {"same": 1, "unknown": 1, "changed": 1}
