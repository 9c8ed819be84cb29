"""Before a bulk change starts: what is to happen, and what that would do."""

from typing import Any

import reflex as rx

from crm_app.channels.rules import INDIAN_CARRIERS
from crm_app.ui.bulk.ahead import GroupRow, Link, ReasonAsk, TellingRow
from crm_app.ui.bulk.state import BulkState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.hold import hold_fields
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill
from crm_app.ui.shared.tones import Pill


def draft() -> rx.Component:
    run = BulkState.run
    return rx.fragment(
        rx.cond(run.is_mine, rx.fragment(), _of_another()),
        rx.cond(has_any(BulkState.kinds), _deed(), _undo_words()),
        rx.cond(
            (BulkState.preview.lacks_parcel != "") | (BulkState.given != ""),
            _parcels(),
            rx.fragment(),
        ),
        rx.cond((BulkState.target != "") | (run.undoes.href != ""), _preview(), rx.fragment()),
        _end(),
    )


def _of_another() -> rx.Component:
    return rx.el.p(
        icon("eye"),
        rx.el.span("Somebody else chose these orders: you can look, and only they can start it."),
        class_name="notice tone-info",
    )


def _undo_words() -> rx.Component:
    undoes = BulkState.run.undoes
    return rx.el.p(
        "What ",
        link(undoes.text, href=undoes.href, class_name="link"),
        " changed is taken back where that is still possible. Nothing happens before you start it.",
        class_name="lead",
    )


def _deed() -> rx.Component:
    return rx.el.section(
        rx.el.h2("What is to be done", id="deed"),
        rx.el.div(
            rx.foreach(BulkState.kinds, _kind),
            class_name="bulk-kinds",
            role="radiogroup",
            aria_labelledby="deed",
        ),
        rx.cond(
            has_any(BulkState.targets),
            rx.el.div(
                rx.foreach(BulkState.targets, _target),
                class_name="targets",
                role="radiogroup",
                aria_label="To what",
            ),
            rx.fragment(),
        ),
        rx.cond(BulkState.kind == "hold", _hold(), rx.fragment()),
        rx.foreach(BulkState.asks, _ask),
        rx.el.p(
            "These orders were noted as they stood when you chose them. What comes in or changes "
            "after that is left alone.",
            class_name="quiet",
        ),
        class_name="card",
    )


def _kind(one: Link) -> rx.Component:
    return rx.el.button(
        one.text,
        type="button",
        role="radio",
        key=one.key,
        aria_checked=rx.cond(BulkState.kind == one.key, "true", "false"),
        class_name="bulk-kind",
        on_click=BulkState.choose_kind(one.key),
    )


def _ask(ask: ReasonAsk) -> rx.Component:
    return rx.el.label(
        channel_mark(ask.mark, ask.key, ask.label),
        rx.el.span("Why, in ", ask.label, "'s words"),
        rx.el.select(
            rx.el.option("As its account is set up", value=""),
            rx.foreach(ask.options, _reason),
            value=ask.chosen,
            on_change=lambda code: BulkState.give_reason(ask.key, code),
            class_name="field select",
        ),
        key=ask.key,
        class_name="bulk-ask",
    )


def _reason(option: Link) -> rx.Component:
    return rx.el.option(option.text, value=option.key, key=option.key)


def _hold() -> rx.Component:
    return rx.el.form(
        *hold_fields(),
        rx.el.button("Show what that does", type="submit", class_name="btn"),
        on_submit=BulkState.fill_in,
        class_name="bulk-hold",
    )


def _target(option: Pill) -> rx.Component:
    return rx.el.button(
        pill(option),
        type="button",
        role="radio",
        key=option.text,
        aria_checked=rx.cond(BulkState.target == option.text, "true", "false"),
        class_name="target",
        on_click=BulkState.choose(option.text),
    )


def _parcels() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Tracking numbers"),
        rx.el.p(
            rx.cond(
                BulkState.preview.lacks_parcel != "",
                BulkState.preview.lacks_parcel + ". ",
                "Every order that needs one has one. ",
            ),
            "Paste a line for each order, as from a sheet: order number, carrier, tracking number.",
            class_name="quiet",
        ),
        rx.el.form(
            rx.el.textarea(
                name="parcels",
                id="parcels",
                rows="5",
                required=True,
                spell_check=False,
                placeholder="405-8078784-5731545, BlueDart, 77810036521",
                aria_label="Order number, carrier and tracking number, a line for each order",
                class_name="field mono parcels",
            ),
            rx.el.div(
                rx.el.label("Carrier of lines without one", html_for="carrier"),
                rx.el.input(
                    id="carrier",
                    name="carrier",
                    list="carriers",
                    max_length=80,
                    auto_complete="off",
                    class_name="field",
                ),
                rx.el.datalist(
                    *[rx.el.option(value=name) for name in INDIAN_CARRIERS], id="carriers"
                ),
                rx.el.button("Take these", type="submit", class_name="btn"),
                class_name="parcel-line",
            ),
            on_submit=BulkState.give_parcels,
        ),
        rx.cond(
            BulkState.given != "",
            rx.el.div(
                rx.el.p(BulkState.given, class_name="strong"),
                rx.foreach(BulkState.problems, _problem),
                role="status",
                class_name="given",
            ),
            rx.fragment(),
        ),
        class_name="card",
    )


def _problem(sentence: str) -> rx.Component:
    return rx.el.p(sentence, class_name="mistake")


def _preview() -> rx.Component:
    preview = BulkState.preview
    return rx.fragment(
        rx.cond(
            has_any(preview.changes),
            _groups(
                rx.cond(BulkState.run.undoes.href != "", "Taken back", "Will change"),
                preview.change_count,
                preview.changes,
                "ok",
            ),
            rx.fragment(),
        ),
        rx.cond(
            has_any(preview.tellings),
            rx.el.section(
                rx.el.h2("Telling the channels"),
                rx.foreach(preview.tellings, _telling),
                rx.el.p(
                    "At the pace that each channel allows. The change is seen here at once; "
                    "single clicks go first.",
                    class_name="quiet",
                ),
                class_name="card",
            ),
            rx.fragment(),
        ),
        rx.cond(
            has_any(preview.refuses),
            _groups("Stay as they are", preview.refuse_count, preview.refuses, "warn"),
            rx.fragment(),
        ),
    )


def _groups(title: Any, count: str, groups: list[GroupRow], tone: str) -> rx.Component:
    return rx.el.section(
        rx.el.h2(title, rx.el.span(count, class_name=f"count tone-{tone}")),
        rx.el.div(rx.foreach(groups, _group), class_name="bulk-fates"),
        class_name="card",
    )


def _group(group: GroupRow) -> rx.Component:
    return rx.el.div(
        rx.el.b(group.count),
        rx.el.div(
            rx.el.div(group.sentence),
            rx.el.div(
                rx.foreach(group.examples, _example),
                rx.el.span(group.more, class_name="quiet"),
                class_name="examples",
            ),
        ),
        key=group.key,
        class_name="fate",
    )


def _example(example: Link) -> rx.Component:
    return link(example.text, href=example.href, key=example.key, class_name="link mono")


def _telling(row: TellingRow) -> rx.Component:
    return rx.el.div(
        channel_mark(row.mark, row.channel, row.label),
        rx.el.span(row.name, class_name="strong"),
        rx.el.span(row.ahead, class_name="quiet"),
        rx.el.span(class_name="gap"),
        rx.el.span(row.count),
        rx.el.span(row.time, class_name="quiet telling-time"),
        key=row.key,
        class_name="telling",
    )


def _end() -> rx.Component:
    preview = BulkState.preview
    return rx.cond(
        BulkState.run.is_mine,
        rx.el.div(
            rx.cond(
                preview.verb != "",
                rx.el.button(
                    preview.verb,
                    type="button",
                    class_name=preview.look,
                    on_click=BulkState.press("start"),
                ),
                rx.cond(
                    has_any(preview.refuses),
                    rx.el.span("None of these orders can be changed so.", class_name="quiet"),
                    rx.fragment(),
                ),
            ),
            button("Discard", kind="quiet", on_click=BulkState.discard),
            class_name="bulk-end steps",
        ),
        rx.fragment(),
    )
