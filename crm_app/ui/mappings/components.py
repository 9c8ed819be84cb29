"""The page's parts: words without a meaning, a channel's words, what it may be told."""

import reflex as rx

from crm_app.ui.mappings.state import MappingsState
from crm_app.ui.mappings.view import Link, ReportRow, RuleRow, Tab, WordRow
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, pill, time_text


def unmapped() -> rx.Component:
    """On top: what somebody has to decide."""
    return rx.cond(
        has_any(MappingsState.board.reports),
        rx.el.section(
            rx.el.h2("Words without a meaning", class_name="part-title"),
            rx.el.p(
                "A channel used them and nobody has said yet what they mean. Their orders came in "
                "all the same; a status that was known stays, a new order waits as Pending.",
                class_name="quiet part-words",
            ),
            rx.el.div(
                rx.foreach(MappingsState.board.reports, _report),
                class_name="reports",
                role="list",
            ),
            class_name="part unmapped",
            aria_label="Words without a meaning",
        ),
        rx.fragment(),
    )


def _report(row: ReportRow) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            channel_mark(row.mark, row.channel, row.channel_label),
            rx.el.code(row.word, class_name="word", title=row.word),
            class_name="report-word",
        ),
        rx.el.div(
            rx.el.span(row.account, class_name="strong"),
            rx.el.span(row.place, class_name="quiet"),
            class_name="report-where",
        ),
        rx.el.div(
            rx.cond(
                row.href != "",
                link(row.orders, href=row.href, class_name="plain"),
                rx.el.span(row.orders, class_name="quiet"),
            ),
            rx.el.span(rx.foreach(row.examples, _example), class_name="quiet report-examples"),
            class_name="report-orders",
        ),
        rx.el.div(
            time_text("last seen " + row.seen, row.seen_exact),
            time_text(row.first, row.first_exact),
            class_name="report-seen",
        ),
        button(
            "Give it a meaning",
            on_click=MappingsState.edit_reported(row.key),
            aria_label="Give " + row.word + " a meaning",
        ),
        key=row.key,
        class_name="report",
        role="listitem",
    )


def _example(one: Link) -> rx.Component:
    return link(one.text, href=one.href, key=one.href, class_name="number")


def tabs() -> rx.Component:
    return rx.el.nav(
        rx.foreach(MappingsState.board.tabs, _tab),
        class_name="channel-tabs",
        aria_label="Channels",
    )


def _tab(tab: Tab) -> rx.Component:
    return link(
        channel_mark(tab.mark, tab.key, tab.label),
        rx.el.span(tab.label),
        rx.cond(
            tab.count != "",
            rx.el.b(tab.count, title=tab.count + " without a meaning"),
            rx.fragment(),
        ),
        key=tab.key,
        href=tab.href,
        class_name=rx.cond(tab.is_on, "channel-tab on", "channel-tab"),
        aria_current=rx.cond(tab.is_on, "page", "false"),
    )


def words_table() -> rx.Component:
    return rx.el.section(
        rx.el.table(
            rx.el.caption("Words of " + MappingsState.board.channel_label, class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.el.th("Word", scope="col"),
                    rx.el.th("Means", scope="col"),
                    rx.el.th("Decided by", scope="col"),
                    rx.el.th(rx.el.span("Actions", class_name="sr-only"), scope="col"),
                )
            ),
            rx.el.tbody(rx.foreach(MappingsState.board.words, _word)),
            class_name="words",
        ),
        class_name="card words-card",
        aria_label="Words of this channel",
    )


def _word(row: WordRow) -> rx.Component:
    return rx.fragment(
        rx.cond(
            row.is_first,
            rx.el.tr(
                rx.el.th(row.place, col_span=4, scope="rowgroup"),
                class_name="words-group",
            ),
            rx.fragment(),
        ),
        rx.el.tr(
            rx.el.th(
                rx.el.code(row.word, class_name="word", title=row.word),
                rx.cond(row.note != "", rx.el.span(row.note, class_name="quiet"), rx.fragment()),
                scope="row",
            ),
            rx.el.td(pill(row.pill), class_name="words-means"),
            rx.el.td(
                rx.el.span(
                    row.source,
                    title=row.source_exact,
                    class_name=rx.cond(row.is_decided, "", "quiet"),
                ),
                class_name="words-source",
            ),
            rx.el.td(_word_actions(row), class_name="row-actions"),
            class_name=rx.cond(row.is_decided, "decided", ""),
        ),
        key=row.key,
    )


def _word_actions(row: WordRow) -> rx.Component:
    return rx.fragment(
        rx.cond(
            row.left_over != "",
            button(
                row.left_over + " to read again",
                title="They were read before this was decided: see what would change",
                aria_label="See what would change on " + row.left_over + " that carry " + row.word,
                on_click=MappingsState.look_at(row.key),
            ),
            rx.fragment(),
        ),
        rx.cond(
            row.is_decided,
            button(
                "Take back",
                kind="quiet",
                title="Back to " + row.back_to,
                aria_label="Take the meaning of " + row.word + " back",
                on_click=MappingsState.take_back(row.word_id),
            ),
            rx.fragment(),
        ),
        button(
            "Change",
            kind="quiet",
            aria_label="Change the meaning of " + row.word,
            on_click=MappingsState.edit_word(row.key),
        ),
    )


def told_card() -> rx.Component:
    """The other direction: what the channel may be told, and from where."""
    board = MappingsState.board
    return rx.el.section(
        rx.el.h2("What " + board.channel_label + " may be told"),
        rx.cond(
            board.is_inferred,
            rx.el.p(
                board.channel_label + " publishes no contract; this one is inferred.",
                class_name="quiet",
            ),
            rx.fragment(),
        ),
        rx.el.dl(rx.foreach(board.told, _rule), class_name="rules"),
        rx.el.h3("Our desk's own steps"),
        rx.el.div(rx.foreach(board.own, _own), class_name="pills own-steps"),
        rx.el.p(
            board.channel_label + " has no word for them and hears nothing of them.",
            class_name="quiet",
        ),
        rx.el.h3("Not from here"),
        rx.el.dl(rx.foreach(board.refused, _rule), class_name="rules"),
        class_name="card told-card",
    )


def _rule(row: RuleRow) -> rx.Component:
    return rx.el.div(
        rx.el.dt(pill(row.pill)),
        rx.el.dd(row.why, class_name="quiet"),
        key=row.key,
        class_name="rule",
    )


def _own(row: RuleRow) -> rx.Component:
    return rx.el.span(pill(row.pill), key=row.key)
