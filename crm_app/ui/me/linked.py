"""Your account: the providers with which one signs in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from crm_app.errors import CrmError, NotSignedInError, SignOnRefusedError
from crm_app.services import oidc
from crm_app.services.auth import Refused
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.native import NativeAnchor
from crm_app.ui.shared.notes import mistake, notice
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class LinkedRow:
    """One provider as drawn."""

    id: int
    name: str
    about: str
    is_linked: bool


class LinkedState(rx.State):
    """One's providers, and which of them asks for the password at the moment (0: none)."""

    rows: list[LinkedRow] = []
    asked: int = 0
    # The way there once the password was given: a whole page load, for it is another site.
    href: str = ""
    mistake: str = ""
    failure: str = ""
    done: str = ""

    @rx.event
    @requires()
    async def load(self) -> None:
        """Read them, and say what came of a way to one."""
        params = self.router.url.query_parameters
        self.asked, self.href = 0, ""
        self.mistake, self.failure, self.done = "", "", ""
        await self._read()
        names = {str(row.id): row.name for row in self.rows}
        name = names.get(params.get("provider", params.get("linked", "")), "")
        if params.get("error"):
            self.failure = str(SignOnRefusedError(params["error"], name))
        elif "linked" in params and name:
            self.done = f"From now on you can sign in with {name}."

    @rx.event
    @requires()
    async def ask(self, provider_id: int) -> None:
        """Ask for the password before a link is made; 0 closes the form."""
        self.asked, self.href = int(provider_id), ""
        self.mistake, self.failure, self.done = "", "", ""

    @rx.event
    @requires()
    async def link(self, form: dict[str, Any]) -> None:
        """Show the way to the provider, with the password given."""
        actor = await current_actor(self)
        self.mistake = ""
        try:
            password = str(form.get("password", ""))
            proof = await call(oidc.ask_to_link, actor, self.asked, password)
            if isinstance(proof, Refused):
                raise proof.error
        except NotSignedInError:
            raise
        except CrmError as error:
            self.mistake = str(error)
            return
        self.href = f"/auth/oidc/{self.asked}?{urlencode({'link': proof})}"

    @rx.event
    @requires()
    async def unlink(self, provider_id: int) -> rx.event.EventSpec:
        """Sign in with this provider no more."""
        actor = await current_actor(self)
        await call(oidc.unlink, actor, int(provider_id))
        await self._read()
        return rx.toast.success("It lets you in no more.")

    async def _read(self) -> None:
        found = await call(oidc.list_own, await current_actor(self))
        self.rows = [
            LinkedRow(
                one.provider_id,
                one.name,
                (one.email or "Linked") if one.is_linked else "Not linked",
                one.is_linked,
            )
            for one in found
        ]


def linked_card() -> rx.Component:
    return rx.cond(
        has_any(LinkedState.rows),
        rx.el.section(
            rx.el.h2("Single sign-on"),
            rx.el.p("Sign in with what you use elsewhere.", class_name="quiet"),
            notice(LinkedState.failure),
            notice(LinkedState.done, "ok"),
            rx.el.ul(rx.foreach(LinkedState.rows, _provider), class_name="sign-ins"),
            class_name="me-card",
            aria_label="Single sign-on",
        ),
        rx.fragment(),
    )


def _provider(row: LinkedRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(icon("key-round", 16), class_name="sign-in-icon"),
        rx.el.div(
            rx.el.div(rx.el.span(row.name, class_name="strong"), class_name="sign-in-name"),
            rx.el.div(row.about, class_name="quiet"),
            rx.cond(
                LinkedState.asked == row.id,
                rx.cond(LinkedState.href != "", _go_on(row), _password()),
                rx.fragment(),
            ),
            class_name="sign-in-text",
        ),
        rx.cond(
            row.is_linked,
            button(
                "Unlink",
                aria_label="Unlink " + row.name,
                on_click=LinkedState.unlink(row.id),
            ),
            rx.cond(
                LinkedState.asked == row.id,
                rx.fragment(),
                button("Link", aria_label="Link " + row.name, on_click=LinkedState.ask(row.id)),
            ),
        ),
        key=row.id,
        class_name="sign-in",
    )


def _go_on(row: LinkedRow) -> rx.Component:
    return rx.el.div(
        NativeAnchor.create("Go on to ", row.name, href=LinkedState.href, class_name="btn primary"),
        button("Not now", on_click=LinkedState.ask(0)),
        class_name="me-end",
    )


def _password() -> rx.Component:
    return rx.el.form(
        rx.el.label("Your password", html_for="me-link"),
        rx.el.input(
            id="me-link",
            name="password",
            type="password",
            required=True,
            auto_focus=True,
            max_length=500,
            auto_complete="current-password",
            class_name="field",
        ),
        mistake(LinkedState.mistake),
        rx.el.div(
            rx.el.button("Go on", type="submit", class_name="btn primary"),
            button("Not now", on_click=LinkedState.ask(0)),
            class_name="me-end",
        ),
        on_submit=LinkedState.link,
        class_name="form",
    )
