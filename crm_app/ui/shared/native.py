"""A form that the browser sends itself; Reflex's own stops that to send an event instead."""

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class NativeForm(BaseHTML):
    """A plain `<form>`: works before any script does, and ends in a full page load."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]


def native_form(*children: Any, method: str, action: str = "", **props: Any) -> rx.Component:
    """Send the fields to `action`; method `dialog` closes the dialog around it instead."""
    if action:
        props["action"] = action
    return NativeForm.create(*children, method=method, **props)
