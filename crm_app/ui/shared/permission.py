"""The mark that every event handler of ours carries. The guard refuses one without it."""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.shared.errors import AskAgainError
from crm_app.ui.shared.pending import PendingState, Step, hold
from crm_app.ui.shared.session import current_actor

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__crm_mark__"


@dataclass(frozen=True)
class Mark:
    """What a handler asks of the person who calls it.

    Attributes:
        permissions: All of them are needed; none means: signed in.
        is_quiet: The page itself shows why it is refused, so no toast says it again.
        public_because: The reason why anybody may call it; empty for all but a few.
    """

    permissions: tuple[Permission, ...] = ()
    is_quiet: bool = False
    public_because: str = ""


def mark_of(handler: Callable[..., Any]) -> Mark | None:
    """The mark of a handler's function, if it has one."""
    return getattr(handler, _ATTRIBUTE, None)


def requires(*permissions: Permission, quiet: bool = False) -> Callable[[F], F]:
    """Let only signed-in people with these permissions run a handler.

    Placed below `@rx.event`. The guard reads the mark before the handler starts; the check
    inside holds for calls that do not come through the guard.
    """

    def protect(handler: F) -> F:
        if inspect.isasyncgenfunction(handler):
            guarded = _guarded_stream(handler, permissions)
        elif inspect.iscoroutinefunction(handler):
            guarded = _guarded(handler, permissions)
        else:
            raise TypeError(f"{handler.__qualname__} must be async: it waits for the database.")
        setattr(guarded, _ATTRIBUTE, Mark(permissions, is_quiet=quiet))
        return cast(F, guarded)

    return protect


def public(reason: str) -> Callable[[F], F]:
    """Let anybody run a handler. It must touch no data; the reason is for the reader."""
    if not reason:
        raise ValueError("A public handler says why it is public.")

    def open_up(handler: F) -> F:
        setattr(handler, _ATTRIBUTE, Mark(public_because=reason))
        return handler

    return open_up


async def _check(state: rx.State, permissions: tuple[Permission, ...]) -> None:
    actor = await current_actor(state)
    for permission in permissions:
        actor.require(permission)


# Whether a handler runs that another one called: then the outer one is what is done again.
_is_inside: ContextVar[bool] = ContextVar("inside_a_handler", default=False)


@contextmanager
def _inside() -> Generator[None]:
    before = _is_inside.set(True)
    try:
        yield
    finally:
        _is_inside.reset(before)


async def _ask_again(state: rx.State, step: Step) -> None:
    hold(await state.get_state(PendingState), step)


def _guarded(
    handler: Callable[..., Any], permissions: tuple[Permission, ...]
) -> Callable[..., Any]:
    @functools.wraps(handler)
    async def run(self: rx.State, *args: Any, **kwargs: Any) -> Any:
        await _check(self, permissions)
        if _is_inside.get():
            return await handler(self, *args, **kwargs)
        try:
            with _inside():
                return await handler(self, *args, **kwargs)
        except AskAgainError:
            return await _ask_again(self, Step(type(self), handler.__name__, args, kwargs))

    return run


def _guarded_stream(
    handler: Callable[..., Any], permissions: tuple[Permission, ...]
) -> Callable[..., Any]:
    @functools.wraps(handler)
    async def run(self: rx.State, *args: Any, **kwargs: Any) -> AsyncGenerator[Any]:
        await _check(self, permissions)
        steps = handler(self, *args, **kwargs)
        while True:
            try:
                # Around each step alone: in between, the task runs what has nothing to do with it.
                with _inside():
                    found = await anext(steps)
            except StopAsyncIteration:
                return
            except AskAgainError:
                await _ask_again(self, Step(type(self), handler.__name__, args, kwargs))
                return
            yield found

    return run
