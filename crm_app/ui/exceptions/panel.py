"""What is opened beside the list."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.exceptions.bulk import assign_items, snooze_items
from crm_app.ui.exceptions.panel_state import PanelState
from crm_app.ui.exceptions.view import Item
from crm_app.ui.shared.blanks import blank, failed
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.filter_parts import dropdown
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.receipts import receipts_list
from crm_app.ui.shared.words import two_words


def exception_panel() -> rx.Component:
    return rx.el.aside(
        rx.el.div(
            pill(PanelState.panel.cause),
            rx.el.span(class_name="gap"),
            link(
                icon("x", 15),
                href=PanelState.close_href,
                class_name="ghost",
                aria_label="Close the details",
                custom_attrs={"data-up": "1"},
            ),
            class_name="panel-head",
        ),
        rx.match(
            PanelState.phase,
            ("found", _found()),
            ("gone", _gone()),
            ("failed", failed(PanelState.failure, PanelState.load)),
            rx.fragment(),
        ),
        class_name="panel",
        aria_label="Details",
    )


def _gone() -> rx.Component:
    return blank(
        "circle-check",
        rx.cond(PanelState.done != "", PanelState.done, "Nothing to do here any more"),
        "It has left the list: somebody saw to it, or it solved itself. If it goes wrong again, it "
        "comes back.",
        rx.cond(
            PanelState.gone_href != "",
            link("Open the order", href=PanelState.gone_href, class_name="btn"),
            rx.fragment(),
        ),
        link("Back to the list", href=PanelState.close_href, class_name="btn"),
        tone="ok",
    )


def _found() -> rx.Component:
    panel = PanelState.panel
    return rx.el.div(
        rx.el.h2(
            channel_mark(panel.mark, panel.channel, panel.channel_label),
            rx.cond(
                panel.order_href != "",
                link(panel.title, href=panel.order_href, class_name="number plain"),
                rx.el.span(panel.title, class_name=rx.cond(panel.is_name, "number name", "number")),
            ),
            class_name="panel-title",
        ),
        rx.el.p(panel.summary, class_name="strong"),
        rx.el.p(
            panel.account,
            " · since ",
            rx.el.span(panel.since, title=panel.since_exact),
            class_name="quiet",
        ),
        rx.cond(
            panel.said != "",
            rx.el.blockquote(panel.said, class_name="quote quote-" + panel.cause.tone),
            rx.fragment(),
        ),
        rx.cond(panel.ours.side != "", two_words(panel.ours, panel.theirs), rx.fragment()),
        rx.cond(
            panel.advice != "",
            rx.el.p(icon("lightbulb", 14), rx.el.span(panel.advice), class_name="advice"),
            rx.fragment(),
        ),
        _notice(),
        _naming(),
        _ways(),
        _handing(),
        _note(),
        _tries(),
        _facts(),
        _arrived(),
        _list("What people did", panel.deeds, "deeds"),
        class_name="panel-body",
        key=panel.key,
    )


def _naming() -> rx.Component:
    return rx.cond(
        PanelState.panel.is_sku & may(Permission.MANAGE_MAPPINGS),
        rx.el.form(
            rx.el.label("Your SKU for it", html_for="our-sku"),
            rx.el.input(
                id="our-sku",
                name="sku",
                required=True,
                max_length=120,
                auto_complete="off",
                spell_check=False,
                class_name="field mono",
            ),
            rx.el.button("Put it on the list", type="submit", class_name="btn primary"),
            on_submit=PanelState.name_sku,
            class_name="form",
        ),
        rx.fragment(),
    )


def _notice() -> rx.Component:
    return rx.fragment(
        rx.cond(
            PanelState.notice != "",
            rx.el.p(
                icon("circle-alert"),
                rx.el.span(PanelState.notice),
                class_name="notice tone-bad",
                role="alert",
            ),
            rx.fragment(),
        ),
        rx.cond(
            PanelState.done != "",
            rx.el.p(
                icon("circle-check"),
                rx.el.span(PanelState.done),
                class_name="notice tone-ok",
                role="status",
            ),
            rx.fragment(),
        ),
    )


def _ways() -> rx.Component:
    panel = PanelState.panel
    return rx.el.div(
        rx.cond(
            panel.can_retry_ours,
            button(
                rx.cond(panel.is_field, "Keep ours: ", "Send ours again: "),
                panel.ours.status,
                kind="primary",
                on_click=PanelState.keep("ours"),
            ),
            rx.fragment(),
        ),
        rx.cond(
            panel.retry != "",
            button(panel.retry, kind="primary", on_click=PanelState.retry),
            rx.fragment(),
        ),
        rx.cond(
            panel.can_keep,
            button(
                "Take " + panel.channel_label + "'s word: ",
                panel.theirs.status,
                on_click=PanelState.keep("channels"),
            ),
            rx.fragment(),
        ),
        _cure(),
        class_name="steps",
        role="group",
        aria_label="What can be done",
    )


def _cure() -> rx.Component:
    panel = PanelState.panel
    is_word = panel.cure_href == "/mappings"
    can = rx.cond(is_word, may(Permission.MANAGE_MAPPINGS), may(Permission.MANAGE_ACCOUNTS))
    return rx.cond(
        panel.cure != "",
        rx.cond(
            can,
            link(panel.cure, href=panel.cure_href, class_name="btn primary"),
            rx.el.p(
                icon("lock", 13), "Only an admin can cure this. Ask one.", class_name="private"
            ),
        ),
        rx.fragment(),
    )


def _handing() -> rx.Component:
    """To whom, and until when."""
    panel = PanelState.panel
    return rx.cond(
        panel.may_act,
        rx.el.div(
            rx.cond(
                panel.order_href != "",
                link("Open the order", href=panel.order_href, class_name="btn"),
                rx.fragment(),
            ),
            _menu("user-round", "Assign", assign_items(PanelState.assign)),
            rx.cond(
                panel.snoozed != "",
                button(
                    icon("alarm-clock", 14),
                    "Wake up (sleeps until ",
                    panel.snoozed,
                    ")",
                    on_click=PanelState.snooze(""),
                ),
                _menu("alarm-clock", "Snooze", snooze_items(PanelState.snooze)),
            ),
            class_name="handing",
        ),
        rx.fragment(),
    )


def _menu(sign: str, name: str, items: rx.Component) -> rx.Component:
    label = rx.cond(PanelState.panel.whose != "", PanelState.panel.whose, name)
    shown = rx.fragment(icon(sign, 14), label if name == "Assign" else name)
    return dropdown(shown, items, label=name, aria_label=name)


def _note() -> rx.Component:
    return rx.cond(
        PanelState.panel.can_resolve,
        rx.el.form(
            rx.el.input(
                name="note",
                key=PanelState.note_box,
                placeholder="Done otherwise? Say what was done",
                aria_label="What was done about it",
                required=True,
                max_length=500,
                auto_complete="off",
                class_name="field",
            ),
            rx.el.button("Close it", type="submit", class_name="btn"),
            on_submit=PanelState.resolve,
            class_name="note-line",
        ),
        rx.fragment(),
    )


def _tries() -> rx.Component:
    """Every call about it: what was asked, and what came back."""
    return rx.cond(
        has_any(PanelState.panel.attempts),
        rx.el.section(
            rx.el.h3("Tries"), receipts_list(PanelState.panel.attempts), class_name="panel-part"
        ),
        rx.fragment(),
    )


def _list(name: str, items: list[Item], kind: str) -> rx.Component:
    return rx.cond(
        has_any(items),
        rx.el.section(
            rx.el.h3(name),
            rx.el.ol(rx.foreach(items, _item), class_name=kind),
            class_name="panel-part",
        ),
        rx.fragment(),
    )


def _item(item: Item) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.b(item.name),
            " ",
            rx.el.span(item.text),
            rx.el.span(" " + item.more, class_name="quiet"),
        ),
        rx.el.time(item.at, title=item.exact, class_name="quiet"),
        key=item.key,
    )


def _facts() -> rx.Component:
    return rx.el.section(
        rx.el.dl(rx.foreach(PanelState.panel.facts, _fact), class_name="facts"),
        class_name="panel-part",
    )


def _fact(item: Item) -> rx.Component:
    return rx.el.div(
        rx.el.dt(item.name), rx.el.dd(item.text, title=item.exact), key=item.key, class_name="fact"
    )


def _arrived() -> rx.Component:
    panel = PanelState.panel
    return rx.cond(
        panel.shape != "",
        rx.el.details(
            rx.el.summary("What arrived"),
            rx.cond(
                PanelState.raw != "",
                rx.el.pre(PanelState.raw, class_name="mono", tab_index=0),
                rx.fragment(
                    rx.cond(
                        panel.may_reveal,
                        button(
                            icon("eye", 14),
                            "Show in clear",
                            kind="small",
                            title="Who looked is written down",
                            on_click=PanelState.reveal,
                        ),
                        rx.el.p(
                            icon("lock", 13),
                            "Your role shows its names, not its values.",
                            class_name="private",
                        ),
                    ),
                    rx.el.pre(panel.shape, class_name="mono", tab_index=0),
                ),
            ),
            class_name="panel-part arrived",
        ),
        rx.fragment(),
    )
