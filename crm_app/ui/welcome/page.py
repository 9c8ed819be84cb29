"""The page behind an invitation or a reset link: choose a password."""

from typing import Any

import reflex as rx

from crm_app.services import passwords
from crm_app.ui.shared.links import link
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.shell import brand
from crm_app.ui.welcome.state import WelcomeState


def welcome_page() -> rx.Component:
    return rx.el.main(
        rx.el.div(
            rx.el.div(brand(), class_name="login-brand"),
            rx.cond(
                WelcomeState.over != "",
                _over(),
                rx.cond(WelcomeState.is_loaded, _choose(), rx.el.h1("One moment…")),
            ),
            class_name="login-card",
        ),
        class_name="login",
    )


def _over() -> rx.Component:
    return rx.fragment(
        rx.el.h1("This link is over"),
        rx.el.p(WelcomeState.over, role="alert"),
        link("Go to the sign-in", href="/login", class_name="btn wide welcome-way"),
    )


def _choose() -> rx.Component:
    return rx.fragment(
        rx.el.h1(
            rx.cond(WelcomeState.is_new, "Welcome, " + WelcomeState.name, "Choose a new password")
        ),
        rx.el.p(
            rx.cond(
                WelcomeState.is_new,
                "Choose the password with which you will sign in as ",
                "It replaces the old one, and ends every sign-in, of ",
            ),
            rx.el.span(WelcomeState.email, class_name="strong"),
            ".",
            class_name="quiet welcome-about",
        ),
        rx.el.form(
            _field("New password", "password", min_length=passwords.MIN_LENGTH, auto_focus=True),
            rx.el.p(
                f"At least {passwords.MIN_LENGTH} characters; a few words that do not belong "
                "together are good.",
                class_name="quiet",
            ),
            _field("New password again", "repeated"),
            notice(WelcomeState.failure),
            rx.el.button("Set the password", type="submit", class_name="btn primary wide"),
            on_submit=WelcomeState.choose,
            class_name="login-form",
        ),
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    mistake = WelcomeState.mistakes.get(name, "")
    return rx.fragment(
        rx.el.label(label, html_for=f"welcome-{name}"),
        rx.el.input(
            id=f"welcome-{name}",
            name=name,
            type="password",
            required=True,
            max_length=passwords.MAX_LENGTH,
            auto_complete="new-password",
            class_name="field",
            **props,
        ),
        rx.cond(mistake, rx.el.p(mistake, class_name="mistake", role="alert"), rx.fragment()),
    )
