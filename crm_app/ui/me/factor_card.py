"""The card of the second factor: its standing, setting it up, and its recovery codes."""

from typing import Any, cast

import reflex as rx

from crm_app.services.two_factor import RECOVERY_CODES
from crm_app.ui.me.factor import FactorState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button, icon


def factor_card() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Second factor"),
            rx.cond(
                FactorState.is_on,
                rx.el.span("On", class_name="pill tone-ok plain"),
                rx.el.span("Off", class_name="pill tone-mute plain"),
            ),
            class_name="me-head",
        ),
        rx.cond(
            has_any(FactorState.codes),
            _codes(),
            rx.cond(FactorState.qr != "", _setting_up(), rx.cond(FactorState.is_on, _on(), _off())),
        ),
        class_name="me-card",
        aria_label="Second factor",
    )


def _off() -> rx.Component:
    return rx.fragment(
        rx.cond(
            FactorState.is_required,
            rx.el.p(
                icon("lock"),
                rx.el.span(
                    "Your role asks for a second factor. Until it is set up, nothing else opens."
                ),
                class_name="notice tone-warn me-note",
                role="status",
            ),
            rx.el.p(
                "A stolen password alone then opens nothing: signing in also asks for a code "
                "of an app on your phone.",
                class_name="quiet",
            ),
        ),
        _mistake(),
        rx.el.div(
            button("Set up", kind="primary", on_click=FactorState.begin),
            class_name="me-end",
        ),
    )


def _setting_up() -> rx.Component:
    return rx.fragment(
        rx.el.p("Scan this with an authenticator app, then enter the code it shows."),
        rx.html(FactorState.qr, class_name="me-qr"),
        rx.el.p("Cannot scan? Type this into the app:", class_name="quiet"),
        rx.el.code(FactorState.secret, class_name="secret me-secret"),
        rx.el.form(
            rx.el.label("Code", html_for="me-code"),
            rx.el.input(
                id="me-code",
                name="code",
                required=True,
                auto_focus=True,
                max_length=12,
                input_mode="numeric",
                auto_complete="one-time-code",
                class_name="field mono",
            ),
            _mistake(),
            rx.el.div(
                rx.el.button("Turn on", type="submit", class_name="btn primary"),
                button("Not now", on_click=FactorState.done),
                class_name="me-end",
            ),
            on_submit=FactorState.confirm,
            class_name="form",
        ),
    )


def _on() -> rx.Component:
    return rx.fragment(
        rx.el.p("Signing in asks for a code of your app, since ", FactorState.since, "."),
        rx.el.p(
            FactorState.codes_left,
            f" of {RECOVERY_CODES} recovery codes are left, for when the phone is not.",
            class_name="quiet",
        ),
        rx.cond(
            FactorState.asked != "",
            rx.cond(
                FactorState.asked == "off",
                _question(
                    "From then on your password alone lets you in.", "Turn off", kind="danger"
                ),
                _question("The old ones stop working.", "Make new codes"),
            ),
            rx.el.div(
                button("New recovery codes", on_click=FactorState.ask("codes")),
                rx.cond(
                    FactorState.is_required,
                    rx.fragment(),
                    button("Turn off", on_click=FactorState.ask("off")),
                ),
                class_name="me-end",
            ),
        ),
    )


def _question(about: str, word: str, *, kind: str = "primary") -> rx.Component:
    return rx.fragment(
        rx.el.p(about),
        _mistake(),
        rx.el.div(
            button(word, kind=kind, on_click=FactorState.go_on),
            button("Not now", on_click=FactorState.done),
            class_name="me-end",
        ),
    )


def _codes() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "Keep these recovery codes where you find them without your phone. Each lets you in "
            "once. They are not shown again."
        ),
        rx.el.ul(
            rx.foreach(FactorState.codes, _code),
            class_name="me-codes",
        ),
        rx.el.div(
            button(
                icon("copy", 14),
                "Copy all",
                on_click=[
                    rx.set_clipboard(cast(Any, FactorState.codes).join("\n")),
                    rx.toast.success("Recovery codes copied"),
                ],
            ),
            button("I have kept them", kind="primary", on_click=FactorState.done),
            class_name="me-end",
        ),
    )


def _code(code: Any) -> rx.Component:
    return rx.el.li(rx.el.code(code))


def _mistake() -> rx.Component:
    return rx.cond(
        FactorState.mistake != "",
        rx.el.p(FactorState.mistake, class_name="mistake", role="alert"),
        rx.fragment(),
    )
