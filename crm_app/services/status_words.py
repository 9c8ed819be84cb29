"""What channels' words mean in ours: what the product knows, and over it what admins decide."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from crm_app.channels import capabilities
from crm_app.channels.capabilities import StatusRule, Telling
from crm_app.channels.words import Decided, Lexicon, Word
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.reconcile import is_said
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError, NotFoundError
from crm_app.models import ChannelAccount, StatusWord
from crm_app.models.status_word import WORD_LENGTH
from crm_app.services import audit

_SUBJECT: Final = "status_word"


def in_force(session: Session, account: ChannelAccount) -> Lexicon:
    """The words of an account: the product's, those of its channel, then its own."""
    return capabilities.lexicon(account.channel, decided(session, account))


def decided(session: Session, account: ChannelAccount) -> Decided:
    """What admins decided for an account; its own decision wins over its channel's."""
    rows = session.exec(
        select(StatusWord)
        .where(StatusWord.channel == account.channel, _concerns(account.id))
        .order_by(col(StatusWord.account_id).nulls_first())
    )
    return {Word(row.vocabulary, row.word): row.status for row in rows}


def _concerns(account_id: int) -> ColumnElement[bool]:
    return or_(col(StatusWord.account_id).is_(None), col(StatusWord.account_id) == account_id)


def digest(session: Session, channel: Channel) -> bytes:
    """Tells whether anything was decided about a channel's words since."""
    rows = session.exec(
        select(StatusWord).where(StatusWord.channel == channel).order_by(col(StatusWord.id))
    )
    said = [(row.account_id, row.vocabulary, row.word, row.status.value) for row in rows]
    return hashlib.sha256(repr(said).encode()).digest()


@dataclass(frozen=True, slots=True)
class WordView:
    """One word of a channel as staff see it.

    Attributes:
        word_id: Of the decision; None for a word that the product itself knows.
        built_in: What the product knows it as; None for a word that is new to it.
        account_id, account_name: Where the decision holds; None and "" for all accounts.
        silent: Why the word says nothing, where it says nothing.
        told_for: The status of ours that makes the channel show this word, if one does.
    """

    word: Word
    place: str
    status: OrderStatus | None
    built_in: OrderStatus | None
    word_id: int | None = None
    account_id: int | None = None
    account_name: str = ""
    set_by: str = ""
    set_at: datetime | None = None
    silent: str = ""
    told_for: OrderStatus | None = None


@dataclass(frozen=True, slots=True)
class ChannelTable:
    """Everything about one channel's words, and what it may be told."""

    channel: Channel
    is_inferred: bool
    words: tuple[WordView, ...]
    rules: tuple[tuple[OrderStatus, StatusRule], ...]
    accounts: tuple[tuple[int, str], ...]


def table(session: Session, actor: Actor, channel: Channel) -> ChannelTable:
    """The words of a channel, in the order of its vocabularies; decisions beside what they replace.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
    """
    actor.require(Permission.MANAGE_MAPPINGS)
    rules = capabilities.of(channel)
    accounts = session.exec(
        select(ChannelAccount.id, ChannelAccount.name)
        .where(ChannelAccount.channel == channel)
        .order_by(ChannelAccount.name)
    ).all()
    names = dict(accounts)
    rows = list_decided(session, actor, channel)
    return ChannelTable(
        channel=channel,
        is_inferred=rules.is_inferred,
        words=tuple(_views(rules, rows, names)),
        rules=tuple((status, rules.rule(status)) for status in OrderStatus),
        accounts=tuple(accounts),
    )


def list_decided(
    session: Session, actor: Actor, channel: Channel | None = None
) -> Sequence[StatusWord]:
    """What admins decided, by channel and word. Needs `mappings.manage`."""
    actor.require(Permission.MANAGE_MAPPINGS)
    statement = select(StatusWord).order_by(
        col(StatusWord.channel), col(StatusWord.vocabulary), col(StatusWord.word)
    )
    if channel is not None:
        statement = statement.where(StatusWord.channel == channel)
    return session.exec(statement).all()


def _views(
    rules: capabilities.Capabilities, rows: Sequence[StatusWord], names: dict[int, str]
) -> list[WordView]:
    told = {rule.shows: status for status, rule in rules.statuses.items() if rule.shows}
    views: list[WordView] = []
    for vocabulary in rules.vocabularies:
        of_admins = [row for row in rows if row.vocabulary == vocabulary.key]
        replaced = {row.word for row in of_admins if row.account_id is None}
        for row in of_admins:
            word = Word(row.vocabulary, row.word)
            views.append(
                WordView(
                    word=word,
                    place=vocabulary.label,
                    status=row.status,
                    built_in=vocabulary.means.get(row.word),
                    word_id=row.id,
                    account_id=row.account_id,
                    account_name=names.get(row.account_id or 0, ""),
                    set_by=row.set_by,
                    set_at=row.set_at,
                    told_for=told.get(word),
                )
            )
        for text in (*vocabulary.means, *vocabulary.silent):
            word, ours = Word(vocabulary.key, text), vocabulary.means.get(text)
            if text not in replaced:
                silent = "" if ours else vocabulary.silent[text]
                views.append(
                    WordView(
                        word,
                        vocabulary.label,
                        ours,
                        ours,
                        silent=silent,
                        told_for=told.get(word),
                    )
                )
    return views


def set_word(
    session: Session,
    actor: Actor,
    *,
    channel: Channel,
    account_id: int | None,
    word: Word,
    status: OrderStatus,
) -> StatusWord:
    """Decide what a word means from the next pull on; orders that are here stay as they are.

    Args:
        session: The caller commits.
        actor: Must hold `mappings.manage`.
        channel: Whose word it is.
        account_id: Only on this account; None for all accounts of the channel.
        word: Of one of the channel's vocabularies.
        status: What it means.

    Raises:
        PermissionDeniedError: If the actor may not map words.
        NotFoundError: If the channel has no such account.
        InvalidInputError: If the word cannot be one, or no change could be confirmed any more.
    """
    actor.require(Permission.MANAGE_MAPPINGS)
    word = _checked(channel, word, status)
    if account_id is not None:
        account = session.get(ChannelAccount, account_id)
        if account is None or account.channel is not channel:
            raise NotFoundError("channel account", account_id)
    row = _locked(session, channel, account_id, word)
    before = _said(row) if row else {}
    if row is None:
        row = StatusWord(
            channel=channel,
            account_id=account_id,
            vocabulary=word.vocabulary,
            word=word.text,
            status=status,
            set_by=actor.label,
        )
    row.status, row.set_by, row.set_by_id, row.set_at = status, actor.label, actor.user_id, now()
    session.add(row)
    session.flush()
    if before != _said(row):
        _record(session, actor, "status_word:set", row, before, _said(row))
    return row


def find(
    session: Session, actor: Actor, channel: Channel, account_id: int | None, word: Word
) -> StatusWord | None:
    """The decision about a word for all accounts or for one, if there is one."""
    actor.require(Permission.MANAGE_MAPPINGS)
    return session.exec(_of(channel, account_id, word)).one_or_none()


def _of(channel: Channel, account_id: int | None, word: Word) -> SelectOfScalar[StatusWord]:
    return select(StatusWord).where(
        StatusWord.channel == channel,
        col(StatusWord.account_id).is_not_distinct_from(account_id),
        StatusWord.vocabulary == word.vocabulary,
        StatusWord.word == word.text,
    )


def _locked(
    session: Session, channel: Channel, account_id: int | None, word: Word
) -> StatusWord | None:
    return session.exec(_of(channel, account_id, word).with_for_update()).one_or_none()


def _checked(channel: Channel, word: Word, status: OrderStatus) -> Word:
    rules = capabilities.of(channel)
    text = word.text.strip()
    mistakes: dict[str, str] = {}
    if rules.vocabulary(word.vocabulary) is None:
        mistakes["vocabulary"] = f"{channel.label} has no such kind of word."
    if not text or len(text) > WORD_LENGTH or not text.isprintable():
        mistakes["word"] = f"A word has 1 to {WORD_LENGTH} characters that can be printed."
    word = Word(word.vocabulary, text)
    for told, rule in rules.statuses.items():
        is_shown = rule.telling is Telling.PUSH and rule.shows == word
        if is_shown and not is_said(told, status, rules.local):
            mistakes["status"] = (
                f"{channel.label} shows {text} once it took {told.label} from us. Read as "
                f"{status.label}, that change could never be confirmed."
            )
    if mistakes:
        raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
    return word


def remove_word(session: Session, actor: Actor, word_id: int) -> StatusWord:
    """Take a decision back: the word means again what the product knows, or nothing.

    Returns:
        The decision as it was, for an undo.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
        NotFoundError: If there is no such decision (any more).
    """
    actor.require(Permission.MANAGE_MAPPINGS)
    row = session.exec(
        select(StatusWord).where(StatusWord.id == word_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFoundError("status word", word_id)
    session.delete(row)
    session.flush()
    _record(session, actor, "status_word:removed", row, _said(row), {})
    return row


def _said(row: StatusWord) -> dict[str, Any]:
    return {
        "channel": row.channel.value,
        "account_id": row.account_id,
        "vocabulary": row.vocabulary,
        "word": row.word,
        "status": row.status.value,
    }


def _record(
    session: Session,
    actor: Actor,
    action: str,
    row: StatusWord,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    audit.record(
        session, actor, action, subject_type=_SUBJECT, subject_id=row.id, before=before, after=after
    )
