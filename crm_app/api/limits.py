"""A ceiling for what one request may carry, whichever endpoint it is for."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_app.api.schemas import ErrorOut
from crm_app.config import get_settings

# The largest honest body is a filled form: some kilobytes.
MAX_BODY_BYTES: Final = 1_000_000
# A channel tells an order of many lines in one piece.
MAX_WEBHOOK_BYTES: Final = 2_000_000
_WEBHOOKS: Final = "/webhooks/"
_UPLOADS: Final = "/api/v1/documents"
# Around a file: the boundaries and names of its form.
_AROUND_FILE: Final = 10_000


class BodyLimit:
    """Pure ASGI: refuse by the announced length, and count what arrives without one."""

    def __init__(
        self, app: ASGIApp, most: int = MAX_BODY_BYTES, most_of_webhooks: int = MAX_WEBHOOK_BYTES
    ) -> None:
        self.app = app
        self.most = most
        self.most_of_webhooks = most_of_webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self._most(str(scope["method"]), str(scope["path"]))
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced[:20]) > most:
            body = ErrorOut(error="too_large", message=_sentence(most)).model_dump()
            # The rest of the body is not read, so this connection is of no further use.
            answer = JSONResponse(body, status_code=413, headers={"connection": "close"})
            await answer(scope, receive, send)
            return
        await self.app(scope, _counting(receive, most), send)

    def _most(self, method: str, path: str) -> int:
        if path.startswith(_WEBHOOKS):
            return self.most_of_webhooks
        if method == "POST" and path.rstrip("/") == _UPLOADS:
            return (get_settings().document_max_mb << 20) + _AROUND_FILE
        return self.most


def _counting(receive: Receive, most: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, _sentence(most))
        return message

    return counted


def _sentence(most: int) -> str:
    return f"A request may carry {most:,} bytes at most."
