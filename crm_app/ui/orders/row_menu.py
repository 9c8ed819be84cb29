"""The small menu at a row: one for all rows, shown where it was asked for (`assets/grid.js`)."""

import reflex as rx

from crm_app.ui.order.differences import Dispute
from crm_app.ui.order.disputes import changed_meanwhile
from crm_app.ui.order.steps import Reason
from crm_app.ui.orders.row_deeds import MenuItem
from crm_app.ui.orders.row_menu_state import RowMenuState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.hold import hold_fields
from crm_app.ui.shared.keeping import kept
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.words import two_words


def row_menu() -> rx.Component:
    """The menu, the form through which the browser asks for it, and what is read out."""
    return rx.fragment(
        rx.el.form(
            rx.el.input(type="hidden", name="order"),
            rx.el.input(type="hidden", name="kind"),
            rx.el.input(type="hidden", name="many"),
            on_submit=RowMenuState.open,
            id="menu-form",
            hidden=True,
        ),
        rx.el.div(
            rx.el.div(
                rx.el.b(RowMenuState.title),
                rx.el.span(RowMenuState.whose, class_name="quiet"),
                class_name="row-menu-head",
            ),
            rx.cond(
                RowMenuState.failure != "",
                rx.el.p(RowMenuState.failure, class_name="mistake row-menu-note", role="alert"),
                rx.fragment(),
            ),
            rx.foreach(RowMenuState.disputes, _dispute),
            rx.el.div(rx.foreach(RowMenuState.items, _item), class_name="row-menu-items"),
            rx.foreach(RowMenuState.refused, _refusal),
            rx.match(
                RowMenuState.kind,
                ("comment", _comment()),
                ("tag", _new_tag()),
                ("hold", rx.cond(has_any(RowMenuState.items), rx.fragment(), _hold())),
                ("status", rx.cond(RowMenuState.question.is_open, _question(), rx.fragment())),
                rx.fragment(),
            ),
            id="row-menu",
            class_name="pop row-menu",
            role="dialog",
            aria_label=RowMenuState.title + " of " + RowMenuState.whose,
            custom_attrs={"popover": "auto", "data-done": RowMenuState.done},
        ),
        rx.el.p(RowMenuState.said, class_name="sr-only", role="status", key=RowMenuState.done),
    )


def _item(item: MenuItem) -> rx.Component:
    return rx.el.button(
        rx.el.span(rx.cond(item.is_on, icon("check", 12), rx.fragment()), class_name="tick bare"),
        rx.el.span(
            item.label,
            class_name=rx.cond(item.colour != "", "tagchip tagchip-" + item.colour, ""),
        ),
        rx.el.span(item.hint, class_name="quiet hint"),
        type="button",
        key=item.key,
        aria_pressed=rx.cond(item.is_on, "true", "false"),
        class_name="item",
        on_click=RowMenuState.choose(item.key),
    )


def _dispute(one: Dispute) -> rx.Component:
    """Both words of a field, and whose is to stay."""
    return rx.el.section(
        rx.el.p(rx.el.b(one.label), " ", one.sentence),
        two_words(one.ours, one.theirs),
        rx.el.div(
            button(one.keep_label, kind="primary", on_click=RowMenuState.decide(one.name, "ours")),
            button(one.take_label, on_click=RowMenuState.decide(one.name, "channels")),
            class_name="steps",
            role="group",
            aria_label="Decide which " + one.label + " stays",
        ),
        key=one.name,
        class_name="row-menu-dispute",
    )


def _refusal(text: str) -> rx.Component:
    return rx.el.p(icon("ban", 12), rx.el.span(text), class_name="row-menu-note quiet")


def _comment() -> rx.Component:
    return rx.el.form(
        rx.el.textarea(
            name="text",
            rows="3",
            required=True,
            max_length=4000,
            placeholder="A note for colleagues; @Name tells one of them",
            aria_label="Comment",
            class_name="field area",
        ),
        _end("Comment"),
        on_submit=RowMenuState.submit,
        class_name="row-menu-form",
        custom_attrs=kept("menu-comment", RowMenuState.whose),
    )


def _new_tag() -> rx.Component:
    return rx.el.form(
        rx.el.input(
            name="text",
            required=True,
            max_length=40,
            auto_complete="off",
            placeholder="New tag",
            aria_label="New tag",
            class_name="field",
        ),
        button("Add", type="submit"),
        on_submit=RowMenuState.submit,
        class_name="row-menu-form line",
    )


def _hold() -> rx.Component:
    return rx.el.form(
        *hold_fields(_mistake),
        _end("Hold"),
        on_submit=RowMenuState.submit,
        class_name="row-menu-form",
        custom_attrs=kept("menu-hold", RowMenuState.whose),
    )


def _question() -> rx.Component:
    question = RowMenuState.question
    return rx.el.form(
        changed_meanwhile(question.changes),
        rx.el.p(question.explanation, class_name="quiet"),
        rx.cond(question.asks_parcel, _parcel(), rx.fragment()),
        rx.cond(has_any(question.reasons), _reasons(), rx.fragment()),
        rx.el.div(
            rx.cond(
                has_any(question.changes),
                button("Take theirs", on_click=RowMenuState.take_theirs),
                rx.fragment(),
            ),
            rx.el.button(question.verb, type="submit", class_name=question.look),
            class_name="row-menu-end",
        ),
        on_submit=RowMenuState.submit,
        class_name="row-menu-form",
        custom_attrs=kept("menu-step", question.status, RowMenuState.whose),
    )


def _reasons() -> rx.Component:
    return rx.fragment(
        rx.el.label("Reason", html_for="row-reason"),
        rx.el.select(
            rx.el.option("As the account is set up", value=""),
            rx.foreach(RowMenuState.question.reasons, _reason),
            id="row-reason",
            name="cancel_reason",
            class_name="field select",
        ),
        _mistake("cancel_reason"),
    )


def _reason(reason: Reason) -> rx.Component:
    return rx.el.option(reason.words, value=reason.code, key=reason.code)


def _parcel() -> rx.Component:
    is_required = RowMenuState.question.is_required
    return rx.fragment(
        rx.el.label("Carrier", html_for="row-carrier"),
        rx.el.input(
            id="row-carrier",
            name="carrier",
            list="row-carriers",
            required=is_required,
            auto_complete="off",
            max_length=80,
            class_name="field",
        ),
        rx.el.datalist(rx.foreach(RowMenuState.carriers, _carrier), id="row-carriers"),
        _mistake("carrier"),
        rx.el.label("Tracking number", html_for="row-tracking"),
        rx.el.input(
            id="row-tracking",
            name="tracking_number",
            required=is_required,
            auto_complete="off",
            spell_check=False,
            max_length=120,
            class_name="field mono",
        ),
        _mistake("tracking_number"),
    )


def _carrier(name: str) -> rx.Component:
    return rx.el.option(value=name)


def _mistake(name: str) -> rx.Component:
    sentence = RowMenuState.mistakes.get(name, "")
    return rx.cond(sentence, rx.el.p(sentence, class_name="mistake", role="alert"), rx.fragment())


def _end(verb: str) -> rx.Component:
    return rx.el.div(button(verb, kind="primary", type="submit"), class_name="row-menu-end")
