"""Setting a password by a link."""

from typing import Any
from urllib.parse import parse_qs, urlencode

import reflex as rx

from crm_app.errors import CrmError, LinkOverError
from crm_app.services import links
from crm_app.ui.shared.permission import public
from crm_app.ui.shared.service import call


class WelcomeState(rx.State):
    """For whom the link is, and what is wrong with the password typed."""

    name: str = ""
    email: str = ""
    is_new: bool = False
    is_loaded: bool = False
    over: str = ""
    failure: str = ""
    mistakes: dict[str, str] = {}

    @rx.event
    @public("Whoever holds the link may see for whom it is; without it nothing is told.")
    async def load(self) -> None:
        """Look whether the link is good."""
        self.name, self.email, self.over, self.failure, self.mistakes = "", "", "", "", {}
        try:
            found = await call(links.look, self._link())
            self.name, self.email, self.is_new = found.name, found.email, found.is_new
        except CrmError as error:
            self.over = str(error)
        self.is_loaded = True

    @rx.event
    @public("The link is the proof; it is looked at again, and works once.")
    async def choose(self, form: dict[str, Any]) -> rx.event.EventSpec | None:
        """Set the password, and go and sign in with it."""
        self.failure, self.mistakes = "", {}
        password = str(form.get("password", ""))
        if password != str(form.get("repeated", "")):
            self.mistakes = {"repeated": "Not the same as above."}
            return None
        try:
            user = await call(links.use, self._link(), password)
        except LinkOverError as error:
            self.over = str(error)
            return None
        except CrmError as error:
            self.failure = "" if error.details else str(error)
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            return None
        return rx.redirect(
            f"/login?{urlencode({'done': 'password', 'email': user.email})}", replace=True
        )

    def _link(self) -> str:
        url = self.router.url
        behind_hash = parse_qs(url.fragment[:2_000]).get("link", [""])[0]
        # Before the hash they stood in links of the last release, which are good for days.
        return (behind_hash or url.query_parameters.get("link", ""))[:200]
