"""The palette, opened with Ctrl or Cmd and K: pages, views, what can be done here, and orders.

Plain HTML; `assets/palette.js` opens it, narrows what is on the page already and walks through it.
"""

from typing import Any, Final

import reflex as rx
from reflex.style import DARK_COLOR_MODE, resolved_color_mode, toggle_color_mode

from crm_app.domain.permissions import Permission
from crm_app.ui.shared.links import BULK, DOWNLOADS, NEW_ORDER, link
from crm_app.ui.shared.marks import channel_mark, icon, pill
from crm_app.ui.shared.navigation import PLACES, if_allowed, may
from crm_app.ui.shared.palette_state import PaletteOrder, PaletteState, PaletteView
from crm_app.ui.shared.shell_state import ShellState

# What can be done: words, sign, the key that does the same, and what on the page does it.
# A deed whose button is not on the page is not offered.
_DEEDS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("Change status", "arrow-right-left", "e", "key:e"),
    ("Assign", "user-round", "a", "key:a"),
    ("Tags", "tag", "t", "key:t"),
    ("Comment", "message-square", "c", "key:c"),
    ("Hold or release", "pause", "h", "key:h"),
    ("Priority", "signal-high", "i", "key:i"),
    ("Archive", "archive", "", '[data-desk="archive"]'),
    ("Take out of the archive", "archive-restore", "", '[data-desk="unarchive"]'),
    ("Edit this order", "pencil", "", '[data-do="edit"]'),
    ("Print", "printer", "", '[data-do="print"]'),
    ("Export this filter", "download", "", '[data-do="export"]'),
    ("Export what is chosen", "download", "", '[data-bulk="export"]'),
    ("Print pick list of what is chosen", "list-checks", "", '[data-bulk="pick_list"]'),
    ("Print packing slips of what is chosen", "printer", "", '[data-bulk="packing_slip"]'),
    ("Save this list as a view", "bookmark-plus", "", '[data-do="save-view"]'),
    ("Comfortable or compact rows", "rows-3", "", '[data-do="density"]'),
    ("Choose all orders of this page", "list-checks", "", "[data-pick-page]"),
    ("Choose none", "x", "Esc", "[data-none]"),
    ("Show new orders", "arrow-up", "", ".news"),
    ("Next page", "chevron-right", "n", '[data-page="n"]'),
    ("Previous page", "chevron-left", "p", '[data-page="p"]'),
    ("Columns", "columns-3", "", "[data-columns]"),
    ("Close the order", "x", "Esc", "[data-close]"),
    ("Keyboard shortcuts", "keyboard", "?", "[data-help]"),
)


def palette() -> rx.Component:
    return rx.el.dialog(
        rx.el.div(
            icon("search", 16),
            rx.el.input(
                type="text",
                id="palette-box",
                role="combobox",
                placeholder="Go to a page or view, do something, find an order",
                aria_label="Go to, do, or find",
                auto_complete="off",
                spell_check=False,
                max_length=120,
                on_change=PaletteState.search.debounce(160),
                custom_attrs={
                    "aria-expanded": "true",
                    "aria-controls": "palette-list",
                    "aria-autocomplete": "list",
                },
            ),
            rx.el.kbd("Esc"),
            class_name="palette-head",
        ),
        rx.el.div(
            _group("Orders", rx.foreach(PaletteState.orders, _order), key="orders"),
            _group("Do", *[_deed(*one) for one in _DEEDS], *_makes(), _theme(), key="deeds"),
            _group("Views", rx.foreach(PaletteState.views, _view), key="views"),
            _group("Go to", *_places(), key="places"),
            id="palette-list",
            class_name="palette-list",
            role="listbox",
            aria_label="What fits",
            custom_attrs={"data-found-for": PaletteState.found_for},
        ),
        rx.el.p(PaletteState.note, class_name="palette-note", role="status"),
        rx.el.p("Nothing fits", class_name="palette-note palette-none", hidden=True),
        rx.el.button(
            type="button",
            hidden=True,
            tab_index=-1,
            id="palette-look",
            on_click=PaletteState.look,
            aria_hidden="true",
        ),
        id="palette",
        class_name="palette",
        aria_label="Palette",
    )


def _group(name: str, *entries: Any, key: str) -> rx.Component:
    return rx.el.div(
        rx.el.div(name, class_name="cap", id=f"palette-{key}"),
        *entries,
        role="group",
        aria_labelledby=f"palette-{key}",
        class_name="palette-group",
        custom_attrs={"data-group": key},
    )


def _deed(words: str, sign: str, letter: str, does: str) -> rx.Component:
    return rx.el.button(
        icon(sign, 15),
        rx.el.span(words),
        rx.el.kbd(letter) if letter else rx.fragment(),
        type="button",
        role="option",
        tab_index=-1,
        class_name="palette-entry",
        custom_attrs={"data-entry": "1", "data-does": does},
    )


def _makes() -> list[rx.Component]:
    """What begins on a page of its own."""
    made = (
        ("New order", "plus", NEW_ORDER, Permission.CREATE_ORDERS),
        ("Bulk changes", "layers", BULK, Permission.BULK_CHANGE),
        ("New export", "download", f"{DOWNLOADS}?new=1", Permission.EXPORT_ORDERS),
    )
    return [
        rx.cond(
            may(needs),
            link(
                icon(sign, 15),
                rx.el.span(words),
                href=href,
                role="option",
                tab_index=-1,
                class_name="palette-entry",
                custom_attrs={"data-entry": "1"},
            ),
            rx.fragment(),
        )
        for words, sign, href, needs in made
    ]


def _theme() -> rx.Component:
    return rx.el.button(
        icon("sun-moon", 15),
        rx.el.span("Switch between light and dark"),
        type="button",
        role="option",
        tab_index=-1,
        class_name="palette-entry",
        on_click=[
            toggle_color_mode,
            ShellState.choose_theme(
                rx.cond(resolved_color_mode == DARK_COLOR_MODE, "light", "dark")
            ),
        ],
        custom_attrs={"data-entry": "1"},
    )


def _places() -> list[rx.Component]:
    return [
        if_allowed(
            place,
            link(
                icon(place.sign, 15),
                rx.el.span(place.label),
                rx.el.span(rx.el.kbd("g"), rx.el.kbd(place.letter), class_name="keys"),
                href=place.href,
                role="option",
                tab_index=-1,
                class_name="palette-entry",
                custom_attrs={"data-entry": "1"},
            ),
        )
        for place in PLACES
    ]


def _view(view: PaletteView) -> rx.Component:
    return link(
        rx.el.i(class_name="dot tone-" + view.colour, aria_hidden="true"),
        rx.el.span(view.name),
        key=view.key,
        href=view.href,
        role="option",
        tab_index=-1,
        class_name="palette-entry",
        custom_attrs={"data-entry": "1"},
    )


def _order(order: PaletteOrder) -> rx.Component:
    return link(
        channel_mark(order.mark, order.channel, order.label),
        rx.el.span(order.number, class_name="mono"),
        rx.el.span(order.customer, class_name="quiet palette-who"),
        pill(order.status),
        key=order.id,
        href=order.href,
        role="option",
        tab_index=-1,
        class_name="palette-entry",
        # Found by the server: it fits whatever its words are.
        custom_attrs={"data-entry": "1", "data-order": order.id},
    )
