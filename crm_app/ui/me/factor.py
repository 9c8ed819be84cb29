"""Your account: the second factor."""

from typing import Any

import reflex as rx
import segno

from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import two_factor
from crm_app.services.auth import Refused
from crm_app.ui.me.state import MeState
from crm_app.ui.shared import times
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class FactorState(rx.State):
    """How one's second factor stands; the secret and the codes only while they are shown."""

    is_on: bool = False
    is_required: bool = False
    is_loaded: bool = False
    since: str = ""
    codes_left: int = 0
    qr: str = ""
    secret: str = ""
    codes: list[str] = []
    # Which question is open beside the standing: "codes" or "off".
    asked: str = ""
    mistake: str = ""

    @rx.event
    @requires()
    async def load(self) -> None:
        self._forget()
        await self._read()

    @rx.event
    @requires()
    async def begin(self) -> None:
        """Make a secret and show it for the app to scan."""
        actor = await current_actor(self)
        setup = await self._done(two_factor.begin, actor)
        if setup is None:
            return
        self._forget()
        self.qr = segno.make(setup.uri, error="m").svg_inline(
            scale=4, border=2, dark="#000", light="#fff", omitsize=True
        )
        groups = [setup.secret[start : start + 4] for start in range(0, len(setup.secret), 4)]
        self.secret = " ".join(groups)

    @rx.event
    @requires()
    async def confirm(self, form: dict[str, Any]) -> rx.event.EventType[()] | None:
        """Turn it on with the app's first code; the recovery codes are shown once."""
        actor = await current_actor(self)
        if await self._took(two_factor.confirm, actor, str(form.get("code", ""))):
            return MeState.load
        return None

    @rx.event
    @requires()
    async def ask(self, what: str) -> None:
        """Ask once more, before new `codes` or before it is `off`."""
        self._forget()
        self.asked = what if what in ("codes", "off") else ""

    @rx.event
    @requires()
    async def go_on(self) -> None:
        """Do what was asked."""
        actor = await current_actor(self)
        step = two_factor.turn_off if self.asked == "off" else two_factor.new_codes
        await self._took(step, actor)

    @rx.event
    @requires()
    async def done(self) -> None:
        """The codes are put away."""
        self._forget()

    async def _took(self, step: Any, *args: Any) -> bool:
        codes = await self._done(step, *args)
        if self.mistake:
            return False
        self._forget()
        self.codes = list(codes or ())
        await self._read()
        return True

    async def _done(self, step: Any, *args: Any) -> Any:
        self.mistake = ""
        try:
            outcome = await call(step, *args)
            if isinstance(outcome, Refused):
                raise outcome.error
        except NotSignedInError:
            raise
        except CrmError as error:
            self.mistake = str(error)
            return None
        return outcome

    async def _read(self) -> None:
        actor = await current_actor(self)
        found = await call(two_factor.standing, actor)
        self.is_on, self.is_required = found.is_on, found.is_required
        self.codes_left = found.codes_left
        zone = get_settings().zone
        self.since = times.when(found.since, now(), zone) if found.since else ""
        self.is_loaded = True

    def _forget(self) -> None:
        self.qr, self.secret, self.codes, self.asked, self.mistake = "", "", [], "", ""
