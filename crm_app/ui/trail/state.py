"""The audit trail as the address asks for it, and its proof."""

from collections.abc import Mapping
from typing import Any, Final

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.models import AuditCheck
from crm_app.services import trail, trail_checks
from crm_app.services.trail import TrailPage, TrailQuery
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.trail.view import CheckView, EntryRow, action_words, asked, path_of

QUICK_MS: Final = 1_000
SLOW_MS: Final = 15_000


class TrailState(rx.State):
    """One page of entries, newest first."""

    rows: list[EntryRow] = []
    check: CheckView = CheckView()
    people: list[tuple[str, str]] = []
    actions: list[tuple[str, str]] = []
    chosen: dict[str, str] = {}
    older: str = ""
    first: str = ""
    failure: str = ""
    is_loaded: bool = False
    every_ms: int = SLOW_MS

    @rx.event(supersedes=True)
    @requires(Permission.SEE_AUDIT, quiet=True)
    async def load(self) -> None:
        """Show what the address names."""
        params: Mapping[str, str] = self.router.url.query_parameters
        names = ("person", "action", "subject", "from", "to", "q")
        self.chosen = {name: params.get(name, "") for name in names}
        before = params.get("before", "")
        self.failure, self.is_loaded = "", True
        try:
            query = asked(params)
            start = int(before) if before.isdecimal() else None
            page, check, kinds, people = await call(_all, await current_actor(self), query, start)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.rows = str(error), []
            return
        moment, zone = now(), get_settings().zone
        self.rows = [EntryRow.of(one, moment, zone) for one in page.entries]
        self.actions = [(kind, action_words(kind)) for kind in kinds]
        self.people = [(str(number), name) for number, name in people]
        self.older = path_of(params, page.older) if page.older else ""
        self.first = path_of(params) if start else ""
        self._show(check)

    @rx.event(temporal=True)
    @requires(Permission.SEE_AUDIT, quiet=True)
    async def follow(self) -> None:
        """How far the walk is."""
        self._show(await call(trail_checks.latest, await current_actor(self)))

    @rx.event
    @requires(Permission.SEE_AUDIT)
    async def verify(self) -> None:
        """Have a worker walk the whole trail."""
        self._show(await call(trail_checks.begin, await current_actor(self)))

    @rx.event
    @requires(Permission.SEE_AUDIT)
    async def pick(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Filter by what the form says."""
        return rx.redirect(path_of({name: str(value) for name, value in form.items()}))

    def _show(self, check: AuditCheck | None) -> None:
        self.check = CheckView.of(check, now(), get_settings().zone)
        self.every_ms = QUICK_MS if self.check.is_running else SLOW_MS


def _all(
    session: Session, actor: Actor, query: TrailQuery, before: int | None
) -> tuple[TrailPage, AuditCheck | None, list[str], list[tuple[int, str]]]:
    return (
        trail.list_entries(session, actor, query, before=before),
        trail_checks.latest(session, actor),
        trail.kinds(session, actor),
        trail.people(session, actor),
    )
