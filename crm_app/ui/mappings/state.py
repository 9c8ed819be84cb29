"""Status words: what the channels' words mean, and stored orders read again with them."""

from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from crm_app.channels.words import Word
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.models import StatusWord
from crm_app.services import replays, status_words, word_board
from crm_app.ui.mappings.replay_view import ReplayView
from crm_app.ui.mappings.view import EVERYWHERE, PATH, BoardView, Choice, texts
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

_MAY: Final = Permission.MANAGE_MAPPINGS


@dataclass(frozen=True)
class Editing:
    """The word that the dialog is about."""

    is_open: bool = False
    channel: str = ""
    channel_label: str = ""
    vocabulary: str = ""
    place: str = ""
    word: str = ""
    status: str = ""
    scope: str = EVERYWHERE


class MappingsState(rx.State):
    """The address names the channel; everything else is read from the database."""

    board: BoardView = BoardView()
    replay: ReplayView = ReplayView()
    editing: Editing = Editing()
    mistakes: dict[str, str] = {}
    form_failure: str = ""
    failure: str = ""
    notice: str = ""
    # The accounts that the open dialog may choose from: a word may be of another channel's.
    scope_label: str = ""
    scopes: list[Choice] = []
    # What was just done, with a way back and a way on.
    done: str = ""
    can_undo: bool = False
    can_look: bool = False
    is_loaded: bool = False
    is_asking: bool = False

    # The decision to take back, or to make again: id, or its fields.
    _undo: dict[str, Any] = {}
    _look: dict[str, Any] = {}

    @rx.event
    @requires(_MAY, quiet=True)
    async def load(self) -> None:
        """Show the channel that the address names."""
        self.notice, self.done, self.failure = "", "", ""
        self.editing, self.is_asking = Editing(), False
        await self._read()

    @rx.event(temporal=True)
    @requires(_MAY, quiet=True)
    async def refresh(self) -> None:
        """While orders are read again the page follows."""
        if self.is_loaded and not self.failure and self.replay.is_open:
            await self._read()

    @rx.event
    @requires(_MAY)
    async def edit_reported(self, key: str) -> None:
        """Open the dialog for a word without a meaning."""
        row = next((one for one in self.board.reports if one.key == key), None)
        if row is not None:
            self.scopes = [Choice(str(row.account_id), row.account)]
            self._open(
                Editing(True, row.channel, row.channel_label, row.vocabulary, row.place, row.word)
            )

    @rx.event
    @requires(_MAY)
    async def edit_word(self, key: str) -> None:
        """Open the dialog for a word that has a meaning already."""
        row = next((one for one in self.board.words if one.key == key), None)
        if row is not None:
            self.scopes = self.board.accounts
            self._open(
                Editing(
                    True,
                    self.board.channel,
                    self.board.channel_label,
                    row.vocabulary,
                    row.place,
                    row.word,
                    row.status,
                    row.scope,
                )
            )

    @rx.event
    @requires(_MAY)
    async def close_dialog(self, is_open: bool) -> None:
        if not is_open:
            self.editing, self.is_asking = Editing(), False

    @rx.event
    @requires(_MAY)
    async def save(self, form: dict[str, Any]) -> None:
        """Decide what the word of the dialog means."""
        actor = await current_actor(self)
        edited = self.editing
        try:
            scope = texts(form, "scope") or EVERYWHERE
            account_id = None if scope == EVERYWHERE else _number(scope)
            word = Word(edited.vocabulary, edited.word)
            channel, status = Channel(edited.channel), _status(texts(form, "status"))
            before = await call(status_words.find, actor, channel, account_id, word)
            undo = _fields(before) if before else {}
            row = await call(
                status_words.set_word,
                actor,
                channel=channel,
                account_id=account_id,
                word=word,
                status=status,
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            self.form_failure = "" if self.mistakes else str(error)
            return
        self.editing = Editing()
        self._undo = undo or {"id": row.id}
        self._look = {"channel": channel, "account_id": account_id, "word": word}
        await self._read()
        self._say(f"“{word.text}” means {status.label} from the next orders on.", can_look=True)

    @rx.event
    @requires(_MAY)
    async def take_back(self, word_id: int) -> None:
        """The word means again what the product knows, or nothing."""
        actor = await current_actor(self)
        try:
            row = await call(status_words.remove_word, actor, int(word_id))
        except NotSignedInError:
            raise
        except CrmError as error:
            await self._read()
            self.notice = str(error)
            return
        self._undo = _fields(row)
        word = Word(row.vocabulary, row.word)
        self._look = {"channel": row.channel, "account_id": row.account_id, "word": word}
        await self._read()
        said = (
            f"“{row.word}” is as it was before. Orders stay as they are until they are read again."
        )
        self._say(said, can_look=True)

    @rx.event
    @requires(_MAY)
    async def undo(self) -> None:
        """Take the last decision of this page back."""
        actor = await current_actor(self)
        undo, self._undo = self._undo, {}
        self.done, self.can_undo, self.can_look = "", False, False
        if "id" in undo:
            await self._do(status_words.remove_word, actor, undo["id"])
        elif undo:
            await self._do(status_words.set_word, actor, **undo)

    @rx.event
    @requires(_MAY)
    async def look(self) -> rx.event.EventSpec | None:
        """A dry run for the word that was just decided."""
        actor = await current_actor(self)
        wanted, self._look = self._look, {}
        if not wanted:
            return None
        self.done, self.can_look, self.can_undo = "", False, False
        await self._do(replays.look, actor, *wanted.values())
        is_elsewhere = wanted["channel"].value != self.board.channel and not self.notice
        return rx.redirect(f"{PATH}?channel={wanted['channel'].value}") if is_elsewhere else None

    @rx.event
    @requires(_MAY)
    async def look_at(self, key: str) -> None:
        """A dry run for a decided word whose orders were read before it."""
        actor = await current_actor(self)
        row = next((one for one in self.board.words if one.key == key and one.is_decided), None)
        if row is not None:
            account_id = None if row.scope == EVERYWHERE else _number(row.scope)
            word = Word(row.vocabulary, row.word)
            await self._do(replays.look, actor, Channel(self.board.channel), account_id, word)

    @rx.event
    @requires(_MAY)
    async def ask_all(self) -> None:
        """Open the question before all stored orders are looked at."""
        self.is_asking = True
        self.scopes, self.scope_label = self.board.accounts, self.board.channel_label

    @rx.event
    @requires(_MAY)
    async def look_at_all(self, form: dict[str, Any]) -> None:
        """A dry run over all stored orders of the channel, or of one account."""
        actor = await current_actor(self)
        scope = texts(form, "scope") or EVERYWHERE
        account_id = None if scope == EVERYWHERE else _number(scope)
        self.is_asking = False
        await self._do(replays.begin, actor, Channel(self.board.channel), account_id=account_id)

    @rx.event
    @requires(_MAY)
    async def apply(self, replay_id: int) -> None:
        """Write what the dry run showed."""
        await self._do(replays.apply, await current_actor(self), int(replay_id))

    @rx.event
    @requires(_MAY)
    async def stop(self, replay_id: int) -> None:
        """End a replay, or put a finished dry run away."""
        await self._do(replays.stop, await current_actor(self), int(replay_id))

    def _open(self, editing: Editing) -> None:
        self.editing, self.mistakes, self.form_failure = editing, {}, ""
        self.scope_label = editing.channel_label

    def _say(self, sentence: str, *, can_look: bool = False) -> None:
        self.done, self.can_undo, self.can_look = sentence, True, can_look

    async def _do(self, step: Any, *args: Any, **changes: Any) -> None:
        self.notice = ""
        failed = ""
        try:
            await call(step, *args, **changes)
        except NotSignedInError:
            raise
        except CrmError as error:
            failed = str(error)
        await self._read()
        self.notice = failed

    async def _read(self) -> None:
        actor = await current_actor(self)
        try:
            found = await call(word_board.read, actor, self._asked())
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        moment, zone = now(), get_settings().zone
        self.failure = ""
        self.board = BoardView.of(found, moment, zone)
        self.replay = ReplayView.of(found.replay, moment, zone)
        self.is_loaded = True

    def _asked(self) -> Channel | None:
        word = self.router.url.query_parameters.get("channel", "")
        if not word:
            return None
        try:
            return Channel(word)
        except ValueError as error:
            raise InvalidInputError(f"There is no channel {word[:40]!r}.") from error


def _fields(row: StatusWord) -> dict[str, Any]:
    """What makes the same decision again."""
    return {
        "channel": row.channel,
        "account_id": row.account_id,
        "word": Word(row.vocabulary, row.word),
        "status": row.status,
    }


def _status(word: str) -> OrderStatus:
    try:
        return OrderStatus(word)
    except ValueError as error:
        raise InvalidInputError(
            "Choose a status.", details={"status": "Choose what the word means."}
        ) from error


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if is_number else 0
