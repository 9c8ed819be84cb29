"""The pinned views below the pages of the sidebar."""

import reflex as rx

from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.sidebar_state import SidebarState
from crm_app.ui.shared.view_rows import ViewRow


def sidebar_views() -> rx.Component:
    """Nothing while nothing is pinned."""
    return rx.cond(
        has_any(SidebarState.views),
        rx.el.nav(
            rx.el.div("Views", class_name="cap"),
            rx.foreach(SidebarState.views, _view),
            aria_label="Views of the orders",
            class_name="nav-views",
        ),
        rx.fragment(),
    )


def _view(row: ViewRow) -> rx.Component:
    return link(
        rx.el.i(class_name="dot tone-" + row.tone, aria_hidden="true"),
        rx.el.span(row.name),
        rx.el.b(row.count),
        key=row.key,
        href=row.href,
        title=row.sentence,
        class_name=rx.cond(row.is_on, "nav on", "nav"),
        aria_current=rx.cond(row.is_on, "page", "false"),
    )
