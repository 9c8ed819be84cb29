"""What an admin decides about an account besides its keys: checked, stored, written down.

Which options there are, of which kind and what holds without a choice is said by the channel's
`form.py`. Only what was chosen is stored, so a usual value that changes with a release reaches
every account that never chose another.
"""

import copy
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlmodel import Session

from crm_app.channels.forms import Option, Value
from crm_app.channels.forms import of as form_of
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import ChannelAccount
from crm_app.services import accounts, audit, reach

MAX_TEXT: Final = 300
_TRUE: Final = ("true", "yes", "on", "1")
_FALSE: Final = ("false", "no", "off", "0")
_PRINTED: Final = re.compile(r"[^\x00-\x1f\x7f]*")

# A choice; None goes back to the usual value.
Choice = Value | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """An option with what holds for an account."""

    option: Option
    value: Value
    is_chosen: bool


def of(account: ChannelAccount) -> tuple[Chosen, ...]:
    """Every option of an account, in the order of its form; none for one without a form."""
    form = form_of(account.channel)
    if form is None:
        return ()
    found: list[Chosen] = []
    for option in form.every_option:
        value = _stored(account.options, option.name)
        is_chosen = isinstance(value, str | int | float | bool)
        found.append(Chosen(option, value if is_chosen else option.default, is_chosen))
    return tuple(found)


def read(options: tuple[Option, ...], values: Mapping[str, Any]) -> dict[str, Choice]:
    """Check what was typed or sent; options that are not named stay out.

    Args:
        options: Those that may be named.
        values: By name; texts of a form as well as numbers and booleans of a program. An empty
            text or None goes back to the usual value.

    Raises:
        InvalidInputError: `details` maps each wrong name to a sentence.
    """
    known = {option.name: option for option in options}
    mistakes = {name: "There is no such option." for name in values if name not in known}
    found: dict[str, Choice] = {}
    for name, typed in values.items():
        if name in mistakes:
            continue
        try:
            value = _value(known[name], typed)
        except ValueError as error:
            mistakes[name] = str(error)
        else:
            found[name] = None if value == known[name].default else value
    if mistakes:
        raise InvalidInputError("Some options need another look.", details=mistakes)
    return found


def applied(stored: Mapping[str, Any], chosen: Mapping[str, Choice]) -> dict[str, Any]:
    """The options of an account with some of them chosen anew."""
    options = copy.deepcopy(dict(stored))
    for name, value in chosen.items():
        outer, _, inner = name.partition(".")
        place = options
        if inner:
            # What stood there in another shape cannot be read by anybody.
            place = options[outer] = _object(options.get(outer))
        if value is None:
            place.pop(inner or outer, None)
        else:
            place[inner or outer] = value
        if inner and not place:
            del options[outer]
    return options


def change(
    session: Session, actor: Actor, account_id: int, values: Mapping[str, Any]
) -> ChannelAccount:
    """Choose some options of an account; they hold from the next call of the channel on.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
        NotFoundError: If there is no such account.
        InvalidInputError: `details` maps each wrong name to a sentence; nothing is changed.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    account = accounts.locked_account(session, account_id)
    chosen = read(changeable(account.channel), values)
    before = {name: _stored(account.options, name) for name in chosen}
    changed = {name: value for name, value in chosen.items() if value != before[name]}
    if not changed:
        return account
    account.options = applied(account.options, changed)
    audit.record(
        session,
        actor,
        "account:options:changed",
        subject_type="account",
        subject_id=account.id,
        before={name: before[name] for name in changed},
        after=dict(changed),
    )
    return account


def changeable(channel: Channel) -> tuple[Option, ...]:
    """The options that may be changed without the keys."""
    form = form_of(channel)
    if form is None:
        return ()
    return tuple(option for option in form.every_option if not option.is_address)


def _stored(options: Mapping[str, Any], name: str) -> Any:
    outer, _, inner = name.partition(".")
    return _object(options.get(outer)).get(inner) if inner else options.get(outer)


def _object(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _value(option: Option, typed: Any) -> Choice:
    """Raises ValueError with a sentence for people."""
    if typed is None or (isinstance(typed, str) and not typed.strip()):
        return None
    if option.kind == "number":
        return _number(option, typed)
    if option.kind == "switch":
        return _switch(typed)
    text = str(typed).strip()
    if option.kind == "choice":
        if text not in dict(option.choices):
            raise ValueError(f"One of {', '.join(word for word, _ in option.choices)}.")
        return text
    if len(text) > MAX_TEXT or not _PRINTED.fullmatch(text):
        raise ValueError(f"A text of at most {MAX_TEXT} printed characters.")
    return text


def _number(option: Option, typed: Any) -> float:
    unit = f" {option.unit}" if option.unit else ""
    wanted = f"A number from {option.low:g} to {option.high:g}{unit}."
    try:
        value = math.nan if isinstance(typed, bool) else float(typed)
    except (TypeError, ValueError) as error:
        raise ValueError(wanted) from error
    if not option.low <= value <= option.high:
        raise ValueError(wanted)
    return value


def _switch(typed: Any) -> bool:
    word = str(typed).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise ValueError("Yes or no.")
    return word in _TRUE
