"""Single sign-on: the providers that may say who somebody is."""

from typing import Any

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import mistake, notice
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.sso.state import ProviderRow, RoleTick, SsoState


def sso_page() -> rx.Component:
    return shell(
        "Single sign-on",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_USERS))),
            forbidden("Only people who manage people and roles see this page."),
            rx.cond(
                SsoState.failure != "",
                failed(SsoState.failure, SsoState.load),
                rx.cond(SsoState.is_loaded, _providers(), skeleton_rows(3, ("40%", "30%"))),
            ),
        ),
        section="people",
        about="who may say who somebody is",
        actions=(
            link(icon("users", 14), "People", href="/users", class_name="btn"),
            rx.cond(
                may(Permission.MANAGE_USERS),
                button(
                    icon("plus", 14),
                    "Connect a provider",
                    kind="primary",
                    on_click=SsoState.edit(0),
                ),
                rx.fragment(),
            ),
        ),
    )


def _providers() -> rx.Component:
    return rx.el.div(
        rx.cond(SsoState.edited == 0, _form("Connect a provider"), rx.fragment()),
        rx.cond(
            has_any(SsoState.rows),
            rx.foreach(SsoState.rows, _provider),
            rx.cond(
                SsoState.edited == 0,
                rx.fragment(),
                blank(
                    "key-round",
                    "No provider yet",
                    "People sign in with their passwords. Connect the directory of your company,"
                    " and they sign in with that.",
                ),
            ),
        ),
        _question(),
        class_name="sso",
    )


def _provider(row: ProviderRow) -> rx.Component:
    return rx.cond(SsoState.edited == row.id, _form("Change " + row.name), _card(row))


def _card(row: ProviderRow) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(row.name),
            rx.cond(
                row.is_on,
                rx.el.span("On", class_name="pill tone-ok plain"),
                rx.el.span("Off", class_name="pill tone-mute plain"),
            ),
            class_name="me-head",
        ),
        rx.el.dl(
            _fact("Issuer", row.issuer),
            _fact("Vouches for", rx.cond(row.domains != "", row.domains, "linked people only")),
            _fact("Newcomers", row.newcomers),
            _fact(
                "Second factor",
                rx.cond(row.has_factor, "asked for by the provider", "ours, where one is on"),
            ),
            _fact("In use", row.people),
            class_name="sso-facts",
        ),
        rx.el.p(
            "Register this address with the provider, to come back to:",
            class_name="quiet",
        ),
        rx.el.div(
            rx.el.code(row.callback, class_name="secret"),
            button(
                icon("copy", 14),
                "Copy",
                aria_label="Copy the address of " + row.name,
                on_click=[rx.set_clipboard(row.callback), rx.toast.success("Address copied")],
            ),
            class_name="secret-line",
        ),
        rx.el.div(
            button("Change", aria_label="Change " + row.name, on_click=SsoState.edit(row.id)),
            button(
                "Remove",
                kind="quiet",
                aria_label="Remove " + row.name,
                on_click=SsoState.ask(row.id),
            ),
            class_name="me-end",
        ),
        key=row.id,
        class_name="me-card",
        aria_label=row.name,
    )


def _fact(label: str, value: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(label), rx.el.dd(value))


def _form(title: Any) -> rx.Component:
    return rx.el.section(
        rx.el.h2(title),
        rx.el.form(
            _field("Name on the sign-in page", "name", max_length=60, auto_focus=True),
            _field(
                "Issuer",
                "issuer",
                "Its address, as in https://login.example.com. It is asked who it is before it "
                "is saved.",
                max_length=300,
                spell_check=False,
            ),
            _field("Client ID", "client_id", max_length=300, spell_check=False),
            _secret(),
            _field(
                "Domains",
                "domains",
                "palmonas.com, palmonas.in: people of these addresses are known without a link, "
                "but for those who manage people or roles.",
                is_needed=False,
                max_length=2_000,
                spell_check=False,
            ),
            rx.el.fieldset(
                rx.el.legend("Newcomers get, on all accounts"),
                rx.foreach(SsoState.ticks, _tick),
                rx.el.p(
                    "Without one, only people who are here already come in.", class_name="quiet"
                ),
                mistake(SsoState.mistakes.get("role_ids", "")),
                class_name="me-verbs",
            ),
            _box("has_factor", "It asks for a second factor itself", SsoState.has_factor),
            _box("is_on", "People may sign in with it", SsoState.is_on),
            notice(SsoState.form_failure),
            rx.el.div(
                rx.el.button("Save", type="submit", class_name="btn primary"),
                button("Not now", on_click=SsoState.edit(-1)),
                class_name="me-end",
            ),
            key=SsoState.edited,
            on_submit=SsoState.save,
            class_name="form",
        ),
        class_name="me-card",
        aria_label="Provider",
    )


def _field(
    label: str, name: str, help_text: str = "", *, is_needed: bool = True, **props: Any
) -> rx.Component:
    return rx.fragment(
        rx.el.label(label, html_for=f"sso-{name}"),
        rx.el.input(
            id=f"sso-{name}",
            name=name,
            default_value=SsoState.values[name],
            required=is_needed,
            auto_complete="off",
            class_name="field",
            **props,
        ),
        rx.el.p(help_text, class_name="quiet") if help_text else rx.fragment(),
        mistake(SsoState.mistakes.get(name, "")),
    )


def _secret() -> rx.Component:
    return rx.fragment(
        rx.el.label("Client secret", html_for="sso-client_secret"),
        rx.el.input(
            id="sso-client_secret",
            name="client_secret",
            type="password",
            auto_complete="off",
            max_length=300,
            placeholder=rx.cond(SsoState.has_secret, "Kept; type a new one to replace it", ""),
            class_name="field",
        ),
        rx.el.p("Empty for a public client.", class_name="quiet"),
        mistake(SsoState.mistakes.get("client_secret", "")),
    )


def _box(name: str, label: str, is_ticked: Any) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=name, default_checked=is_ticked),
        label,
        class_name="sso-box",
    )


def _tick(tick: RoleTick) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="role:" + tick.id, default_checked=tick.is_given),
        tick.name,
        key=tick.id,
    )


def _question() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Remove " + SsoState.asked_name, class_name="dialog-title"),
            rx.dialog.description(
                "Nobody signs in with it any more, and who is linked with it is forgotten. The "
                "people stay, and sign in with their passwords.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button("Remove", kind="danger", on_click=SsoState.remove),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=SsoState.asked != 0,
        on_open_change=SsoState.close_question,
    )
