"""Refuse websockets that another site's page opened in somebody's browser."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

import anyio.to_thread

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

EVENTS_PATH: Final = "/_event"
_POLICY_VIOLATION: Final = 1008


def origin_guard(
    allowed: Iterable[str], tell: Callable[[str], None] | None = None
) -> Callable[[Asgi], Asgi]:
    """Wrap an ASGI app so that its event socket opens only for pages of these origins.

    Args:
        allowed: The origins.
        tell: Is told the address of each one that was refused; may wait for the database.

    Browsers always name the origin of a websocket, and a page cannot change it; a request
    without one comes from a program, which has the API.
    """
    origins = frozenset(origin.lower() for origin in allowed)

    def wrap(app: Asgi) -> Asgi:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if not _is_event_socket(scope) or _origin(scope) in origins:
                await app(scope, receive, send)
                return
            if tell is not None:
                await anyio.to_thread.run_sync(tell, _address(scope))
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            else:
                await _forbid(send)

        return guarded

    return wrap


def _is_event_socket(scope: Scope) -> bool:
    path = str(scope.get("path", ""))
    return scope["type"] in {"websocket", "http"} and (
        path == EVENTS_PATH or path.startswith(EVENTS_PATH + "/")
    )


def _origin(scope: Scope) -> str:
    headers: list[tuple[bytes, bytes]] = scope.get("headers", [])
    found = [value for name, value in headers if name.lower() == b"origin"]
    return found[0].decode("latin-1").lower() if len(found) == 1 else ""


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _forbid(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"This origin may not open a socket."})
