"""What can be done with an order, the question before a step, and how a change travels."""

import reflex as rx

from crm_app.services.orders import MAX_NOTE
from crm_app.ui.order.changes import changes_list, step
from crm_app.ui.order.disputes import changed_meanwhile
from crm_app.ui.order.parcels import pieces_field
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.steps import Choice, Reason, Refusal
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.keeping import kept
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.notes import mistake, notice
from crm_app.ui.shared.words import two_words


def actions() -> rx.Component:
    steps = OrderState.steps
    return rx.fragment(
        rx.cond(
            has_any(steps.allowed),
            rx.el.div(
                rx.foreach(steps.allowed, _allowed),
                class_name="steps",
                role="group",
                aria_label="Change the status",
            ),
            rx.fragment(),
        ),
        _notice(),
        rx.cond(
            has_any(steps.refused),
            rx.el.div(rx.foreach(steps.refused, _refused), class_name="refused"),
            rx.fragment(),
        ),
    )


def _allowed(choice: Choice) -> rx.Component:
    return rx.el.button(
        choice.label,
        type="button",
        key=choice.status,
        class_name=choice.look,
        title=choice.hint,
        on_click=OrderState.take_step(choice.status),
    )


def _refused(refusal: Refusal) -> rx.Component:
    return rx.el.p(
        icon("ban", 13),
        rx.el.span(rx.el.b(refusal.labels), ": " + refusal.why),
        key=refusal.why,
    )


def _notice() -> rx.Component:
    return notice(OrderState.notice)


def travel_card() -> rx.Component:
    travel = OrderState.travel
    return rx.cond(
        travel.is_shown,
        rx.el.section(
            rx.el.div(
                rx.el.h2(travel.title),
                rx.el.ol(rx.foreach(travel.steps, step), class_name="travel"),
                class_name="travel-line",
            ),
            rx.el.p(travel.sentence, class_name="quiet"),
            rx.cond(
                travel.quote != "",
                rx.el.blockquote(travel.quote, class_name="quote"),
                rx.fragment(),
            ),
            rx.cond(
                travel.our_word.side != "",
                two_words(travel.our_word, travel.their_word),
                rx.fragment(),
            ),
            rx.cond(travel.needs_decision, _decision(), rx.fragment()),
            rx.cond(
                travel.withdraws != 0,
                rx.el.div(
                    button(
                        icon("undo-2", 14),
                        "Withdraw",
                        on_click=OrderState.withdraw(travel.withdraws),
                        title="Nobody was told yet: the order is as it was before",
                    ),
                    class_name="steps",
                ),
                rx.fragment(),
            ),
            changes_list(OrderState.changes),
            class_name="card travel-card",
            aria_live="polite",
            custom_attrs={"data-testid": travel.testid},
        ),
        rx.fragment(),
    )


def _decision() -> rx.Component:
    travel = OrderState.travel
    return rx.el.div(
        button(
            "Send " + travel.ours + " again",
            kind="primary",
            on_click=OrderState.keep("ours"),
        ),
        button(
            "Take " + travel.channel_label + "'s word",
            rx.cond(travel.channel_word != "", ": " + travel.channel_word, ""),
            on_click=OrderState.keep("channels"),
        ),
        class_name="steps",
        role="group",
        aria_label="Decide whose status stays",
    )


def question_dialog() -> rx.Component:
    question = OrderState.question
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(question.title, class_name="dialog-title"),
            rx.dialog.description(question.explanation, class_name="quiet"),
            rx.el.form(
                changed_meanwhile(question.changes),
                rx.cond(has_any(question.pieces), pieces_field(), rx.fragment()),
                rx.cond(question.asks_parcel, _parcel(), rx.fragment()),
                rx.cond(has_any(question.reasons), _reasons(), rx.fragment()),
                _why(),
                notice(question.failure),
                rx.el.div(
                    rx.dialog.close(
                        button(rx.cond(has_any(question.changes), "Take theirs", "Not now"))
                    ),
                    rx.el.button(question.verb, type="submit", class_name=question.look),
                    class_name="dialog-end",
                ),
                on_submit=OrderState.answer,
                class_name="form",
                custom_attrs=kept("step", question.status, OrderState.order.id),
            ),
            class_name="dialog",
        ),
        open=question.is_open,
        on_open_change=OrderState.close_question,
    )


def _parcel() -> rx.Component:
    question = OrderState.question
    mistakes = question.mistakes
    return rx.fragment(
        rx.el.label("Carrier", html_for="carrier"),
        rx.el.input(
            id="carrier",
            name="carrier",
            list="carriers",
            required=question.is_required,
            auto_complete="off",
            auto_focus=True,
            max_length=80,
            class_name="field",
        ),
        rx.el.datalist(
            rx.foreach(OrderState.steps.carriers, _carrier),
            id="carriers",
        ),
        mistake(mistakes.get("carrier", "")),
        rx.el.label("Tracking number", html_for="tracking_number"),
        rx.el.input(
            id="tracking_number",
            name="tracking_number",
            required=question.is_required,
            auto_complete="off",
            spell_check=False,
            max_length=120,
            class_name="field mono",
        ),
        mistake(mistakes.get("tracking_number", "")),
    )


def _reasons() -> rx.Component:
    return rx.fragment(
        rx.el.label("Reason", html_for="cancel_reason"),
        rx.el.select(
            rx.el.option("As set on the account", value=""),
            rx.foreach(OrderState.question.reasons, _reason),
            id="cancel_reason",
            name="cancel_reason",
            class_name="field select",
        ),
    )


def _why() -> rx.Component:
    return rx.fragment(
        rx.el.label("Note for the ledger", html_for="why"),
        rx.el.input(
            id="why",
            name="why",
            auto_complete="off",
            max_length=MAX_NOTE,
            placeholder="Why, if it is not plain; nobody outside sees it",
            class_name="field",
        ),
        mistake(OrderState.question.mistakes.get("why", "")),
    )


def _reason(reason: Reason) -> rx.Component:
    return rx.el.option(reason.words, value=reason.code)


def _carrier(name: str) -> rx.Component:
    return rx.el.option(value=name)
