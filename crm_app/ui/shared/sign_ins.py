"""Where somebody is signed in: one's own on the account page, others' on the page of people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.services.sessions import OpenSession
from crm_app.ui.shared import times
from crm_app.ui.shared.marks import button, icon


@dataclass(frozen=True)
class SignInRow:
    """One sign-in as drawn: `place` is "10.0.0.4, last used today 10:30"."""

    id: int
    device: str
    sign: str
    place: str
    exact: str
    opened: str
    is_this: bool
    is_news: bool

    @classmethod
    def of(cls, one: OpenSession) -> Self:
        zone, moment = get_settings().zone, now()
        used = f"last used {times.when(one.last_used_at, moment, zone)}"
        return cls(
            id=one.id,
            device=one.device,
            sign=_sign(one),
            place=f"{one.address}, {used}" if one.address else used,
            exact=times.exact(one.last_used_at, zone),
            opened=f"Signed in {times.when(one.opened_at, moment, zone)}, "
            f"ends {times.when(one.ends_at, moment, zone)} at the latest",
            is_this=one.is_this,
            is_news=one.is_new_device and not one.is_this,
        )


def _sign(one: OpenSession) -> str:
    if one.kind == "api":
        return "program"
    is_phone = one.device.endswith(("iPhone", "Android", "iPad"))
    return "phone" if is_phone else "desk"


def sign_in_list(rows: Any, end: Callable[[Any], Any]) -> rx.Component:
    """The sign-ins with a button to end each but this one; `end` makes the event of an id."""

    def draw(row: SignInRow) -> rx.Component:
        return _sign_in(row, end)

    return rx.el.ul(rx.foreach(rows, draw), class_name="sign-ins")


def _sign_in(row: SignInRow, end: Callable[[Any], Any]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.match(
                row.sign,
                ("program", icon("square-terminal", 16)),
                ("phone", icon("smartphone", 16)),
                icon("monitor", 16),
            ),
            class_name="sign-in-icon",
        ),
        rx.el.div(
            rx.el.div(
                rx.el.span(row.device, class_name="strong"),
                rx.cond(
                    row.is_this,
                    rx.el.span("This one", class_name="pill tone-ok plain"),
                    rx.fragment(),
                ),
                rx.cond(
                    row.is_news,
                    rx.el.span(
                        "New device",
                        class_name="pill tone-warn plain",
                        title="Nobody had signed in to this account there before",
                    ),
                    rx.fragment(),
                ),
                class_name="sign-in-name",
            ),
            rx.el.div(row.place, class_name="quiet", title=row.exact),
            rx.el.div(row.opened, class_name="quiet"),
            class_name="sign-in-text",
        ),
        rx.cond(
            row.is_this,
            rx.fragment(),
            button("End", aria_label="End " + row.device + ", " + row.place, on_click=end(row.id)),
        ),
        key=row.id,
        class_name="sign-in",
    )
