"""One bulk change: decided and looked at first, then followed."""

from typing import Any, Final

import reflex as rx
from sqlmodel import Session

from crm_app.channels import pace
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import HALTED, Outcome, RunState
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotFoundError, NotSignedInError
from crm_app.models import BulkRun
from crm_app.services import bulk_pace, bulk_results, bulk_runs, bulk_telling, bulk_undoing, parcels
from crm_app.ui.bulk import deeds, view
from crm_app.ui.bulk.ahead import Link, PreviewView, ReasonAsk, reason_asks
from crm_app.ui.bulk.view import AccountRow, ReasonRow, ResultRow, RunView
from crm_app.ui.shared.links import BULK, bulk_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.tones import Pill

QUICK_MS: Final = 1_000
TELLING_MS: Final = 2_500
SLOW_MS: Final = 5_000
_ROWS: Final = 50
_TABS: Final = (
    ("", "All"),
    (Outcome.CHANGED.value, "Changed"),
    (Outcome.REFUSED.value, "Not changed"),
    (Outcome.FAILED.value, "Failed"),
    (Outcome.WAITING.value, "To do"),
)
_STEPS: Final = {
    "pause": bulk_runs.pause,
    "resume": bulk_runs.resume,
    "tell": bulk_runs.resume,
    "stop": bulk_runs.stop,
    "start": bulk_runs.start,
}


class BulkState(rx.State):
    """The address names the run, which results are shown, and from where."""

    run: RunView = RunView()
    # What can be done with the orders of a draft, and which of it is looked at.
    kinds: list[Link] = []
    kind: str = ""
    targets: list[Pill] = []
    target: str = ""
    preview: PreviewView = PreviewView()
    # Of a cancellation: the reasons that the channels take.
    asks: list[ReasonAsk] = []
    accounts: list[AccountRow] = []
    # How long it takes until all are told, or how much is held back.
    left: str = ""
    reasons: list[ReasonRow] = []
    # Offers what can be tried once more: "Try the 4 that changed meanwhile again".
    again: str = ""
    rows: list[ResultRow] = []
    tabs: list[Link] = []
    tab: str = ""
    next_href: str = ""
    first_href: str = ""
    given: str = ""
    problems: list[str] = []
    phase: str = "loading"
    failure: str = ""
    notice: str = ""
    every_ms: int = SLOW_MS

    @rx.event(supersedes=True)
    @requires(Permission.BULK_CHANGE, quiet=True)
    async def load(self) -> None:
        """Read the run that the address names."""
        self.notice, self.given, self.problems, self.kind = "", "", [], ""
        try:
            await self._read()
        except NotSignedInError:
            raise
        except NotFoundError as error:
            self.phase, self.failure = "missing", str(error)
        except CrmError as error:
            self.phase, self.failure = "failed", str(error)

    @rx.event(temporal=True)
    @requires(Permission.BULK_CHANGE, quiet=True)
    async def refresh(self) -> None:
        """Bring progress up to date. A draft stands still: its set is frozen."""
        if self.phase != "found" or self.run.is_draft:
            return
        try:
            await self._read()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = f"Not refreshed: {error}"

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def choose(self, label: str) -> None:
        """Say what the orders get, and show what that would do."""
        actor, kind = await current_actor(self), self.kind or deeds.FIRST
        settings = await call(deeds.settings_of, actor, kind, label)
        await self._do(bulk_runs.decide, kind, settings)

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def give_reason(self, channel: str, code: str) -> None:
        """Say why these orders are cancelled, in one of a channel's own words."""
        asked = {f"reason_{one.key}": one.chosen for one in self.asks}
        if f"reason_{channel}" in asked:
            given = asked | {f"reason_{channel}": str(code)}
            await self._do(bulk_runs.decide, deeds.FIRST, given | {"status": "cancelled"})

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def choose_kind(self, kind: str) -> None:
        """Say what is to be done; what needs no more than that is shown at once."""
        if kind not in [one.key for one in self.kinds]:
            return
        self.kind = kind
        if kind in deeds.PLAIN:
            await self._do(bulk_runs.decide, kind, {})
        else:
            self.notice = ""
            await self._read()

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def fill_in(self, form: dict[str, Any]) -> None:
        """Take the form of a hold, and show what it would do."""
        settings = {name: str(form.get(name, "")) for name in ("reason", "until", "note")}
        await self._do(bulk_runs.decide, self.kind, settings)

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def give_parcels(self, form: dict[str, Any]) -> None:
        """Keep the pasted tracking numbers with their orders."""
        pasted, carrier = str(form.get("parcels", "")), str(form.get("carrier", ""))
        actor = await current_actor(self)
        self.notice = ""
        try:
            found = await call(parcels.give, actor, self._run_id(), pasted, carrier)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
            return
        more = found.problem_count - len(found.problems)
        self.given = f"{found.orders:,} {'order has' if found.orders == 1 else 'orders have'} one."
        self.problems = [*found.problems, *([f"... and {more:,} more lines."] if more else [])]
        await self._read()

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def press(self, verb: str) -> None:
        """Start, pause, resume or stop."""
        step = _STEPS.get(verb)
        if step is not None:
            await self._do(step)

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def undo(self) -> rx.event.EventSpec | None:
        """Go to the preview of what can be taken back."""
        return await self._follow_up(bulk_runs.undo)

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def try_again(self) -> rx.event.EventSpec | None:
        """Go to the preview of what had changed meanwhile, as it stands now."""
        return await self._follow_up(bulk_runs.again)

    @rx.event
    @requires(Permission.BULK_CHANGE)
    async def discard(self) -> rx.event.EventSpec | None:
        """Drop the draft; nothing happened yet."""
        actor = await current_actor(self)
        try:
            await call(bulk_runs.discard, actor, self._run_id())
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
            return None
        return rx.redirect(BULK)

    async def _follow_up(self, make: Any) -> rx.event.EventSpec | None:
        actor = await current_actor(self)
        self.notice = ""
        try:
            found = await call(make, actor, self._run_id())
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
            return None
        return rx.redirect(bulk_path(found.id))

    async def _do(self, step: Any, *args: Any) -> None:
        actor = await current_actor(self)
        self.notice = ""
        try:
            await call(step, actor, self._run_id(), *args)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        await self._read()

    def _run_id(self) -> int:
        return run_id_of(self.router.url.path)

    async def _read(self) -> None:
        actor, run_id = await current_actor(self), self._run_id()
        run, relations = await call(_head, actor, run_id)
        zone = get_settings().zone
        self.run = RunView.of(run, me=actor.user_id, at=now(), zone=zone, **relations)
        if run.state is RunState.DRAFT:
            self.kind = self.kind or run.action or deeds.FIRST
            ahead = await call(_ahead, actor, run, self.kind)
            self.preview, self.targets, self.target, self.asks = ahead
            self.kinds = [] if run.undo_of else deeds.kinds(actor)
        else:
            await self._read_results(actor, run, relations["held"])
        told = TELLING_MS if self.run.is_telling else SLOW_MS
        self.every_ms = QUICK_MS if self.run.is_active else told
        self.phase = "found"

    async def _read_results(self, actor: Actor, run: BulkRun, held: int) -> None:
        params = self.router.url.query_parameters
        wanted = params.get("show", "")
        outcome = Outcome(wanted) if wanted in list(Outcome) else None
        after = int(word) if (word := params.get("after", "")).isdecimal() and len(word) < 9 else 0
        found = await call(
            bulk_results.rows, actor, run.id, outcome=outcome, after=after, limit=_ROWS + 1
        )
        self.rows = [ResultRow.of(row) for row in found[:_ROWS]]
        self.tab = outcome.value if outcome else ""
        here = bulk_path(run.id)
        self.tabs = [Link(key, word, f"{here}?show={key}" if key else here) for key, word in _TABS]
        asked = f"show={self.tab}&" if self.tab else ""
        self.next_href = f"{here}?{asked}after={found[_ROWS - 1].position}" if found[_ROWS:] else ""
        self.first_href = (f"{here}?show={self.tab}" if self.tab else here) if after else ""
        accounts = await call(bulk_results.progress, actor, run.id)
        left = await call(_left, actor, run.id)
        self.accounts = [AccountRow.of(one, left.get(one.account_id)) for one in accounts]
        self.left = view.left_words(run.state, list(left.values()), held)
        reasons = await call(bulk_results.reasons, actor, run.id)
        self.reasons = view.reason_rows(reasons)
        self.again = view.again_words(run, reasons)


def _head(session: Session, actor: Actor, run_id: int) -> tuple[BulkRun, dict[str, Any]]:
    run = bulk_runs.get_run(session, actor, run_id)
    return run, {
        "undone_by": bulk_results.undone_by(session, run_id),
        "undo_left": bulk_undoing.left(session, run_id) if run.changed else 0,
        "held": bulk_telling.held(session, run_id) if run.state in HALTED else 0,
    }


def _left(session: Session, actor: Actor, run_id: int) -> dict[int, float]:
    bulk_runs.get_run(session, actor, run_id)
    return bulk_pace.left(session, run_id, pace.per_second)


def _ahead(
    session: Session, actor: Actor, run: BulkRun, kind: str
) -> tuple[PreviewView, list[Pill], str, list[ReasonAsk]]:
    """What a draft would do, what it may choose from, what is chosen of that, and what it asks."""
    if run.undo_of is None and run.action != kind:
        # Another deed is looked at than the one that was decided on last.
        return PreviewView(), deeds.offered(session, actor, run, kind), "", []
    preview = bulk_runs.preview(session, actor, run.id)
    told = bulk_pace.tellings(session, preview, pace.per_second)
    offered = [] if run.undo_of else deeds.offered(session, actor, run, kind)
    channels = [one.channel for one in bulk_results.progress(session, actor, run.id)]
    asks = reason_asks(list(dict.fromkeys(channels)), run.settings)
    return PreviewView.of(preview, told, run), offered, deeds.chosen(session, run), asks


def run_id_of(path: str) -> int:
    """The number at the end of `/bulk/12`.

    Raises:
        NotFoundError: If it is no number that a run could have.
    """
    word = path.rstrip("/").rpartition("/")[2]
    if not (word.isascii() and word.isdecimal() and len(word) < 19):
        raise NotFoundError("bulk change", word[:40])
    return int(word)
