"""The form of a channel on screen: to connect an account, and to change one."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import reflex as rx

from crm_app.channels import capabilities
from crm_app.channels.forms import FORMS, Field, Form, Option, Value
from crm_app.domain.channel import Channel
from crm_app.services import account_options
from crm_app.services.account_options import Chosen


@dataclass(frozen=True)
class Choice:
    """A channel that can be connected."""

    channel: str
    mark: str
    label: str
    note: str


@dataclass(frozen=True)
class Pick:
    """One of the words of a choice."""

    word: str
    label: str


@dataclass(frozen=True)
class FormField:
    """One line of the form, ready to draw."""

    name: str
    id: str
    label: str
    help: str
    kind: Literal["password", "text", "number"]
    value: str
    placeholder: str
    is_needed: bool
    mistake: str
    is_choice: bool = False
    words: list[Pick] = dataclasses.field(default_factory=list[Pick])

    @classmethod
    def of(cls, field: Field, *, is_kept: bool, mistake: str = "") -> Self:
        is_needed = field.is_needed and not is_kept
        return cls(
            name=field.name,
            id=f"f-{field.name}",
            label=field.label if field.is_needed else f"{field.label} (if you have one)",
            help=field.help,
            kind="password",
            value="",
            placeholder="Stays as it is" if is_kept else "",
            is_needed=is_needed,
            mistake=mistake,
        )

    @classmethod
    def of_option(cls, option: Option, chosen: Chosen | None, mistake: str = "") -> Self:
        """An option; what is empty is the usual value."""
        usual = value_text(option, option.default)
        is_choice = option.kind in ("switch", "choice")
        held = value_text(option, chosen.value) if chosen and chosen.is_chosen else ""
        return cls(
            name=option.name,
            id=f"f-{option.name.replace('.', '-')}",
            label=f"{option.label} ({option.unit})" if option.unit else option.label,
            help=option.help,
            kind="number" if option.kind == "number" else "text",
            value=_word(chosen.value if chosen else option.default) if is_choice else held,
            placeholder=usual,
            is_needed=False,
            mistake=mistake,
            is_choice=is_choice,
            words=_picks(option),
        )


def _picks(option: Option) -> list[Pick]:
    if option.kind == "switch":
        return [Pick("true", "Yes"), Pick("false", "No")]
    return [Pick(word, label) for word, label in option.choices]


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_text(option: Option, value: Value) -> str:
    """`Yes`, `Not enough stock`, `48`."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return f"{value:.12g}"
    return dict(option.choices).get(value, value)


def choices() -> list[Choice]:
    """The channels with a form, in the order of the table."""
    return [
        Choice(
            channel.value,
            channel.mark,
            channel.label,
            "contract inferred" if capabilities.of(channel).is_inferred else "",
        )
        for channel in FORMS
    ]


def fields_of(
    form: Form,
    *,
    kept: tuple[str, ...] = (),
    options: Iterable[Chosen] = (),
    mistakes: Mapping[str, str] | None = None,
) -> list[FormField]:
    """The lines of a form, with what is wrong below each."""
    wrong = mistakes or {}
    held = {one.option.name: one for one in options}
    return [
        FormField.of(field, is_kept=field.name in kept, mistake=wrong.get(field.name, ""))
        for field in form.fields
    ] + [
        FormField.of_option(option, held.get(option.name), wrong.get(option.name, ""))
        for option in form.asked
    ]


def option_fields(
    options: Iterable[Chosen], mistakes: Mapping[str, str] | None = None
) -> list[FormField]:
    """The lines of the options that are changed without the keys."""
    wrong = mistakes or {}
    return [
        FormField.of_option(one.option, one, wrong.get(one.option.name, ""))
        for one in options
        if not one.option.is_address
    ]


def values_of(form: Mapping[str, Any], channel: Channel) -> dict[str, str]:
    """What was typed into the fields of a channel's form."""
    asked = FORMS[channel]
    return {one.name: str(form.get(one.name, "")).strip() for one in (*asked.fields, *asked.asked)}


def chosen_of(form: Mapping[str, Any], channel: Channel) -> dict[str, str]:
    """What was typed into the fields of a channel's options."""
    return {
        option.name: str(form.get(option.name, "")).strip()
        for option in account_options.changeable(channel)
    }


def text_field(
    name: str, label: str, mistake: Any, help_text: Any = "", **props: Any
) -> rx.Component:
    """A line of a form that every channel has."""
    field_id = f"f-{name}"
    return rx.fragment(
        rx.el.label(label, html_for=field_id),
        rx.el.input(
            id=field_id,
            name=name,
            auto_complete="off",
            spell_check=False,
            class_name="field",
            aria_describedby=f"{field_id}-help",
            **props,
        ),
        _below(f"{field_id}-help", help_text, mistake),
    )


def form_fields(fields: Any) -> rx.Component:
    """The lines of a channel's own form."""
    return rx.fragment(rx.foreach(fields, _field))


def _field(field: FormField) -> rx.Component:
    return rx.fragment(
        rx.el.label(field.label, html_for=field.id),
        rx.cond(field.is_choice, _select(field), _input(field)),
        _below(field.id + "-help", field.help, field.mistake),
        key=field.name,
    )


def _select(field: FormField) -> rx.Component:
    return rx.el.select(
        rx.foreach(field.words, _pick),
        id=field.id,
        name=field.name,
        default_value=field.value,
        class_name="field",
        aria_describedby=field.id + "-help",
    )


def _pick(pick: Pick) -> rx.Component:
    return rx.el.option(pick.label, value=pick.word)


def _input(field: FormField) -> rx.Component:
    return rx.el.input(
        id=field.id,
        name=field.name,
        type=field.kind,
        default_value=field.value,
        placeholder=field.placeholder,
        required=field.is_needed,
        # A browser shall not offer to remember a channel's keys as somebody's password.
        auto_complete="new-password",
        spell_check=False,
        max_length=4_000,
        step="any",
        class_name="field mono",
        aria_describedby=field.id + "-help",
    )


def _below(element_id: Any, help_text: Any, mistake: Any) -> rx.Component:
    return rx.el.div(
        rx.cond(
            mistake != "",
            rx.el.p(mistake, class_name="mistake", role="alert"),
            rx.el.p(help_text, class_name="quiet field-help"),
        ),
        id=element_id,
    )
