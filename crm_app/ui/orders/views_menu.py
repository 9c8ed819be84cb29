"""The menu of views before the filters, what can be done with the one on the screen, its dialogs.

On a phone, which has no sidebar, it is the way to all of them.
"""

from typing import Any

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.domain.view import Colour
from crm_app.services.views import MAX_NAME
from crm_app.ui.orders.views_state import ViewsState
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.filter_parts import dropdown
from crm_app.ui.shared.keeping import kept
from crm_app.ui.shared.links import ALL_ORDERS, link
from crm_app.ui.shared.marks import button, icon, unseen
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.view_rows import ViewRow


def views_menu() -> rx.Component:
    """The view's name as a button; beside it what differs from it can be saved."""
    shown = ViewsState.shown
    return rx.el.div(
        dropdown(
            rx.el.span(
                rx.el.i(class_name="dot tone-" + shown.tone, aria_hidden="true"),
                rx.el.span(shown.name, class_name="view-name"),
                class_name="view-on",
            ),
            rx.el.div(
                link(
                    rx.el.i(class_name="dot tone-mute", aria_hidden="true"),
                    "All orders",
                    href=ALL_ORDERS,
                    class_name="item",
                    aria_current=rx.cond(shown.key == "", "true", "false"),
                ),
                rx.foreach(ViewsState.rows, _row),
                class_name="view-rows",
            ),
            _deeds(),
            label="View",
            class_name="pop-views",
        ),
        rx.cond(shown.is_modified, _changes(), rx.fragment()),
        view_dialog(),
        remove_dialog(),
        unseen("save-view", ViewsState.open_new),
        class_name="views",
    )


def _row(row: ViewRow) -> rx.Component:
    return rx.el.div(
        link(
            rx.el.i(class_name="dot tone-" + row.tone, aria_hidden="true"),
            rx.el.span(row.name, class_name="view-name"),
            rx.cond(row.is_default, rx.el.span("first", class_name="tag"), rx.fragment()),
            href=row.href,
            title=row.sentence,
            class_name="item",
            aria_current=rx.cond(row.is_on, "true", "false"),
        ),
        rx.el.button(
            icon("pin", 13),
            type="button",
            class_name=rx.cond(row.is_pinned, "pin on", "pin"),
            aria_label="Keep in the sidebar: " + row.name,
            aria_pressed=rx.cond(row.is_pinned, "true", "false"),
            title=rx.cond(row.is_pinned, "In the sidebar", "Keep in the sidebar"),
            on_click=ViewsState.pin(row.key, is_not(row.is_pinned)),
        ),
        key=row.key,
        class_name="item-pair",
    )


def _deeds() -> rx.Component:
    shown = ViewsState.shown
    may_change = both(shown.is_saved, shown.may_change)
    return rx.el.div(
        rx.cond(
            shown.about != "", rx.el.p(shown.about, class_name="quiet view-about"), rx.fragment()
        ),
        _deed("plus", "Save this list as a view…", ViewsState.open_new),
        rx.cond(
            may_change,
            _deed("pencil", "Name, colour, sharing…", ViewsState.open_edit),
            rx.fragment(),
        ),
        rx.cond(
            shown.key != "",
            _deed(
                "house",
                rx.cond(
                    shown.is_default, "No longer open Orders with it", "Open Orders with this view"
                ),
                ViewsState.open_first(is_not(shown.is_default)),
            ),
            rx.fragment(),
        ),
        rx.cond(
            may_change,
            _deed("trash-2", "Delete this view…", ViewsState.ask_to_remove(True)),
            rx.fragment(),
        ),
        class_name="pop-part",
    )


def _deed(sign: str, says: Any, on_click: Any) -> rx.Component:
    return rx.popover.close(
        rx.el.button(icon(sign, 14), says, type="button", class_name="item", on_click=on_click)
    )


def _changes() -> rx.Component:
    shown = ViewsState.shown
    return rx.el.span(
        rx.el.span("changed", class_name="quiet", title="This list differs from the view"),
        rx.cond(
            both(shown.is_saved, shown.may_change),
            button("Save", on_click=ViewsState.save_changes),
            rx.fragment(),
        ),
        button("Save as…", on_click=ViewsState.open_new),
        link("Undo", href=shown.href, class_name="clear"),
        class_name="view-changes",
    )


def view_dialog() -> rx.Component:
    form = ViewsState.form
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(
                rx.cond(form.key != "", "Change the view", "Save this list as a view"),
                class_name="dialog-title",
            ),
            rx.dialog.description(
                "It keeps the filters and the order of the list as they are on the screen.",
                class_name="quiet",
            ),
            rx.el.form(
                rx.el.label("Name", html_for="view-name"),
                rx.el.input(
                    id="view-name",
                    name="name",
                    default_value=form.name,
                    max_length=MAX_NAME,
                    required=True,
                    auto_focus=True,
                    auto_complete="off",
                    class_name="field",
                ),
                rx.el.fieldset(
                    rx.el.legend("Colour"),
                    *[_colour(colour) for colour in Colour],
                    class_name="view-colours",
                ),
                _tick("columns", "Keep the columns as they are now", form.has_columns),
                rx.cond(
                    may(Permission.SHARE_VIEWS),
                    _tick("shared", "Share with everybody who sees orders", form.is_shared),
                    rx.cond(
                        form.is_shared,
                        rx.el.input(type="hidden", name="shared", value="on", read_only=True),
                        rx.fragment(),
                    ),
                ),
                notice(form.failure),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button(
                        rx.cond(form.over != 0, "Replace theirs", "Save"),
                        type="submit",
                        class_name="btn primary",
                    ),
                    class_name="dialog-end",
                ),
                on_submit=ViewsState.save,
                class_name="form",
                custom_attrs=kept("view", form.key),
            ),
            class_name="dialog",
        ),
        open=form.is_open,
        on_open_change=ViewsState.show_form,
    )


def _colour(colour: Colour) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="colour",
            value=colour.value,
            default_checked=ViewsState.form.colour == colour.value,
        ),
        rx.el.i(class_name=f"dot tone-{colour.value}", aria_hidden="true"),
        colour.label,
    )


def _tick(name: str, says: str, is_on: rx.Var[bool] | bool) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=name, default_checked=is_on), says, class_name="view-tick"
    )


def remove_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(
                "Delete the view “" + ViewsState.asked + "”?", class_name="dialog-title"
            ),
            rx.dialog.description(
                "It goes from every sidebar. The orders in it stay as they are.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.dialog.close(button("Keep it")),
                button("Delete", kind="danger", on_click=ViewsState.remove),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=ViewsState.asked != "",
        on_open_change=ViewsState.ask_to_remove,
    )
