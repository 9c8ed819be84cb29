"""Elements that the browser handles itself, where Reflex's own would take over.

Its form stops the browser to send an event instead; its `<a>` turns a jump within the page into
a visit of the page, which would lose the filters.
"""

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class NativeForm(BaseHTML):
    """A plain `<form>`: works before any script does, and ends in a full page load."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]


class NativeAnchor(BaseHTML):
    """A plain `<a>`."""

    tag = "a"

    href: rx.Var[str]


def jump(label: str, target: str, **props: Any) -> rx.Component:
    """Go to the element with the id `target` on this page."""
    return NativeAnchor.create(label, href=f"#{target}", **props)


def native_form(*children: Any, method: str, action: str = "", **props: Any) -> rx.Component:
    """Send the fields to `action`; method `dialog` closes the dialog around it instead."""
    if action:
        props["action"] = action
    return NativeForm.create(*children, method=method, **props)
