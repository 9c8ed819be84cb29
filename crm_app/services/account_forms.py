"""What an admin typed, checked against the channel's form before anything is done with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crm_app.channels.forms import Field, Form
from crm_app.channels.forms import of as form_of
from crm_app.domain.channel import Channel
from crm_app.errors import InvalidInputError
from crm_app.services import account_options
from crm_app.services.account_options import Choice

MAX_NAME: Final = 120
MAX_VALUE: Final = 4_000
MAX_ID: Final = 128
# Tokens are printed text of any script's ASCII part; a line break or a blank is a slip of copying.
_CLEAN: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Filled:
    """Values of a form: what is kept encrypted, and what is chosen in the clear.

    `typed` are those credentials that are new; `credentials` are all there will be.
    """

    credentials: dict[str, str]
    typed: dict[str, str]
    options: dict[str, Choice]


def need_form(channel: Channel) -> Form:
    """The channel's form; raises InvalidInputError if it has none."""
    form = form_of(channel)
    if form is None:
        words = f"{channel.label} is not connected by hand."
        raise InvalidInputError(words, details={"channel": words})
    return form


def fill(channel: Channel, values: Mapping[str, str], kept: Mapping[str, str]) -> Filled:
    """The values of a form; an empty secret stays what it was.

    Args:
        channel: Whose form.
        values: As typed, by the names of the form's fields.
        kept: The credentials that are stored; empty for a new account.

    Raises:
        InvalidInputError: `details` maps each field that is wrong to a sentence.
    """
    form = need_form(channel)
    asked = {option.name for option in form.asked}
    mistakes = {name: "There is no such field." for name in values if not _has(form, name)}
    new = dict[str, str]()
    for field in form.fields:
        typed = values.get(field.name, "").strip()
        if why := _mistake(field, typed, is_kept=field.name in kept):
            mistakes[field.name] = why
        elif typed:
            new[field.name] = typed
            if field.also:
                new[field.also] = typed
    try:
        options = account_options.read(
            form.asked, {name: value for name, value in values.items() if name in asked}
        )
    except InvalidInputError as error:
        mistakes |= error.details
        options = {}
    if mistakes:
        raise InvalidInputError("Some fields need another look.", details=mistakes)
    return Filled({**kept, **new}, new, options)


def _has(form: Form, name: str) -> bool:
    return any(one.name == name for one in (*form.fields, *form.asked))


def _mistake(field: Field, typed: str, *, is_kept: bool) -> str:
    if not typed:
        return "Needed." if field.is_needed and not is_kept else ""
    if len(typed) > MAX_VALUE:
        return "Too long."
    return "" if _CLEAN.fullmatch(typed) else "It holds a blank or a character that no key has."


def clean_name(name: str) -> str:
    """A name as people read it; raises InvalidInputError."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        words = f"A name has 1 to {MAX_NAME} printable characters."
        raise InvalidInputError(words, details={"name": words})
    return name


def clean_order_id(text: str) -> str:
    """An order's id as a person pasted it; raises InvalidInputError."""
    text = text.strip().lstrip("#")
    if not text or len(text) > MAX_ID or not text.isprintable() or any(map(str.isspace, text)):
        words = f"An order's id has 1 to {MAX_ID} characters and no blank."
        raise InvalidInputError(words, details={"external_id": words})
    return text
