"""The desk's own data of the order: whose work, how urgent, its tags, its hold, who watches."""

from typing import Any

import reflex as rx

from crm_app.domain.working import Priority
from crm_app.services.working.tagging import LONGEST_NAME
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.work_state import WorkState
from crm_app.ui.order.work_view import Choice, TagRow
from crm_app.ui.shared.conditions import is_not
from crm_app.ui.shared.hold import hold_fields
from crm_app.ui.shared.keeping import kept
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.notes import mistake, notice


def work_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Desk"),
        _notice(),
        rx.el.dl(
            _row("Assigned", _assignee(), "assignee"),
            _row("Priority", _priority(), "priority"),
            _row("Tags", _tags()),
            _row("Watching", _watching()),
            class_name="facts desk-facts",
        ),
        _ends(),
        class_name="card desk-card",
        aria_label="Desk",
    )


def _row(name: str, value: rx.Component, field: str = "") -> rx.Component:
    label = rx.el.label(name, html_for=field) if field else name
    return rx.el.div(rx.el.dt(label), rx.el.dd(value), class_name="fact")


def _notice() -> rx.Component:
    return notice(WorkState.notice)


def _assignee() -> rx.Component:
    return assignee_field(id="assignee", custom_attrs={"data-desk": "assign"})


def assignee_field(**named: Any) -> rx.Component:
    """Whose work it is: to choose from, for those who may; `named` is how the field is called."""
    work = OrderState.work
    return rx.cond(
        work.may_assign,
        rx.el.select(
            rx.foreach(work.people, _choice),
            value=work.assignee,
            on_change=WorkState.assign,
            class_name="field select quiet-select",
            **named,
        ),
        rx.el.span(work.assignee_name),
    )


def _choice(choice: Choice) -> rx.Component:
    return rx.el.option(choice.label, value=choice.value, key=choice.value)


def _priority() -> rx.Component:
    work = OrderState.work
    return rx.cond(
        work.may_assign,
        rx.el.select(
            *[rx.el.option(one.label, value=one.value) for one in Priority],
            id="priority",
            value=work.priority,
            on_change=WorkState.prioritise,
            class_name="field select quiet-select priority-" + work.priority,
        ),
        rx.el.span(work.priority, class_name="capital priority-" + work.priority),
    )


def _tags() -> rx.Component:
    work = OrderState.work
    return rx.el.div(
        rx.foreach(work.tags, _chip),
        rx.cond(work.may_tag, _tag_menu(), rx.fragment()),
        class_name="tagchips",
    )


def _chip(row: TagRow) -> rx.Component:
    return rx.el.span(
        row.name,
        rx.cond(
            OrderState.work.may_tag,
            rx.el.button(
                icon("x", 11),
                type="button",
                aria_label="Take the tag " + row.name + " off",
                title="Take it off",
                on_click=WorkState.put_tag(row.id, False),
            ),
            rx.fragment(),
        ),
        key=row.name,
        class_name=row.look,
    )


def _tag_menu() -> rx.Component:
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                icon("plus", 13),
                "Tag",
                type="button",
                class_name="tagchip-add",
                aria_label="Add a tag",
                custom_attrs={"data-desk": "tag"},
            )
        ),
        rx.popover.content(
            rx.el.div(rx.foreach(OrderState.work.all_tags, _tag_item), class_name="tag-list"),
            rx.el.form(
                rx.el.input(
                    name="name",
                    placeholder="New tag",
                    aria_label="Name of a new tag",
                    max_length=LONGEST_NAME,
                    required=True,
                    auto_complete="off",
                    class_name="field",
                ),
                rx.el.button("Add", type="submit", class_name="btn"),
                on_submit=WorkState.new_tag,
                reset_on_submit=True,
                class_name="tag-new",
            ),
            link("All tags", href="/tags", class_name="item"),
            class_name="pop pop-tags",
            custom_attrs={"aria-label": "Tags"},
            align="start",
        ),
    )


def _tag_item(row: TagRow) -> rx.Component:
    return rx.el.button(
        rx.el.span(icon("check", 12), class_name="tick"),
        rx.el.span(row.name, class_name=row.look),
        type="button",
        key=row.name,
        class_name="item",
        aria_pressed=rx.cond(row.is_on, "true", "false"),
        aria_current=rx.cond(row.is_on, "true", "false"),
        on_click=WorkState.put_tag(row.id, ~row.is_on),  # pyright: ignore[reportArgumentType]
    )


def _watching() -> rx.Component:
    work = OrderState.work
    return rx.el.div(
        rx.el.span(rx.cond(work.watchers != "", work.watchers, "Nobody")),
        rx.el.button(
            rx.cond(work.is_watched, "Stop", "Watch"),
            type="button",
            class_name="link watch",
            title=rx.cond(
                work.is_watched,
                "Hear no more of this order",
                "Hear what happens to this order",
            ),
            aria_pressed=rx.cond(work.is_watched, "true", "false"),
            on_click=WorkState.watch(is_not(work.is_watched)),
        ),
        class_name="watching",
    )


def _ends() -> rx.Component:
    work = OrderState.work
    return rx.el.div(
        hold_button(custom_attrs={"data-desk": "hold"}),
        rx.cond(
            work.may_archive,
            rx.cond(
                work.archived != "",
                button(
                    icon("archive-restore", 13),
                    "Take out of the archive",
                    on_click=WorkState.archive(False),
                    custom_attrs={"data-desk": "unarchive"},
                ),
                rx.cond(
                    work.can_archive,
                    button(
                        icon("archive", 13),
                        "Archive",
                        on_click=WorkState.archive(True),
                        custom_attrs={"data-desk": "archive"},
                    ),
                    rx.fragment(),
                ),
            ),
            rx.fragment(),
        ),
        class_name="desk-end",
    )


def hold_button(**named: Any) -> rx.Component:
    """Asks for the reason of a hold; nothing where there is none to make."""
    work = OrderState.work
    return rx.cond(
        work.may_hold & work.can_be_held & is_not(work.held.is_on),
        button(icon("pause", 13), "Hold…", on_click=WorkState.ask_hold(True), **named),
        rx.fragment(),
    )


def standing() -> rx.Component:
    """What stops the order or hides it: above everything else, with the way out."""
    work = OrderState.work
    return rx.fragment(
        rx.cond(
            work.held.is_on,
            rx.el.div(
                icon("pause"),
                rx.el.div(
                    rx.el.b(work.held.title),
                    rx.el.div(work.held.about, title=work.held.exact),
                    rx.cond(
                        work.held.note != "",
                        rx.el.p(work.held.note, class_name="hold-note"),
                        rx.fragment(),
                    ),
                ),
                rx.el.span(class_name="gap"),
                rx.cond(
                    work.may_hold & work.held.can_release,
                    button(
                        "Release",
                        on_click=WorkState.release,
                        custom_attrs={"data-desk": "release"},
                    ),
                    rx.fragment(),
                ),
                class_name="standing tone-warn",
                role="status",
            ),
            rx.fragment(),
        ),
        rx.cond(
            work.archived != "",
            rx.el.div(
                icon("archive"),
                rx.el.div(rx.el.b("Archived "), work.archived + ": no list shows it by itself."),
                class_name="standing tone-mute",
                role="status",
            ),
            rx.fragment(),
        ),
    )


def hold_dialog() -> rx.Component:
    form = WorkState.hold_form
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Hold " + OrderState.order.number, class_name="dialog-title"),
            rx.dialog.description(
                "While it is on hold nobody can pack or ship it here; it can still be cancelled. "
                "The channel is not told.",
                class_name="quiet",
            ),
            rx.el.form(
                *hold_fields(
                    lambda name: mistake(form.mistakes.get(name, "")),
                    is_focused=True,
                    is_long=True,
                ),
                mistake(form.failure),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button("Hold", type="submit", class_name="btn primary"),
                    class_name="dialog-end",
                ),
                on_submit=WorkState.hold,
                class_name="form",
                custom_attrs=kept("hold", OrderState.order.id),
            ),
            class_name="dialog",
        ),
        open=form.is_open,
        on_open_change=WorkState.ask_hold,
    )
