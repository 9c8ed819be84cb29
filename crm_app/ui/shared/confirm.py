"""One question before every grave step: is it still you? Then what was asked for is done."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import reflex as rx

from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import oidc, sudo, two_factor
from crm_app.services.auth import Refused
from crm_app.ui.shared import pending
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.errors import AskAgainError
from crm_app.ui.shared.marks import button
from crm_app.ui.shared.native import NativeAnchor
from crm_app.ui.shared.pending import PendingState
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor, identify

_MISTAKE: Final = "confirm-mistake"


@dataclass(frozen=True)
class Provider:
    """One with which the person signs in: the way there is a whole page load."""

    name: str
    href: str


class ConfirmState(rx.State):
    """The dialog over whatever is open; nothing that was typed below it is lost."""

    mistake: str = ""
    by_code: bool = False
    has_code: bool = False
    providers: list[Provider] = []

    @rx.event
    @requires()
    async def opened(self) -> None:
        """Look which proofs there are."""
        self.mistake, self.by_code = "", False
        actor = await current_actor(self)
        self.has_code = (await call(two_factor.standing, actor)).is_on
        here = self.router.url
        target = f"{here.path}?{here.query}" if here.query else here.path
        self.providers = [
            Provider(
                way.name,
                f"/auth/oidc/{way.provider_id}?{urlencode({'confirm': way.leave, 'next': target})}",
            )
            for way in await call(oidc.ways_to_confirm, actor)
        ]

    @rx.event
    @requires()
    async def choose(self, by_code: bool) -> None:
        """By the password, or by a code of the second factor."""
        self.by_code, self.mistake = bool(by_code), ""

    @rx.event
    @requires()
    async def turn(self, is_open: bool) -> None:
        """Not now: what waited is not done."""
        if not is_open:
            pending.take(await self.get_state(PendingState))
            self.mistake = ""

    @rx.event
    @requires()
    async def prove(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Take the password or the code, and do what waited for it."""
        self.mistake = ""
        proof = {name: str(form.get(name, "")) for name in ("password", "code")}
        try:
            refused = await call(sudo.confirm, await current_actor(self), **proof)
            if isinstance(refused, Refused):
                raise refused.error
        except NotSignedInError as error:
            # A wrong code is one too; only a sign-in that is over leads away from here.
            raise error
        except CrmError as error:
            self.mistake = str(error)
            return
        step = pending.take(await self.get_state(PendingState))
        # What follows sees that it was confirmed.
        await identify(self)
        if step is None:
            return
        try:
            async for event in _do(await self.get_state(step.state), step):
                yield event
        except AskAgainError:
            yield rx.toast.error("That took too long. Please ask for it again.")


async def _do(state: rx.State, step: pending.Step) -> AsyncGenerator[Any]:
    # Its own marks are asked again, as for every call.
    outcome = getattr(type(state), step.handler).fn(state, *step.args, **step.kwargs)
    if isinstance(outcome, AsyncGenerator):
        async for event in outcome:
            yield event
    elif (event := await outcome) is not None:
        yield event


def confirm_dialog() -> rx.Component:
    """Part of every page's frame."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Is it still you?", class_name="dialog-title"),
            rx.dialog.description(
                "A grave step asks once more who you are. What you asked for is done right after.",
                class_name="quiet",
            ),
            rx.el.form(
                rx.cond(ConfirmState.by_code, _code(), _password()),
                rx.cond(
                    ConfirmState.mistake != "",
                    rx.el.p(
                        ConfirmState.mistake,
                        id="confirm-mistake",
                        class_name="mistake",
                        role="alert",
                    ),
                    rx.fragment(),
                ),
                rx.cond(
                    ConfirmState.has_code,
                    rx.cond(
                        ConfirmState.by_code,
                        button("Use the password", on_click=ConfirmState.choose(False)),
                        button("Use a code", on_click=ConfirmState.choose(True)),
                    ),
                    rx.fragment(),
                ),
                rx.cond(has_any(ConfirmState.providers), _providers(), rx.fragment()),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button("Go on", type="submit", class_name="btn primary"),
                    class_name="dialog-end",
                ),
                on_submit=ConfirmState.prove,
                class_name="form",
            ),
            on_open_auto_focus=ConfirmState.opened,
            on_close_auto_focus=rx.call_script("window.deskFocusBack()"),
            class_name="dialog confirm",
        ),
        open=PendingState.is_asked,
        on_open_change=ConfirmState.turn,
    )


def _providers() -> rx.Component:
    return rx.el.div(
        rx.foreach(ConfirmState.providers, _provider),
        rx.el.p(
            "It asks you to sign in once more and leads back here; then ask for the step again.",
            class_name="quiet",
        ),
        class_name="confirm-elsewhere",
    )


def _provider(one: Provider) -> rx.Component:
    return NativeAnchor.create("Ask ", one.name, href=one.href, class_name="btn")


def _password() -> rx.Component:
    return rx.fragment(
        rx.el.label("Your password", html_for="confirm-password"),
        _input("password", type="password", auto_complete="current-password", max_length=500),
    )


def _code() -> rx.Component:
    return rx.fragment(
        rx.el.label("Code of your app, or a recovery code", html_for="confirm-code"),
        _input("code", auto_complete="one-time-code", max_length=40),
    )


def _input(name: str, **props: Any) -> rx.Component:
    return rx.el.input(
        id=f"confirm-{name}",
        name=name,
        required=True,
        auto_focus=True,
        key=name,
        aria_describedby=_MISTAKE,
        aria_invalid=ConfirmState.mistake != "",
        class_name="field",
        **props,
    )
