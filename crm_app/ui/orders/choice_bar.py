"""The boxes at the rows, and the bar of what can be done with those that are chosen."""

from typing import Any

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.orders.choosing import ChoosingState
from crm_app.ui.orders.export_state import ExportState
from crm_app.ui.orders.rows import OrderRow
from crm_app.ui.shared.marks import icon
from crm_app.ui.shared.navigation import may


def page_box() -> rx.Component:
    """The head of the column: the whole page."""
    return _if_may(
        rx.el.th(
            _box(
                is_on=ChoosingState.has_page,
                label="Choose all orders of this page",
                on_click=ChoosingState.pick_page,
                custom_attrs={"data-pick-page": "1"},
            ),
            role="columnheader",
            scope="col",
            class_name="col-pick pin",
        )
    )


def row_box(row: OrderRow) -> rx.Component:
    is_on = ChoosingState.marked.contains(row.id)  # pyright: ignore[reportAttributeAccessIssue]
    return _if_may(
        rx.el.td(
            _box(
                is_on=is_on,
                label="Choose order " + row.number,
                # The rest of its arguments, the pointer's keys, the browser adds.
                on_click=ChoosingState.pick(row.id),
                custom_attrs={"data-pick": "1"},
            ),
            role="cell",
            class_name="col-pick pin",
        )
    )


def _box(*, is_on: Any, label: Any, **props: Any) -> rx.Component:
    return rx.el.button(
        rx.el.span(icon("check", 12), class_name="tick"),
        type="button",
        role="checkbox",
        aria_checked=rx.cond(is_on, "true", "false"),
        aria_label=label,
        class_name="box",
        **props,
    )


def choice_bar() -> rx.Component:
    """Stands over the page, so that choosing moves no row."""
    return rx.cond(
        ChoosingState.label != "",
        rx.el.div(
            rx.cond(
                ChoosingState.failure != "",
                rx.el.p(ChoosingState.failure, class_name="choice-failure", role="alert"),
                rx.fragment(),
            ),
            rx.el.div(
                rx.el.b(ChoosingState.label, role="status"),
                rx.cond(
                    ChoosingState.offer != "",
                    rx.el.button(
                        ChoosingState.offer,
                        type="button",
                        class_name="choice-offer",
                        on_click=ChoosingState.pick_all,
                    ),
                    rx.fragment(),
                ),
                rx.el.span(class_name="gap"),
                _do("Change status", "status", "arrow-right-left", "e"),
                _here("Assign", "assign", "user-round", "a", Permission.ASSIGN_ORDERS),
                _here("Tag", "tag", "tag", "t", Permission.TAG_ORDERS),
                _here("Hold", "hold", "pause", "h", Permission.HOLD_ORDERS),
                rx.cond(
                    may(Permission.EXPORT_ORDERS),
                    rx.el.button(
                        icon("download", 14),
                        rx.el.span("Export"),
                        type="button",
                        class_name="choice-do",
                        on_click=ExportState.open_chosen,
                        custom_attrs={"aria-haspopup": "dialog"},
                    ),
                    rx.fragment(),
                ),
                rx.cond(
                    may(Permission.PRINT_ORDERS),
                    rx.fragment(
                        _do("Pick list", "pick_list", "list-checks", ""),
                        _do("Slips", "packing_slip", "printer", ""),
                        _do("Invoices", "invoice", "receipt-indian-rupee", ""),
                        _do("Manifest", "manifest", "truck", ""),
                    ),
                    rx.fragment(),
                ),
                rx.el.button(
                    icon("x", 14),
                    type="button",
                    class_name="choice-clear",
                    aria_label="Choose none",
                    title="Choose none (Esc)",
                    on_click=ChoosingState.clear,
                    custom_attrs={"data-none": "1"},
                ),
                class_name="choice-line",
            ),
            class_name="choice",
            role="region",
            aria_label="Chosen orders",
        ),
        rx.fragment(),
    )


def _do(label: str, action: str, sign: str, letter: str) -> rx.Component:
    return rx.el.button(
        icon(sign, 14),
        rx.el.span(label),
        rx.el.kbd(letter) if letter else rx.fragment(),
        type="button",
        class_name="choice-do",
        on_click=ChoosingState.begin(action),
        custom_attrs={"data-bulk": action},
    )


def _here(label: str, kind: str, sign: str, letter: str, needs: Permission) -> rx.Component:
    """What the small menu does at once, without a page of its own (`row_menu.py`)."""
    return rx.cond(
        may(needs),
        rx.el.button(
            icon(sign, 14),
            rx.el.span(label),
            rx.el.kbd(letter),
            type="button",
            class_name="choice-do",
            custom_attrs={"data-menu": kind, "aria-haspopup": "dialog"},
        ),
        rx.fragment(),
    )


def _if_may(cell: rx.Component) -> rx.Component:
    return rx.cond(may(Permission.BULK_CHANGE), cell, rx.fragment())
