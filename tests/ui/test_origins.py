"""Only pages of our own origin open the socket of events."""

from typing import Any

import pytest

from crm_app.ui.shared.addresses import plain_addresses
from crm_app.ui.shared.origins import Receive, Scope, Send, origin_guard
from crm_app.ui.shared.rate import EventRate

OURS = "https://desk.palmonas.example"


class _ReachedError(Exception):
    """The app behind the guard was called."""


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    del receive, send
    raise _ReachedError(scope["path"])


async def _ask(kind: str, path: str, *origins: str) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"origin", origin.encode()) for origin in origins]
    scope: Scope = {"type": kind, "path": path, "headers": headers}
    await origin_guard([OURS])(_app)(scope, receive, send)
    return sent


@pytest.mark.parametrize("path", ["/_event", "/_event/"])
async def test_our_page_opens_the_socket(path: str) -> None:
    with pytest.raises(_ReachedError):
        await _ask("websocket", path, OURS.upper())


@pytest.mark.parametrize(
    "origins",
    [(), ("null",), ("https://evil.example",), (f"{OURS}.evil.example",), (OURS, "https://e.com")],
    ids=repr,
)
async def test_other_origins_and_none_are_refused(origins: tuple[str, ...]) -> None:
    assert await _ask("websocket", "/_event", *origins) == [
        {"type": "websocket.close", "code": 1008}
    ]
    refused = await _ask("http", "/_event/", *origins)
    assert refused[0]["status"] == 403


async def test_other_paths_are_not_its_business() -> None:
    with pytest.raises(_ReachedError):
        await _ask("http", "/_eventful")


@pytest.mark.parametrize(
    ("asked", "served"), [("/orders", "/orders/"), ("/orders/5", "/orders/5"), ("/", "/")]
)
async def test_pages_are_served_without_a_slash(asked: str, served: str) -> None:
    async def nothing(*_: Any) -> Any:
        return {}

    with pytest.raises(_ReachedError, match=f"^{served}$"):
        await plain_addresses(["/orders"])(_app)({"type": "http", "path": asked}, nothing, nothing)


def test_bucket_refills_and_is_kept_for_each_socket() -> None:
    clock = [0.0]
    rate = EventRate(burst=2, per_second=1, most_keys=2, clock=lambda: clock[0])

    assert [rate.allows("a") for _ in range(3)] == [True, True, False]
    assert rate.allows("b")
    clock[0] = 1.0
    assert [rate.allows("a") for _ in range(2)] == [True, False]


def test_bucket_forgets_the_quietest_socket() -> None:
    rate = EventRate(burst=1, per_second=0, most_keys=2, clock=lambda: 0.0)
    for key in ("a", "b", "c"):
        assert rate.allows(key)

    assert rate.allows("a")
    assert not rate.allows("c")
