"""What was really called while something was done: for the receipts of status changes.

A connector may need several calls for one deed, and an error's text names none of them. Whoever
keeps receipts listens; `http.py` notes each call that was answered, and each that was not.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Heard:
    """One call. `http_status` is None where no answer came."""

    operation: str
    http_status: int | None = None
    request_id: str = ""

    def __str__(self) -> str:
        return f"{self.operation} {self.http_status or 'no answer'}"


_LISTENER: Final[ContextVar[list[Heard] | None]] = ContextVar("calls", default=None)


@contextmanager
def listening() -> Generator[list[Heard]]:
    """The calls that this thread makes in the block, in their order."""
    heard: list[Heard] = []
    token = _LISTENER.set(heard)
    try:
        yield heard
    finally:
        _LISTENER.reset(token)


def note(operation: str, http_status: int | None = None, request_id: str = "") -> None:
    """Tell whoever listens, if anybody does."""
    heard = _LISTENER.get()
    if heard is not None:
        heard.append(Heard(operation, http_status, request_id))
