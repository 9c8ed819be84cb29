"""The cards of an order's page."""

from typing import Any

import reflex as rx

from crm_app.ui.order.state import OrderState
from crm_app.ui.order.view import Fact, Line
from crm_app.ui.order.work_view import Other
from crm_app.ui.shared.conditions import both, has_any, is_not, joined
from crm_app.ui.shared.keeping import PERSONAL
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill


def lines_card() -> rx.Component:
    order = OrderState.order
    return rx.el.section(
        rx.el.h2("Lines"),
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th("Item", scope="col"),
                    rx.el.th("State", scope="col"),
                    rx.el.th("Quantity", scope="col", class_name="num"),
                    rx.el.th("Price", scope="col", class_name="num price"),
                    rx.el.th("Total", scope="col", class_name="num"),
                )
            ),
            rx.el.tbody(rx.foreach(OrderState.lines, _line)),
            class_name="lines",
        ),
        rx.el.dl(
            rx.foreach(order.sums, _sum),
            rx.el.div(rx.el.dt("Total"), rx.el.dd(order.total), class_name="sum grand"),
            class_name="sums",
        ),
        class_name="card",
        aria_label="Lines and money",
    )


def _line(line: Line) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.div(line.title, class_name="strong"),
            rx.el.div(line.sku, class_name="mono quiet"),
        ),
        rx.el.td(line.progress, class_name="quiet"),
        rx.el.td(line.quantity, class_name="num"),
        rx.el.td(
            rx.el.div(line.price),
            rx.cond(
                line.parts != "", rx.el.div(line.parts, class_name="line-parts"), rx.fragment()
            ),
            class_name="num quiet price",
        ),
        rx.el.td(line.total, class_name="num"),
        key=line.key,
    )


def _sum(fact: Fact) -> rx.Component:
    return rx.el.div(rx.el.dt(fact.name), rx.el.dd(fact.value), key=fact.name, class_name="sum")


def customer_card() -> rx.Component:
    order = OrderState.order
    return rx.el.section(
        rx.el.h2("Customer"),
        rx.el.div(
            rx.el.span(order.customer, class_name="strong"),
            rx.el.span(order.customer_orders, class_name="quiet"),
            class_name="person",
        ),
        _contact(),
        rx.cond(has_any(order.address), _address(), rx.fragment()),
        rx.cond(
            order.is_private,
            rx.el.p(
                icon("lock", 13),
                "Your role does not show the buyer's address, nor the contact in clear.",
                class_name="private",
            ),
            rx.fragment(),
        ),
        rx.cond(
            order.note != "",
            rx.el.div(rx.el.h3("Note of the buyer"), rx.el.p(order.note, class_name="note")),
            rx.fragment(),
        ),
        rx.cond(
            has_any(OrderState.work.others),
            rx.el.div(
                rx.el.h3("Other orders"),
                rx.foreach(OrderState.work.others, _other),
                link("All orders of this customer", href=order.all_orders, class_name="link"),
                class_name="others",
            ),
            rx.fragment(),
        ),
        class_name="card",
        aria_label="Customer",
    )


def _other(other: Other) -> rx.Component:
    return link(
        channel_mark(other.mark, other.channel, other.channel_label),
        rx.el.span(other.number, class_name="mono"),
        pill(other.status),
        rx.el.span(class_name="gap"),
        rx.el.span(other.total),
        rx.el.span(other.at, title=other.exact, class_name="quiet"),
        href=other.href,
        key=other.number,
        class_name="other",
    )


def _contact() -> rx.Component:
    order = OrderState.order
    return rx.el.div(
        rx.el.dl(
            _contact_line("Phone", order.phone, "Copy the phone number"),
            _contact_line("E-mail", order.email, "Copy the e-mail address"),
            class_name="facts",
        ),
        rx.cond(
            both(order.may_reveal, is_not(OrderState.is_revealed)),
            button(
                icon("eye", 14),
                "Show contact",
                kind="small",
                title="Who looked is written down",
                on_click=OrderState.reveal,
            ),
            rx.fragment(),
        ),
    )


def _contact_line(name: str, value: str, copy: str) -> rx.Component:
    return rx.cond(
        value != "",
        rx.el.div(
            rx.el.dt(name),
            rx.el.dd(
                value,
                # Masked, there is nothing to copy.
                rx.cond(OrderState.is_revealed, _copy(value, copy, f"{name} copied"), ""),
                class_name="mono",
                custom_attrs=PERSONAL,
            ),
            class_name="fact",
        ),
        rx.fragment(),
    )


def _copy(text: Any, label: str, said: str) -> rx.Component:
    return rx.el.button(
        icon("copy", 14),
        type="button",
        class_name="ghost",
        aria_label=label,
        title=label,
        on_click=[rx.set_clipboard(text), rx.toast.success(said)],
    )


def _address() -> rx.Component:
    lines = OrderState.order.address
    return rx.el.div(
        rx.el.div(
            rx.el.h3("Ship to"),
            _copy(joined(lines, "\n"), "Copy the address", "Address copied"),
            class_name="card-line",
        ),
        rx.el.address(rx.foreach(lines, _address_line), custom_attrs=PERSONAL),
    )


def _address_line(text: str) -> rx.Component:
    return rx.el.div(text)


def facts_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Order"),
        rx.el.dl(rx.foreach(OrderState.order.facts, _fact), class_name="facts"),
        class_name="card",
        aria_label="Order",
    )


def _fact(fact: Fact) -> rx.Component:
    return rx.el.div(
        rx.el.dt(fact.name),
        rx.el.dd(
            rx.cond(
                fact.href != "",
                rx.el.a(
                    fact.value,
                    icon("external-link", 12),
                    href=fact.href,
                    target="_blank",
                    rel="noopener noreferrer",
                    class_name="link",
                ),
                fact.value,
            ),
            title=fact.exact,
            class_name=rx.cond(fact.is_mono, "mono", ""),
        ),
        key=fact.name,
        class_name="fact",
    )
