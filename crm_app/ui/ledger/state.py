"""The ledger: the proof and one page of changes, as the address asks."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import business_day, now
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import ledger, ledger_counts
from crm_app.services.ledger import ChangePage, Proof
from crm_app.services.ledger_query import LedgerQuery
from crm_app.ui.ledger.view import ChangeRow, LedgerMenus, ProofView, export_query, ledger_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

PAGE_SIZE: Final = 50


class LedgerState(rx.State):
    """The address holds every choice, so that Back and a link restore it."""

    proof: ProofView = ProofView()
    rows: list[ChangeRow] = []
    menus: LedgerMenus = LedgerMenus()
    older: str = ""
    newer: str = ""
    first: str = ""
    count: str = ""
    search: str = ""
    # The filters as the address of an export.
    asked: str = ""
    failure: str = ""
    stale: str = ""
    is_loaded: bool = False
    is_counting: bool = False

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show what the address names."""
        self.failure, self.stale = "", ""
        try:
            query = self._asked()
            self._show_choices(query)
            self._show(*await self._read(query), query)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.rows, self.count = str(error), [], ""
        self.is_loaded = True

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def refresh(self) -> None:
        """Bring the page up to date; the newest page alone gets new rows."""
        if self.failure or not self.is_loaded:
            return
        try:
            query = self._asked()
            self._show(*await self._read(query), query)
            self.stale = ""
        except NotSignedInError:
            raise
        except CrmError as error:
            self.stale = f"Not refreshed: {error}"

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def recount(self) -> Any:
        """Count the whole ledger anew and show what came out."""
        self.is_counting = True
        yield
        try:
            await call(ledger_counts.check_by, await current_actor(self))
            query = self._asked()
            self._show(*await self._read(query), query)
        finally:
            self.is_counting = False

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def pick_days(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Filter by the first and last business day of the form; either may be empty."""
        params = self._asked().params()
        for name in ("from", "to"):
            params.pop(name, None)
            if day := str(form.get(name, "")).strip():
                params[name] = day
        params.pop("cursor", None)
        return rx.redirect(ledger_path(LedgerQuery.parse(params)))

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def look_for(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Find changes by an order's number or a person's name; empty shows all again."""
        params = self._asked().params()
        params.pop("cursor", None)
        params["q"] = str(form.get("q", ""))
        return rx.redirect(ledger_path(LedgerQuery.parse(params)))

    def _asked(self) -> LedgerQuery:
        params: Mapping[str, str] = self.router.url.query_parameters
        try:
            return dataclasses.replace(LedgerQuery.parse(params), limit=PAGE_SIZE)
        except InvalidInputError:
            # An address that means nothing still shows the filters, so that a person can go on.
            self._show_choices(LedgerQuery())
            raise

    async def _read(self, query: LedgerQuery) -> tuple[Proof, ChangePage]:
        return await call(_both, await current_actor(self), query)

    def _show_choices(self, query: LedgerQuery) -> None:
        self.search = query.search
        self.asked = export_query(query)
        self.menus = LedgerMenus.of(query, business_day(now(), get_settings().zone))

    def _show(self, proof: Proof, page: ChangePage, query: LedgerQuery) -> None:
        moment, zone = now(), get_settings().zone
        self.proof = ProofView.of(proof, query, moment, zone)
        self.rows = [ChangeRow.of(change, moment, zone) for change in page.changes]
        self.count = (
            "1 status change" if proof.written == 1 else f"{proof.written:,} status changes"
        )
        self.older = ledger_path(page.older) if page.older else ""
        self.newer = ledger_path(page.newer) if page.newer else ""
        is_first = query.before is None and query.after is None
        self.first = (
            "" if is_first else ledger_path(dataclasses.replace(query, before=None, after=None))
        )


def _both(session: Session, actor: Actor, query: LedgerQuery) -> tuple[Proof, ChangePage]:
    return ledger.prove(session, actor, query), ledger.list_changes(session, actor, query)
