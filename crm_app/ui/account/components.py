"""The cards of an account's page."""

from typing import Any

import reflex as rx

from crm_app.ui.account.state import AccountState
from crm_app.ui.account.view import BudgetRow, Fact, SweepRow
from crm_app.ui.accounts.view import Moment
from crm_app.ui.shared.conditions import has_any, is_empty
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, time_text


def fact(name: str, value: Any, exact: Any = "", more: Any = "") -> rx.Component:
    return rx.el.div(
        rx.el.dt(name),
        rx.el.dd(
            rx.el.span(value, title=exact),
            rx.cond(more != "", rx.el.span(" · ", more, class_name="quiet"), rx.fragment()),
        ),
        class_name="fact",
    )


def moment_fact(name: str, moment: Moment, more: Any = "") -> rx.Component:
    return fact(name, moment.text, moment.exact, more)


def actions() -> rx.Component:
    account = AccountState.account
    return rx.el.div(
        rx.cond(
            account.is_paused,
            button(icon("play", 14), "Resume", kind="primary", on_click=AccountState.resume),
            rx.fragment(),
        ),
        rx.cond(
            account.is_connected & account.pulls,
            rx.fragment(
                button(
                    icon("refresh-cw", 14),
                    rx.cond(account.is_left_alone, "Try now", "Pull now"),
                    kind="primary",
                    on_click=AccountState.pull_now,
                ),
                button("Deep sweep…", on_click=AccountState.ask("sweep")),
                button("Read again from…", on_click=AccountState.ask("replay")),
            ),
            rx.fragment(),
        ),
        rx.cond(
            account.has_form & ~account.is_connected & ~account.is_paused,
            button(
                icon("key-round", 14),
                "Reconnect",
                kind="primary",
                on_click=AccountState.ask("edit"),
            ),
            rx.fragment(),
        ),
        rx.cond(
            account.is_connected & account.has_form,
            button(icon("pause", 14), "Pause", on_click=AccountState.ask("pause")),
            rx.fragment(),
        ),
        class_name="steps",
    )


def said() -> rx.Component:
    """What the last step did, or why it did not."""
    return rx.fragment(
        rx.cond(
            AccountState.notice != "",
            rx.el.p(
                icon("circle-alert"),
                rx.el.span(AccountState.notice),
                class_name="notice tone-bad",
                role="alert",
            ),
            rx.fragment(),
        ),
        rx.cond(
            AccountState.done != "",
            rx.el.p(
                icon("check"),
                rx.el.span(AccountState.done),
                class_name="notice tone-ok",
                role="status",
            ),
            rx.fragment(),
        ),
    )


def completeness_card() -> rx.Component:
    account = AccountState.account
    return rx.el.section(
        rx.el.h2("Orders in"),
        rx.cond(
            account.pulls,
            rx.el.dl(
                moment_fact("Complete up to", account.complete, account.lag),
                moment_fact("Last complete pull", account.success),
                rx.cond(
                    account.next_pull.text != "",
                    moment_fact("Next pull", account.next_pull),
                    rx.fragment(),
                ),
                class_name="facts facts-wide",
            ),
            rx.el.p(
                rx.cond(
                    account.has_form,
                    account.label + " sends its orders itself and lists none. What it sent is "
                    "stored before it is answered; there is nothing here to ask for, and nothing "
                    "to compare with.",
                    "Orders arrive here with the files that people upload.",
                ),
                class_name="quiet",
            ),
        ),
        rx.cond(account.error != "", _last_error(), rx.fragment()),
        class_name="card",
        aria_label="Orders in",
    )


def _last_error() -> rx.Component:
    account = AccountState.account
    return rx.el.div(
        rx.el.h3(
            rx.cond(account.error_is_over, "Last error, over by now", "Last error"),
            " · ",
            time_text(account.error_at.text, account.error_at.exact),
            class_name="error-head",
        ),
        rx.cond(
            account.error_is_over,
            rx.el.p(account.error, class_name="quiet"),
            rx.el.blockquote(account.error, class_name="quote"),
        ),
    )


def sweeps_card() -> rx.Component:
    account = AccountState.account
    return rx.cond(
        account.pulls,
        rx.el.section(
            rx.el.div(
                rx.el.h2("Deep sweeps"),
                rx.cond(
                    account.next_sweep.text != "",
                    rx.el.span(
                        "next ",
                        account.next_sweep.text,
                        title=account.next_sweep.exact,
                        class_name="quiet",
                    ),
                    rx.fragment(),
                ),
                class_name="card-line",
            ),
            rx.cond(
                is_empty(AccountState.sweeps),
                rx.el.p(
                    "None yet. A sweep walks the channel's own list of the last days and brings "
                    "in what a pull was never shown.",
                    class_name="quiet",
                ),
                _sweeps(),
            ),
            class_name="card",
            aria_label="Deep sweeps",
        ),
        rx.fragment(),
    )


def _sweeps() -> rx.Component:
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.th("Begun", scope="col"),
                rx.el.th("Back to", scope="col", class_name="wide-only"),
                rx.el.th("Compared", scope="col", class_name="num"),
                rx.el.th("Found", scope="col"),
            )
        ),
        rx.el.tbody(rx.foreach(AccountState.sweeps, _sweep)),
        class_name="lines sweeps",
    )


def _sweep(row: SweepRow) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            time_text(row.at.text, row.at.exact, ""),
            rx.el.div(row.who, class_name="quiet"),
        ),
        rx.el.td(time_text(row.since.text, row.since.exact, ""), class_name="quiet wide-only"),
        rx.el.td(row.checked, class_name="num"),
        rx.el.td(
            rx.el.span(row.result, class_name="level-" + row.tone),
            rx.cond(
                has_any(row.examples),
                rx.el.div(rx.foreach(row.examples, _example), class_name="examples"),
                rx.fragment(),
            ),
            rx.cond(
                row.absence != "",
                rx.fragment(
                    rx.el.div(row.absence, class_name="level-warn"),
                    rx.el.div(rx.foreach(row.absent, _example), class_name="examples"),
                ),
                rx.fragment(),
            ),
        ),
        key=row.id,
    )


def _example(external_id: str) -> rx.Component:
    return link(external_id, href="/orders?q=" + external_id, class_name="mono plain")


def telling_card() -> rx.Component:
    account = AccountState.account
    return rx.el.section(
        rx.el.h2("What ", account.label, " takes from us"),
        rx.el.dl(
            fact("Told", account.takes),
            rx.foreach(account.refuses, _refusal),
            class_name="facts facts-wide",
        ),
        class_name="card",
        aria_label="What the channel takes from us",
    )


def _refusal(refused: Fact) -> rx.Component:
    return rx.el.div(
        rx.el.dt(refused.name),
        rx.el.dd(refused.value, class_name="quiet"),
        key=refused.name,
        class_name="fact",
    )


def limits_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("What is left of the limits"),
        rx.cond(
            is_empty(AccountState.budgets),
            rx.el.p("The counts cannot be read at the moment.", class_name="quiet"),
            rx.el.ul(rx.foreach(AccountState.budgets, _budget), class_name="budgets"),
        ),
        class_name="card",
        aria_label="Limits",
    )


def _budget(row: BudgetRow) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.operation, class_name="mono"),
        rx.el.span(row.left, class_name="budget-left level-" + row.tone),
        rx.el.i(
            rx.el.i(style={"width": row.percent}, class_name="fill-" + row.tone),
            class_name="budget-bar",
            aria_hidden="true",
        ),
        rx.el.span("refills ", row.rate, class_name="quiet budget-rate"),
        key=row.operation,
    )
