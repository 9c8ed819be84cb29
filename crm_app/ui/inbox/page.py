"""The inbox: what channels sent, what became of it, and trying it again."""

from typing import Any, Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.inbox.state import InboxState
from crm_app.ui.inbox.view import PATH, STATE_WORDS, Choice, Fact, Line
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill, ticker, time_text
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.paging import paging_bar
from crm_app.ui.shared.shell import shell

REFRESH_MS: Final = 10_000


def inbox_page() -> rx.Component:
    is_open = InboxState.opened.key != ""
    return shell(
        "Inbox",
        _filters(),
        rx.el.div(
            rx.el.div(_bar(), _list(), _paging(), class_name="desk-list"),
            rx.cond(is_open, _panel(), rx.fragment()),
            class_name=rx.cond(is_open, "desk split", "desk"),
        ),
        ticker(InboxState.refresh, REFRESH_MS),
        section="inbox",
    )


def _filters() -> rx.Component:
    return rx.el.form(
        _choice(
            "account",
            "Account",
            "All accounts",
            rx.foreach(InboxState.accounts, _account),
        ),
        _choice(
            "state",
            "State",
            "Any state",
            *[rx.el.option(words, value=state) for state, words in STATE_WORDS.items()],
        ),
        _text("topic", "Event begins with"),
        _text("order", "Order id at the channel"),
        _text("day", "Day", type="date"),
        button("Show", type="submit"),
        link("All", href=PATH, class_name="btn quiet"),
        on_submit=InboxState.narrow,
        # The address changes by other ways too; the fields follow.
        key=InboxState.drawn,
        class_name="bar inbox-filters",
    )


def _account(choice: Choice) -> rx.Component:
    return rx.el.option(choice.name, value=choice.key)


def _fact(one: Fact) -> rx.Component:
    return rx.el.div(rx.el.dt(one.name), rx.el.dd(one.value), class_name="fact")


def _choice(name: str, label: str, every: str, *options: Any) -> rx.Component:
    return rx.el.select(
        rx.el.option(every, value=""),
        *options,
        name=name,
        default_value=InboxState.chosen.get(name, ""),
        aria_label=label,
        class_name="field",
    )


def _text(name: str, label: str, **props: Any) -> rx.Component:
    return rx.el.input(
        name=name,
        default_value=InboxState.chosen.get(name, ""),
        placeholder=label,
        aria_label=label,
        max_length=128,
        class_name=f"field field-{name}",
        **props,
    )


def _bar() -> rx.Component:
    return rx.fragment(
        rx.cond(
            InboxState.done != "",
            rx.el.p(
                icon("check"),
                rx.el.span(InboxState.done),
                class_name="notice tone-ok",
                role="status",
            ),
            rx.fragment(),
        ),
        rx.cond(
            has_any(InboxState.picked),
            rx.el.div(
                rx.el.span(rx.Var.create(InboxState.picked).length().to_string() + " picked"),
                button("Try again", kind="primary", on_click=InboxState.replay_picked),
                class_name="bar inbox-picked",
            ),
            rx.fragment(),
        ),
    )


def _list() -> rx.Component:
    return rx.cond(
        InboxState.failure != "",
        failed(
            InboxState.failure,
            InboxState.load,
            link("Show the whole inbox", href=PATH, class_name="btn"),
        ),
        rx.cond(
            InboxState.is_loaded,
            rx.cond(has_any(InboxState.lines), _table(), _empty()),
            skeleton_rows(12, ("18px", "130px", "180px", "44%", "60px")),
        ),
    )


def _table() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption("What arrived, the newest first", class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.cond(may(Permission.CHANGE_STATUS), _pick_all(), rx.fragment()),
                    rx.el.th("State", scope="col"),
                    rx.el.th("Event", scope="col"),
                    rx.el.th("Order", scope="col"),
                    rx.el.th("Why", scope="col", class_name="col-why"),
                    rx.el.th("Arrived", scope="col", class_name="num"),
                )
            ),
            rx.el.tbody(rx.foreach(InboxState.lines, _line)),
            class_name="grid inbox",
        ),
        class_name="scroll",
    )


def _pick_all() -> rx.Component:
    return rx.el.th(
        rx.el.input(
            type="checkbox",
            checked=has_any(InboxState.picked),
            on_change=InboxState.pick_all(),
            aria_label="Pick every line of this page",
            class_name="pick",
        ),
        scope="col",
        class_name="col-pick",
    )


def _line(line: Line) -> rx.Component:
    mark = channel_mark(line.mark, line.channel, line.channel)
    return rx.el.tr(
        rx.cond(may(Permission.CHANGE_STATUS), _pick(line), rx.fragment()),
        rx.el.td(pill(line.state), class_name="inbox-state"),
        rx.el.th(
            rx.cond(line.mark != "", mark, rx.fragment()),
            rx.cond(
                line.key != "",
                link(
                    line.topic,
                    href=line.href,
                    title=line.account,
                    aria_current=rx.cond(line.is_open, "true", "false"),
                    class_name="name",
                ),
                rx.el.span(line.topic, title=line.account, class_name="name"),
            ),
            rx.el.span(line.account, class_name="quiet inbox-account"),
            scope="row",
            class_name="inbox-what",
        ),
        rx.el.td(
            rx.cond(
                line.order_href != "",
                link(line.order, href=line.order_href, class_name="number plain"),
                rx.el.span(line.order, class_name="quiet"),
            ),
            class_name="inbox-order",
        ),
        rx.el.td(
            rx.el.span(line.reason, title=line.reason, class_name="why"), class_name="col-why"
        ),
        rx.el.td(time_text(line.at, line.at_exact), class_name="inbox-at num quiet"),
        class_name=rx.cond(line.is_open, "opened", ""),
    )


def _pick(line: Line) -> rx.Component:
    return rx.el.td(
        rx.cond(
            line.can_replay,
            rx.el.input(
                type="checkbox",
                checked=InboxState.picked.contains(line.key),  # type: ignore[attr-defined]
                on_change=InboxState.pick(line.key),
                aria_label="Pick " + line.topic + " " + line.order,
                class_name="pick",
            ),
            rx.fragment(),
        ),
        class_name="col-pick",
    )


def _paging() -> rx.Component:
    first, following = InboxState.first_href, InboxState.next_href
    return rx.cond(
        (first != "") | (following != ""),
        paging_bar("Pages of the inbox", stale="", first=first, following=following),
        rx.fragment(),
    )


def _panel() -> rx.Component:
    opened = InboxState.opened
    return rx.el.aside(
        rx.el.div(
            pill(opened.state),
            rx.el.span(class_name="gap"),
            link(
                icon("x", 15),
                href=InboxState.close_href,
                class_name="ghost",
                aria_label="Close the details",
                custom_attrs={"data-up": "1"},
            ),
            class_name="panel-head",
        ),
        rx.el.div(
            rx.el.h2(opened.title, class_name="panel-title"),
            rx.el.p(opened.account, class_name="quiet"),
            rx.cond(
                opened.reason != "",
                rx.el.blockquote(opened.reason, class_name="quote"),
                rx.fragment(),
            ),
            rx.el.dl(
                rx.foreach(
                    opened.facts,
                    _fact,
                ),
                class_name="facts",
            ),
            _deeds(),
            rx.el.pre(opened.body, class_name="payload", tab_index=0),
            class_name="panel-body",
            key=opened.key,
        ),
        class_name="panel",
        aria_label="Details",
    )


def _deeds() -> rx.Component:
    opened = InboxState.opened
    return rx.el.div(
        rx.cond(
            may(Permission.CHANGE_STATUS) & opened.can_replay,
            button(
                icon("rotate-cw", 14),
                "Try again",
                kind="primary",
                on_click=InboxState.replay_opened,
            ),
            rx.fragment(),
        ),
        rx.cond(
            may(Permission.SEE_PERSONAL_DATA),
            button(icon("eye", 14), "Show it in clear", on_click=InboxState.reveal),
            rx.fragment(),
        ),
        rx.cond(
            opened.order_href != "",
            link("Open the order", href=opened.order_href, class_name="btn"),
            rx.fragment(),
        ),
        class_name="steps",
    )


def _empty() -> rx.Component:
    return blank(
        "inbox",
        "Nothing here",
        "What channels send to us stands here with what became of it, for as long as it is kept. "
        "Nothing matches these filters.",
        link("Show the whole inbox", href=PATH, class_name="btn"),
    )
