"""The order's past: as of a moment, and what the channel sent, word by word."""

from typing import cast

import reflex as rx

from crm_app.ui.order.past_state import PastRow, PastState, VersionRow
from crm_app.ui.order.state import OrderState
from crm_app.ui.shared.conditions import has_any, is_not
from crm_app.ui.shared.marks import button, icon


def past_card() -> rx.Component:
    # What was looked up for another order is not of this one.
    is_of_this = cast(rx.Var[bool], PastState.order_id == OrderState.order.id)
    return rx.el.section(
        rx.el.h2("Past"),
        rx.el.div(
            rx.el.label("As of", html_for="as-of"),
            rx.el.input(
                id="as-of",
                type="datetime-local",
                class_name="field",
                on_change=PastState.look_back.debounce(600),
            ),
            class_name="as-of",
        ),
        rx.cond(
            is_of_this & (PastState.failure != ""),
            rx.el.p(PastState.failure, class_name="mistake", role="alert"),
            rx.fragment(),
        ),
        rx.cond(is_of_this & PastState.past.is_shown, _past(), rx.fragment()),
        rx.cond(OrderState.work.may_see_payload, _payload(is_of_this), rx.fragment()),
        class_name="card",
        aria_label="Past",
    )


def _past() -> rx.Component:
    past = PastState.past
    return rx.el.div(
        rx.el.h3(past.title),
        rx.cond(past.sentence != "", rx.el.p(past.sentence, class_name="quiet"), rx.fragment()),
        rx.cond(
            has_any(past.rows),
            rx.el.dl(rx.foreach(past.rows, _row), class_name="facts"),
            rx.fragment(),
        ),
        role="status",
    )


def _row(row: PastRow) -> rx.Component:
    return rx.el.div(
        rx.el.dt(row.label),
        rx.el.dd(
            row.then,
            rx.cond(
                row.now != "", rx.el.span("now " + row.now, class_name="now-else"), rx.fragment()
            ),
        ),
        key=row.label,
        class_name="fact",
    )


def _payload(is_of_this: rx.Var[bool]) -> rx.Component:
    is_open = is_of_this & PastState.is_open
    return rx.el.div(
        button(
            icon("braces", 13),
            rx.cond(is_open, "Hide what the channel sent", "What the channel sent"),
            kind="small",
            aria_expanded=rx.cond(is_open, "true", "false"),
            title="Holds personal data; who looked is written down",
            on_click=PastState.open_versions(is_not(is_open)),
        ),
        rx.cond(
            is_open,
            rx.el.div(
                rx.foreach(PastState.versions, _version),
                rx.cond(
                    has_any(PastState.versions),
                    rx.fragment(),
                    rx.el.p("No version is kept any more.", class_name="quiet"),
                ),
                class_name="versions",
            ),
            rx.fragment(),
        ),
        rx.cond(
            is_open & (PastState.body != ""),
            rx.el.pre(
                PastState.body, class_name="payload mono", tab_index=0, aria_label="Raw order"
            ),
            rx.fragment(),
        ),
    )


def _version(row: VersionRow) -> rx.Component:
    return rx.el.button(
        row.at,
        rx.cond(row.is_present, rx.el.span("newest", class_name="quiet"), rx.fragment()),
        type="button",
        key=row.key,
        title=row.exact,
        class_name="version",
        aria_pressed=rx.cond(PastState.shown == row.key, "true", "false"),
        on_click=PastState.show_version(row.key),
    )
