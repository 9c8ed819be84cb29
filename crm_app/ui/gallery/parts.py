"""The parts of the gallery, each with where it lives and when it is used."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, get_args

import reflex as rx

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus, SyncStatus
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.choices import Chip, Option
from crm_app.ui.shared.filter_parts import (
    channel_option,
    chip,
    dropdown,
    menu,
    pill_option,
    plain_option,
    with_out,
)
from crm_app.ui.shared.hold import hold_fields
from crm_app.ui.shared.marks import button, channel_mark, icon, key, pill, tag, time_text
from crm_app.ui.shared.notes import mistake, notice
from crm_app.ui.shared.paging import paging_bar
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.shared.tones import Pill, Tone, payment_pill, status_pill, sync_pill
from crm_app.ui.shared.words import Word, two_words

_HERE: Final = "/gallery"


@dataclass(frozen=True)
class Part:
    """One part: its name, its place in the code, when to use it, and how it is drawn."""

    key: str
    name: str
    where: str
    says: str
    draw: Callable[[], list[rx.Component]]


def _buttons() -> list[rx.Component]:
    return [
        button("Ship", kind="primary"),
        button("Hold"),
        button("Not now", kind="quiet"),
        button("Cancel order", kind="danger"),
        button(icon("printer", 14), "Print", kind="menu"),
        button("Waiting", disabled=True),
    ]


def _pills() -> list[rx.Component]:
    tones: tuple[Tone, ...] = get_args(Tone)
    return [
        *[pill(status_pill(one)) for one in OrderStatus],
        *[pill(payment_pill(one)) for one in PaymentStatus],
        *[pill(sync_pill(one)) for one in SyncStatus],
        *[pill(Pill(f"Tone {tone}", tone)) for tone in tones],
    ]


def _marks() -> list[rx.Component]:
    return [
        *[channel_mark(one.mark, one.value, one.label) for one in Channel],
        tag("Prime"),
        key("Ctrl", "K"),
        time_text("today 10:30", "20 November 2026, 10:30:00 IST"),
    ]


def _notices() -> list[rx.Component]:
    return [
        notice("Nothing is saved yet: look at the fields in red."),
        notice("Amazon has not answered for ten minutes.", "warn"),
        notice("Your password is set.", "ok"),
        notice("Your session has ended. Sign in, and you are where you were.", "info"),
    ]


def _fields() -> list[rx.Component]:
    return [
        rx.el.form(
            rx.el.label("Tracking number", html_for="gallery-tracking"),
            rx.el.input(id="gallery-tracking", name="tracking", class_name="field mono"),
            mistake("Amazon asks for the tracking number."),
            *hold_fields(),
            class_name="form gallery-form",
        )
    ]


def _filters() -> list[rx.Component]:
    channel = Option("amazon", "Amazon", _HERE, True, mark="AZ")
    status = Option("packed", "Packed", _HERE, pill=status_pill(OrderStatus.PACKED))
    out = Option("city", "Mumbai", _HERE, hint="1,204", out_href=_HERE, is_out=True)
    return [
        menu("Channel", channel_option(channel), with_out(out, plain_option(out))),
        dropdown("Status", pill_option(status), label="Filter by status"),
        chip(Chip("channel", "Channel", "Amazon", _HERE)),
        chip(Chip("city", "City", "not Mumbai", _HERE)),
    ]


def _dialogs() -> list[rx.Component]:
    return [
        rx.dialog.root(
            rx.dialog.trigger(button("Open a dialog")),
            rx.dialog.content(
                rx.dialog.title("Hold 405-8078784-5731545", class_name="dialog-title"),
                rx.dialog.description("The channel is not told.", class_name="quiet"),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.dialog.close(button("Hold", kind="primary")),
                    class_name="dialog-end",
                ),
                class_name="dialog",
            ),
        )
    ]


def _table() -> list[rx.Component]:
    rows = (("405-8078784-5731545", "₹2,148.00"), ("#10492", "₹4,320.00"))
    return [
        rx.el.div(
            rx.el.table(
                rx.el.caption("Two orders", class_name="sr-only"),
                rx.el.thead(
                    rx.el.tr(rx.el.th("Order", scope="col"), rx.el.th("Total", scope="col"))
                ),
                rx.el.tbody(
                    *[
                        rx.el.tr(
                            rx.el.th(number, scope="row", class_name="mono"),
                            rx.el.td(total, class_name="num"),
                        )
                        for number, total in rows
                    ]
                ),
                class_name="grid",
            ),
            class_name="scroll",
        ),
        paging_bar("Pages", stale="", first="", previous="", following=_HERE),
    ]


def _words() -> list[rx.Component]:
    ours = Word("Here", "Shipped", at="today 10:21", who="Riya Menon")
    theirs = Word("Amazon", "Cancelled", "CANCELLED", at="today 10:24")
    return [two_words(ours, theirs)]


PARTS: Final = (
    Part("buttons", "Buttons", "marks.button", "One primary at a time.", _buttons),
    Part("pills", "Statuses", "tones, marks.pill", "A ring beside the colour.", _pills),
    Part("marks", "Marks", "marks", "Channels, facts, keys, times.", _marks),
    Part("notices", "Notices", "notes.notice", "Said where it happened.", _notices),
    Part("fields", "Fields", "notes.mistake, hold", "Under the field what is wrong.", _fields),
    Part("filters", "Filters", "filter_parts", "Links, so that Back works.", _filters),
    Part("dialogs", "Dialogs", "rx.dialog", "A question, its way out first.", _dialogs),
    Part("tables", "Tables", "paging", "Rows fold to cards on a phone.", _table),
    Part("words", "Two words", "words.two_words", "Whose word stays.", _words),
    Part(
        "empty",
        "Nothing to show",
        "blanks.blank",
        "A sign, a sentence, a way on.",
        lambda: [blank("inbox", "No orders yet", "They arrive here by themselves.")],
    ),
    Part(
        "failed",
        "Not loaded",
        "blanks.failed",
        "Why, and once more.",
        lambda: [failed("The database does not answer.", ShellState.load)],
    ),
    Part(
        "waiting",
        "Waiting",
        "blanks.skeleton_rows",
        "The shape of what comes.",
        lambda: [skeleton_rows(3, ("190px", "220px", "90px"))],
    ),
)
