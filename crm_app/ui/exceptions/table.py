"""The list of exceptions; below 720 px the same lines fold into cards."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.exceptions.bulk_state import BulkState
from crm_app.ui.exceptions.rows import Line
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, pill
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.paging import paging_bar

_BONES = ("18px", "130px", "180px", "44%", "60px")


def exceptions_table() -> rx.Component:
    return rx.cond(
        ExceptionsState.failure != "",
        failed(
            ExceptionsState.failure,
            ExceptionsState.load,
            link("Show all exceptions", href="/exceptions", class_name="btn"),
        ),
        rx.cond(
            ExceptionsState.is_loaded,
            rx.cond(has_any(ExceptionsState.lines), _table(), _empty()),
            skeleton_rows(12, _BONES),
        ),
    )


def _table() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption("Exceptions", class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.cond(_may_pick(), _pick_all(), rx.fragment()),
                    rx.el.th("Cause", scope="col"),
                    rx.el.th("What", scope="col"),
                    rx.el.th("Why", scope="col", class_name="col-why"),
                    rx.el.th("Whose", scope="col", class_name="col-whose"),
                    rx.el.th("For", scope="col", class_name="num"),
                )
            ),
            rx.el.tbody(rx.foreach(ExceptionsState.lines, _line)),
            class_name="grid exceptions",
        ),
        class_name="scroll",
    )


def _may_pick() -> rx.Var[bool]:
    return both(may(Permission.CHANGE_STATUS), ExceptionsState.can_pick)


def _pick_all() -> rx.Component:
    return rx.el.th(
        rx.el.input(
            type="checkbox",
            checked=has_any(BulkState.picked),
            on_change=BulkState.pick_all(),
            aria_label="Pick every line of this page",
            class_name="pick",
        ),
        scope="col",
        class_name="col-pick",
    )


def _line(line: Line) -> rx.Component:
    return rx.el.tr(
        rx.cond(_may_pick(), _pick(line), rx.fragment()),
        rx.el.td(pill(line.cause), class_name="col-cause"),
        rx.el.th(
            channel_mark(line.mark, line.channel, line.channel_label),
            link(
                line.title,
                href=line.href,
                class_name=rx.cond(line.is_name, "number name", "number"),
                title=line.account,
                aria_current=rx.cond(line.is_open, "true", "false"),
                custom_attrs={"data-open": "1"},
            ),
            scope="row",
            class_name="col-what",
        ),
        rx.el.td(
            rx.el.div(
                rx.el.span(line.summary, class_name="why"),
                rx.el.span(line.said, title=line.said, class_name="quiet said"),
                class_name="whys",
            ),
            class_name="col-why",
        ),
        rx.el.td(_whose(line), class_name="col-whose"),
        rx.el.td(
            rx.cond(line.is_gone, "seen to", rx.cond(line.ends != "", line.ends, line.since)),
            title=line.since_exact,
            class_name="col-since num quiet",
        ),
        key=line.key,
        class_name=rx.match(
            (line.is_open, line.is_gone),
            ((True, True), "opened gone"),
            ((True, False), "opened"),
            ((False, True), "gone"),
            "",
        ),
        custom_attrs={"data-row": line.key},
    )


def _pick(line: Line) -> rx.Component:
    return rx.el.td(
        rx.el.input(
            type="checkbox",
            checked=BulkState.picked.contains(line.key),  # type: ignore[attr-defined]
            on_change=BulkState.pick(line.key),
            disabled=line.is_gone,
            aria_label="Pick " + line.title,
            class_name="pick",
            custom_attrs={"data-pick": "1"},
        ),
        class_name="col-pick",
    )


def _whose(line: Line) -> rx.Component:
    return rx.cond(
        line.assignee != "",
        rx.el.span(
            line.initials,
            class_name="face",
            title=line.assignee,
            role="img",
            aria_label=line.assignee,
        ),
        rx.fragment(),
    )


def _empty() -> rx.Component:
    return rx.cond(
        ExceptionsState.is_all_clear & ~ExceptionsState.menus.is_narrowed,
        blank(
            "circle-check",
            "No exceptions",
            "What a channel refuses, what both sides changed and what does not move stands here "
            "with its reason. What solves itself leaves by itself.",
            tone="ok",
        ),
        blank(
            "search-x",
            "Nothing here",
            ExceptionsState.empty,
            link("Show all exceptions", href=ExceptionsState.menus.clear_href, class_name="btn"),
        ),
    )


def news_bar() -> rx.Component:
    """What came and went since the page was drawn; it moves only when a person asks."""
    return rx.cond(
        ExceptionsState.news != "",
        rx.el.button(
            icon("arrow-up", 14),
            rx.el.span(ExceptionsState.news + " · show"),
            type="button",
            class_name="news",
            on_click=ExceptionsState.show_news,
        ),
        rx.fragment(),
    )


def paging() -> rx.Component:
    first, following = ExceptionsState.first_href, ExceptionsState.next_href
    return rx.cond(
        (first != "") | (following != "") | (ExceptionsState.stale != ""),
        paging_bar(
            "Pages of exceptions",
            stale=ExceptionsState.stale,
            first=first,
            following=following,
        ),
        rx.fragment(),
    )
