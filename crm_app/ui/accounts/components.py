"""The table of accounts; on a phone each row is a card (`assets/accounts.css`)."""

import reflex as rx

from crm_app.ui.accounts.state import AccountsState
from crm_app.ui.accounts.view import AccountRow, Moment
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, pill, tag, time_text


def accounts_table() -> rx.Component:
    heads = ("Account", "State", "Complete up to", "To send", "Next pull", "Deep sweep")
    return rx.el.div(
        rx.el.table(
            rx.el.caption("Accounts", class_name="sr-only"),
            rx.el.thead(rx.el.tr(*[rx.el.th(head, scope="col") for head in heads])),
            rx.el.tbody(rx.foreach(AccountsState.rows, _row)),
            class_name="places",
        ),
        rx.el.p(AccountsState.stale, class_name="stale places-stale", role="status"),
        class_name="scroll",
    )


def _row(row: AccountRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(_name(row), scope="row", class_name="p-name"),
        rx.el.td(
            rx.el.span(
                pill(row.state),
                rx.el.span(row.sentence, class_name="quiet sentence", title=row.sentence),
                class_name="two",
            ),
            class_name="p-state",
        ),
        _cell("p-complete", row.complete, row.lag),
        rx.el.td(
            rx.cond(
                row.waiting != "",
                rx.el.span(
                    rx.el.b(row.waiting, class_name="strong"),
                    rx.el.span(row.oldest, class_name="quiet"),
                    class_name="two",
                ),
                rx.el.span("none", class_name="quiet"),
            ),
            class_name="p-send",
            custom_attrs={"data-label": "To send"},
        ),
        _cell("p-next", row.next_pull, ""),
        rx.el.td(
            rx.el.span(
                time_text(row.sweep.text, row.sweep.exact, ""),
                rx.el.span(row.found, class_name=rx.cond(row.found_any, "level-warn", "quiet")),
                class_name="two",
            ),
            class_name="p-sweep",
            custom_attrs={"data-label": "Deep sweep"},
        ),
        key=row.id,
        custom_attrs={"data-row": row.id},
    )


def _name(row: AccountRow) -> rx.Component:
    return rx.el.div(
        channel_mark(row.mark, row.channel, row.label),
        rx.el.span(
            rx.el.span(
                link(
                    row.name,
                    href=row.href,
                    class_name="strong",
                    custom_attrs={"data-open": "1"},
                ),
                rx.foreach(row.tags, tag),
            ),
            rx.el.span(row.label, class_name="quiet"),
            class_name="two",
        ),
        class_name="p-who",
    )


def _cell(class_name: str, moment: Moment, below: str) -> rx.Component:
    label = {"p-complete": "Complete up to", "p-next": "Next pull"}[class_name]
    return rx.el.td(
        rx.el.span(
            time_text(moment.text, moment.exact, ""),
            rx.el.span(below, class_name="quiet"),
            class_name="two",
        ),
        class_name=class_name,
        custom_attrs={"data-label": label},
    )
