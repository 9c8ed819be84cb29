"""What leaves of an order: the packages that went, and the pieces to choose for the next."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.order.parcel_view import Package
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.steps import Piece
from crm_app.ui.shared.conditions import both, has_any
from crm_app.ui.shared.marks import icon, pill
from crm_app.ui.shared.native import NativeAnchor
from crm_app.ui.shared.navigation import may


def packages_card() -> rx.Component:
    return rx.cond(
        has_any(OrderState.packages),
        rx.el.section(
            rx.el.h2("Packages"),
            rx.el.ol(rx.foreach(OrderState.packages, _package), class_name="packages"),
            class_name="card",
            aria_label="Packages",
        ),
        rx.fragment(),
    )


def _package(package: Package) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            icon("package", 14),
            rx.el.span(package.title, class_name="strong"),
            pill(package.state),
            rx.el.span(class_name="gap"),
            rx.el.span(package.at, title=package.exact, class_name="quiet"),
            _slip(package),
            class_name="package-head",
        ),
        rx.el.div(
            rx.el.span(package.carrier),
            _number(package),
            class_name="package-line",
        ),
        rx.cond(
            package.contents != "",
            rx.el.div(package.contents, class_name="quiet package-contents"),
            rx.fragment(),
        ),
        key=package.key,
    )


def _number(package: Package) -> rx.Component:
    return rx.cond(
        package.number != "",
        rx.fragment(
            rx.cond(
                package.href != "",
                rx.el.a(
                    package.number,
                    icon("external-link", 12),
                    href=package.href,
                    target="_blank",
                    rel="noopener noreferrer",
                    class_name="link mono",
                ),
                rx.el.span(package.number, class_name="mono"),
            ),
            rx.el.button(
                icon("copy", 13),
                type="button",
                class_name="ghost",
                aria_label="Copy the tracking number",
                title="Copy the tracking number",
                on_click=[
                    rx.set_clipboard(package.number),
                    rx.toast.success("Tracking number copied"),
                ],
            ),
        ),
        rx.el.span("No tracking number", class_name="quiet"),
    )


def _slip(package: Package) -> rx.Component:
    return rx.cond(
        both(may(Permission.PRINT_ORDERS), package.slip != ""),
        NativeAnchor.create(
            icon("printer", 13),
            href=package.slip,
            class_name="ghost",
            custom_attrs={
                "target": "_blank",
                "rel": "noopener",
                "aria-label": "Print its packing slip",
                "title": "Print its packing slip",
            },
        ),
        rx.fragment(),
    )


def pieces_field() -> rx.Component:
    """How many of each line leave now; all that is left unless somebody says less."""
    question = OrderState.question
    return rx.el.fieldset(
        rx.el.legend("In this package"),
        rx.foreach(question.pieces, _piece),
        rx.el.p("Less than all leaves the order partly shipped.", class_name="quiet"),
        rx.cond(
            question.mistakes.get("lines", "") != "",
            rx.el.p(question.mistakes.get("lines", ""), class_name="mistake", role="alert"),
            rx.fragment(),
        ),
        class_name="pieces",
    )


def _piece(piece: Piece) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            name=piece.name,
            type="number",
            min=0,
            max=piece.left,
            default_value=piece.left,
            input_mode="numeric",
            class_name="field num",
        ),
        rx.el.span(piece.of, class_name="quiet"),
        rx.el.span(piece.title),
        rx.el.span(piece.sku, class_name="mono quiet"),
        key=piece.name,
        class_name="piece",
    )
