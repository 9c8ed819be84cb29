"""The print menu of one order: each paper opens beside the page."""

from typing import Any

import reflex as rx

from crm_app.domain.download import Paper
from crm_app.domain.permissions import Permission
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.native import NativeAnchor, native_form
from crm_app.ui.shared.navigation import may

_BESIDE = {"target": "_blank", "rel": "noopener"}


def print_menu(order_id: Any) -> rx.Component:
    """A button with the papers of an order; nothing for those who may not print."""
    papers = f"/api/v1/orders/{order_id}/papers/"
    return rx.cond(
        may(Permission.PRINT_ORDERS),
        rx.popover.root(
            rx.popover.trigger(
                button(icon("printer", 14), "Print", kind="menu", custom_attrs={"data-do": "print"})
            ),
            rx.popover.content(
                _paper("package", "Packing slip", papers, Paper.PACKING_SLIP),
                _paper("list-checks", "Pick list", papers, Paper.PICK_LIST),
                _paper("truck", "Manifest", papers, Paper.MANIFEST),
                # A form: the first time it gives the order its number, which no link may do.
                native_form(
                    rx.el.button(
                        icon("receipt-indian-rupee", 14),
                        "Invoice",
                        type="submit",
                        class_name="item",
                    ),
                    action=f"{papers}invoice.pdf",
                    method="post",
                    custom_attrs={"target": "_blank"},
                ),
                class_name="pop",
                custom_attrs={"aria-label": "Print"},
                align="end",
            ),
        ),
        rx.fragment(),
    )


def _paper(sign: str, label: str, papers: Any, paper: Paper) -> rx.Component:
    return NativeAnchor.create(
        icon(sign, 14),
        label,
        href=f"{papers}{paper.value}.pdf",
        class_name="item",
        custom_attrs=_BESIDE,
    )
