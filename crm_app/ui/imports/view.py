"""Files and their orders as texts ready to draw. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crm_app.channels.base import ChannelOrder
from crm_app.domain import money
from crm_app.domain.order_status import PaymentStatus
from crm_app.models import Document, DocumentState, Outcome
from crm_app.services.documents import fields
from crm_app.services.documents.editing import Details
from crm_app.services.documents.fields import SPECS, Field
from crm_app.services.documents.results import PAGE_SIZE, ResultLine
from crm_app.services.documents.screen import Screen
from crm_app.ui.imports import texts
from crm_app.ui.shared import times
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.tones import Pill, Stage, Tone, payment_pill, status_pill

IMPORTS: Final = "/imports"

_STATES: Final[dict[DocumentState, tuple[str, Tone, Stage]]] = {
    DocumentState.RECEIVED: ("Reading", "info", "1"),
    DocumentState.READY: ("To be mapped", "warn", "2"),
    DocumentState.REFUSED: ("Cannot be read", "bad", "alert"),
    DocumentState.CHECKING: ("Checking", "info", "3"),
    DocumentState.CHECKED: ("Checked", "info", "4"),
    DocumentState.IMPORTING: ("Importing", "go", "5"),
    DocumentState.DONE: ("Imported", "ok", "done"),
    DocumentState.CANCELLED: ("Stopped", "warn", "stop"),
}
_OUTCOMES: Final[dict[Outcome, tuple[str, str, Tone, Stage]]] = {
    Outcome.CREATED: ("New", "new", "ok", "done"),
    Outcome.CHANGED: ("Changed", "changed", "info", "3"),
    Outcome.SKIPPED: ("Skipped", "skipped", "mute", "stop"),
    Outcome.REFUSED: ("Refused", "refused", "bad", "alert"),
}


@dataclass(frozen=True)
class FileRow:
    """One file in the list."""

    id: int
    name: str
    href: str
    source: str
    state: Pill
    who: str
    when: str
    exact: str
    created: str
    changed: str
    skipped: str
    refused: str

    @classmethod
    def of(cls, document: Document, source: str, now: datetime, zone: ZoneInfo) -> Self:
        counts = (
            texts.orders_of(document)
            if document.state in (DocumentState.DONE, DocumentState.CANCELLED)
            else {}
        )
        shown = {one: f"{counts[one]:,}" if counts.get(one) else "" for one in Outcome}
        return cls(
            id=document.id,
            name=document.name,
            href=file_path(document.id),
            source=source,
            state=state_pill(document),
            who=document.imported_by_name or document.uploaded_by_name,
            when=times.when(document.created_at, now, zone),
            exact=times.exact(document.created_at, zone),
            created=shown[Outcome.CREATED],
            changed=shown[Outcome.CHANGED],
            skipped=shown[Outcome.SKIPPED],
            refused=shown[Outcome.REFUSED],
        )


@dataclass(frozen=True)
class FieldRow:
    """One thing that a column can mean."""

    key: str
    label: str
    group: str
    hint: str
    column: str
    samples: str
    is_missing: bool
    is_guessed: bool
    is_main: bool


@dataclass(frozen=True)
class WordRow:
    """A status word of the file and what it means; no meaning yet is empty."""

    word: str
    lines: str
    meaning: str


@dataclass(frozen=True)
class PreviewRow:
    """An order as the mapping would make it."""

    number: str
    placed: str
    status: Pill
    payment: Pill
    buyer: str
    city: str
    what: str
    total: str


@dataclass(frozen=True)
class LineRow:
    """What became of a line."""

    number: str
    external_id: str
    href: str
    outcome: Pill
    reason: str


@dataclass(frozen=True)
class CountView:
    """How many orders had one outcome; a link that shows only those."""

    key: str
    count: str
    words: str
    lines: str
    tone: Tone
    href: str
    is_on: bool


@dataclass(frozen=True)
class FileView:
    """The parts of a file's page that are plain text. Empty where there is nothing."""

    id: int = 0
    name: str = ""
    about: str = ""
    found: str = ""
    state: str = ""
    pill: Pill = Pill()
    who: str = ""
    reason: str = ""
    earlier: str = ""
    earlier_href: str = ""
    is_working: bool = False
    is_open: bool = False
    percent: str = "0"
    progress: str = ""
    source: str = ""
    preset: str = ""
    sheet: str = ""
    missing: str = ""
    date_order: str = ""
    date_said: str = ""
    currency: str = ""
    status: str = ""
    payment: str = ""
    repeats: str = ""
    has_status_column: bool = False
    has_payment_column: bool = False
    unknown_words: str = ""
    headline: str = ""
    to_import: str = ""
    result_href: str = ""
    next_href: str = ""
    first_href: str = ""


def file_path(document_id: int, **params: str) -> str:
    """The address of a file's page."""
    told = {"file": str(document_id), **{name: value for name, value in params.items() if value}}
    return f"{IMPORTS}?{urlencode(told)}"


def state_pill(document: Document) -> Pill:
    text, tone, stage = _STATES[document.state]
    return Pill(text, tone, stage)


def file_view(
    screen: Screen, shown: Outcome | None, after: int, now: datetime, zone: ZoneInfo
) -> FileView:
    document, layout, details = screen.document, screen.layout, screen.details
    mapping = details.mapping if details else None
    is_more = len(screen.lines) > PAGE_SIZE
    word = shown.value if shown else ""
    next_after = str(screen.lines[PAGE_SIZE - 1].number) if is_more else ""
    unknown = [one.word for one in details.words if one.meaning is None] if details else []
    has_result = (
        bool(document.counts) and document.emptied_at is None and not texts.is_working(document)
    )
    return FileView(
        id=document.id,
        name=document.name,
        about=texts.about_text(document, layout),
        found=texts.found_text(layout),
        state=document.state.value,
        pill=state_pill(document),
        who=texts.who_text(document, now, zone),
        reason=document.reason,
        earlier=texts.earlier_text(screen.earlier, now, zone),
        earlier_href=file_path(screen.earlier.id) if screen.earlier else "",
        is_working=texts.is_working(document),
        is_open=details is not None,
        percent=str(texts.percent(document)),
        progress=texts.progress_text(document),
        source=screen.source,
        preset=document.preset,
        sheet=layout.sheet,
        missing=", ".join(details.missing) if details else "",
        date_order=mapping.date_order.value if mapping else "",
        date_said=texts.date_text(details) if details else "",
        currency=mapping.currency if mapping else "",
        status=mapping.status.value if mapping else "",
        payment=(mapping.payment.value if mapping.payment else "") if mapping else "",
        repeats=("keep" if mapping.keep_repeats else "skip") if mapping else "",
        has_status_column=bool(mapping and Field.STATUS in mapping.columns),
        has_payment_column=bool(mapping and Field.PAYMENT in mapping.columns),
        unknown_words=texts.unknown_text(unknown),
        headline=texts.headline(document),
        to_import=texts.import_text(document),
        result_href=f"/api/v1/documents/{document.id}/result.csv" if has_result else "",
        next_href=file_path(document.id, show=word, after=next_after) if is_more else "",
        first_href=file_path(document.id, show=word) if after else "",
    )


def _lines(document: Document) -> dict[Outcome, int]:
    counts = document.counts.get("lines", {})
    return {one: int(counts.get(one.value, 0)) for one in Outcome}


def counts(screen: Screen, shown: Outcome | None) -> list[CountView]:
    document = screen.document
    orders, lines = texts.orders_of(document), _lines(document)
    if not document.counts or texts.is_working(document):
        return []
    return [
        CountView(
            key=one.value,
            count=f"{orders[one]:,}",
            words=f"{'order' if orders[one] == 1 else 'orders'} {words}",
            lines=f"{lines[one]:,} {'line' if lines[one] == 1 else 'lines'}",
            tone=tone if lines[one] else "mute",
            href=file_path(document.id, show="" if one is shown else one.value),
            is_on=one is shown,
        )
        for one, (_, words, tone, _) in _OUTCOMES.items()
    ]


def field_rows(screen: Screen, main: set[str]) -> list[FieldRow]:
    details = screen.details
    if details is None:
        return []
    samples = {column.name: column.samples for column in details.columns}
    columns = details.mapping.columns
    # What a person saved by name, a person has looked at.
    guessed = {} if screen.document.preset else fields.guess(screen.layout.header)
    return [
        FieldRow(
            key=key.value,
            label=spec.label,
            group=spec.group.value,
            hint=spec.hint,
            column=columns.get(key, ""),
            samples=" · ".join(samples.get(columns.get(key, ""), ())),
            is_missing=spec.is_required and key not in columns,
            is_guessed=key in columns and guessed.get(key) == columns[key],
            is_main=key.value in main,
        )
        for key, spec in SPECS.items()
    ]


def main_fields(details: Details) -> set[str]:
    """Fields that stand open: those with a column, and those without which nothing goes."""
    return {
        key.value
        for key, spec in SPECS.items()
        if spec.is_required or key in details.mapping.columns
    }


def word_rows(details: Details) -> list[WordRow]:
    return [
        WordRow(one.word, f"{one.lines:,}", one.meaning.value if one.meaning else "")
        for one in details.words
    ]


def preview_row(order: ChannelOrder, now: datetime, zone: ZoneInfo) -> PreviewRow:
    first = order.lines[0]
    what = first.title or first.sku or "a line without a name"
    more = f" and {len(order.lines) - 1} more" if len(order.lines) > 1 else ""
    units = f"{first.quantity} × " if first.quantity != 1 else ""
    return PreviewRow(
        number=order.order_number,
        placed=times.when(order.placed_at, now, zone),
        status=status_pill(order.status) if order.status else Pill(),
        payment=payment_pill(order.payment_status or PaymentStatus.UNPAID),
        buyer=order.buyer.name or "—",
        city=order.address.city,
        what=f"{units}{what}{more}",
        total=money.to_text(order.total_minor, order.currency),
    )


def line_row(line: ResultLine) -> LineRow:
    text, _, tone, stage = _OUTCOMES[line.outcome]
    return LineRow(
        number=f"{line.number:,}",
        external_id=line.external_id or "—",
        href=order_path(line.order_id) if line.order_id else "",
        outcome=Pill(text, tone, stage),
        reason=line.reason,
    )
