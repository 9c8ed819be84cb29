"""A page to watch the channels and to break them, at the root of the sandbox's address.

Rendered here and asked for again every two seconds; what a person presses pulls the same levers
as tests and drills do. It loads nothing from anywhere else.
"""

from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import control_watch
from crm_app.sandbox.console import page

_HERE: Final = Path(__file__).parent
_POLICY: Final = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


async def _page(request: Request) -> Response:
    chosen = request.query_params.get("channel", "")
    seen = await run_in_threadpool(control_watch.watch, request.app.state.sandbox, request, b"")
    shown = chosen if chosen in control_watch.CHANNELS else ""
    return HTMLResponse(page.render(seen, shown), headers=_POLICY)


def _file(name: str, media_type: str) -> Route:
    async def serve(_request: Request) -> Response:
        return FileResponse(_HERE / name, media_type=media_type, headers=_POLICY)

    return Route(f"/{name}", serve)


def routes() -> list[BaseRoute]:
    """The page and its files."""
    return [
        Route("/", _page),
        _file("icon.svg", "image/svg+xml"),
        _file("console.css", "text/css"),
        _file("console.js", "text/javascript"),
    ]
