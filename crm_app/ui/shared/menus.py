"""The account menu: who is signed in, the theme, and the way out."""

from typing import Final

import reflex as rx
from reflex.style import LiteralColorMode, color_mode, set_color_mode

from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon, unseen
from crm_app.ui.shared.native import native_form
from crm_app.ui.shared.navigation import PLACES, if_allowed
from crm_app.ui.shared.shell_state import ShellState

_THEMES: Final[tuple[tuple[LiteralColorMode, str, str], ...]] = (
    ("light", "sun", "Light"),
    ("dark", "moon", "Dark"),
    ("system", "monitor", "System"),
)


def account_menu(kind: str) -> rx.Component:
    """A button with the person's name; `kind` is its class, in the sidebar or among the tabs."""
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                rx.el.span(ShellState.initials, class_name="face", aria_hidden="true"),
                rx.el.span(
                    rx.el.span(rx.cond(ShellState.is_known, ShellState.person, "Account")),
                    rx.el.span(ShellState.role, class_name="quiet"),
                    class_name="who",
                ),
                icon("chevrons-up-down", 14),
                type="button",
                class_name=kind,
                aria_label="Account: " + ShellState.person,
            )
        ),
        rx.popover.content(
            rx.el.div(
                rx.el.div(ShellState.person, class_name="strong"),
                rx.el.div(ShellState.role, class_name="quiet"),
                class_name="pop-head",
            ),
            rx.el.div(
                link(icon("circle-user", 14), "Your account", href="/me", class_name="item"),
                class_name="pop-part",
            ),
            _places(),
            _theme(),
            _sync_line(),
            _sign_out(),
            class_name="pop pop-account",
            custom_attrs={"aria-label": "Account"},
            side="top",
            align="start",
        ),
    )


def _places() -> rx.Component:
    """On a phone the set-up pages are here: beside the tabs there is no room."""
    return rx.el.div(
        *[
            if_allowed(
                place,
                link(icon(place.sign, 14), place.label, href=place.href, class_name="item"),
            )
            for place in PLACES
            if place.is_setup
        ],
        class_name="pop-part only-phone",
    )


def _theme() -> rx.Component:
    return rx.el.div(
        rx.el.div("Theme", class_name="cap", id="theme-label"),
        rx.el.div(
            *[
                rx.el.button(
                    icon(sign, 14),
                    label,
                    type="button",
                    class_name="seg",
                    aria_pressed=color_mode == name,
                    on_click=[set_color_mode(name), ShellState.choose_theme(name)],
                    custom_attrs={"data-theme": name},
                )
                for name, sign, label in _THEMES
            ],
            class_name="segs",
            role="group",
            aria_labelledby="theme-label",
        ),
        class_name="pop-part",
    )


def kept_theme() -> rx.Component:
    """Not seen: what `assets/theme.js` presses where the browser shows another theme."""
    return rx.el.div(
        *[unseen(f"theme-{name}", set_color_mode(name)) for name, _, _ in _THEMES],
        hidden=True,
        id="theme",
        custom_attrs={"data-kept": ShellState.theme},
    )


def _sync_line() -> rx.Component:
    return rx.el.div(
        rx.el.i(class_name="beat beat-" + ShellState.health_level, aria_hidden="true"),
        rx.el.span(ShellState.health_sentence),
        class_name="pop-part health-line only-phone",
    )


def _sign_out() -> rx.Component:
    # A form, not an event: the cookie belongs to the server, and the page that follows is new.
    return native_form(
        rx.el.button(icon("log-out", 14), "Sign out", type="submit", class_name="item"),
        action="/auth/logout",
        method="post",
        class_name="pop-part",
        custom_attrs={"data-sign-out": "1"},
    )
