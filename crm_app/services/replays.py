"""Replays as people ask for them: begun as a dry run, looked at, applied or stopped."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.channels.words import Word
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError
from crm_app.models import ChannelAccount, OrderCount, Replay, ReplayState
from crm_app.services import audit, status_words, unknown_words

OPEN: Final = (ReplayState.CHECKING, ReplayState.APPLYING)
# A worker writes after each batch: one that is silent for so long is dead, or was never told.
SILENT: Final = timedelta(seconds=20)


def account_ids(session: Session, channel: Channel, account_id: int | None) -> list[int]:
    """Ids of a channel's accounts, or the one."""
    statement = select(ChannelAccount.id).where(ChannelAccount.channel == channel)
    if account_id is not None:
        statement = statement.where(ChannelAccount.id == account_id)
    return list(session.exec(statement.order_by(col(ChannelAccount.id))))


def begin(
    session: Session,
    actor: Actor,
    channel: Channel,
    *,
    account_id: int | None = None,
    word: Word | None = None,
    is_dry: bool = True,
) -> Replay:
    """Let a worker read stored orders again with the words in force.

    Args:
        session: The caller commits; a worker is told after that.
        actor: Must hold `mappings.manage`.
        channel: Whose orders.
        account_id: Only this account's.
        word: Only those that carried this word when nobody had mapped it; None: all.
        is_dry: Only look; `apply` writes later. False writes at once.

    Raises:
        PermissionDeniedError: If the actor may not map words.
        NotFoundError: If the channel has no such account, or none at all.
        ConflictError: If orders of this channel are being read again already.
    """
    actor.require(Permission.MANAGE_MAPPINGS)
    ids = account_ids(session, channel, account_id)
    if not ids:
        raise NotFoundError("channel account", account_id or channel.value)
    _one_at_a_time(session, channel)
    replay = Replay(
        channel=channel,
        account_id=account_id,
        vocabulary=word.vocabulary if word else "",
        word=word.text if word else "",
        state=ReplayState.CHECKING if is_dry else ReplayState.APPLYING,
        words_digest=status_words.digest(session, channel),
        expected=_expected(session, ids, word),
        asked_by_id=actor.user_id,
        asked_by=actor.label,
        token_id=actor.token_id,
    )
    session.add(replay)
    session.flush()
    _record(session, actor, replay, "replay:checked" if is_dry else "replay:applied")
    queue.hint_replay(session, replay.id)
    return replay


def look(
    session: Session, actor: Actor, channel: Channel, account_id: int | None, word: Word
) -> Replay:
    """A dry run for a word that was just decided, or taken back; raises as `begin`.

    Only the orders that carry it, where nobody had mapped it before; else all: which orders carry
    a word that had a meaning when they were read is written nowhere but in their payloads.
    """
    ids = account_ids(session, channel, account_id)
    accounts = session.exec(select(ChannelAccount).where(col(ChannelAccount.id).in_(ids)))
    has_meaning = all(word in status_words.in_force(session, one).means for one in accounts)
    is_new = has_meaning and unknown_words.count_orders(session, ids, word) > 0
    return begin(session, actor, channel, account_id=account_id, word=word if is_new else None)


def _one_at_a_time(session: Session, channel: Channel) -> None:
    # Two that begin at once: one waits here for the other's row.
    session.exec(
        select(ChannelAccount.id)
        .where(ChannelAccount.channel == channel)
        .order_by(col(ChannelAccount.id))
        .limit(1)
        .with_for_update()
    )
    other = session.exec(
        select(Replay.id).where(Replay.channel == channel, col(Replay.state).in_(OPEN))
    ).first()
    if other is not None:
        raise ConflictError(
            f"Stored orders of {channel.label} are being read again already. Wait for the end of "
            "it, or stop it."
        )


def _expected(session: Session, ids: Sequence[int], word: Word | None) -> int:
    if word is not None:
        return unknown_words.count_orders(session, ids, word)
    return int(
        session.exec(
            select(func.coalesce(func.sum(OrderCount.orders), 0)).where(
                col(OrderCount.account_id).in_(ids)
            )
        ).one()
    )


def apply(session: Session, actor: Actor, replay_id: int) -> Replay:
    """Write what a dry run showed.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
        NotFoundError: If there is no such replay.
        ConflictError: If it is not a finished dry run, or words were decided since.
    """
    replay = _locked(session, actor, replay_id)
    if replay.state is not ReplayState.CHECKED:
        raise ConflictError("Only what was looked at to the end can be applied.")
    if status_words.digest(session, replay.channel) != replay.words_digest:
        raise ConflictError("The words of this channel were changed since. Look at it again.")
    _one_at_a_time(session, replay.channel)
    replay.state = ReplayState.APPLYING
    replay.cursor_account, replay.cursor_key = 0, ""
    replay.asked_by, replay.asked_by_id, replay.updated_at = actor.label, actor.user_id, now()
    replay.token_id = actor.token_id
    session.flush()
    _record(session, actor, replay, "replay:applied")
    queue.hint_replay(session, replay.id)
    return replay


def stop(session: Session, actor: Actor, replay_id: int) -> Replay:
    """End a replay where it stands, or put a finished dry run away; what was written stays.

    Raises: PermissionDeniedError, NotFoundError as `apply`; ConflictError if it has ended.
    """
    replay = _locked(session, actor, replay_id)
    if replay.state not in (*OPEN, ReplayState.CHECKED):
        raise ConflictError("This has ended already.")
    replay.state = ReplayState.STOPPED
    replay.reason = f"Stopped by {actor.label}."
    replay.updated_at = now()
    session.flush()
    _record(session, actor, replay, "replay:stopped")
    return replay


def get(session: Session, actor: Actor, replay_id: int) -> Replay:
    """One replay; raises PermissionDeniedError or NotFoundError."""
    actor.require(Permission.MANAGE_MAPPINGS)
    replay = session.get(Replay, replay_id)
    if replay is None:
        raise NotFoundError("replay", replay_id)
    return replay


def latest(session: Session, actor: Actor, channel: Channel) -> Replay | None:
    """The newest replay of a channel. Needs `mappings.manage`."""
    actor.require(Permission.MANAGE_MAPPINGS)
    return session.exec(
        select(Replay).where(Replay.channel == channel).order_by(col(Replay.id).desc()).limit(1)
    ).first()


def left_behind(session: Session) -> list[int]:
    """Ids of replays that no worker has worked on for a while."""
    return list(
        session.exec(
            select(Replay.id).where(
                col(Replay.state).in_(OPEN), col(Replay.updated_at) < now() - SILENT
            )
        )
    )


def _locked(session: Session, actor: Actor, replay_id: int) -> Replay:
    actor.require(Permission.MANAGE_MAPPINGS)
    replay = session.exec(
        select(Replay).where(Replay.id == replay_id).with_for_update()
    ).one_or_none()
    if replay is None:
        raise NotFoundError("replay", replay_id)
    return replay


def _record(session: Session, actor: Actor, replay: Replay, action: str) -> None:
    after: dict[str, Any] = {
        "channel": replay.channel.value,
        "account_id": replay.account_id,
        "vocabulary": replay.vocabulary,
        "word": replay.word,
        "state": replay.state.value,
    }
    audit.record(session, actor, action, subject_type="replay", subject_id=replay.id, after=after)
