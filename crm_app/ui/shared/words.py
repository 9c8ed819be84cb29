"""What two sides say of the same thing, beside each other."""

from dataclasses import dataclass

import reflex as rx


@dataclass(frozen=True)
class Word:
    """One side's word. `raw` is the channel's own spelling, or a longer text."""

    side: str = ""
    status: str = ""
    raw: str = ""
    at: str = ""
    exact: str = ""
    who: str = ""


def two_words(ours: Word, theirs: Word) -> rx.Component:
    """Both words with their times and who said them."""
    return rx.el.div(_word(ours), _word(theirs), class_name="two-words")


def _word(word: Word) -> rx.Component:
    return rx.el.div(
        rx.el.div(word.side, class_name="quiet"),
        rx.el.div(word.status, class_name="strong"),
        rx.cond(word.raw != "", rx.el.div(word.raw, class_name="mono quiet"), rx.fragment()),
        rx.el.div(rx.el.span(word.at, title=word.exact), " ", word.who, class_name="quiet"),
        class_name="their-word",
    )
