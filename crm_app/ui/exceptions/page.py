"""Everything that needs a person, by cause."""

from typing import Final

import reflex as rx

from crm_app.ui.exceptions.bulk import bulk_bar
from crm_app.ui.exceptions.bulk_state import BulkState
from crm_app.ui.exceptions.filters import cause_tabs, filter_menus
from crm_app.ui.exceptions.panel import exception_panel
from crm_app.ui.exceptions.panel_state import PanelState
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.exceptions.table import exceptions_table, news_bar, paging
from crm_app.ui.shared.marks import ticker
from crm_app.ui.shared.shell import shell

REFRESH_MS: Final = 10_000
# Does nothing unless a cause is being tried again.
FOLLOW_MS: Final = 2_000


def exceptions_page() -> rx.Component:
    is_open = PanelState.phase != "closed"
    return shell(
        "Exceptions",
        cause_tabs(),
        rx.el.div(
            rx.el.div(bulk_bar(), news_bar(), exceptions_table(), paging(), class_name="desk-list"),
            rx.cond(is_open, exception_panel(), rx.fragment()),
            class_name=rx.cond(is_open, "desk split", "desk"),
        ),
        # The worker writes to the database, not to this page, so the page asks again.
        ticker(ExceptionsState.refresh, REFRESH_MS),
        ticker(PanelState.refresh, REFRESH_MS),
        ticker(BulkState.follow, FOLLOW_MS),
        section="exceptions",
        about=ExceptionsState.count,
        actions=(filter_menus(),),
    )
