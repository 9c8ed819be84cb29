"""A ceiling for what one request may carry, whichever endpoint it is for."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_app.api.schemas import ErrorOut

# The largest honest body is a filled form: some kilobytes.
MAX_BODY_BYTES: Final = 1_000_000
_SENTENCE: Final = f"A request may carry {MAX_BODY_BYTES:,} bytes at most."


class BodyLimit:
    """Pure ASGI: refuse by the announced length, and count what arrives without one."""

    def __init__(self, app: ASGIApp, most: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced[:20]) > self.most:
            body = ErrorOut(error="too_large", message=_SENTENCE).model_dump()
            # The rest of the body is not read, so this connection is of no further use.
            answer = JSONResponse(body, status_code=413, headers={"connection": "close"})
            await answer(scope, receive, send)
            return
        await self.app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self.most:
                    raise HTTPException(413, _SENTENCE)
            return message

        return counted
