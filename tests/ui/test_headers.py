"""What every answer tells the browser never to do."""

import os
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from crm_app.crm_app import app
from crm_app.ui.shared.headers import Policies, page_policy, safe_headers, script_hashes
from crm_app.ui.shared.origins import Receive, Scope, Send

SCRIPT = "window.ready = true"
HASH = f"'sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}'"
DESK = "https://desk.palmonas.example"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write(tmp_path / "index.html", SCRIPT)
    return tmp_path


def write(page: Path, script: str) -> None:
    page.parent.mkdir(exist_ok=True)
    page.write_text(
        f'<script>{script}</script><script type="module" src="/a.js">no</script>', encoding="utf-8"
    )


async def answer(
    bundle: Path,
    path: str = "/orders",
    kind: bytes = b"text/html; charset=utf-8",
    *,
    origin: str = DESK,
    status: int = 200,
    own: tuple[tuple[bytes, bytes], ...] = (),
) -> dict[str, str]:
    sent: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        headers = [(b"content-type", kind), *own]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"said"})

    async def receive() -> Scope:
        return {}

    async def send(message: Scope) -> None:
        sent.append(message)

    await safe_headers(bundle, origin)(inner)({"type": "http", "path": path}, receive, send)
    assert sent[1] == {"type": "http.response.body", "body": b"said"}
    names = [name for name, _ in sent[0]["headers"]]
    assert len(names) == len(set(names))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


async def test_a_page_runs_its_own_scripts_and_stands_in_no_frame(bundle: Path) -> None:
    found = await answer(bundle)

    parts = (part.partition(" ") for part in found["content-security-policy"].split("; "))
    rules = {name: value for name, _, value in parts}
    assert rules["script-src"] == f"'self' 'unsafe-eval' {HASH}"
    assert (rules["default-src"], rules["frame-ancestors"]) == ("'none'", "'none'")
    assert rules["connect-src"] == "'self' wss://desk.palmonas.example"
    assert rules["upgrade-insecure-requests"] == ""
    assert (found["x-content-type-options"], found["referrer-policy"]) == ("nosniff", "same-origin")
    assert found["cache-control"] == "no-cache"


async def test_pages_that_are_built_anew_may_run_their_new_scripts(bundle: Path) -> None:
    page = bundle / "index.html"
    policies = Policies(bundle, DESK)
    before = policies.of_pages()

    write(bundle / "login" / "index.html", "window.other = 1")
    unnoticed = policies.of_pages()
    os.utime(page, (1, 1))
    after = policies.of_pages()

    assert (
        before == unnoticed == page_policy([HASH], "wss://desk.palmonas.example", is_encrypted=True)
    )
    assert after == page_policy(
        script_hashes(bundle), "wss://desk.palmonas.example", is_encrypted=True
    )
    assert len(script_hashes(bundle)) == 2


async def test_a_page_that_did_not_change_keeps_the_policy_that_it_came_with(bundle: Path) -> None:
    # Without a kind of content, as servers send it.
    found = await answer(bundle, kind=b"", status=304)

    assert "content-security-policy" not in found
    assert found["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/api/v1/orders", "/health/ready", "/auth/login"])
async def test_data_is_kept_nowhere_and_loads_nothing(bundle: Path, path: str) -> None:
    found = await answer(bundle, path, b"application/json", status=401)

    assert found["cache-control"] == "no-store"
    assert found["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_only_what_has_its_hash_in_its_name_is_kept_for_ever(bundle: Path) -> None:
    async def kept(path: str, status: int = 200) -> str:
        return (await answer(bundle, path, b"text/css", status=status))["cache-control"]

    assert await kept("/assets/entry-1f2e.css") == "public, max-age=31536000, immutable"
    assert await kept("/assets/entry-gone.css", 404) == "no-cache"
    assert await kept("/desk.css") == "no-cache"


async def test_the_worker_may_fetch_and_nothing_else(bundle: Path) -> None:
    found = await answer(bundle, "/sw.js", b"text/javascript")
    page = await answer(bundle)
    script = await answer(bundle, "/desk.js", b"text/javascript")

    # A worker has the policy that it came with: without one for it, it could fetch nothing.
    said = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
    assert found["content-security-policy"] == said
    # Asked for anew each time, so that a new one takes over.
    assert found["cache-control"] == "no-cache"
    assert "worker-src 'self'; " in page["content-security-policy"]
    assert script["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_https_is_demanded_only_where_there_is_https(bundle: Path) -> None:
    over_https = await answer(bundle)
    plain = await answer(bundle, origin="http://localhost:8000")

    assert over_https["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in plain
    assert "ws://localhost:8000" in plain["content-security-policy"]


async def test_a_header_that_an_answer_brings_stays(bundle: Path) -> None:
    found = await answer(bundle, own=((b"Referrer-Policy", b"no-referrer"),))

    assert found["Referrer-Policy"] == "no-referrer"
    assert "referrer-policy" not in found


async def test_a_socket_passes_untouched(bundle: Path) -> None:
    seen: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        seen.append(scope["type"])

    async def nothing(message: Scope | None = None) -> Scope:
        return message or {}

    await safe_headers(bundle, DESK)(inner)(
        {"type": "websocket", "path": "/_event"},
        nothing,
        nothing,  # pyright: ignore[reportArgumentType] - never called
    )

    assert seen == ["websocket"]


def test_the_headers_are_the_outermost_layer_of_the_app() -> None:
    layers = app.api_transformer

    assert isinstance(layers, list)
    # Also what a guard refuses carries them.
    assert getattr(layers[-1], "__qualname__", "").startswith("safe_headers")
