"""A bulk change at work or done: how far it is, and each order's result."""

import reflex as rx

from crm_app.ui.bulk.ahead import Link
from crm_app.ui.bulk.state import BulkState
from crm_app.ui.bulk.view import AccountRow, ReasonRow, ResultRow
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill
from crm_app.ui.shared.native import NativeAnchor


def progress() -> rx.Component:
    return rx.fragment(
        _head(),
        rx.cond(has_any(BulkState.accounts), _accounts(), rx.fragment()),
        rx.cond(has_any(BulkState.reasons), _reasons(), rx.fragment()),
        _results(),
    )


def _head() -> rx.Component:
    run = BulkState.run
    return rx.el.section(
        rx.el.div(
            pill(run.state),
            rx.el.span(run.progress, class_name="strong"),
            rx.el.span(BulkState.left, class_name="quiet"),
            rx.el.span(run.reason, class_name="quiet"),
            rx.el.span(class_name="gap"),
            rx.cond(
                run.file_href != "",
                link(
                    icon("download", 14), "Downloads", href=run.file_href, class_name="btn primary"
                ),
                rx.fragment(),
            ),
            NativeAnchor.create(
                icon("table", 14), "Results as CSV", href=run.results_href, class_name="btn"
            ),
            class_name="run-line",
        ),
        rx.el.div(
            rx.el.i(class_name="part part-ok", style={"width": run.shares[0]}),
            rx.el.i(class_name="part part-warn", style={"width": run.shares[1]}),
            rx.el.i(class_name="part part-bad", style={"width": run.shares[2]}),
            class_name="bar-of-parts",
            role="progressbar",
            aria_label="Orders done",
            aria_valuenow=run.percent,
            aria_valuemin=0,
            aria_valuemax=100,
        ),
        rx.el.div(
            _figure("Changed", run.changed, "ok"),
            _figure("Not changed", run.refused, "warn"),
            _figure("Failed", run.failed, "bad"),
            _figure("To do", run.waiting, "mute"),
            class_name="run-figures",
        ),
        _relatives(),
        class_name="card",
    )


def _figure(label: str, value: str, tone: str) -> rx.Component:
    return rx.el.span(
        rx.el.i(class_name=f"dot tone-{tone}", aria_hidden="true"),
        rx.el.b(value),
        rx.el.span(label, class_name="quiet"),
    )


def _relatives() -> rx.Component:
    run = BulkState.run
    return rx.fragment(
        _relative("This took back ", run.undoes),
        _relative("This was taken back by ", run.undone_by),
    )


def _relative(words: str, other: Link) -> rx.Component:
    return rx.cond(
        other.href != "",
        rx.el.p(
            words, link(other.text, href=other.href, class_name="link"), ".", class_name="lead"
        ),
        rx.fragment(),
    )


def _accounts() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Channels"),
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    *[rx.el.th(word, scope="col") for word in ("Account", "Done here", "Told", "")]
                )
            ),
            rx.el.tbody(rx.foreach(BulkState.accounts, _account)),
            class_name="tally",
        ),
        class_name="card",
    )


def _account(row: AccountRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            channel_mark(row.mark, row.channel, row.label),
            row.name,
            scope="row",
        ),
        rx.el.td(row.here),
        rx.el.td(
            row.told,
            rx.cond(
                row.told_percent > 0,
                rx.el.progress(
                    value=row.told_percent, max=100, aria_label="Told", class_name="run-bar"
                ),
                rx.fragment(),
            ),
        ),
        rx.el.td(
            rx.el.div(row.left, class_name="quiet"),
            rx.el.div(row.trouble, class_name="mistake"),
        ),
        key=row.key,
    )


def _reasons() -> rx.Component:
    return rx.el.section(
        rx.el.h2("What was said"),
        rx.el.div(rx.foreach(BulkState.reasons, _reason), class_name="bulk-fates"),
        rx.cond(
            BulkState.again != "",
            button(icon("rotate-ccw", 14), BulkState.again, on_click=BulkState.try_again),
            rx.fragment(),
        ),
        class_name="card",
    )


def _reason(row: ReasonRow) -> rx.Component:
    return rx.el.div(
        rx.el.b(row.count),
        rx.el.div(rx.el.i(class_name="dot tone-" + row.tone, aria_hidden="true"), row.sentence),
        key=row.key,
        class_name="fate",
    )


def _results() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Orders"),
            rx.el.nav(
                rx.foreach(BulkState.tabs, _tab), class_name="result-tabs", aria_label="Results"
            ),
            class_name="run-line",
        ),
        rx.cond(
            has_any(BulkState.rows),
            rx.el.table(
                rx.el.caption("Orders of this bulk change", class_name="sr-only"),
                rx.el.tbody(rx.foreach(BulkState.rows, _result)),
                class_name="tally results",
            ),
            rx.el.p("None.", class_name="quiet"),
        ),
        rx.el.div(
            rx.cond(
                BulkState.first_href != "",
                link("First", href=BulkState.first_href, class_name="btn"),
                rx.fragment(),
            ),
            rx.cond(
                BulkState.next_href != "",
                link(
                    "Next",
                    icon("chevron-right", 14),
                    href=BulkState.next_href,
                    class_name="btn",
                    custom_attrs={"data-page": "n"},
                ),
                rx.fragment(),
            ),
            class_name="result-pages",
        ),
        class_name="card",
    )


def _tab(tab: Link) -> rx.Component:
    is_on = BulkState.tab == tab.key
    return link(
        tab.text,
        href=tab.href,
        key=tab.text,
        class_name=rx.cond(is_on, "result-tab on", "result-tab"),
        aria_current=rx.cond(is_on, "page", "false"),
    )


def _result(row: ResultRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            channel_mark(row.mark, row.channel, row.label),
            link(row.number, href=row.href, class_name="number mono"),
            scope="row",
        ),
        rx.el.td(pill(row.outcome)),
        rx.el.td(
            rx.el.span(
                pill(row.origin),
                rx.cond(row.target.text != "", icon("arrow-right", 13), rx.fragment()),
                pill(row.target),
                class_name="pills",
            )
        ),
        rx.el.td(
            rx.el.div(row.words),
            rx.el.div(row.travel, class_name="quiet"),
            class_name="result-words",
        ),
        key=row.key,
    )
