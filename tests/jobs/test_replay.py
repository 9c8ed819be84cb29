"""A decision about a word, from the next pull on and for what is here, against the real sandbox."""

from typing import Any

from sqlmodel import Session, select

from crm_app import db
from crm_app.channels.words import Word
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus as S
from crm_app.jobs import pull, replay
from crm_app.models import ChannelAccount, Order, Replay, ReplayState
from crm_app.services import replays, status_words
from tests.jobs.conftest import arrive
from tests.running import SandboxServer


def place(sandbox: SandboxServer, word: str) -> str:
    (number,) = sandbox.place("woocommerce")
    body: dict[str, Any] = sandbox.truth("woocommerce", number)["body"]
    sandbox.post("orders/raw", {"channel": "woocommerce", "body": body | {"status": word}})
    return number


def status(session: Session, number: str) -> tuple[S, S | None]:
    session.rollback()
    found = select(Order.status, Order.status_on_channel).where(Order.external_id == number)
    ours, theirs = session.exec(found).one()
    return S(ours), S(theirs) if theirs else None


def test_a_decision_holds_from_the_next_pull_on_and_then_for_what_is_here(
    shop: ChannelAccount, sandbox: SandboxServer, session: Session, admin: Actor
) -> None:
    old = place(sandbox, "wc-packed")
    arrive(shop, [old])
    assert status(session, old) == (S.PENDING, None)

    with db.transaction() as changing:
        status_words.set_word(
            changing,
            admin,
            channel=Channel.WOOCOMMERCE,
            account_id=shop.id,
            word=Word("order", "wc-packed"),
            status=S.PACKED,
        )
    new = place(sandbox, "wc-packed")
    arrive(shop, [new])
    assert status(session, new) == (S.PACKED, S.PACKED)
    assert status(session, old) == (S.PENDING, None)

    with db.transaction() as asking:
        begun = replays.begin(asking, admin, Channel.WOOCOMMERCE, is_dry=False)
    assert replay.replay(begun.id) is False
    assert status(session, old) == (S.PACKED, S.PACKED)
    # What the shop says again changes nothing.
    pull.pull_account(shop.id)
    assert status(session, old) == (S.PACKED, S.PACKED)


def test_the_clock_finds_a_replay_that_nobody_was_told_of(
    shop: ChannelAccount, session: Session, admin: Actor
) -> None:
    with db.transaction() as asking:
        begun = replays.begin(asking, admin, Channel.WOOCOMMERCE)
    assert replay.replay_due() == 0
    row = session.get_one(Replay, begun.id)
    row.updated_at = row.updated_at - 2 * replays.SILENT
    session.commit()

    assert replay.replay_due() == 1
    replay.replay(begun.id)

    session.refresh(row)
    assert row.state is ReplayState.CHECKED
    assert replay.replay_due() == 0
