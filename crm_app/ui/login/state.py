"""The sign-in page's words. The password never comes here: the form goes to the server itself."""

from dataclasses import dataclass
from urllib.parse import urlencode

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.address import safe_path
from crm_app.errors import (
    CodeRefusedError,
    CrmError,
    SignInThrottledError,
    SignOnRefusedError,
)
from crm_app.services import identity_providers, letters
from crm_app.services.identity_providers import Offer
from crm_app.ui.shared.permission import public
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import identify

_LONGEST = 254
_DONE = {
    "forgot": "If somebody here has this address, a link is on its way to it, good for an hour.",
    "password": "Your password is set. Sign in with it.",
    "over": "Your session has ended. Sign in, and you are where you were.",
}


@dataclass(frozen=True)
class Way:
    """A provider with which one can sign in."""

    name: str
    href: str


class LoginState(rx.State):
    """What the address says of the last try."""

    is_demo: bool = get_settings().is_demo
    email: str = ""
    failure: str = ""
    done: str = ""
    # The password was right, and a code of the second factor is asked for.
    is_code: bool = False
    # A link to choose a new password is asked for.
    is_forgotten: bool = False
    can_mail: bool = False
    ways: list[Way] = []

    @rx.event
    @public("Nobody is signed in on this page; it reads the address and nothing else.")
    async def load(self) -> rx.event.EventSpec | None:
        """Show why the last try failed; let a person who is signed in already go on."""
        params = self.router.url.query_parameters
        self.email = params.get("email", "")[:_LONGEST]
        offers = await _offers()
        target = safe_path(params.get("next", "/"))
        query = f"?{urlencode({'next': target})}" if target != "/" else ""
        self.ways = [Way(one.name, f"/auth/oidc/{one.id}{query}") for one in offers]
        names = {str(one.id): one.name for one in offers}
        self.failure = sentence(
            params.get("error", ""),
            params.get("retry_after", ""),
            names.get(params.get("provider", ""), ""),
        )
        self.is_code = params.get("step", "") == "code"
        self.is_forgotten = params.get("step", "") == "forgot"
        self.can_mail = letters.can_mail()
        self.done = _DONE.get(params.get("done", ""), "")
        try:
            await identify(self)
        except CrmError:
            return None
        return rx.redirect(safe_path(params.get("next", "/")), replace=True)


async def _offers() -> list[Offer]:
    try:
        return await call(identity_providers.offers)
    except CrmError:
        return []  # the form stands without them, and says what is wrong when it is sent


def sentence(error: str, retry_after: str, provider: str = "") -> str:
    """What to tell a person whose sign-in was refused."""
    if error == "":
        return ""
    if error == "throttled":
        seconds = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else 30
        return str(SignInThrottledError(seconds))
    if error.startswith("sso_"):
        return str(SignOnRefusedError(error, provider))
    if error == "wrong_code":
        return str(CodeRefusedError())
    if error == "unavailable":
        return "That is not possible now. Try again in a moment, or ask an admin."
    if error == "not_signed_in":
        return "That took too long. Sign in again."
    if error == "wrong_password":
        return "E-mail or password is wrong."
    return "Signing in did not work. Try again in a moment."
