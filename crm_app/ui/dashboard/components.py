"""The dashboard's figures, its list of what waits, and its table of channels."""

import reflex as rx

from crm_app.ui.dashboard.state import DashboardState
from crm_app.ui.dashboard.view import ChannelView, FigureView
from crm_app.ui.shared.conditions import is_empty
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon
from crm_app.ui.shared.needs import NeedRow


def figures() -> rx.Component:
    return rx.el.section(
        rx.foreach(DashboardState.figures, _figure),
        class_name="figures",
        aria_label="Today against last week",
    )


def _figure(figure: FigureView) -> rx.Component:
    return rx.el.div(
        rx.el.div(figure.name, class_name="quiet"),
        rx.el.div(figure.value, class_name="figure-value"),
        rx.el.div(
            rx.el.span(figure.change, class_name="trend-" + figure.trend),
            rx.el.span(figure.then, class_name="quiet"),
            class_name="figure-then",
        ),
        key=figure.name,
        class_name="figure",
    )


def needs_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Needs a person now"),
        rx.foreach(DashboardState.needs, _need),
        class_name="card needs",
        aria_label="Needs a person now",
    )


def _need(row: NeedRow) -> rx.Component:
    return link(
        rx.el.i(class_name="dot tone-" + row.tone, aria_hidden="true"),
        rx.el.span(
            rx.el.span(row.name, class_name="strong"),
            rx.el.span(row.sentence, class_name="quiet"),
            class_name="need-words",
        ),
        rx.el.b(row.count),
        icon("chevron-right", 14),
        key=row.key,
        href=row.href,
        class_name=rx.cond(row.count == "0", "need none", "need"),
    )


def channels_card() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Channels"),
            rx.el.span("today", class_name="quiet"),
            class_name="card-line",
        ),
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th("Channel", scope="col"),
                    rx.el.th("Orders", scope="col", class_name="num"),
                    rx.el.th("Revenue", scope="col", class_name="num"),
                    rx.el.th("Average", scope="col", class_name="num average"),
                    rx.el.th("Current to", scope="col", class_name="current"),
                )
            ),
            rx.el.tbody(rx.foreach(DashboardState.channels, _channel)),
            class_name="lines",
        ),
        rx.cond(
            is_empty(DashboardState.channels),
            rx.el.p("No channel account is connected yet.", class_name="quiet"),
            rx.fragment(),
        ),
        rx.cond(
            DashboardState.texts.other_currencies != "",
            rx.el.p(DashboardState.texts.other_currencies, class_name="quiet"),
            rx.fragment(),
        ),
        class_name="card",
        aria_label="Channels today",
    )


def _channel(row: ChannelView) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            channel_mark(row.mark, row.channel, row.label),
            link(row.label, href=row.href, class_name="plain"),
            scope="row",
        ),
        rx.el.td(row.orders, class_name="num"),
        rx.el.td(row.revenue, class_name="num"),
        rx.el.td(row.average, class_name="num quiet average"),
        rx.el.td(rx.el.span(row.current_to, title=row.current_exact), class_name="quiet current"),
        key=row.channel,
    )
