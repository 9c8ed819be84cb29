"""Imports: the files that were uploaded, and one of them from its columns to its orders."""

from collections.abc import Callable
from typing import Any, Final

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, InvalidInputError, NotFoundError, NotSignedInError
from crm_app.models import Document, Outcome
from crm_app.services.documents import editing, screen, steps, uploads
from crm_app.services.documents.fields import Field
from crm_app.services.documents.mapping import Mapping
from crm_app.services.documents.results import PAGE_SIZE
from crm_app.ui.imports import view
from crm_app.ui.imports.view import (
    CountView,
    FieldRow,
    FileRow,
    FileView,
    LineRow,
    PreviewRow,
    WordRow,
)
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

_LARGEST_ID: Final = 2**63 - 1
_LARGEST_LINE: Final = 2**31 - 1


class ImportsState(rx.State):
    """The list of files."""

    rows: list[FileRow] = []
    older_href: str = ""
    failure: str = ""
    is_loaded: bool = False

    @rx.event(temporal=True)
    @requires(Permission.IMPORT_ORDERS, quiet=True)
    async def load(self) -> None:
        """Read the list, unless the address names a file. Runs on page load and on a timer."""
        params = self.router.url.query_parameters
        if params.get("file"):
            return
        actor = await current_actor(self)
        before = _number(params.get("before", ""), _LARGEST_ID) or None
        try:
            found = await call(screen.list_files, actor, before=before)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return
        moment, zone = now(), get_settings().zone
        rows = [FileRow.of(document, source, moment, zone) for document, source in found]
        if rows != self.rows:
            self.rows = rows
        is_full = len(found) == uploads.LIST_SIZE
        self.older_href = f"{view.IMPORTS}?before={rows[-1].id}" if is_full else ""
        self.failure, self.is_loaded = "", True


class FileState(rx.State):
    """One file. The address holds which, and which of its lines are shown."""

    file: FileView = FileView()
    fields: list[FieldRow] = []
    columns: list[str] = []
    words: list[WordRow] = []
    preview: list[PreviewRow] = []
    warnings: list[str] = []
    counts: list[CountView] = []
    lines: list[LineRow] = []
    choices: dict[str, list[str]] = {}
    notice: str = ""
    failure: str = ""
    is_one: bool = False

    # Which fields stand open; settled when the page opens, so that none moves under the hand.
    _main: list[str] = []
    _main_of: tuple[int, str] = (0, "")

    @rx.event
    @requires(Permission.IMPORT_ORDERS, quiet=True)
    async def load(self) -> None:
        """Show the file that the address names, if it names one."""
        self.notice, self.failure = "", ""
        self.is_one = bool(self.router.url.query_parameters.get("file"))
        if self.is_one:
            await self._read()

    @rx.event(temporal=True)
    @requires(Permission.IMPORT_ORDERS, quiet=True)
    async def refresh(self) -> None:
        """Follow the worker."""
        if self.is_one:
            await self._read()

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def choose_column(self, key: str, column: str) -> None:
        """Read a field from another column, or from none."""
        field = _field(key)
        await self._decide(lambda decided: decided.with_column(field, str(column)))

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def choose_meaning(self, word: str, meaning: str) -> None:
        """Say what a status word of the file means."""
        await self._put("statuses", lambda told: {**told, str(word): str(meaning)})

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def choose(self, question: str, value: str) -> None:
        """Decide one of the general questions: dates, currency, status, payment, repeats."""
        if question == "repeats":
            await self._put("keep_repeats", lambda _: value == "keep")
        elif question in ("date_order", "currency", "status", "payment"):
            await self._put(question, lambda _: str(value).strip() or None)

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def choose_source(self, source: str) -> None:
        """Say whose orders these are."""
        if str(source).strip() != self.file.source:
            await self._do(editing.set_source, str(source))

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def choose_sheet(self, sheet: str) -> None:
        await self._do(editing.choose_sheet, str(sheet))

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def use_preset(self, preset: str) -> None:
        """Read the file with a saved mapping."""
        if preset:
            self._main_of = (0, "")
            await self._do(editing.use_preset, str(preset))

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def save_preset(self, form: dict[str, Any]) -> None:
        """Keep the mapping by name."""
        await self._do(editing.save_preset, str(form.get("preset", "")))

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def check(self) -> None:
        await self._do(steps.start_check)

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def start_import(self) -> None:
        await self._do(steps.start_import)

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def stop(self) -> None:
        await self._do(steps.stop)

    async def _put(self, name: str, change: Callable[[Any], Any]) -> None:
        def decide(decided: Mapping) -> Mapping:
            told = decided.to_json()
            return Mapping.from_json({**told, name: change(told[name])})

        await self._decide(decide)

    async def _decide(self, change: Callable[[Mapping], Mapping]) -> None:
        def act(session: Session, actor: Actor, document_id: int) -> Document:
            document = uploads.get_document(session, actor, document_id)
            decided = change(Mapping.from_json(document.mapping))
            return editing.set_mapping(session, actor, document_id, decided)

        await self._do(act)

    async def _do(self, act: Callable[..., Any], *more: Any) -> None:
        """Do something with this file; a refusal stands on the page, beside what it is about."""
        actor = await current_actor(self)
        try:
            await call(act, actor, self.file.id, *more)
            self.notice = ""
        except NotSignedInError:
            raise
        except CrmError as error:
            told = " ".join(str(said) for said in error.details.values())
            self.notice = f"{error} {told}".strip()
        await self._read()

    async def _read(self) -> None:
        actor = await current_actor(self)
        params = self.router.url.query_parameters
        shown = _outcome(params.get("show", ""))
        after = _number(params.get("after", ""), _LARGEST_LINE)
        document_id = _number(params.get("file", ""), _LARGEST_ID)
        try:
            found = await call(screen.show, actor, document_id, outcome=shown, after=after)
        except NotSignedInError:
            raise
        except NotFoundError:
            self.failure, self.file = "There is no such file.", FileView()
            return
        except CrmError as error:
            self.failure = str(error)
            return
        self.failure = ""
        self._show(found, shown, after)

    def _show(self, found: screen.Screen, shown: Outcome | None, after: int) -> None:
        moment, zone = now(), get_settings().zone
        details = found.details
        key = (found.document.id, found.layout.sheet)
        if details and self._main_of != key:
            self._main, self._main_of = sorted(view.main_fields(details)), key
        self.file = view.file_view(found, shown, after, moment, zone)
        self.fields = view.field_rows(found, set(self._main))
        self.columns = list(found.layout.header) if details else []
        self.words = view.word_rows(details) if details else []
        previewed = details.preview if details else None
        self.preview = (
            [view.preview_row(order, moment, zone) for order in previewed.orders]
            if previewed
            else []
        )
        self.warnings = (
            [f"Line {number:,}: {said}" for number, said in previewed.refused[:3]]
            if previewed
            else []
        )
        self.counts = view.counts(found, shown)
        self.lines = [view.line_row(line) for line in found.lines[:PAGE_SIZE]]
        self.choices = {
            "sheets": list(found.layout.sheets),
            "sources": list(found.sources),
            "presets": list(found.presets),
        }


def _number(text: str, largest: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= largest else 0


def _outcome(word: str) -> Outcome | None:
    return Outcome(word) if word in list(Outcome) else None


def _field(word: str) -> Field:
    try:
        return Field(word)
    except ValueError as error:
        raise InvalidInputError("There is no such field.") from error
