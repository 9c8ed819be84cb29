"""The dialogs of the roles page: a role that is made or changed, and the question at its end."""

import reflex as rx

from crm_app.ui.roles.draft import DraftState, VerbChoice, VerbGroup
from crm_app.ui.roles.state import RolesState
from crm_app.ui.shared.marks import button
from crm_app.ui.shared.notes import mistake, notice


def draft_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(
                rx.cond(DraftState.role_id == 0, "New role", DraftState.name),
                class_name="dialog-title",
            ),
            rx.dialog.description(
                rx.cond(
                    DraftState.is_built_in,
                    "It is built in: what it lets do stays. Copy it to make one that differs.",
                    "What it lets do holds from the next click of everybody who has it.",
                ),
                class_name="quiet",
            ),
            rx.el.div(
                rx.cond(DraftState.is_built_in, rx.fragment(), _what()),
                rx.el.label(
                    rx.el.input(
                        type="checkbox",
                        checked=DraftState.needs_factor,
                        on_change=lambda _on: DraftState.tick_factor(),
                    ),
                    "Asks for a second factor: until it is set up, nothing else opens",
                    class_name="role-tick",
                ),
                class_name="form",
            ),
            rx.el.p(DraftState.sentence, class_name="role-sentence", aria_live="polite"),
            notice(DraftState.failure),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button("Save", kind="primary", on_click=DraftState.save),
                class_name="dialog-end",
            ),
            class_name="dialog role-dialog",
        ),
        open=DraftState.is_open,
        on_open_change=DraftState.close,
    )


def _what() -> rx.Component:
    return rx.fragment(
        rx.el.label("Name", html_for="role-name"),
        rx.el.input(
            id="role-name",
            default_value=DraftState.name,
            on_blur=DraftState.rename,
            max_length=60,
            auto_complete="off",
            class_name="field",
        ),
        mistake(DraftState.mistakes.get("name", "")),
        rx.el.label("What it is for", html_for="role-description"),
        rx.el.input(
            id="role-description",
            default_value=DraftState.description,
            on_blur=DraftState.describe,
            max_length=300,
            auto_complete="off",
            class_name="field",
        ),
        mistake(DraftState.mistakes.get("description", "")),
        rx.el.div(rx.foreach(DraftState.groups, _group), class_name="role-groups"),
        mistake(DraftState.mistakes.get("verbs", "")),
    )


def _group(group: VerbGroup) -> rx.Component:
    return rx.el.fieldset(rx.el.legend(group.name), rx.foreach(group.verbs, _verb), key=group.name)


def _verb(verb: VerbChoice) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=DraftState.verbs.contains(verb.word),  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
            disabled=~verb.may_give,  # pyright: ignore[reportArgumentType]
            on_change=lambda _on: DraftState.tick(verb.word),
        ),
        verb.phrase,
        title=rx.cond(verb.may_give, "", "You do not hold this everywhere yourself"),
        class_name="role-tick",
        key=verb.word,
    )


def question_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Delete the role " + RolesState.asked_name, class_name="dialog-title"),
            rx.dialog.description(
                "Only a role that nobody has can be deleted. What was done with it stays.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button("Delete", kind="danger", on_click=RolesState.remove),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=RolesState.asked != 0,
        on_open_change=RolesState.close_question,
    )
