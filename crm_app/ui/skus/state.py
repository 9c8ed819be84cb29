"""The page of SKUs: one account's list at a time."""

from typing import Any, Final
from urllib.parse import urlencode

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.models import ChannelSku, UnmappedSku
from crm_app.services import skus
from crm_app.services.skus import AccountList, Taken
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.skus.view import PATH, AccountChoice, SkuRow, UnknownRow, taken_words

_PAGE: Final = 50


class SkusState(rx.State):
    """The address names the account, what is searched, and where the page begins."""

    accounts: list[AccountChoice] = []
    account: str = ""
    rows: list[SkuRow] = []
    unknown: list[UnknownRow] = []
    search: str = ""
    next_href: str = ""
    first_href: str = ""
    # What came of the last sheet or line.
    said: str = ""
    problems: list[str] = []
    mistake: str = ""
    failure: str = ""
    # Grows when the fields are to be empty again.
    drawn: int = 0
    is_loaded: bool = False

    @rx.event(supersedes=True)
    @requires(Permission.MANAGE_MAPPINGS, quiet=True)
    async def load(self) -> None:
        """Read the list that the address names."""
        self.said, self.problems, self.mistake = "", [], ""
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_MAPPINGS)
    async def find(self, form: dict[str, Any]) -> rx.event.EventSpec:
        """Search the list."""
        return rx.redirect(self._href(search=str(form.get("search", "")).strip()[:120]))

    @rx.event
    @requires(Permission.MANAGE_MAPPINGS)
    async def put(self, form: dict[str, Any]) -> None:
        """Add a line, or change the one of this channel SKU."""
        told = [str(form.get(name, "")) for name in ("channel_sku", "sku", "title")]
        await self._do(f"{told[0].strip()} is on the list.", skus.put, *told)

    @rx.event
    @requires(Permission.MANAGE_MAPPINGS)
    async def remove(self, channel_sku: str) -> None:
        """Take a line off the list."""
        await self._do(f"{channel_sku} is off the list.", skus.remove, str(channel_sku))

    @rx.event
    @requires(Permission.MANAGE_MAPPINGS)
    async def take_sheet(self, form: dict[str, Any]) -> None:
        """Add the lines that were pasted."""
        await self._do("", skus.take_sheet, str(form.get("sheet", "")))

    async def _do(self, said: str, deed: Any, *args: str) -> None:
        actor = await current_actor(self)
        self.said, self.problems, self.mistake = "", [], ""
        try:
            found = await call(deed, actor, int(self.account or 0), *args)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.mistake = str(error)
            return
        if isinstance(found, Taken):
            said, self.problems = taken_words(found), list(found.problems)
        self.said = said
        self.drawn += 1
        await self._read()

    async def _read(self) -> None:
        actor, params = await current_actor(self), self.router.url.query_parameters
        self.search = str(params.get("search", ""))[:120]
        after, word = str(params.get("after", ""))[:120], str(params.get("account", ""))
        asked = int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else 0
        try:
            found = await call(_board, actor, asked, self.search, after)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        accounts, chosen, rows, unknown = found
        self.account = str(chosen or "")
        self.accounts = [AccountChoice.of(one, chosen) for one in accounts]
        self.rows = [SkuRow.of(one, now(), get_settings().zone) for one in rows[:_PAGE]]
        self.unknown = [UnknownRow.of(one) for one in unknown]
        more = rows[_PAGE - 1].channel_sku if len(rows) > _PAGE else ""
        self.next_href = self._href(search=self.search, after=more) if more else ""
        self.first_href = self._href(search=self.search) if after else ""
        self.failure, self.is_loaded = "", True

    def _href(self, **more: str) -> str:
        told = {"account": self.account} | {name: value for name, value in more.items() if value}
        return f"{PATH}?{urlencode(told)}"


def _board(
    session: Session, actor: Actor, asked: int, search: str, after: str
) -> tuple[list[AccountList], int, list[ChannelSku], list[UnmappedSku]]:
    """Every account, the chosen one's id (0 where there is none), its list, what it lacks."""
    accounts = skus.overview(session, actor)
    known = [one.account_id for one in accounts]
    chosen = asked if asked in known else next(iter(known), 0)
    if not chosen:
        return accounts, 0, [], []
    rows = skus.list_skus(session, actor, chosen, search=search, after=after, limit=_PAGE + 1)
    return accounts, chosen, rows, skus.list_unmapped(session, actor, chosen)
