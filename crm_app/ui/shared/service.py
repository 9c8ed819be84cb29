"""The one way from a page to a service."""

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import reflex as rx
from sqlmodel import Session

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.errors import (
    ConfirmationNeededError,
    CrmError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.services import reach, refusals
from crm_app.ui.shared.errors import AskAgainError, UnexpectedError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


async def errand(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what asks a channel, in a thread: it opens its own transactions, none while it waits.

    Raises:
        PermissionDeniedError: For somebody who looks at the desk as a role.
        AskAgainError, UnexpectedError: As `call` does.
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for actor in _actors(*args, **kwargs):
            actor.require_own_eyes()
        return act(*args, **kwargs)

    return await glance(wraps(act)(run), *args, **kwargs)


async def glance(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in a thread what looks somewhere else than into the database, and changes nothing.

    Raises:
        AskAgainError, UnexpectedError: As `call` does.
    """

    def run() -> T:
        try:
            return act(*args, **kwargs)
        except ConfirmationNeededError as error:
            raise AskAgainError from error
        except (PermissionDeniedError, NotFoundError) as error:
            asking = next(_actors(*args, **kwargs), None)
            if asking is not None:
                refusals.note("event:refused", act.__qualname__, error.code, actor=asking)
            raise
        except CrmError:
            raise
        except Exception as error:
            logger.exception("Unexpected error in %s", act.__qualname__)
            raise UnexpectedError from error

    return await rx.run_in_thread(run)


async def look(
    use_case: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run what asks one thing at every event, in a thread; see `db.ask`.

    Raises:
        UnexpectedError: As `call` does.
    """

    @wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return db.ask(lambda session: use_case(session, *args, **kwargs))

    return await glance(run, *args, **kwargs)


async def call(
    use_case: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a service in a thread and in a transaction of its own.

    A query on the event loop would stop every other person of this process for its length.

    Raises:
        AskAgainError: If who is signed in has to prove that it is them, and then do it again.
        UnexpectedError: If the service failed in a way that nobody foresaw; it is in the log.
            Every page shows a `CrmError` in its place, so none waits for ever.
    """

    @wraps(use_case)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with db.transaction() as session:
            for actor in _actors(*args, **kwargs):
                reach.begin(session, actor)
            return use_case(session, *args, **kwargs)

    return await glance(run, *args, **kwargs)


def _actors(*args: object, **kwargs: object) -> Iterator[Actor]:
    return (one for one in (*args, *kwargs.values()) if isinstance(one, Actor))
