"""The data officer's page: requests, how long data are kept, and on which basis."""

from collections.abc import Callable
from typing import Any

import reflex as rx
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.models import Basis, ChannelAccount, RequestKind
from crm_app.services.privacy import requests, retention
from crm_app.services.privacy.retention import Rule
from crm_app.ui.privacy.view import BasisRow, RequestRow, RuleRow
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class PrivacyState(rx.State):
    """What is asked and what was done."""

    rows: list[RequestRow] = []
    rules: list[RuleRow] = []
    bases: list[BasisRow] = []
    late: str = ""
    failure: str = ""
    notice: str = ""
    done: str = ""
    # The request that a person is asked about once more before it is carried out.
    asked: RequestRow = RequestRow()
    # Grows when the form is to be drawn empty.
    drawn: int = 0
    is_loaded: bool = False

    @rx.event
    @requires(Permission.MANAGE_PRIVACY, quiet=True)
    async def load(self) -> None:
        """Read everything. Runs on page load."""
        self.notice = self.done = ""
        self.asked = RequestRow()
        await self._read()

    @rx.event(temporal=True)
    @requires(Permission.MANAGE_PRIVACY, quiet=True)
    async def refresh(self) -> None:
        """Bring the requests up to date."""
        if self.is_loaded and not self.failure:
            await self._read()

    @rx.event
    @requires(Permission.MANAGE_PRIVACY)
    async def take_down(self, form: dict[str, Any]) -> None:
        """Write a request down."""
        kind = RequestKind.ERASE if form.get("kind") == "erase" else RequestKind.EXPORT
        await self._do(
            "Written down. It waits for your decision.",
            requests.take_down,
            kind=kind,
            subject=str(form.get("subject", "")),
            source=str(form.get("source", "")),
            note=str(form.get("note", "")),
        )
        if not self.notice:
            self.drawn += 1

    @rx.event
    @requires(Permission.MANAGE_PRIVACY)
    async def ask(self, request_id: int) -> None:
        """Ask once more before anything is done; 0 asks no longer."""
        found = [row for row in self.rows if row.id == int(request_id)]
        self.asked = found[0] if found else RequestRow()

    @rx.event
    @requires(Permission.MANAGE_PRIVACY)
    async def carry_out(self) -> None:
        """Let a worker do it."""
        await self._do("A worker does it now.", requests.carry_out, self.asked.id)
        self.asked = RequestRow()

    @rx.event
    @requires(Permission.MANAGE_PRIVACY)
    async def refuse(self, form: dict[str, Any]) -> None:
        """End it without doing it."""
        request_id, self.asked = self.asked.id, RequestRow()
        why = str(form.get("why", ""))
        await self._do("Refused; the reason is kept.", requests.refuse, request_id, why)

    @rx.event
    @requires(Permission.MANAGE_PRIVACY)
    async def keep_rule(self, form: dict[str, Any]) -> None:
        """Choose how long a channel's data are kept."""
        try:
            rule = Rule(
                Channel(str(form.get("channel", ""))),
                _days(form.get("contact")),
                _days(form.get("payload")),
            )
        except ValueError:
            self.notice = "A whole number of days, or nothing."
            return
        await self._do("Kept. The daily cleaning follows it.", retention.set_rule, rule)

    @rx.event
    @requires(Permission.MANAGE_PRIVACY)
    async def keep_basis(self, form: dict[str, Any]) -> None:
        """Note why the data of an account's buyers are kept."""
        try:
            account_id = int(str(form.get("account", "")))
            basis = Basis(str(form.get("basis", "")))
        except ValueError:
            self.notice = "Choose on which basis."
            return
        note = str(form.get("note", ""))
        await self._do("Noted.", retention.set_basis, account_id, basis, note)

    async def _do(self, done: str, act: Callable[..., Any], *given: Any, **named: Any) -> None:
        self.notice = self.done = ""
        try:
            await call(act, await current_actor(self), *given, **named)
            self.done = done
        except NotSignedInError:
            raise
        except CrmError as error:
            is_form = isinstance(error, InvalidInputError) and error.details
            self.notice = " ".join(map(str, error.details.values())) if is_form else str(error)
        await self._read()

    async def _read(self) -> None:
        actor, self.failure = await current_actor(self), ""
        try:
            read = await call(_Read, actor)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        moment, zone = now(), get_settings().zone
        self.rows = [RequestRow.of(one, moment, zone) for one in read.requests]
        self.rules = [
            RuleRow.of(rule, read.runs.get(rule.channel), moment, zone) for rule in read.rules
        ]
        self.bases = [BasisRow.of(one, read.bases.get(one.id)) for one in read.accounts]
        late = sum(row.is_late for row in self.rows)
        self.late = f"{late} past the deadline" if late else ""
        self.is_loaded = True


class _Read:
    """What one drawing of the page needs, read in one transaction."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.requests = requests.list_requests(session, actor)
        self.rules = retention.rules(session)
        newest_last = reversed(retention.last_runs(session, 100))
        self.runs = {one.channel: one for one in newest_last}
        self.bases = retention.bases(session)
        self.accounts = session.exec(
            select(ChannelAccount).order_by(col(ChannelAccount.channel), col(ChannelAccount.name))
        ).all()


def _days(text: Any) -> int | None:
    """Raises ValueError."""
    words = str(text or "").strip()
    return int(words) if words else None
