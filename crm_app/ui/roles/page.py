"""Roles: what people can be given, as sentences and as a table of verbs."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.roles.dialogs import draft_dialog, question_dialog
from crm_app.ui.roles.draft import DraftState
from crm_app.ui.roles.state import Cell, RoleRow, RolesState, VerbRow
from crm_app.ui.roles.view_as import ViewAsState, view_as_dialog
from crm_app.ui.shared.blanks import failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.marks import button, icon, tag
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState


def roles_page() -> rx.Component:
    return shell(
        "Roles",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_ROLES))),
            forbidden("Only who manages roles sees and changes them."),
            rx.cond(
                RolesState.failure != "",
                failed(RolesState.failure, RolesState.load),
                rx.cond(RolesState.is_loaded, _roles(), skeleton_rows(5, ("30%", "45%", "15%"))),
            ),
        ),
        section="roles",
        about=RolesState.count,
        actions=(
            rx.cond(
                may(Permission.MANAGE_ROLES),
                button(icon("plus", 14), "New role", kind="primary", on_click=DraftState.make),
                rx.fragment(),
            ),
        ),
    )


def _roles() -> rx.Component:
    return rx.el.div(
        notice(RolesState.notice),
        rx.el.ul(rx.foreach(RolesState.rows, _role), class_name="role-list"),
        rx.el.h2("Who may do what"),
        rx.el.div(_matrix(), class_name="scroll"),
        draft_dialog(),
        question_dialog(),
        view_as_dialog(),
        class_name="roles-page",
    )


def _role(row: RoleRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.h2(row.name),
                rx.cond(row.is_built_in, tag("built in"), rx.fragment()),
                rx.cond(row.asks_factor, tag("asks for a second factor"), rx.fragment()),
                rx.el.span(row.people, class_name="quiet"),
                class_name="role-head",
            ),
            rx.cond(row.description != "", rx.el.p(row.description), rx.fragment()),
            rx.el.p(row.sentence, class_name="quiet"),
            class_name="role-text",
        ),
        rx.el.div(_deeds(row), class_name="role-deeds"),
        key=row.id,
    )


def _deeds(row: RoleRow) -> rx.Component:
    return rx.fragment(
        button(
            icon("eye", 14),
            "Look as",
            aria_label="Look at the desk as " + row.name,
            on_click=ViewAsState.ask(row.id),
        ),
        button("Copy", aria_label="Copy " + row.name, on_click=DraftState.copy_role(row.id)),
        button(
            rx.cond(row.is_built_in, "Second factor", "Change"),
            aria_label=rx.cond(
                row.is_built_in, "Second factor of " + row.name, "Change " + row.name
            ),
            disabled=~row.may_change,
            title=rx.cond(row.may_change, "", "It lets do more than you may"),
            on_click=DraftState.change(row.id),
        ),
        rx.cond(
            row.is_built_in,
            rx.fragment(),
            button(
                "Delete",
                kind="quiet",
                aria_label="Delete " + row.name,
                on_click=RolesState.ask_remove(row.id),
            ),
        ),
    )


def _matrix() -> rx.Component:
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.th("A person with it may", scope="col"),
                rx.foreach(RolesState.rows, _head),
            )
        ),
        rx.el.tbody(rx.foreach(RolesState.verbs, _verb)),
        class_name="role-matrix",
    )


def _head(row: RoleRow) -> rx.Component:
    return rx.el.th(row.name, scope="col", key=row.id)


def _verb(verb: VerbRow) -> rx.Component:
    return rx.fragment(
        rx.cond(
            verb.group != "",
            rx.el.tr(
                rx.el.th(
                    verb.group, col_span=RolesState.width, scope="colgroup", class_name="role-group"
                )
            ),
            rx.fragment(),
        ),
        rx.el.tr(
            rx.el.th(verb.phrase, rx.el.code(verb.word), scope="row"),
            rx.foreach(verb.cells, _cell),
        ),
        key=verb.word,
    )


def _cell(cell: Cell) -> rx.Component:
    return rx.el.td(
        rx.cond(
            cell.holds,
            rx.fragment(icon("check", 15), rx.el.span("yes", class_name="sr-only")),
            rx.el.span("no", class_name="sr-only"),
        ),
        title=cell.role,
        key=cell.key,
    )
