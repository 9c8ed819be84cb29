"""What a form or a card says of itself: a notice above its buttons, a mistake under a field."""

from typing import Any, Final, Literal

import reflex as rx

from crm_app.ui.shared.marks import icon

_SIGNS: Final = {
    "bad": "circle-alert",
    "warn": "circle-alert",
    "ok": "circle-check",
    "info": "info",
}


def notice(
    sentence: Any, tone: Literal["bad", "warn", "ok", "info"] = "bad", **props: Any
) -> rx.Component:
    """A sentence in its tone, read out when it appears; nothing while it is empty."""
    return rx.cond(
        sentence != "",
        rx.el.p(
            icon(_SIGNS[tone]),
            rx.el.span(sentence),
            class_name=f"notice tone-{tone}",
            role="alert" if tone in ("bad", "warn") else "status",
            **props,
        ),
        rx.fragment(),
    )


def mistake(sentence: Any) -> rx.Component:
    """What is wrong with the field above; nothing while nothing is."""
    return rx.cond(sentence, rx.el.p(sentence, class_name="mistake", role="alert"), rx.fragment())
