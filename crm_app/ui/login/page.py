"""The sign-in page: a plain form that works before any script does."""

from typing import Final

import reflex as rx

from crm_app.config import DEMO_PASSWORD
from crm_app.ui.login.state import LoginState, Way
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import icon
from crm_app.ui.shared.native import NativeAnchor, native_form
from crm_app.ui.shared.shell import brand

_DEMO_PEOPLE: Final = (
    ("admin@demo.test", "Admin", "everything, and people"),
    ("support@demo.test", "Support", "works on orders"),
    ("readonly@demo.test", "Read-only", "looks, without personal data"),
)


def login_page() -> rx.Component:
    return rx.el.main(
        rx.el.div(
            rx.el.div(brand(), class_name="login-brand"),
            rx.el.h1(
                rx.cond(
                    LoginState.is_code,
                    "One more step",
                    rx.cond(LoginState.is_forgotten, "A new password", "Sign in to the order desk"),
                )
            ),
            _done(),
            _failure(),
            rx.cond(
                LoginState.is_code,
                _code_form(),
                rx.cond(LoginState.is_forgotten, _forgotten(), _sign_in()),
            ),
            class_name="login-card",
        ),
        class_name="login",
    )


def _sign_in() -> rx.Component:
    return rx.fragment(
        _form(),
        _ways(),
        rx.el.p(
            NativeAnchor.create("Forgot password?", href="/login?step=forgot"),
            class_name="login-help",
        ),
        rx.cond(LoginState.is_demo, _demo(), rx.fragment()),
    )


def _forgotten() -> rx.Component:
    return rx.cond(
        LoginState.can_mail,
        native_form(
            rx.el.label("E-mail", html_for="email"),
            rx.el.input(
                id="email",
                name="email",
                type="email",
                auto_complete="username",
                required=True,
                auto_focus=True,
                max_length=254,
                class_name="field",
            ),
            rx.el.p("You get a mail with a link to choose a new one.", class_name="quiet"),
            rx.el.button("Send me a link", type="submit", class_name="btn primary wide"),
            _to_sign_in(),
            action="/auth/forgot",
            method="post",
            class_name="login-form",
        ),
        rx.el.div(
            rx.el.p("Ask an admin of this desk: they make you a link to choose a new one."),
            _to_sign_in(),
            class_name="login-form",
        ),
    )


def _to_sign_in() -> rx.Component:
    return NativeAnchor.create("Back to the sign-in", href="/login", class_name="btn wide")


def _done() -> rx.Component:
    return rx.cond(
        LoginState.done != "",
        rx.el.p(
            icon("info"),
            rx.el.span(LoginState.done),
            class_name="notice tone-info",
            role="status",
        ),
        rx.fragment(),
    )


def _failure() -> rx.Component:
    return rx.cond(
        LoginState.failure != "",
        rx.el.p(
            icon("circle-alert"),
            rx.el.span(LoginState.failure),
            class_name="notice tone-bad",
            role="alert",
            id="login-failure",
        ),
        rx.fragment(),
    )


def _form() -> rx.Component:
    return native_form(
        rx.el.label("E-mail", html_for="email"),
        rx.el.input(
            id="email",
            name="email",
            type="email",
            auto_complete="username",
            required=True,
            auto_focus=True,
            max_length=254,
            default_value=LoginState.email,
            key=LoginState.email,
            class_name="field",
        ),
        rx.el.label("Password", html_for="password"),
        rx.el.input(
            id="password",
            name="password",
            type="password",
            auto_complete="current-password",
            required=True,
            max_length=500,
            class_name="field",
        ),
        rx.el.button("Sign in", type="submit", class_name="btn primary wide"),
        action="/auth/login",
        method="post",
        class_name="login-form",
    )


def _ways() -> rx.Component:
    return rx.cond(
        has_any(LoginState.ways),
        rx.el.div(rx.foreach(LoginState.ways, _way), class_name="ways"),
        rx.fragment(),
    )


def _way(way: Way) -> rx.Component:
    return NativeAnchor.create(
        icon("key-round", 14), "Sign in with ", way.name, href=way.href, class_name="btn wide"
    )


def _code_form() -> rx.Component:
    return native_form(
        rx.el.label("Code of your authenticator app", html_for="code"),
        rx.el.input(
            id="code",
            name="code",
            required=True,
            auto_focus=True,
            max_length=40,
            auto_complete="one-time-code",
            class_name="field mono",
        ),
        rx.el.p("Without your phone: one of your recovery codes.", class_name="quiet"),
        rx.el.button("Sign in", type="submit", class_name="btn primary wide"),
        jump_back(),
        action="/auth/code",
        method="post",
        class_name="login-form",
    )


def jump_back() -> rx.Component:
    return NativeAnchor.create("Sign in as somebody else", href="/login", class_name="btn wide")


def _demo() -> rx.Component:
    return rx.el.section(
        rx.el.div("Demo: choose who you are", class_name="cap"),
        *[
            rx.el.button(
                rx.el.span(role, class_name="strong"),
                rx.el.span(hint, class_name="quiet"),
                type="button",
                class_name="demo-person",
                aria_label=f"Fill in {role}: {email}",
                custom_attrs={"data-fill": email, "data-password": DEMO_PASSWORD},
            )
            for email, role, hint in _DEMO_PEOPLE
        ],
        class_name="demo",
        aria_label="Demo sign-ins",
    )
