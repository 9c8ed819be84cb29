"""The parts of the page of alerts."""

from typing import Any, cast

import reflex as rx

from crm_app.services.alerts.leads import CHOICES
from crm_app.ui.alerts.state import AlertsState
from crm_app.ui.alerts.view import AlertRow, ChoiceRow, LeadRow, MessageRow, PersonRow, lead_words
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill


def open_card() -> rx.Component:
    return rx.el.section(
        rx.cond(
            has_any(AlertsState.open_rows),
            rx.el.ul(rx.foreach(AlertsState.open_rows, _open), class_name="alert-list"),
            rx.el.div(
                icon("circle-check", 18),
                rx.el.div(
                    rx.el.p("Nothing needs you now", class_name="strong"),
                    rx.el.p(
                        "You are told here and by the bell when an account is silent for longer"
                        " than its rhythm explains, when changes do not get out, when a ship-by"
                        " time is about to be missed, and when keys have to be renewed.",
                        class_name="quiet",
                    ),
                ),
                class_name="alert-none",
            ),
        ),
        class_name="card",
        aria_label="Open alerts",
    )


def _open(row: AlertRow) -> rx.Component:
    return rx.el.li(
        link(
            rx.el.span(_sign(row.kind), class_name="alert-sign sign-" + row.level),
            rx.el.span(
                rx.el.span(row.sentence, class_name="alert-said"),
                rx.el.span(
                    rx.cond(row.level == "bad", "Pressing · ", ""),
                    row.label,
                    " · since ",
                    rx.el.time(row.since, title=row.since_exact),
                    class_name="quiet",
                ),
                class_name="alert-text",
            ),
            icon("chevron-right", 15),
            href=row.href,
            class_name="alert-row",
        ),
        key=row.id,
    )


def _sign(kind: str) -> rx.Component:
    return rx.fragment(
        rx.match(
            kind,
            ("silent", icon("volume-x", 16)),
            ("queue", icon("hourglass", 16)),
            ("deadline", icon("clock-alert", 16)),
            ("reconnect", icon("unplug", 16)),
            icon("siren", 16),
        )
    )


def past_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Over, of the last two weeks"),
        rx.cond(
            has_any(AlertsState.past_rows),
            rx.el.ul(rx.foreach(AlertsState.past_rows, _past), class_name="alert-list"),
            rx.el.p("None.", class_name="quiet"),
        ),
        class_name="card",
    )


def _past(row: AlertRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(_sign(row.kind), class_name="alert-sign sign-over"),
            rx.el.span(
                rx.el.span(row.sentence, class_name="alert-said"),
                rx.el.span(
                    row.label,
                    " · ",
                    rx.el.time(row.since, title=row.since_exact),
                    ", for " + row.lasted,
                    class_name="quiet",
                ),
                class_name="alert-text",
            ),
            class_name="alert-row",
        ),
        key=row.id,
    )


def choices_card() -> rx.Component:
    return rx.el.section(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th(rx.el.h2("How you are told"), scope="col"),
                    rx.el.th("Here", scope="col"),
                    rx.el.th("Mail", scope="col"),
                )
            ),
            rx.el.tbody(rx.foreach(AlertsState.mine, _choice)),
            class_name="alert-choices",
        ),
        rx.cond(
            AlertsState.can_mail,
            rx.fragment(),
            rx.el.p(
                "Mail needs a mail server: whoever runs this product sets CRM_SMTP_HOST.",
                class_name="quiet",
            ),
        ),
        class_name="card",
        aria_label="How you are told",
    )


def _choice(row: ChoiceRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(row.label, class_name="strong"),
            rx.el.span(row.meaning, class_name="quiet"),
            scope="row",
        ),
        rx.el.td(_box(row.label + ", here", row.in_app, row.kind, "in_app")),
        rx.el.td(
            _box(row.label + ", by mail", row.by_mail, row.kind, "by_mail", AlertsState.can_mail)
        ),
        key=row.kind,
    )


def _box(
    label: str, is_on: bool, kind: str, way: str, is_possible: rx.Var[bool] | bool = True
) -> rx.Component:
    return rx.el.input(
        type="checkbox",
        checked=is_on,
        disabled=rx.cond(is_possible, False, True),
        aria_label=label,
        on_change=lambda checked: AlertsState.choose(kind, way, cast(Any, checked)),
        class_name="check",
    )


def people_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Who is told"),
        rx.cond(
            has_any(AlertsState.people),
            rx.el.dl(rx.foreach(AlertsState.people, _person), class_name="alert-people"),
            rx.el.p("Nobody: an alert would stand on this page only.", class_name="mistake"),
        ),
        class_name="card",
    )


def _person(row: PersonRow) -> rx.Component:
    return rx.el.div(
        rx.el.dt(row.name),
        rx.el.dd(
            rx.cond(row.in_app != "", rx.el.span("Here: " + row.in_app), rx.fragment()),
            rx.cond(row.by_mail != "", rx.el.span("By mail: " + row.by_mail), rx.fragment()),
            class_name="quiet",
        ),
        key=row.key,
    )


def leads_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("How early, before ship-by"),
        rx.foreach(AlertsState.leads, _lead),
        class_name="card",
    )


def _lead(row: LeadRow) -> rx.Component:
    return rx.el.label(
        channel_mark(row.mark, row.channel, row.label),
        rx.el.span(row.name),
        rx.el.span(class_name="gap"),
        rx.el.select(
            *[rx.el.option(lead_words(one), value=str(one)) for one in CHOICES],
            value=row.minutes,
            on_change=lambda minutes: AlertsState.set_lead(row.key, minutes),
            class_name="field select",
        ),
        key=row.key,
        class_name="run-line",
    )


def hook_card() -> rx.Component:
    hook = AlertsState.hook
    return rx.el.section(
        rx.el.h2("Outgoing webhook"),
        rx.cond(
            hook.url != "",
            rx.el.div(
                rx.el.code(hook.url, class_name="mono alert-url"),
                rx.el.p(hook.since, title=hook.since_exact, class_name="quiet"),
                rx.el.div(
                    button("Send a test", on_click=AlertsState.send_test("webhook")),
                    button("Remove", kind="quiet", on_click=AlertsState.remove_hook),
                    class_name="alert-deeds",
                ),
                class_name="alert-hook",
            ),
            rx.el.p(
                "Each alert is also posted as JSON to an address of yours: a chat, a pager, a"
                " script. A signature proves that it comes from here.",
                class_name="quiet",
            ),
        ),
        _hook_form(),
        rx.cond(
            AlertsState.can_mail,
            button("Send me a test mail", on_click=AlertsState.send_test("mail")),
            rx.fragment(),
        ),
        class_name="card",
    )


def _hook_form() -> rx.Component:
    return rx.el.form(
        rx.el.label(
            rx.cond(AlertsState.hook.url != "", "Another address, with a new secret", "Address"),
            html_for="hook-url",
        ),
        rx.el.div(
            rx.el.input(
                id="hook-url",
                name="url",
                type="url",
                required=True,
                max_length=300,
                placeholder="https://",
                auto_complete="off",
                class_name="field",
            ),
            rx.el.button("Set", type="submit", class_name="btn"),
            class_name="alert-set",
        ),
        rx.cond(
            AlertsState.url_mistake != "",
            rx.el.p(AlertsState.url_mistake, class_name="mistake", role="alert"),
            rx.fragment(),
        ),
        on_submit=AlertsState.set_hook,
        reset_on_submit=True,
        class_name="form",
    )


def messages_card() -> rx.Component:
    return rx.cond(
        has_any(AlertsState.messages),
        rx.el.section(
            rx.el.h2("Sent out lately"),
            rx.el.ul(rx.foreach(AlertsState.messages, _message), class_name="alert-list"),
            class_name="card",
        ),
        rx.fragment(),
    )


def _message(row: MessageRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(
                rx.el.span(row.what),
                rx.el.span(row.target, class_name="quiet alert-target", title=row.target),
                rx.el.span(
                    rx.el.time(row.at, title=row.exact),
                    rx.cond(row.answer != "", " · " + row.answer, ""),
                    class_name="quiet",
                ),
                class_name="alert-text",
            ),
            rx.el.span(
                pill(row.state),
                rx.cond(
                    row.is_failed,
                    button("Send again", kind="quiet", on_click=AlertsState.send_again(row.id)),
                    rx.fragment(),
                ),
                class_name="alert-fate",
            ),
            class_name="alert-row",
        ),
        key=row.id,
    )


def secret_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Secret of the webhook", class_name="dialog-title"),
            rx.dialog.description(
                "Shown this once. Your receiver proves each message with it: the header"
                " x-palmonas-signature is sha256= and the HMAC of the timestamp, a dot, and"
                " the body.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.el.code(AlertsState.secret, class_name="secret"),
                button(
                    icon("copy", 14),
                    "Copy",
                    on_click=[
                        rx.set_clipboard(AlertsState.secret),
                        rx.toast.success("Secret copied"),
                    ],
                ),
                class_name="secret-line",
            ),
            rx.el.div(rx.dialog.close(button("Done", kind="primary")), class_name="dialog-end"),
            class_name="dialog",
        ),
        open=AlertsState.secret != "",
        on_open_change=AlertsState.forget_secret,
    )
