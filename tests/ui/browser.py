"""A browser tab without a browser: Reflex's own pipeline, with the app's guard in front."""

import dataclasses
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import reflex as rx
from reflex.istate.data import HeaderData, ReflexURL, RouterData, SessionData
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import BaseState
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from crm_app.crm_app import app
from crm_app.services import auth

T = TypeVar("T", bound=rx.State)

TOKEN = "7d9f4a52-0000-4000-8000-000000000000"


@dataclass
class Tab:
    """One socket: what it sends goes through the guard, what comes back is kept."""

    processor: BaseStateEventProcessor
    cookie: str
    # The guard counts events by socket: each tab of the tests has one of its own.
    socket: str = field(default_factory=lambda: uuid.uuid4().hex)
    deltas: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    events: list[Event] = field(default_factory=list[Event])

    async def send(self, name: str, path: str = "/orders", /, **payload: Any) -> None:
        """Send an event by its full name, as any program can."""
        event = Event(name=name, payload=payload, router_data=self._router(path))
        future = await self.processor.enqueue(token=TOKEN, event=event)
        await future.wait_all()

    async def call(self, handler: Any, path: str = "/orders", **payload: Any) -> None:
        await self.send(format_event_handler(handler), path, **payload)

    def shown(self, state: type[BaseState]) -> dict[str, Any]:
        """What the browser knows of a state's fields, by their names."""
        known: dict[str, Any] = {}
        for delta in self.deltas:
            known |= delta.get(state.get_full_name(), {})
        return {name.removesuffix("_rx_state_"): value for name, value in known.items()}

    def said(self) -> str:
        """Every toast and redirect, as text."""
        return " ".join(f"{event.name} {event.payload}" for event in self.events)

    def _router(self, path: str) -> dict[str, Any]:
        return {
            "headers": {"cookie": self.cookie, "origin": "http://localhost:8000"},
            "ip": "127.0.0.1",
            "token": TOKEN,
            "sid": self.socket,
            "pathname": path.partition("?")[0],
            "asPath": path,
        }


@asynccontextmanager
async def tab(cookie: str = "") -> AsyncIterator[Tab]:
    """Open a tab with these cookies."""
    context = RegistrationContext.ensure_context()
    if context._app is None:  # pyright: ignore[reportPrivateUsage] - Reflex has no public way
        object.__setattr__(context, "_app", app)
    processor = BaseStateEventProcessor(middleware=app, graceful_shutdown_timeout=1)
    processor.configure(state_manager=StateManagerMemory())
    opened = Tab(processor, cookie)

    async def keep_delta(_token: str, delta: Mapping[str, Any]) -> None:
        opened.deltas.append(delta)

    async def keep_events(_token: str, *events: Event) -> None:
        opened.events.extend(events)

    root = processor._root_context  # pyright: ignore[reportPrivateUsage]
    processor._root_context = dataclasses.replace(  # pyright: ignore[reportPrivateUsage]
        root,  # pyright: ignore[reportArgumentType] - `configure` has just set it
        emit_delta_impl=keep_delta,
        emit_event_impl=keep_events,
    )
    async with processor:
        yield opened


async def open_state(state: type[T], path: str, cookie: str = "") -> T:
    """The real state class of a page at an address, ready to be driven."""
    root = rx.State(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
    root.router = RouterData(
        session=SessionData(client_token=TOKEN, session_id="socket-1"),
        headers=HeaderData(cookie=cookie),
        url=ReflexURL(f"http://localhost:8000{path}"),
        route_id=path.partition("?")[0],
    )
    return await root.get_state(state)


def cookie_of(token: str) -> str:
    return f"theme=dark; {auth.SESSION_COOKIE}={token}"
