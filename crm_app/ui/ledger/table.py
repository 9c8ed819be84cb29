"""The rows of the ledger; below 720 px the same rows fold into cards."""

import reflex as rx

from crm_app.ui.ledger.change import ChangeState
from crm_app.ui.ledger.state import LedgerState
from crm_app.ui.ledger.view import ChangeRow
from crm_app.ui.shared.blanks import blank
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, pill, time_text
from crm_app.ui.shared.paging import paging_bar


def changes_table() -> rx.Component:
    return rx.cond(
        has_any(LedgerState.rows),
        rx.el.div(
            rx.el.table(
                rx.el.caption("Status changes", class_name="sr-only"),
                rx.el.thead(
                    rx.el.tr(
                        *[
                            rx.el.th(label, scope="col", class_name=f"led-{name}")
                            for name, label in (
                                ("order", "Order"),
                                ("change", "Change"),
                                ("who", "By"),
                                ("state", "State"),
                                ("took", "Took"),
                                ("at", "Written"),
                            )
                        ]
                    )
                ),
                rx.el.tbody(rx.foreach(LedgerState.rows, _row)),
                class_name="grid ledger",
            ),
            class_name="scroll",
        ),
        rx.cond(
            has_any(LedgerState.menus.chips),
            blank(
                "search-x",
                "No status change matches",
                "Take a filter away.",
                link("Show the whole ledger", href="/ledger", class_name="btn"),
            ),
            blank(
                "scroll-text",
                "Nothing written yet",
                "Each status change that a channel must learn of stands here from its first "
                "moment, until the channel shows it.",
                link("Go to orders", href="/orders", class_name="btn"),
            ),
        ),
    )


def _row(row: ChangeRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            channel_mark(row.mark, row.channel, row.label),
            link(row.number, href=row.href, class_name="number", custom_attrs={"data-open": "1"}),
            scope="row",
            class_name="led-order",
        ),
        rx.el.td(
            rx.el.span(row.before, class_name="quiet"),
            icon("arrow-right", 12),
            rx.el.span(row.after),
            class_name="led-change",
        ),
        rx.el.td(row.who, class_name="led-who"),
        rx.el.td(
            rx.el.div(
                rx.el.button(
                    pill(row.state),
                    type="button",
                    class_name="bare",
                    title="Every call that was made about it",
                    aria_label="Show the calls about this change",
                    on_click=ChangeState.open(row.id),
                ),
                rx.el.span(row.note, title=row.note, class_name="quiet"),
                class_name="pair",
            ),
            class_name="led-state",
        ),
        rx.el.td(row.took, class_name="led-took quiet"),
        rx.el.td(time_text(row.at, row.at_exact), class_name="led-at"),
        key=row.id,
        custom_attrs={"data-row": row.id},
    )


def paging() -> rx.Component:
    return rx.cond(
        (LedgerState.first != "") | (LedgerState.older != "") | (LedgerState.stale != ""),
        paging_bar(
            "Pages of the ledger",
            stale=LedgerState.stale,
            first=LedgerState.first,
            previous=LedgerState.newer,
            following=LedgerState.older,
        ),
        rx.fragment(),
    )
