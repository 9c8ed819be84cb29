"""What each account calls the things that we sell."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.shared.blanks import failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.skus.state import SkusState
from crm_app.ui.skus.view import AccountChoice, SkuRow, UnknownRow


def skus_page() -> rx.Component:
    return shell(
        "SKUs",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_MAPPINGS))),
            forbidden("Only people who keep mappings see this page."),
            rx.cond(
                SkusState.failure != "",
                failed(SkusState.failure, SkusState.load),
                rx.cond(SkusState.is_loaded, _page(), skeleton_rows(8, ("20%", "20%", "40%"))),
            ),
        ),
        section="skus",
    )


def _page() -> rx.Component:
    return rx.el.div(
        rx.el.nav(
            rx.foreach(SkusState.accounts, _account),
            class_name="sku-accounts",
            aria_label="Accounts",
        ),
        rx.cond(
            SkusState.account != "",
            rx.el.div(_words(), _unknown(), _list(), _adding(), class_name="sku-list"),
            rx.el.p("Connect a channel account first.", class_name="quiet"),
        ),
        class_name="skus",
    )


def _account(one: AccountChoice) -> rx.Component:
    return link(
        channel_mark(one.mark, one.channel, one.label),
        rx.el.span(one.name, class_name="strong"),
        rx.el.span(one.lines, class_name="quiet"),
        rx.cond(one.unmapped != "", rx.el.span(one.unmapped, class_name="mistake"), rx.fragment()),
        href=one.href,
        key=one.key,
        class_name=rx.cond(one.is_on, "sku-account on", "sku-account"),
        aria_current=rx.cond(one.is_on, "page", "false"),
    )


def _words() -> rx.Component:
    return rx.fragment(
        rx.cond(
            SkusState.mistake != "",
            rx.el.p(
                icon("circle-alert"),
                rx.el.span(SkusState.mistake),
                class_name="notice tone-bad",
                role="alert",
            ),
            rx.fragment(),
        ),
        rx.cond(
            SkusState.said != "",
            rx.el.div(
                rx.el.p(rx.el.span(SkusState.said)),
                rx.foreach(SkusState.problems, _problem),
                class_name="notice tone-ok",
                role="status",
            ),
            rx.fragment(),
        ),
    )


def _problem(text: str) -> rx.Component:
    return rx.el.p(text, class_name="mistake")


def _unknown() -> rx.Component:
    return rx.cond(
        has_any(SkusState.unknown),
        rx.el.section(
            rx.el.h2("Not on the list"),
            rx.el.p(
                "Orders to ship carry them. Say which of your SKUs each one is.",
                class_name="quiet",
            ),
            rx.foreach(SkusState.unknown, _unknown_row),
            class_name="card",
        ),
        rx.fragment(),
    )


def _unknown_row(row: UnknownRow) -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="channel_sku", value=row.key, read_only=True),
        rx.el.input(type="hidden", name="title", value=row.title, read_only=True),
        rx.el.span(row.key, class_name="mono strong"),
        rx.el.span(row.title, class_name="quiet sku-title"),
        link(row.orders, href=row.href, class_name="link"),
        rx.el.input(
            name="sku",
            required=True,
            max_length=120,
            auto_complete="off",
            spell_check=False,
            placeholder="Your SKU",
            aria_label="Your SKU for " + row.key,
            class_name="field mono",
        ),
        rx.el.button("Add", type="submit", class_name="btn"),
        on_submit=SkusState.put,
        key=row.key,
        class_name="sku-unknown",
    )


def _list() -> rx.Component:
    heads = ("Channel's SKU", "Ours", "Title", "By", "")
    return rx.el.section(
        _finding(),
        rx.cond(
            has_any(SkusState.rows),
            rx.el.table(
                rx.el.thead(rx.el.tr(*[rx.el.th(word, scope="col") for word in heads])),
                rx.el.tbody(rx.foreach(SkusState.rows, _row)),
                class_name="tally sku-table",
            ),
            rx.el.p(
                "Nothing here. An account without a list has no unknown SKU either.",
                class_name="quiet",
            ),
        ),
        rx.el.div(
            _turn("First", SkusState.first_href),
            _turn("Next", SkusState.next_href),
            class_name="result-pages",
        ),
        class_name="card",
    )


def _finding() -> rx.Component:
    return rx.el.form(
        rx.el.h2("The list"),
        rx.el.span(class_name="gap"),
        rx.el.input(
            name="search",
            type="search",
            default_value=SkusState.search,
            max_length=120,
            placeholder="Find a SKU or title",
            aria_label="Find a SKU or title",
            class_name="field",
        ),
        rx.el.button("Find", type="submit", class_name="btn"),
        on_submit=SkusState.find,
        key=SkusState.account + SkusState.search,
        class_name="run-line",
    )


def _turn(label: str, href: str) -> rx.Component:
    return rx.cond(href != "", link(label, href=href, class_name="btn"), rx.fragment())


def _row(row: SkuRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.key, scope="row", class_name="mono"),
        rx.el.td(row.sku, class_name="mono"),
        rx.el.td(row.title),
        rx.el.td(row.who, " · ", row.when, class_name="quiet"),
        rx.el.td(
            button(
                icon("x", 13),
                kind="quiet",
                aria_label="Take " + row.key + " off the list",
                on_click=SkusState.remove(row.key),
            )
        ),
        key=row.key,
    )


def _adding() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Add or change"),
        rx.el.form(
            _field("Channel's SKU", "channel_sku"),
            _field("Yours", "sku"),
            _field("Title", "title"),
            rx.el.button("Save", type="submit", class_name="btn primary"),
            on_submit=SkusState.put,
            key="one" + SkusState.drawn.to_string(),  # pyright: ignore[reportAttributeAccessIssue]
            class_name="sku-form",
        ),
        rx.el.form(
            rx.el.label("Or many, from a sheet", html_for="sheet"),
            rx.el.textarea(
                id="sheet",
                name="sheet",
                rows="5",
                required=True,
                spell_check=False,
                placeholder="channel_sku,sku,title",
                class_name="field mono parcels",
            ),
            rx.el.p(
                "A line each, as in a CSV file or copied from a sheet: channel's SKU, yours, "
                "title. With headings the columns may stand in any order. What is not named stays.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.el.button("Take these", type="submit", class_name="btn"),
                rx.el.label(
                    icon("upload", 14),
                    "Choose a CSV file",
                    rx.el.input(
                        type="file",
                        accept=".csv,.tsv,.txt,text/csv",
                        class_name="sr-only",
                        custom_attrs={"data-sheet-file": "sheet"},
                    ),
                    class_name="btn file-choice",
                ),
                rx.el.span(
                    class_name="quiet", role="status", custom_attrs={"data-sheet-said": "1"}
                ),
                class_name="run-line",
            ),
            on_submit=SkusState.take_sheet,
            key="many" + SkusState.drawn.to_string(),  # pyright: ignore[reportAttributeAccessIssue]
        ),
        class_name="card",
    )


def _field(label: str, name: str) -> rx.Component:
    is_title = name == "title"
    return rx.el.label(
        rx.el.span(label),
        rx.el.input(
            name=name,
            required=not is_title,
            max_length=300 if is_title else 120,
            auto_complete="off",
            spell_check=False,
            class_name="field" if is_title else "field mono",
        ),
    )
