"""One exception in full, ready to draw. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_app.channels import capabilities
from crm_app.domain.trouble import Source, Way
from crm_app.services.exceptions.detail import (
    DeedView,
    ExceptionDetail,
    FactView,
    WordView,
)
from crm_app.services.exceptions.rows import ExceptionRow
from crm_app.ui.exceptions.rows import NAMED, cause_pill, marked
from crm_app.ui.orders.rows import INFERRED
from crm_app.ui.shared import times
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.receipts import Receipt
from crm_app.ui.shared.tones import Pill
from crm_app.ui.shared.words import Word

_RETRY: Final = {
    Source.CHANGE: "Send it again",
    Source.WAIT: "Try now",
    Source.INBOX: "Replay",
    Source.MESSAGE: "Send it again",
}
# In the words of the pages where the cause is cured.
_CURES: Final = {
    Source.ACCOUNT: ("Open the account", "/accounts/{account}"),
    Source.FAILING: ("Open the account", "/accounts/{account}"),
    Source.PAUSED: ("Open the account", "/accounts/{account}"),
    Source.SWEEP: ("Open the account", "/accounts/{account}"),
    Source.HOOKS: ("Open the account", "/accounts/{account}"),
    Source.WORD: ("Give it a meaning", "/mappings"),
    Source.QUEUE: ("Bulk changes", "/bulk"),
    Source.SKU: ("Open the list", "/skus?account={account}"),
    Source.RUN: ("Open the bulk change", "/bulk/{number}"),
    Source.ROWS: ("Open the bulk change", "/bulk/{number}"),
    Source.DOWNLOAD: ("Downloads", "/downloads"),
    Source.DOCUMENT: ("Imports", "/imports?file={number}"),
    Source.MESSAGE: ("Alerts", "/alerts"),
}


@dataclass(frozen=True)
class Item:
    """A line of a list: what, and when."""

    key: str
    name: str
    text: str
    more: str = ""
    at: str = ""
    exact: str = ""


@dataclass(frozen=True)
class Panel:
    """Everything beside the list."""

    key: str = ""
    cause: Pill = field(default_factory=Pill)
    channel: str = ""
    mark: str = ""
    channel_label: str = ""
    account: str = ""
    title: str = ""
    # A name is set in the type of words, a number or a channel's word in that of code.
    is_name: bool = False
    # Not the status, but another field: nothing is sent.
    is_field: bool = False
    # Here it can be named.
    is_sku: bool = False
    order_href: str = ""
    summary: str = ""
    said: str = ""
    advice: str = ""
    since: str = ""
    since_exact: str = ""
    retry: str = ""
    cure: str = ""
    cure_href: str = ""
    can_keep: bool = False
    can_retry_ours: bool = False
    can_resolve: bool = False
    may_act: bool = False
    may_reveal: bool = False
    ours: Word = field(default_factory=Word)
    theirs: Word = field(default_factory=Word)
    attempts: list[Receipt] = field(default_factory=list)
    facts: list[Item] = field(default_factory=list)
    deeds: list[Item] = field(default_factory=list)
    shape: str = ""
    whose: str = ""
    snoozed: str = ""
    is_closed: bool = False

    @classmethod
    def of(cls, detail: ExceptionDetail, now: datetime, zone: ZoneInfo) -> Self:
        mark, channel, label = marked(detail.row)
        row, ways = detail.row, detail.row.ways if detail.may_act else ()
        cure, cure_href = _CURES.get(row.source, ("", ""))
        is_asleep = row.snoozed_until is not None and row.snoozed_until > now
        return cls(
            key=row.key,
            cause=cause_pill(row.cause),
            channel=channel,
            mark=mark,
            channel_label=label,
            account=_account(row),
            title=row.title or "No number",
            is_name=row.source in NAMED,
            is_field=row.source is Source.FIELD,
            is_sku=row.source is Source.SKU and not row.is_over,
            order_href=order_path(row.order_id) if row.order_id else "",
            summary=row.summary,
            said=row.said,
            advice=detail.advice,
            since=times.when(row.since, now, zone),
            since_exact=times.exact(row.since, zone),
            retry=_RETRY.get(row.source, "") if Way.RETRY in ways else "",
            cure="" if row.is_over else cure,
            cure_href=cure_href.format(account=row.account_id, number=row.key.split(":")[1]),
            can_keep=Way.KEEP_CHANNELS in ways,
            can_retry_ours=Way.KEEP_OURS in ways,
            can_resolve=Way.RESOLVE in ways,
            may_act=detail.may_act,
            may_reveal=detail.may_reveal,
            ours=_word("Ours", detail.ours, now, zone),
            theirs=_word(label, detail.theirs, now, zone),
            attempts=[Receipt.of(one, now, zone) for one in detail.attempts],
            facts=_facts(detail.facts, now, zone),
            deeds=[_deed(i, one, now, zone) for i, one in enumerate(detail.deeds)],
            shape=detail.shape,
            whose=row.assignee,
            snoozed=times.when(row.snoozed_until, now, zone)
            if row.snoozed_until and is_asleep
            else "",
            is_closed=row.is_over,
        )


def _word(side: str, word: WordView | None, now: datetime, zone: ZoneInfo) -> Word:
    if word is None:
        return Word()
    who = f"by {word.who}" if side == "Ours" and word.who else ""
    at, exact = times.when(word.at, now, zone), times.exact(word.at, zone)
    return Word(side, word.status, word.raw, at, exact, who)


def _facts(facts: tuple[FactView, ...], now: datetime, zone: ZoneInfo) -> list[Item]:
    return [
        Item(
            key=one.name,
            name=one.name,
            text=times.when(one.at, now, zone) if one.at else one.value,
            exact=times.exact(one.at, zone) if one.at else "",
        )
        for one in facts
        if one.at or one.value
    ]


def _deed(number: int, one: DeedView, now: datetime, zone: ZoneInfo) -> Item:
    at, exact = times.when(one.at, now, zone), times.exact(one.at, zone)
    return Item(str(number), one.who, one.sentence, at=at, exact=exact)


def _account(row: ExceptionRow) -> str:
    """Its name, and whether we know its channel's interface from others only."""
    is_inferred = row.channel is not None and capabilities.of(row.channel).is_inferred
    return f"{row.account_name} · {INFERRED.lower()}" if is_inferred else row.account_name
