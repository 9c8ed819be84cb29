"""What happened to the order and what was said of it, in one list that can be narrowed."""

import reflex as rx

from crm_app.services.working.comments import LONGEST
from crm_app.ui.order.entries import Entry
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.talk_state import SORTS, TalkState
from crm_app.ui.shared.marks import button, icon


def timeline_card() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2("Timeline"), _sorts(), class_name="card-line"),
        rx.cond(OrderState.work.may_comment, _composer(), rx.fragment()),
        rx.el.ol(
            rx.foreach(OrderState.entries, _entry), class_name="timeline only-" + TalkState.shown
        ),
        rx.el.p("Nothing of this kind among what is shown.", class_name="tl-none quiet"),
        rx.cond(
            OrderState.has_older,
            button("Show older", kind="small", on_click=OrderState.show_older),
            rx.fragment(),
        ),
        class_name="card",
        aria_label="Timeline",
    )


def _sorts() -> rx.Component:
    return rx.el.div(
        *[
            rx.el.button(
                label,
                type="button",
                class_name="tl-sort",
                aria_pressed=rx.cond(TalkState.shown == sort, "true", "false"),
                on_click=TalkState.show(sort),
            )
            for sort, label in SORTS
        ],
        class_name="tl-sorts",
        role="group",
        aria_label="Show in the timeline",
    )


def _composer() -> rx.Component:
    return rx.el.form(
        rx.el.textarea(
            name="text",
            id="comment",
            rows="2",
            max_length=LONGEST,
            required=True,
            placeholder="Write a comment; @ names a colleague, who is told",
            aria_label="Comment",
            class_name="field talk-field",
            # The browser keeps what is typed until this order has a newer comment of one's own.
            custom_attrs={
                "data-draft": f"comment-{OrderState.order.id}",
                "data-turn": OrderState.said_last,
                "data-names": OrderState.work.names,
            },
        ),
        _failure(),
        rx.el.div(
            rx.el.span("Ctrl Enter sends", class_name="quiet"),
            rx.el.button("Comment", type="submit", class_name="btn"),
            class_name="talk-end",
        ),
        on_submit=TalkState.say,
        class_name="talk",
    )


def _failure() -> rx.Component:
    return rx.cond(
        TalkState.failure != "",
        rx.el.p(TalkState.failure, class_name="mistake", role="alert"),
        rx.fragment(),
    )


def _entry(entry: Entry) -> rx.Component:
    return rx.el.li(
        rx.el.i(class_name=entry.dot, aria_hidden="true"),
        rx.cond(entry.comment != 0, _said(entry), _happened(entry)),
        rx.el.time(entry.at, title=entry.exact, class_name="quiet"),
        key=entry.key,
        class_name="is-" + entry.sort,
    )


def _happened(entry: Entry) -> rx.Component:
    return rx.el.span(rx.el.b(entry.who), " " + entry.sentence)


def _said(entry: Entry) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.b(entry.who),
            rx.cond(
                entry.edited != "", rx.el.span(entry.edited, class_name="quiet"), rx.fragment()
            ),
            rx.cond(entry.is_mine, _own(entry), rx.fragment()),
            class_name="talk-head",
        ),
        rx.cond(
            TalkState.editing == entry.comment,
            _editor(entry),
            rx.el.p(entry.text, class_name="talk-said"),
        ),
    )


def _own(entry: Entry) -> rx.Component:
    return rx.el.span(
        rx.el.button(
            icon("pencil", 12),
            type="button",
            class_name="ghost",
            aria_label="Edit this comment",
            title="Edit",
            on_click=TalkState.edit(entry.comment),
        ),
        rx.el.button(
            icon("trash-2", 12),
            type="button",
            class_name="ghost",
            aria_label="Delete this comment",
            title="Delete",
            on_click=TalkState.delete(entry.comment),
        ),
        class_name="own",
    )


def _editor(entry: Entry) -> rx.Component:
    return rx.el.form(
        rx.el.textarea(
            name="text",
            default_value=entry.text,
            rows="3",
            max_length=LONGEST,
            required=True,
            auto_focus=True,
            aria_label="Comment",
            class_name="field talk-field",
            custom_attrs={
                "data-draft": f"edit-{entry.comment}",
                "data-turn": entry.edited,
                "data-names": OrderState.work.names,
            },
        ),
        _failure(),
        rx.el.div(
            button("Not now", on_click=TalkState.edit(0)),
            rx.el.button("Save", type="submit", class_name="btn primary"),
            class_name="talk-end",
        ),
        on_submit=TalkState.save,
        class_name="talk",
    )
