"""Questions that the browser answers, of fields whose static type is that of the server."""

from collections.abc import Sequence
from typing import Any, cast

import reflex as rx


def has_any(items: Sequence[Any]) -> rx.Var[bool]:
    """Whether a list of the state holds something."""
    return cast(Any, items).length() > 0


def is_empty(items: Sequence[Any]) -> rx.Var[bool]:
    return cast(Any, items).length() == 0


def both(first: Any, second: Any) -> rx.Var[bool]:
    """Both hold; Python's own `and` would ask the server, and only once."""
    return cast(rx.Var[bool], first) & cast(rx.Var[bool], second)


def is_not(flag: Any) -> rx.Var[bool]:
    return ~cast(rx.Var[bool], flag)


def joined(lines: Sequence[str], between: str) -> rx.Var[str]:
    return cast(Any, lines).join(between)
