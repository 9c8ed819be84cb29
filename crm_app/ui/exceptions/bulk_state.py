"""What people do about many exceptions at once: picked ones, or a whole cause."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.models import DeskRetry
from crm_app.services.exceptions import deeds, retrying
from crm_app.services.exceptions.deeds import Deed, Result
from crm_app.ui.exceptions.snoozes import until
from crm_app.ui.exceptions.state import ExceptionsState, asked_of
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

_MOST_PICKED: Final = 200
_MOST_REASONS: Final = 3


class BulkState(rx.State):
    """Picked keys, and the report of the last deed; it stays until it is put away."""

    picked: list[str] = []
    report: str = ""
    reasons: list[str] = []
    is_working: bool = False
    # The open question: "close" or "cause"; empty for none.
    asks: str = ""
    failure: str = ""

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Another list begins with nothing picked."""
        listed = {line.key for line in (await self.get_state(ExceptionsState)).lines}
        self.picked = [key for key in self.picked if key in listed]
        self.asks = ""
        found = await call(retrying.newest, await current_actor(self))
        if found is not None and found.finished_at is None:
            self._show(found)

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def pick(self, key: str) -> None:
        """Pick one, or put it back."""
        rest = [one for one in self.picked if one != key]
        is_new = len(rest) == len(self.picked) and len(rest) < _MOST_PICKED
        self.picked = [*rest, str(key)[:80]] if is_new else rest

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def pick_all(self) -> None:
        """Pick every line of the page; again to put all back."""
        listed = await self.get_state(ExceptionsState)
        keys = [line.key for line in listed.lines if listed.can_pick and not line.is_gone]
        self.picked = [] if set(keys) <= set(self.picked) else keys

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def put_away(self) -> None:
        """Forget what was picked, and the report."""
        self.picked, self.report, self.reasons, self.asks = [], "", [], ""

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def ask(self, what: str) -> None:
        """Open a question, `close` or `cause`; anything else closes it."""
        self.asks = what if what in ("close", "cause") else ""
        self.failure = ""

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def close_question(self, is_open: bool) -> None:
        if not is_open:
            self.asks = ""

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def retry(self) -> Any:
        actor = await current_actor(self)
        return await self._each("tried again", lambda s, key: deeds.retry(s, actor, key))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def assign(self, person: str) -> Any:
        actor = await current_actor(self)
        is_id = person.isascii() and person.isdecimal() and len(person) < 19
        whom = int(person) if is_id else actor.user_id if person == "me" else None
        return await self._each("assigned", lambda s, key: deeds.assign(s, actor, key, whom))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def snooze(self, choice: str) -> Any:
        actor = await current_actor(self)
        moment = until(choice, now(), get_settings().zone)
        done = "snoozed" if moment else "woken up"
        return await self._each(done, lambda s, key: deeds.snooze(s, actor, key, moment))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def resolve(self, form: dict[str, Any]) -> Any:
        """Close the picked ones with one note."""
        actor = await current_actor(self)
        note = str(form.get("note", ""))
        if not note.strip():
            self.failure = "Say what was done about them."
            return None
        self.asks = ""
        return await self._each("closed", lambda s, key: deeds.resolve(s, actor, key, note))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def retry_cause(self) -> None:
        """Let the worker try everything again that the address names, each one once."""
        actor = await current_actor(self)
        query = replace(asked_of(self.router.url.query_parameters), cursor=None)
        self.asks = ""
        if query.cause is None:
            return
        self._show(await call(retrying.ask, actor, query))

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def follow(self) -> Any:
        """How far a cause is that is tried again, also for whoever comes back to the page."""
        if not self.is_working:
            return None
        self._show(await call(retrying.newest, await current_actor(self)))
        return None if self.is_working else ExceptionsState.refresh

    def _show(self, found: DeskRetry | None) -> None:
        self.is_working = found is not None and found.finished_at is None
        if found is not None:
            counts = (found.done, found.refused, found.gone)
            self.report, self.reasons = told("tried again", counts, found.reasons)

    async def _each(self, done: str, deed: Deed) -> Any:
        self._tell(done, await _run(self.picked, deed))
        self.picked = []
        return ExceptionsState.refresh

    def _tell(self, done: str, result: Result) -> None:
        self.report, self.reasons = report_of(done, result)


async def _run(keys: list[str], deed: Deed) -> Result:
    """Many, in a thread; an error that is true of all of them is the report of none."""
    asked = list(keys)
    try:
        return await rx.run_in_thread(lambda: deeds.each(asked, deed))
    except NotSignedInError:
        raise
    except CrmError as error:
        return Result(refused=dict.fromkeys(asked, str(error)))


def report_of(done: str, result: Result) -> tuple[str, list[str]]:
    """`12 tried again, 2 not, 1 was seen to meanwhile.` and why not, the commonest reasons."""
    counted: dict[str, int] = {}
    for reason in result.refused.values():
        counted[reason] = counted.get(reason, 0) + 1
    return told(done, (len(result.done), len(result.refused), len(result.gone)), counted)


def told(
    done: str, counts: tuple[int, int, int], counted: Mapping[str, int]
) -> tuple[str, list[str]]:
    """The same from numbers of what was done, refused and gone, and how often each reason was."""
    parts = [f"{counts[0]:,} {done}"]
    if counts[1]:
        parts.append(f"{counts[1]:,} not")
    if counts[2]:
        parts.append(f"{counts[2]:,} seen to meanwhile")
    worst = sorted(counted.items(), key=lambda item: -item[1])[:_MOST_REASONS]
    return ", ".join(parts) + ".", [f"{count:,} × {reason}" for reason, count in worst]
