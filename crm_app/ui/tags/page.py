"""The page of the desk's tags."""

import reflex as rx

from crm_app.domain.working import TagColour
from crm_app.services.working.tagging import LONGEST_NAME
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.shell import shell
from crm_app.ui.tags.state import TagLine, TagsState


def tags_page() -> rx.Component:
    return shell(
        "Tags",
        rx.cond(
            TagsState.failure != "",
            failed(TagsState.failure, TagsState.load),
            rx.cond(TagsState.is_loaded, _tags(), skeleton_rows(5, ("30%", "20%", "15%"))),
        ),
        section="orders",
        actions=(
            link(
                icon("arrow-left", 14),
                "All orders",
                href="/orders",
                class_name="btn quiet",
                custom_attrs={"data-up": "1"},
            ),
        ),
    )


def _tags() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            "A tag that gets another name keeps its orders, and views that ask for it follow. One "
            "that is retired stays on its orders and is offered no more.",
            class_name="quiet",
        ),
        rx.cond(
            TagsState.notice != "",
            rx.el.p(
                icon("circle-alert"),
                rx.el.span(TagsState.notice),
                class_name="notice tone-bad",
                role="alert",
            ),
            rx.fragment(),
        ),
        rx.cond(TagsState.may_change, _new(), rx.fragment()),
        rx.cond(
            has_any(TagsState.rows),
            rx.el.ul(rx.foreach(TagsState.rows, _row), class_name="tag-rows"),
            blank("tags", "No tags yet", "Tags are made here, or on an order."),
        ),
        class_name="tags-page",
    )


def _new() -> rx.Component:
    return rx.el.form(
        rx.el.input(
            name="name",
            placeholder="New tag",
            aria_label="Name of a new tag",
            max_length=LONGEST_NAME,
            required=True,
            auto_complete="off",
            class_name="field",
        ),
        button("Add", type="submit"),
        on_submit=TagsState.add,
        reset_on_submit=True,
        class_name="tag-form",
    )


def _row(row: TagLine) -> rx.Component:
    return rx.el.li(
        rx.cond(
            TagsState.editing == row.id,
            _form(row),
            rx.fragment(
                rx.el.span(row.name, class_name=row.look),
                rx.cond(row.is_retired, rx.el.span("retired", class_name="quiet"), rx.fragment()),
                rx.el.span(class_name="gap"),
                link("Its orders", href=row.href, class_name="link"),
                rx.cond(TagsState.may_change, _deeds(row), rx.fragment()),
            ),
        ),
        key=row.id,
    )


def _form(row: TagLine) -> rx.Component:
    return rx.el.form(
        rx.el.input(
            name="name",
            default_value=row.name,
            aria_label="Name of the tag",
            max_length=LONGEST_NAME,
            required=True,
            auto_focus=True,
            auto_complete="off",
            class_name="field",
        ),
        rx.el.button("Save", type="submit", class_name="btn primary"),
        button("Not now", on_click=TagsState.edit(0)),
        on_submit=TagsState.rename,
        class_name="tag-form",
    )


def _deeds(row: TagLine) -> rx.Component:
    return rx.fragment(
        rx.el.select(
            *[rx.el.option(one.value.capitalize(), value=one.value) for one in TagColour],
            value=row.colour,
            on_change=lambda colour: TagsState.recolour(row.id, colour),  # pyright: ignore[reportUnknownLambdaType, reportCallIssue, reportUnknownMemberType]
            aria_label="Colour of " + row.name,
            class_name="field select",
        ),
        button(
            "Rename", kind="small", on_click=TagsState.edit(row.id), aria_label="Rename " + row.name
        ),
        button(
            rx.cond(row.is_retired, "Offer again", "Retire"),
            kind="small",
            on_click=TagsState.retire(row.id, ~row.is_retired),  # pyright: ignore[reportArgumentType]
            aria_label=rx.cond(row.is_retired, "Offer again: " + row.name, "Retire " + row.name),
        ),
    )
