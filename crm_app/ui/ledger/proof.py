"""The proof: one sentence, and a table of accounts by state whose sums balance."""

import reflex as rx

from crm_app.ui.ledger.state import LedgerState
from crm_app.ui.ledger.view import Cell, ProofRow, StateHead
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, pill
from crm_app.ui.shared.tones import Pill


def proof_card() -> rx.Component:
    proof = LedgerState.proof
    return rx.el.section(
        rx.el.div(
            rx.el.span(
                rx.cond(proof.tone == "bad", icon("scale", 18), icon("shield-check", 18)),
                class_name="proof-sign tone-" + proof.tone,
            ),
            rx.el.div(
                rx.el.h2(proof.title),
                rx.el.p(proof.checked, title=proof.checked_exact, class_name="quiet"),
            ),
            class_name="proof-head",
            role=rx.cond(proof.tone == "bad", "alert", "status"),
            custom_attrs={"data-testid": "proof-" + proof.tone},
        ),
        rx.cond(has_any(proof.rows), _sums(), rx.fragment()),
        class_name="proof",
        aria_label="Proof",
    )


def _sums() -> rx.Component:
    proof = LedgerState.proof
    return rx.el.div(
        rx.el.table(
            rx.el.caption("Status changes by account and state", class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.el.th("Account", scope="col"),
                    rx.foreach(proof.heads, _head),
                    rx.el.th("Written", scope="col", class_name="number-cell"),
                )
            ),
            rx.el.tbody(rx.foreach(proof.rows, _row)),
            rx.cond(
                has_any(proof.rows[1:]),
                rx.el.tfoot(_row(proof.total)),
                rx.fragment(),
            ),
            class_name="proof-sums",
        ),
        class_name="scroll",
        tab_index=0,
        role="region",
        aria_label="Sums by account and state",
    )


def _head(head: StateHead) -> rx.Component:
    return rx.el.th(
        head.text, key=head.text, scope="col", title=head.title, class_name=head.class_name
    )


def _row(row: ProofRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.cond(
                row.mark != "",
                channel_mark(row.mark, row.channel, row.label),
                rx.fragment(),
            ),
            rx.el.span(row.name),
            scope="row",
        ),
        rx.foreach(row.cells, _cell),
        rx.el.td(
            row.total,
            rx.cond(
                row.is_balanced,
                rx.fragment(),
                pill(Pill("does not add up", "bad", "alert")),
            ),
            class_name="number-cell strong",
        ),
        key=row.key,
    )


def _cell(cell: Cell) -> rx.Component:
    return rx.el.td(
        rx.cond(
            cell.href != "",
            link(cell.count, href=cell.href, class_name="count count-" + cell.tone),
            rx.el.span("·", class_name="quiet", aria_label="none"),
        ),
        key=cell.key,
        class_name=cell.class_name,
    )
