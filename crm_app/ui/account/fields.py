"""The form of a channel on screen: to connect an account, and to change one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import reflex as rx

from crm_app.channels import capabilities
from crm_app.channels.forms import FORMS, Field, Form
from crm_app.domain.channel import Channel


@dataclass(frozen=True)
class Choice:
    """A channel that can be connected."""

    channel: str
    mark: str
    label: str
    note: str


@dataclass(frozen=True)
class FormField:
    """One line of the form, ready to draw."""

    name: str
    id: str
    label: str
    help: str
    kind: Literal["password", "text"]
    value: str
    placeholder: str
    is_needed: bool
    mistake: str

    @classmethod
    def of(
        cls, field: Field, options: Mapping[str, Any], *, is_kept: bool, mistake: str = ""
    ) -> Self:
        is_needed = field.is_needed and not is_kept
        return cls(
            name=field.name,
            id=f"f-{field.name}",
            label=field.label if field.is_needed else f"{field.label} (if you have one)",
            help=field.help,
            kind="password" if field.is_secret else "text",
            value=str(options.get(field.name, "")) if field.is_option else "",
            placeholder="Stays as it is" if is_kept else "",
            is_needed=is_needed,
            mistake=mistake,
        )


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
    options: Mapping[str, Any] | None = None,
    mistakes: Mapping[str, str] | None = None,
) -> list[FormField]:
    """The lines of a form, with what is wrong below each."""
    wrong = mistakes or {}
    return [
        FormField.of(
            field, options or {}, is_kept=field.name in kept, mistake=wrong.get(field.name, "")
        )
        for field in form.fields
    ]


def values_of(form: Mapping[str, Any], channel: Channel) -> dict[str, str]:
    """What was typed into the fields of a channel's form."""
    return {field.name: str(form.get(field.name, "")).strip() for field in FORMS[channel].fields}


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
        rx.el.input(
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
            class_name="field mono",
            aria_describedby=field.id + "-help",
        ),
        _below(field.id + "-help", field.help, field.mistake),
        key=field.name,
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
