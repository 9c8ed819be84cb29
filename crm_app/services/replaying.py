"""Stored payloads read again with the words in force: looked at first, then applied.

The dry run and the application decide in the same way (`remapping.decide`); only the latter locks
and writes. Each batch is a transaction of its own together with how far it has come, so a replay
may be killed, run twice or run by two workers.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels.base import ChannelOrder
from crm_app.channels.reading import BadFieldError
from crm_app.channels.words import Lexicon
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import PermissionDeniedError
from crm_app.models import ChannelAccount, Order, OrderPayload, OrderWord, Replay, ReplayState
from crm_app.services import order_rows, remapping, status_words
from crm_app.services.behalf import on_behalf
from crm_app.services.remapping import Fate, Outcome
from crm_app.services.replays import OPEN, account_ids

BATCH: Final = 200
_EXAMPLES: Final = 12

# From a channel, an account's options and its words to what maps a payload; handed in by the job.
Reread = Callable[[Mapping[str, Any], datetime], ChannelOrder]
Rereader = Callable[[Mapping[str, Any], Lexicon], Reread]


@dataclass(frozen=True, slots=True)
class _Found:
    """An order with its stored payload; None where that is no longer kept."""

    order: Order
    body: bytes | None


def run(replay_id: int, rereaders: Mapping[Channel, Rereader], *, budget_s: float) -> bool:
    """Work on a replay for a while; whether more is to be done.

    Args:
        replay_id: Our id.
        rereaders: By channel.
        budget_s: Begin no further batch after this many seconds.
    """
    deadline = time.monotonic() + budget_s
    while time.monotonic() < deadline:
        with db.transaction() as session:
            if not _batch(session, replay_id, rereaders):
                return False
    return True


def _batch(session: Session, replay_id: int, rereaders: Mapping[Channel, Rereader]) -> bool:
    """The next orders of a replay; False when there is nothing (more) to do, or not for us."""
    replay = session.exec(
        select(Replay).where(Replay.id == replay_id).with_for_update(skip_locked=True)
    ).one_or_none()
    if replay is None or replay.state not in OPEN:
        return False
    replay.updated_at = now()
    if status_words.digest(session, replay.channel) != replay.words_digest:
        replay.state = ReplayState.STOPPED
        replay.reason = "The words of this channel were changed meanwhile. Look at it again."
        return False
    try:
        actor = on_behalf(session, replay.asked_by_id, replay.token_id)
        actor.require(Permission.MANAGE_MAPPINGS)
    except PermissionDeniedError:
        replay.state = ReplayState.STOPPED
        replay.reason = f"{replay.asked_by} may no longer do this. Somebody else may begin it anew."
        return False
    account = _next_account(session, replay)
    if account is None:
        _end(replay)
        return False
    ids = _next_orders(session, replay, account.id)
    if not ids:
        replay.cursor_account, replay.cursor_key = account.id + 1, ""
        return True
    words = status_words.in_force(session, account)
    reread = rereaders[account.channel](account.options, words)
    outcomes = _read_again(session, actor, replay, account, ids, reread)
    _count(replay, outcomes)
    return True


def _end(replay: Replay) -> None:
    is_dry = replay.state is ReplayState.CHECKING
    replay.state = ReplayState.CHECKED if is_dry else ReplayState.DONE


def _next_account(session: Session, replay: Replay) -> ChannelAccount | None:
    """The account that the cursor stands on, or the next one."""
    return session.exec(
        select(ChannelAccount)
        .where(
            col(ChannelAccount.id).in_(account_ids(session, replay.channel, replay.account_id)),
            ChannelAccount.id >= replay.cursor_account,
        )
        .order_by(col(ChannelAccount.id))
        .limit(1)
    ).first()


def _next_orders(session: Session, replay: Replay, account_id: int) -> list[int]:
    """Ids of the next orders; the cursor moves past them."""
    if replay.cursor_account != account_id:
        replay.cursor_account, replay.cursor_key = account_id, ""
    if replay.word:
        ids = list(
            session.exec(
                select(OrderWord.order_id)
                .where(
                    OrderWord.account_id == account_id,
                    OrderWord.vocabulary == replay.vocabulary,
                    OrderWord.word == replay.word,
                    OrderWord.order_id > int(replay.cursor_key or 0),
                )
                .order_by(col(OrderWord.order_id))
                .limit(BATCH)
            )
        )
        replay.cursor_key = str(ids[-1]) if ids else replay.cursor_key
        return ids
    # By the channel's own id: the unique key of orders gives this order without another index.
    rows = session.exec(
        select(Order.id, Order.external_id)
        .where(Order.account_id == account_id, col(Order.external_id) > replay.cursor_key)
        .order_by(col(Order.external_id))
        .limit(BATCH)
    ).all()
    replay.cursor_key = rows[-1][1] if rows else replay.cursor_key
    return [order_id for order_id, _ in rows]


def _read_again(
    session: Session,
    actor: Actor,
    replay: Replay,
    account: ChannelAccount,
    ids: Sequence[int],
    reread: Reread,
) -> list[Outcome]:
    is_dry = replay.state is ReplayState.CHECKING
    found = _load(session, ids, is_locked=not is_dry)
    told: dict[int, ChannelOrder] = {}
    outcomes: list[Outcome] = []
    for one in found:
        order = one.order
        if one.body is None:
            outcomes.append(Outcome(order.id, order.order_number, Fate.GONE))
            continue
        try:
            told[order.id] = reread(order_rows.unpack(one.body), order.channel_updated_at)
        except BadFieldError as error:
            outcome = Outcome(order.id, order.order_number, Fate.UNREADABLE, why=f"{error}.")
            outcomes.append(outcome)
    orders = [one.order for one in found if one.order.id in told]
    if is_dry:
        # What is decided on them must not be written.
        for order in orders:
            session.expunge(order)
    decided = remapping.decide(session, orders, told)
    if not is_dry:
        remapping.write(session, account, actor, decided, told)
    return outcomes + [one.outcome for one in decided]


def _load(session: Session, ids: Sequence[int], *, is_locked: bool) -> list[_Found]:
    statement = (
        select(Order, OrderPayload.body)
        .outerjoin(
            OrderPayload,
            and_(
                col(OrderPayload.order_id) == Order.id,
                col(OrderPayload.payload_hash) == Order.payload_hash,
            ),
        )
        .where(col(Order.id).in_(ids))
        # As everybody locks them.
        .order_by(col(Order.id))
    )
    if is_locked:
        statement = statement.with_for_update(of=Order).execution_options(populate_existing=True)
    return [_Found(order, body) for order, body in session.exec(statement)]


def _count(replay: Replay, outcomes: Sequence[Outcome]) -> None:
    is_dry = replay.state is ReplayState.CHECKING
    tally = dict(replay.found if is_dry else replay.done)
    fates: dict[str, int] = dict(tally.get("fates", {}))
    moves: dict[str, int] = dict(tally.get("moves", {}))
    examples: dict[str, list[Any]] = {key: list(v) for key, v in tally.get("examples", {}).items()}
    for one in outcomes:
        fates[one.fate.value] = fates.get(one.fate.value, 0) + 1
        if one.fate is Fate.CHANGED:
            moves[one.move] = moves.get(one.move, 0) + 1
        kept = examples.setdefault(one.fate.value, [])
        if one.fate is not Fate.SAME and len(kept) < _EXAMPLES:
            kept.append([one.order_id, one.order_number, one.move, one.why[:200]])
    seen = int(tally.get("seen", 0)) + len(outcomes)
    counted = {"seen": seen, "fates": fates, "moves": moves, "examples": examples}
    if is_dry:
        replay.found = counted
    else:
        replay.done = counted
