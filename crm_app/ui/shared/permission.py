"""The mark that every event handler of ours carries. The guard refuses one without it."""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import reflex as rx

from crm_app.domain.permissions import Permission
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


def _guarded(
    handler: Callable[..., Any], permissions: tuple[Permission, ...]
) -> Callable[..., Any]:
    @functools.wraps(handler)
    async def run(self: rx.State, *args: Any, **kwargs: Any) -> Any:
        await _check(self, permissions)
        return await handler(self, *args, **kwargs)

    return run


def _guarded_stream(
    handler: Callable[..., Any], permissions: tuple[Permission, ...]
) -> Callable[..., Any]:
    @functools.wraps(handler)
    async def run(self: rx.State, *args: Any, **kwargs: Any) -> AsyncGenerator[Any]:
        await _check(self, permissions)
        async for step in handler(self, *args, **kwargs):
            yield step

    return run
