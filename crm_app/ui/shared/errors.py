"""What a person sees of an error that no handler caught."""

import logging

import reflex as rx

from crm_app.errors import CrmError, NotSignedInError

logger = logging.getLogger(__name__)

# A page can report crashes without end; a log line has one.
_LONGEST_REPORT = 2_000


class UnexpectedError(CrmError):
    """A mistake of ours. The cause is in the log and not on the screen."""

    code = "unexpected"

    def __init__(self) -> None:
        super().__init__("Something went wrong. It has been written to the log.")


class AskAgainError(Exception):
    """A service wants to know once more who it is (`permission`, `confirm`).

    No `CrmError`: it passes through handlers that show those, and ends them where they are.
    """


def show_error(exception: Exception) -> rx.event.EventSpec:
    """Turn an error into a toast or a way to sign in. Registered once for all handlers."""
    if isinstance(exception, NotSignedInError):
        return rx.redirect("/login")
    if isinstance(exception, CrmError):
        return rx.toast.error(str(exception), id="error")
    logger.error("Unexpected error in an event handler", exc_info=exception)
    return rx.toast.error(str(UnexpectedError()), id="error")


def report_frontend(exception: Exception) -> None:
    """Log what crashed in a browser."""
    logger.error("A page crashed in the browser: %s", str(exception)[:_LONGEST_REPORT])
