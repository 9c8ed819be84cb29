"""What a person asked for and has to confirm first."""

from dataclasses import dataclass
from typing import Any

import reflex as rx


@dataclass(frozen=True)
class Step:
    """A handler with what it was given."""

    state: type[rx.State]
    handler: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class PendingState(rx.State):
    """The step that waits. What was typed into a form stays on the server, and in the form."""

    is_asked: bool = False
    _step: Step | None = None


def hold(pending: PendingState, step: Step) -> None:
    """Keep a step until who is signed in has proved that it is them."""
    pending.is_asked, pending._step = True, step  # pyright: ignore[reportPrivateUsage]


def take(pending: PendingState) -> Step | None:
    """The step that waits, which then waits no longer."""
    step = pending._step  # pyright: ignore[reportPrivateUsage]
    pending.is_asked, pending._step = False, None  # pyright: ignore[reportPrivateUsage]
    return step
