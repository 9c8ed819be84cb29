"""Orders a day by channel, with the thirty days before as a dashed line."""

from typing import Any, Final

import reflex as rx

from crm_app.ui.dashboard.state import DashboardState
from crm_app.ui.dashboard.view import Series

_AXIS: Final[dict[str, Any]] = {
    "tick_line": False,
    "axis_line": False,
    "tick": {"fill": "var(--ink3)", "fontSize": 11},
}


def chart_card() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Orders a day"),
            rx.el.span("30 days; dashed: the 30 days before", class_name="quiet"),
            class_name="card-line",
        ),
        rx.el.p(DashboardState.texts.chart_sentence, class_name="sr-only"),
        rx.el.div(_chart(), class_name="chart", aria_hidden="true"),
        rx.el.div(
            rx.foreach(DashboardState.series, _legend), class_name="legend", aria_hidden="true"
        ),
        class_name="card chart-card",
        aria_label="Orders a day",
    )


def _chart() -> rx.Component:
    return rx.recharts.composed_chart(
        rx.recharts.cartesian_grid(vertical=False, stroke="var(--line2)"),
        rx.recharts.x_axis(data_key="day", interval="preserveStartEnd", min_tick_gap=40, **_AXIS),
        rx.recharts.y_axis(width=36, allow_decimals=False, **_AXIS),
        rx.recharts.graphing_tooltip(
            cursor={"fill": "var(--hover)"},
            content_style={
                "background": "var(--panel)",
                "border": "1px solid var(--line)",
                "borderRadius": "8px",
                "boxShadow": "var(--shadow)",
                "fontSize": "12px",
                "padding": "8px 10px",
            },
            label_style={"color": "var(--ink)", "fontWeight": 600, "marginBottom": "2px"},
            item_style={"color": "var(--ink2)", "padding": 0},
            is_animation_active=False,
        ),
        rx.foreach(DashboardState.series, _bars),
        rx.recharts.line(
            data_key="before",
            name="30 days before",
            type_="linear",
            stroke="var(--ink3)",
            stroke_width=1.5,
            stroke_dasharray="4 4",
            dot=False,
            active_dot=False,
            is_animation_active=False,
        ),
        data=DashboardState.points,
        # The sentence beside it says what is drawn; the drawing itself takes no focus.
        custom_attrs={"accessibilityLayer": False},
        margin={"top": 8, "right": 4, "bottom": 0, "left": 0},
        bar_category_gap="22%",
        width="100%",
        height=232,
    )


def _bars(series: Series) -> rx.Component:
    return rx.recharts.bar(
        data_key=series.key,
        name=series.label,
        fill=series.color,
        stack_id="orders",
        is_animation_active=False,
    )


def _legend(series: Series) -> rx.Component:
    return rx.el.span(rx.el.i(style={"background": series.color}), series.label, key=series.key)
