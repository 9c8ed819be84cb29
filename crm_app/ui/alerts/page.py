"""Alerts: what is open, what is over, who is told how."""

from typing import Final

import reflex as rx

from crm_app.ui.alerts.components import (
    choices_card,
    hook_card,
    leads_card,
    messages_card,
    open_card,
    past_card,
    people_card,
    secret_dialog,
)
from crm_app.ui.alerts.state import AlertsState
from crm_app.ui.shared.blanks import failed, skeleton_rows
from crm_app.ui.shared.marks import ticker
from crm_app.ui.shared.shell import shell

REFRESH_MS: Final = 5_000


def alerts_page() -> rx.Component:
    return shell(
        "Alerts",
        rx.cond(
            AlertsState.failure != "",
            failed(AlertsState.failure, AlertsState.load),
            rx.cond(AlertsState.is_loaded, _alerts(), skeleton_rows(6, ("24px", "60%", "90px"))),
        ),
        secret_dialog(),
        ticker(AlertsState.refresh, REFRESH_MS),
        section="alerts",
        about=AlertsState.count,
    )


def _alerts() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            open_card(),
            past_card(),
            rx.cond(AlertsState.may_manage, messages_card(), rx.fragment()),
            class_name="alerts-main",
        ),
        rx.el.div(
            choices_card(),
            rx.cond(
                AlertsState.may_manage,
                rx.fragment(people_card(), leads_card(), hook_card()),
                rx.fragment(),
            ),
            class_name="alerts-side",
        ),
        class_name="alerts-page",
    )
