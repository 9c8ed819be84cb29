"""The one way from a page to a service."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import reflex as rx
from sqlmodel import Session

from crm_app import db

P = ParamSpec("P")
T = TypeVar("T")


async def call(
    use_case: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a service in a thread and in a transaction of its own.

    A query on the event loop would stop every other person of this process for its length.
    """

    def run() -> T:
        with db.transaction() as session:
            return use_case(session, *args, **kwargs)

    return await rx.run_in_thread(run)
