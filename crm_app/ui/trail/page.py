"""The audit trail: who did what, and the proof that nobody rewrote it."""

from typing import Literal

import reflex as rx

from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, ticker, time_text
from crm_app.ui.shared.paging import paging_bar
from crm_app.ui.shared.shell import shell
from crm_app.ui.trail.state import TrailState
from crm_app.ui.trail.view import TRAIL, EntryRow

_HEADS = (("at", "When"), ("who", "Who"), ("what", "What"), ("on", "On"), ("change", "Change"))


def trail_page() -> rx.Component:
    return shell(
        "Audit trail",
        _proof(),
        _filters(),
        rx.cond(
            TrailState.failure != "",
            failed(
                TrailState.failure,
                TrailState.load,
                link("Show the whole trail", href=TRAIL, class_name="btn"),
            ),
            rx.cond(
                TrailState.is_loaded,
                rx.cond(has_any(TrailState.rows), _table(), _empty()),
                skeleton_rows(12, ("12%", "18%", "20%", "15%", "30%")),
            ),
        ),
        ticker(TrailState.follow, TrailState.every_ms),
        section="audit",
        actions=(
            button(
                icon("shield-check", 14),
                rx.cond(TrailState.check.is_running, "Checking …", "Verify"),
                disabled=TrailState.check.is_running,
                on_click=TrailState.verify,
                title="Prove every entry from the first to the last",
            ),
        ),
    )


def _proof() -> rx.Component:
    check = TrailState.check
    return rx.el.div(
        rx.cond(
            check.tone == "bad",
            icon("shield-alert"),
            rx.cond(check.tone == "ok", icon("shield-check"), icon("shield")),
        ),
        rx.el.span(check.says),
        rx.cond(
            check.is_running,
            rx.el.progress(value=check.percent, max=100, aria_label="Checked"),
            rx.fragment(),
        ),
        class_name="notice trail-proof tone-" + check.tone,
        role="status",
    )


def _filters() -> rx.Component:
    return rx.el.form(
        _choice("Person", "person", "Everybody", TrailState.people),
        _choice("Action", "action", "Every action", TrailState.actions),
        _field("On", "subject", "order 123"),
        _field("From", "from", kind="date"),
        _field("To", "to", kind="date"),
        _field("Search", "q", "Name, number or address", kind="search"),
        rx.el.button("Filter", type="submit", class_name="btn"),
        link("All", href=TRAIL, class_name="btn quiet"),
        on_submit=TrailState.pick,
        class_name="trail-filters",
        role="search",
        aria_label="Filter the audit trail",
        # Drawn anew when the address changes, so that the fields say what is shown.
        key=rx.Var.create(TrailState.chosen).to_string(),
    )


def _choice(label: str, name: str, every: str, options: list[tuple[str, str]]) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        rx.el.select(
            rx.el.option(every, value=""),
            rx.foreach(options, _option),
            name=name,
            default_value=TrailState.chosen[name],
            class_name="field",
        ),
    )


def _option(one: tuple[str, str]) -> rx.Component:
    return rx.el.option(one[1], value=one[0])


def _field(
    label: str, name: str, hint: str = "", kind: Literal["text", "date", "search"] = "text"
) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        rx.el.input(
            name=name,
            type=kind,
            placeholder=hint,
            default_value=TrailState.chosen[name],
            max_length=120,
            class_name="field",
        ),
    )


def _table() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.table(
                rx.el.caption("Entries, the newest first", class_name="sr-only"),
                rx.el.thead(
                    rx.el.tr(
                        *[
                            rx.el.th(label, scope="col", class_name=f"trail-{name}")
                            for name, label in _HEADS
                        ]
                    )
                ),
                rx.el.tbody(rx.foreach(TrailState.rows, _row)),
                class_name="grid trail",
            ),
            class_name="scroll",
        ),
        rx.cond(
            (TrailState.first != "") | (TrailState.older != ""),
            paging_bar(
                "Pages of the trail", stale="", first=TrailState.first, following=TrailState.older
            ),
            rx.fragment(),
        ),
    )


def _row(row: EntryRow) -> rx.Component:
    return rx.el.tr(
        rx.el.td(time_text(row.at, row.at_exact), class_name="trail-at"),
        rx.el.td(
            rx.el.div(row.who),
            rx.cond(row.address != "", rx.el.div(row.address, class_name="quiet"), rx.fragment()),
            class_name="trail-who",
        ),
        rx.el.th(
            rx.cond(row.is_refusal, icon("shield-alert", 14), rx.fragment()),
            rx.el.span(row.action),
            scope="row",
            class_name="trail-what",
        ),
        rx.el.td(row.subject, class_name="trail-on quiet"),
        rx.el.td(row.change, class_name="trail-change"),
        key=row.key,
    )


def _empty() -> rx.Component:
    return blank(
        "search-x",
        "No entry matches",
        "Every change, sign-in, refusal, export and reveal stands here.",
        link("Show the whole trail", href=TRAIL, class_name="btn"),
    )
