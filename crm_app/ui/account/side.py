"""The cards beside an account: what goes out, one order, webhooks, the connection."""

import reflex as rx

from crm_app.ui.account.components import fact, moment_fact
from crm_app.ui.account.state import AccountState
from crm_app.ui.account.view import OptionLine
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon


def sending_card() -> rx.Component:
    account = AccountState.account
    return rx.el.section(
        rx.el.h2("Changes out"),
        rx.el.dl(
            fact("Waiting to send", account.waiting, "", account.oldest),
            rx.cond(
                account.next_try.text != "",
                moment_fact("Next try", account.next_try),
                rx.fragment(),
            ),
            class_name="facts",
        ),
        link("Exceptions of this account", href=account.exceptions_href, class_name="more"),
        class_name="card",
        aria_label="Changes out",
    )


def fetch_card() -> rx.Component:
    account = AccountState.account
    return rx.cond(
        account.reads_one & account.is_connected,
        rx.el.section(
            rx.el.h2(rx.el.label("Fetch one order", html_for="fetch-id")),
            rx.el.form(
                rx.el.input(
                    id="fetch-id",
                    key=AccountState.box,
                    name="external_id",
                    required=True,
                    max_length=128,
                    auto_complete="off",
                    class_name="field mono",
                    aria_describedby="fetch-help",
                ),
                rx.el.button(
                    rx.cond(AccountState.is_busy, "Asking…", "Fetch"),
                    type="submit",
                    class_name="btn",
                    disabled=AccountState.is_busy,
                ),
                on_submit=AccountState.fetch_order,
                class_name="fetch",
            ),
            _fetch_result(),
            class_name="card",
        ),
        rx.fragment(),
    )


def _fetch_result() -> rx.Component:
    return rx.el.div(
        rx.cond(
            AccountState.fetch_failure != "",
            rx.el.p(AccountState.fetch_failure, class_name="mistake", role="alert"),
            rx.cond(
                AccountState.fetched != "",
                rx.el.p(
                    AccountState.fetched,
                    " ",
                    link("Open it", href=AccountState.fetched_href, class_name="more"),
                    role="status",
                ),
                rx.el.p(AccountState.account.id_help, class_name="quiet"),
            ),
        ),
        id="fetch-help",
        class_name="fetch-help",
    )


def hooks_card() -> rx.Component:
    hooks = AccountState.account.hooks
    return rx.cond(
        hooks.address != "",
        rx.el.section(
            rx.el.h2("Webhooks in"),
            rx.cond(
                hooks.trouble != "",
                rx.el.div(
                    rx.el.p(hooks.trouble),
                    rx.cond(
                        hooks.can_revive,
                        button("Switch on again", kind="small", on_click=AccountState.revive_hooks),
                        rx.fragment(),
                    ),
                    class_name="notice tone-warn notice-tall",
                    role="alert",
                ),
                rx.fragment(),
            ),
            rx.el.dl(
                moment_fact("Last one", hooks.last),
                rx.cond(hooks.state != "", fact("At the shop", hooks.state), rx.fragment()),
                fact("Secret", hooks.secret),
                fact("Proof", hooks.proof),
                class_name="facts",
            ),
            rx.el.div(
                rx.el.code(hooks.address, class_name="mono hook-address"),
                rx.el.button(
                    icon("copy", 14),
                    type="button",
                    class_name="ghost",
                    aria_label="Copy the address",
                    title="Copy the address",
                    on_click=[
                        rx.set_clipboard(hooks.address),
                        rx.toast.success("Address copied"),
                    ],
                ),
                class_name="hook-line",
            ),
            rx.el.p(hooks.help, class_name="quiet"),
            rx.cond(
                hooks.can_place & AccountState.account.is_connected,
                button(
                    icon("webhook", 14),
                    "Switch on webhooks",
                    kind="small",
                    on_click=AccountState.switch_on_hooks,
                ),
                rx.fragment(),
            ),
            rx.cond(
                hooks.is_ours,
                button(
                    icon("key-round", 14),
                    rx.cond(hooks.has_secret, "Make a new secret…", "Make a secret…"),
                    kind="small",
                    on_click=AccountState.ask("secret"),
                ),
                rx.fragment(),
            ),
            class_name="card",
            aria_label="Webhooks in",
        ),
        rx.fragment(),
    )


def options_card() -> rx.Component:
    account = AccountState.account
    return rx.cond(
        account.has_form,
        rx.el.section(
            rx.el.h2("Options"),
            rx.el.dl(rx.foreach(account.options, _option), class_name="facts facts-even"),
            rx.el.div(
                button("Change options…", kind="small", on_click=AccountState.ask("options")),
                class_name="card-actions",
            ),
            class_name="card",
            aria_label="Options",
        ),
        rx.fragment(),
    )


def _option(line: OptionLine) -> rx.Component:
    return fact(line.name, line.value, "", line.mark)


def connection_card() -> rx.Component:
    account = AccountState.account
    return rx.el.section(
        rx.el.h2("Connection"),
        rx.el.dl(
            fact("Channel", account.label),
            fact("Address", account.address),
            fact("Keys kept", account.kept),
            moment_fact("Since", account.since),
            class_name="facts",
        ),
        rx.el.div(
            rx.cond(
                account.has_form,
                button("Change keys…", kind="small", on_click=AccountState.ask("edit")),
                rx.fragment(),
            ),
            button("Rename…", kind="small", on_click=AccountState.ask("rename")),
            class_name="card-actions",
        ),
        class_name="card",
        aria_label="Connection",
    )
