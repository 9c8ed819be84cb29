"""The page of status words as texts and pills. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crm_app.channels import capabilities
from crm_app.channels.capabilities import StatusRule, Telling
from crm_app.domain.channel import Channel
from crm_app.services.order_query import CarriedWord, OrderQuery
from crm_app.services.status_words import ChannelTable, WordView
from crm_app.services.unknown_words import UnmappedReport
from crm_app.services.word_board import Board
from crm_app.ui.shared import times
from crm_app.ui.shared.links import order_path, orders_path
from crm_app.ui.shared.tones import Pill, status_pill

PATH: Final = "/mappings"
EVERYWHERE: Final = "all"


@dataclass(frozen=True)
class Link:
    """A text that leads somewhere."""

    text: str
    href: str


@dataclass(frozen=True)
class ReportRow:
    """A word without a meaning on one account."""

    key: str
    channel: str
    mark: str
    channel_label: str
    account_id: int
    account: str
    vocabulary: str
    place: str
    word: str
    orders: str
    href: str
    examples: list[Link]
    seen: str
    seen_exact: str
    first: str
    first_exact: str

    @classmethod
    def of(cls, report: UnmappedReport, now: datetime, zone: ZoneInfo) -> Self:
        word = report.word
        first = times.when(report.first_seen_at, now, zone)
        seen = times.when(report.last_seen_at, now, zone)
        carried = CarriedWord(report.account_id, word.vocabulary, word.text)
        return cls(
            key=str(carried),
            channel=report.channel.value,
            mark=report.channel.mark,
            channel_label=report.channel.label,
            account_id=report.account_id,
            account=report.account_name,
            vocabulary=word.vocabulary,
            place=place_of(report.channel, word.vocabulary),
            word=word.text,
            orders=orders_text(report.orders, is_exact=report.orders_is_exact),
            href=orders_path(OrderQuery(word=carried)) if report.orders else "",
            examples=[Link(one.order_number, order_path(one.order_id)) for one in report.carriers],
            seen=seen,
            seen_exact=times.exact(report.last_seen_at, zone),
            first="" if first == seen else f"first {first}",
            first_exact=times.exact(report.first_seen_at, zone),
        )


@dataclass(frozen=True)
class WordRow:
    """One word of the opened channel."""

    key: str
    vocabulary: str
    place: str
    is_first: bool
    word: str
    status: str
    pill: Pill
    note: str
    source: str
    source_exact: str
    is_decided: bool
    word_id: int
    scope: str
    back_to: str
    left_over: str

    @classmethod
    def of(
        cls, view: WordView, left_over: int, *, is_first: bool, now: datetime, zone: ZoneInfo
    ) -> Self:
        return cls(
            key=f"{view.account_id or EVERYWHERE}:{view.word.vocabulary}:{view.word.text}",
            vocabulary=view.word.vocabulary,
            place=view.place,
            is_first=is_first,
            word=view.word.text,
            status=view.status.value if view.status else "",
            pill=status_pill(view.status)
            if view.status
            else Pill("Says nothing", title=view.silent),
            note=f"shown once we told {view.told_for.label}" if view.told_for else view.silent,
            source=_source(view, now, zone),
            source_exact=times.exact(view.set_at, zone) if view.set_at else "",
            is_decided=view.word_id is not None,
            word_id=view.word_id or 0,
            scope=str(view.account_id or EVERYWHERE),
            back_to=f"built in: {view.built_in.label}" if view.built_in else "no meaning",
            left_over=orders_text(left_over, is_exact=True) if left_over else "",
        )


def _source(view: WordView, now: datetime, zone: ZoneInfo) -> str:
    if view.set_at is None:
        return "Built in"
    where = f", only for {view.account_name}" if view.account_id else ""
    return f"{view.set_by}, {times.day(view.set_at, now, zone)}{where}"


@dataclass(frozen=True)
class RuleRow:
    """What becomes of one of our statuses on the opened channel."""

    key: str
    pill: Pill
    why: str


def rules_of(table: ChannelTable, telling: Telling) -> list[RuleRow]:
    """The statuses that the channel is told, or that are ours, or that only it may say."""
    return [
        RuleRow(status.value, status_pill(status), _why(rule, table.channel))
        for status, rule in table.rules
        if rule.telling is telling
    ]


def _why(rule: StatusRule, channel: Channel) -> str:
    if rule.telling is not Telling.PUSH:
        return rule.why
    parts = [f"{channel.label} then shows {rule.shows.text}." if rule.shows else ""]
    if rule.needs_tracking:
        parts.append("Carrier and tracking number are needed.")
    if rule.not_from:
        parts.append(f"Not from {', '.join(sorted(rule.not_from))}.")
    return " ".join(filter(None, parts))


@dataclass(frozen=True)
class Tab:
    """A channel to open; `count` is how many of its words have no meaning."""

    key: str
    mark: str
    label: str
    href: str
    count: str
    is_on: bool


@dataclass(frozen=True)
class Choice:
    """One entry of a select."""

    key: str
    label: str


@dataclass(frozen=True)
class BoardView:
    """The whole page for one channel."""

    channel: str = ""
    channel_label: str = ""
    about: str = ""
    is_connected: bool = False
    is_inferred: bool = False
    reports: list[ReportRow] = field(default_factory=list)
    tabs: list[Tab] = field(default_factory=list)
    words: list[WordRow] = field(default_factory=list)
    told: list[RuleRow] = field(default_factory=list)
    own: list[RuleRow] = field(default_factory=list)
    refused: list[RuleRow] = field(default_factory=list)
    accounts: list[Choice] = field(default_factory=list)

    @classmethod
    def of(cls, board: Board, now: datetime, zone: ZoneInfo) -> Self:
        table = board.table
        count = len(board.reports)
        return cls(
            channel=table.channel.value,
            channel_label=table.channel.label,
            about=about(count),
            is_connected=table.channel in board.connected,
            is_inferred=table.is_inferred,
            reports=[ReportRow.of(one, now, zone) for one in board.reports],
            tabs=[_tab(board, one) for one in board.channels],
            words=_words(table, board.left_over, now, zone),
            told=rules_of(table, Telling.PUSH),
            own=rules_of(table, Telling.LOCAL),
            refused=rules_of(table, Telling.REFUSED),
            accounts=[Choice(str(key), name) for key, name in table.accounts],
        )


def _words(
    table: ChannelTable, left_over: dict[int, int], now: datetime, zone: ZoneInfo
) -> list[WordRow]:
    rows: list[WordRow] = []
    before = ""
    for view in table.words:
        left = left_over.get(view.word_id or 0, 0)
        is_first = view.word.vocabulary != before
        rows.append(WordRow.of(view, left, is_first=is_first, now=now, zone=zone))
        before = view.word.vocabulary
    return rows


def _tab(board: Board, channel: Channel) -> Tab:
    count = sum(one.channel is channel for one in board.reports)
    return Tab(
        key=channel.value,
        mark=channel.mark,
        label=channel.label,
        href=f"{PATH}?{urlencode({'channel': channel.value})}",
        count=str(count) if count else "",
        is_on=channel is board.table.channel,
    )


def about(count: int) -> str:
    """`every word has a meaning`, `1 word without a meaning`."""
    if not count:
        return "every word has a meaning"
    return f"{count} {'word' if count == 1 else 'words'} without a meaning"


def orders_text(count: int, *, is_exact: bool) -> str:
    """`no order`, `1 order`, `12 orders`, `10,000+ orders`."""
    if not count:
        return "no order"
    number = f"{count:,}" if is_exact else f"{count:,}+"
    return f"{number} {'order' if count == 1 and is_exact else 'orders'}"


def place_of(channel: Channel, vocabulary: str) -> str:
    """What a vocabulary speaks of, in the words of staff."""
    found = capabilities.of(channel).vocabulary(vocabulary)
    return found.label if found else vocabulary


def texts(form: dict[str, Any], name: str) -> str:
    """One field of a form, as text."""
    return str(form.get(name, "")).strip()
