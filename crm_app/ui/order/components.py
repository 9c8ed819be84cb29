"""The cards of an order's page."""

import reflex as rx

from crm_app.ui.order.state import OrderState
from crm_app.ui.order.view import Event, Fact, Line
from crm_app.ui.shared.conditions import both, has_any, is_not, joined
from crm_app.ui.shared.marks import button, icon


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
        rx.el.td(line.price, class_name="num quiet price"),
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
        class_name="card",
        aria_label="Customer",
    )


def _contact() -> rx.Component:
    order = OrderState.order
    return rx.el.div(
        rx.el.dl(
            _contact_line("Phone", order.phone),
            _contact_line("E-mail", order.email),
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


def _contact_line(name: str, value: str) -> rx.Component:
    return rx.cond(
        value != "",
        rx.el.div(rx.el.dt(name), rx.el.dd(value, class_name="mono"), class_name="fact"),
        rx.fragment(),
    )


def _address() -> rx.Component:
    lines = OrderState.order.address
    return rx.el.div(
        rx.el.div(
            rx.el.h3("Ship to"),
            rx.el.button(
                icon("copy", 14),
                type="button",
                class_name="ghost",
                aria_label="Copy the address",
                title="Copy the address",
                on_click=[
                    rx.set_clipboard(joined(lines, "\n")),
                    rx.toast.success("Address copied"),
                ],
            ),
            class_name="card-line",
        ),
        rx.el.address(rx.foreach(lines, _address_line)),
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
        rx.el.dd(fact.value, title=fact.exact, class_name=rx.cond(fact.is_mono, "mono", "")),
        key=fact.name,
        class_name="fact",
    )


def timeline_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Timeline"),
        rx.el.ol(rx.foreach(OrderState.events, _event), class_name="timeline"),
        class_name="card",
        aria_label="Timeline",
    )


def _event(event: Event) -> rx.Component:
    return rx.el.li(
        rx.el.i(class_name="ev ev-" + event.kind + " ev-" + event.channel, aria_hidden="true"),
        rx.el.span(rx.el.b(event.who), " " + event.sentence),
        rx.el.time(event.at, title=event.exact, class_name="quiet"),
        key=event.key,
    )
