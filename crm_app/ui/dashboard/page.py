"""The dashboard."""

from typing import Final

import reflex as rx

from crm_app.ui.dashboard.chart import chart_card
from crm_app.ui.dashboard.components import channels_card, figures, needs_card
from crm_app.ui.dashboard.state import DashboardState
from crm_app.ui.shared.blanks import failed, skeleton_rows
from crm_app.ui.shared.conditions import both, is_empty
from crm_app.ui.shared.marks import icon, ticker
from crm_app.ui.shared.shell import shell

REFRESH_MS: Final = 30_000


def dashboard_page() -> rx.Component:
    return shell(
        "Dashboard",
        rx.cond(
            DashboardState.is_loaded,
            rx.cond(
                both(DashboardState.failure != "", is_empty(DashboardState.figures)),
                failed(DashboardState.failure, DashboardState.load),
                _board(),
            ),
            skeleton_rows(10, ("30%", "20%", "26%")),
        ),
        ticker(DashboardState.load, REFRESH_MS),
        section="dashboard",
        about=DashboardState.texts.about,
    )


def _board() -> rx.Component:
    return rx.el.div(
        rx.cond(
            DashboardState.failure != "",
            rx.el.p(
                icon("cloud-off"),
                rx.el.span("Not refreshed: " + DashboardState.failure),
                class_name="notice tone-bad",
                role="status",
            ),
            rx.fragment(),
        ),
        figures(),
        rx.el.div(chart_card(), needs_card(), class_name="board-row"),
        channels_card(),
        class_name="board",
    )
