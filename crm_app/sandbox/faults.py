"""Wounds on demand: what a channel answers when it is down, slow or talking nonsense."""

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final, Literal

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crm_app.sandbox.voices import PAGE, expired_token, refusal

Kind = Literal[
    "429",
    "500_empty",
    "empty",
    "503",
    "html",
    "half_json",
    "slow",
    "close",
    "timeout",
    "expired_token",
    "buyer_cancels",
]
HookKind = Literal["duplicate", "reorder", "drop", "delay"]
ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    """One wound.

    Args:
        channel, operation: where; `*` is any.
        times: how many calls it hits. after: how many calls pass unharmed first.
        delay_s: how long `slow` and `timeout` wait.
        phase: `before` the work is done, or `after` it (done, but the answer is lost).
    """

    kind: Kind | HookKind
    channel: str
    operation: str = ANY
    times: int = 1
    after: int = 0
    delay_s: float = 1.0
    phase: Literal["before", "after"] = "before"

    @property
    def name(self) -> str:
        """What it is counted as: an answer lost after the work was done is a wound of its own."""
        return f"{self.kind} after the write" if self.phase == "after" else self.kind

    def fits(self, channel: str, operation: str) -> bool:
        """Whether a call of this operation is one that the fault may hit."""
        return self.channel in (ANY, channel) and self.operation in (ANY, operation)


class BrokenResponse(Response):
    """Promises more bytes than it sends, then hangs up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"or', "more_body": True})
        # Ending here, with the body unfinished, is what makes the server hang up.


class Faults:
    """The wounds still to be dealt, in order of arrival. Safe from several threads."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        # How many of each kind were dealt, by channel and kind, since the start.
        self.dealt: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Arm one more."""
        with self._lock:
            self._pending.append(fault)

    def clear(self, channel: str = "", kind: str = "", phase: str = "") -> int:
        """Disarm all, or those of a channel, kind and phase; how many there were."""
        with self._lock:
            kept = [
                one
                for one in self._pending
                if (channel and one.channel != channel)
                or (kind and one.kind != kind)
                or (phase and one.phase != phase)
            ]
            count = len(self._pending) - len(kept)
            self._pending = kept
            return count

    def pending(self) -> list[Fault]:
        """What is still armed."""
        with self._lock:
            return list(self._pending)

    def take(self, channel: str, operation: str) -> Fault | None:
        """The fault that hits this call, used up by one; None if the call stays whole."""
        with self._lock:
            for index, fault in enumerate(self._pending):
                if not fault.fits(channel, operation):
                    continue
                if fault.after > 0:
                    self._pending[index] = replace(fault, after=fault.after - 1)
                    return None
                if fault.times <= 1:
                    del self._pending[index]
                else:
                    self._pending[index] = replace(fault, times=fault.times - 1)
                self.dealt[channel, fault.name] += 1
                return fault
        return None


async def wound(fault: Fault, channel: str) -> Response | None:
    """Answer in place of the channel; None if the fault leaves the answer to the channel."""
    match fault.kind:
        case "429":
            return refusal(429, channel)
        case "503":
            return refusal(503, channel)
        case "500_empty":
            return Response(b"", 500)
        case "empty":
            return Response(b"", 200, media_type="application/json")
        case "html":
            return Response(PAGE, 200, media_type="text/html")
        case "half_json":
            return Response('{"orders":[{"orderId":"40', 200, media_type="application/json")
        case "close":
            return BrokenResponse()
        case "slow":
            await asyncio.sleep(fault.delay_s)
            return None
        case "timeout":
            await asyncio.sleep(fault.delay_s)
            return Response(b"", 504)
        case "expired_token":
            return expired_token(channel)
        case _:
            # Faults of orders and of hooks, dealt with where those are at hand.
            return None
