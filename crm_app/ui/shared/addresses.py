"""Serve `/orders` as it is written, without a detour over `/orders/`."""

from collections.abc import Callable, Iterable

from crm_app.ui.shared.origins import Asgi, Receive, Scope, Send


def plain_addresses(paths: Iterable[str]) -> Callable[[Asgi], Asgi]:
    """Wrap an ASGI app whose static pages lie in folders, so that these paths need no slash.

    The redirect that it saves would also leave the slash in the address bar.
    """
    pages = frozenset(paths)

    def wrap(app: Asgi) -> Asgi:
        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope.get("path") in pages:
                path = f"{scope['path']}/"
                scope = {**scope, "path": path, "raw_path": path.encode()}
            await app(scope, receive, send)

        return served

    return wrap
