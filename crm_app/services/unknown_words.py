"""Words that nobody has mapped yet: reported by account, and which orders carry them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, any_, delete, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from crm_app.channels import capabilities
from crm_app.channels.base import ChannelOrder
from crm_app.channels.words import Word
from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount, Order, OrderWord, UnmappedWord
from crm_app.models.status_word import WORD_LENGTH
from crm_app.services import bulk, status_words
from crm_app.services.order_query import CarriedWord

# Counting further would make the page slower the longer nobody maps a word.
COUNT_CAP: Final = 10_000
_MOST_WORDS: Final = 200
_EXAMPLES: Final = 3


def words_of(channel: Channel, order: ChannelOrder) -> tuple[Word, ...]:
    """The unknown words of an order, fit for storing; its whole word where no part is named."""
    found = order.unknown_words
    if not found and order.status is None:
        vocabularies = capabilities.of(channel).vocabularies
        key = vocabularies[0].key if vocabularies else "order"
        found = (Word(key, order.channel_status),)
    return tuple(Word(word.vocabulary, word.text[:WORD_LENGTH]) for word in found if word.text)


def note(
    session: Session,
    account: ChannelAccount,
    orders: Mapping[int, ChannelOrder],
    *,
    known_before: Iterable[int] = (),
    is_news: bool = True,
) -> None:
    """Remember which of these orders carry which unknown words, and report each word.

    Args:
        session: The caller's transaction, in which the orders are stored.
        account: Whose orders these are.
        orders: By our id, as they were just stored.
        known_before: Those of them that may have carried other words before.
        is_news: Whether the channel has just told them; a replay only looks again.
    """
    before = sorted(known_before)
    if before:
        ids = any_(literal(before, ARRAY(BigInteger)))
        session.execute(delete(OrderWord).where(col(OrderWord.order_id) == ids))
    rows: list[dict[str, Any]] = []
    seen: defaultdict[Word, list[str]] = defaultdict(list)
    for order_id, order in orders.items():
        for word in words_of(account.channel, order):
            seen[word].append(order.external_id)
            rows.append(
                {
                    "order_id": order_id,
                    "vocabulary": word.vocabulary,
                    "word": word.text,
                    "account_id": account.id,
                }
            )
    if rows:
        statement = bulk.insert_rows(OrderWord, list(rows[0])).on_conflict_do_nothing()
        session.execute(statement, bulk.parameter(rows))
    # In one order, so that two writers never wait for each other in a ring.
    for word in sorted(seen):
        _report(session, account, word, seen[word], is_news=is_news)


def _report(
    session: Session, account: ChannelAccount, word: Word, orders: Sequence[str], *, is_news: bool
) -> None:
    statement = upsert(UnmappedWord).values(
        account_id=account.id,
        vocabulary=word.vocabulary,
        word=word.text,
        example_external_id=orders[0],
        times_seen=len(orders),
    )
    keys = ["account_id", "vocabulary", "word"]
    if not is_news:
        session.execute(statement.on_conflict_do_nothing(index_elements=keys))
        return
    session.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={
                "times_seen": UnmappedWord.times_seen + len(orders),
                "last_seen_at": func.clock_timestamp(),
            },
        )
    )


@dataclass(frozen=True, slots=True)
class Carrier:
    """An order that carries a word."""

    order_id: int
    order_number: str


@dataclass(frozen=True, slots=True)
class UnmappedReport:
    """A word without a meaning on one account.

    Attributes:
        orders: How many orders carry it now; `orders_is_exact` is False above `COUNT_CAP`.
        carriers: The newest few of them.
    """

    channel: Channel
    account_id: int
    account_name: str
    word: Word
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    orders: int
    orders_is_exact: bool
    carriers: tuple[Carrier, ...]


def unmapped(session: Session) -> list[UnmappedReport]:
    """Every reported word that the words in force do not cover, last seen first.

    Its cost grows with the words, of which it shows at most 200, and not with the orders.
    """
    rows = session.exec(
        select(UnmappedWord, ChannelAccount)
        .join(ChannelAccount, col(ChannelAccount.id) == UnmappedWord.account_id)
        .order_by(col(UnmappedWord.last_seen_at).desc())
    ).all()
    accounts = {account.id: account for _, account in rows}
    lexicons = {key: status_words.in_force(session, one) for key, one in accounts.items()}
    open_rows = [
        (row, account)
        for row, account in rows
        if lexicons[account.id].unknown([Word(row.vocabulary, row.word)])
    ]
    return [_reported(session, row, account) for row, account in open_rows[:_MOST_WORDS]]


def _reported(session: Session, row: UnmappedWord, account: ChannelAccount) -> UnmappedReport:
    word = Word(row.vocabulary, row.word)
    count = count_orders(session, [account.id], word)
    return UnmappedReport(
        channel=account.channel,
        account_id=account.id,
        account_name=account.name,
        word=word,
        times_seen=row.times_seen,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        orders=min(count, COUNT_CAP),
        orders_is_exact=count <= COUNT_CAP,
        carriers=_carriers(session, account.id, word),
    )


def count_orders(session: Session, account_ids: Sequence[int], word: Word) -> int:
    """How many orders of these accounts carry a word; counts to just above `COUNT_CAP`."""
    rows = (
        select(OrderWord.order_id)
        .where(
            col(OrderWord.account_id).in_(account_ids),
            OrderWord.vocabulary == word.vocabulary,
            OrderWord.word == word.text,
        )
        .limit(COUNT_CAP + 1)
    )
    return session.exec(select(func.count()).select_from(rows.subquery())).one()


def carrying(word: CarriedWord) -> SelectOfScalar[int]:
    """The ids of the orders that carry a word, as a statement for a filter."""
    return select(OrderWord.order_id).where(
        OrderWord.account_id == word.account_id,
        OrderWord.vocabulary == word.vocabulary,
        OrderWord.word == word.word,
    )


def of_order(session: Session, order_id: int) -> list[str]:
    """The words of one order that nobody had mapped when it was read."""
    return list(
        session.exec(
            select(OrderWord.word).where(OrderWord.order_id == order_id).order_by(OrderWord.word)
        )
    )


def _carriers(session: Session, account_id: int, word: Word) -> tuple[Carrier, ...]:
    rows = session.exec(
        select(Order.id, Order.order_number)
        .join(OrderWord, col(OrderWord.order_id) == Order.id)
        .where(
            OrderWord.account_id == account_id,
            OrderWord.vocabulary == word.vocabulary,
            OrderWord.word == word.text,
        )
        .order_by(col(OrderWord.order_id).desc())
        .limit(_EXAMPLES)
    )
    return tuple(Carrier(order_id, number) for order_id, number in rows)
