"""Your account: tokens with which programs act for you."""

from dataclasses import dataclass
from typing import Any, Self

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.models import ApiToken
from crm_app.services import api_tokens
from crm_app.ui.shared import times
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class TokenRow:
    """One token as drawn."""

    id: int
    name: str
    hint: str
    scopes: str
    life: str
    is_over: bool

    @classmethod
    def of(cls, row: ApiToken) -> Self:
        zone, moment = get_settings().zone, now()
        is_over = row.expires_at <= moment
        used = (
            f"last used {times.when(row.last_used_at, moment, zone)} from {row.last_address}"
            if row.last_used_at
            else "never used"
        )
        ends = f"{'ended' if is_over else 'ends'} {times.day(row.expires_at, moment, zone)}"
        return cls(
            row.id, row.name, f"…{row.hint}", ", ".join(row.scopes), f"{used}, {ends}", is_over
        )


class TokensState(rx.State):
    """One's own tokens, the form for a new one, and its secret while it is shown once."""

    rows: list[TokenRow] = []
    verbs: list[str] = []
    is_making: bool = False
    secret: str = ""
    failure: str = ""
    mistakes: dict[str, str] = {}

    @rx.event
    @requires()
    async def load(self) -> None:
        self.secret, self.is_making = "", False
        await self._read()

    @rx.event
    @requires()
    async def show_form(self, is_open: bool) -> None:
        self.is_making, self.failure, self.mistakes = bool(is_open), "", {}

    @rx.event
    @requires()
    async def make(self, form: dict[str, Any]) -> None:
        """Make a token with the ticked permissions."""
        actor = await current_actor(self)
        self.failure, self.mistakes = "", {}
        days = str(form.get("days", ""))
        try:
            made = await call(
                api_tokens.make,
                actor,
                name=str(form.get("name", "")),
                scopes=[verb for verb in self.verbs if form.get(f"scope:{verb}")],
                days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = "" if error.details else str(error)
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            return
        self.is_making, self.secret = False, made.secret
        await self._read()

    @rx.event
    @requires()
    async def revoke(self, token_id: int) -> rx.event.EventSpec:
        """End a token; a program that uses it is refused from now on."""
        actor = await current_actor(self)
        await call(api_tokens.revoke_own, actor, int(token_id))
        await self._read()
        return rx.toast.success("That token opens nothing any more.")

    @rx.event
    @requires()
    async def forget_secret(self) -> None:
        self.secret = ""

    async def _read(self) -> None:
        actor = await current_actor(self)
        found = await call(api_tokens.list_own, actor)
        self.rows = [TokenRow.of(row) for row in found]
        self.verbs = sorted(one.value for one in api_tokens.grantable(actor))
