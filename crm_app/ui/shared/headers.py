"""Headers that keep a browser from doing what no page of ours asks for."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

from crm_app.ui.shared.origins import Asgi, Receive, Scope, Send

_INLINE_SCRIPT: Final = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_PLAIN: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-permitted-cross-domain-policies": b"none",
    # Nothing here looks at any of them, so nothing that slips in may.
    b"permissions-policy": ", ".join(
        f"{name}=()"
        for name in (
            "accelerometer",
            "bluetooth",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "hid",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "serial",
            "usb",
        )
    ).encode(),  # fmt: skip
}
# One year, the least that counts as strict.
_HSTS: Final = b"max-age=31536000"
_NOT_MODIFIED: Final = 304
# Where a browser tells what the policy kept it from (`api.reports`).
REPORTS: Final = "/api/v1/reports/policy"
# An answer that is no page has nothing to load and runs nothing, also if it is opened as one.
_NO_PAGE: Final = b"default-src 'none'; frame-ancestors 'none'"
# A service worker obeys the policy that it came with, and not the page's: without this one it could
# not even fetch the page that somebody asked for.
_WORKER_PATH: Final = "/sw.js"
_WORKER: Final = b"default-src 'none'; connect-src 'self'; frame-ancestors 'none'"


def safe_headers(bundle: Path, origin: str) -> Callable[[Asgi], Asgi]:
    """Wrap an ASGI app so that every answer carries the headers. One that is set already stays.

    Args:
        bundle: The folder of the built pages. Their inline scripts are allowed by hash, so that a
            script from anywhere else does not run.
        origin: The public address; with `https` browsers are told never to come without it.
    """
    policies = Policies(bundle, origin)
    always = {**_PLAIN, b"strict-transport-security": _HSTS} if _is_https(origin) else _PLAIN

    def wrap(app: Asgi) -> Asgi:
        async def safe(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return

            async def send_more(message: Scope) -> None:
                if message["type"] == "http.response.start":
                    headers = cast(list[tuple[bytes, bytes]], list(message.get("headers", [])))
                    status = int(message["status"])
                    more = {**always, b"cache-control": _cache_control(scope, status)}
                    # "Not modified" names no kind of content, and its headers replace the kept
                    # page's: a policy here would be the wrong one for it.
                    if status != _NOT_MODIFIED:
                        more[b"content-security-policy"] = _policy(scope, headers, policies)
                    message = {**message, "headers": _added(headers, more)}
                await send(message)

            await app(scope, receive, send_more)

        return safe

    return wrap


def _policy(scope: Scope, headers: list[tuple[bytes, bytes]], policies: "Policies") -> bytes:
    if scope.get("path") == _WORKER_PATH:
        return _WORKER
    return policies.of_pages() if _is_page(headers) else _NO_PAGE


class Policies:
    """The policy of the pages, read anew when they were built anew."""

    def __init__(self, bundle: Path, origin: str) -> None:
        self._bundle = bundle
        self._socket = origin.replace("http", "ws", 1)
        self._is_encrypted = _is_https(origin)
        self._built_at = -1
        self._policy = b""

    def of_pages(self) -> bytes:
        index = self._bundle / "index.html"
        built_at = index.stat().st_mtime_ns if index.exists() else 0
        if built_at != self._built_at:
            self._policy = page_policy(
                script_hashes(self._bundle), self._socket, is_encrypted=self._is_encrypted
            )
            self._built_at = built_at
        return self._policy


def page_policy(hashes: list[str], socket: str, *, is_encrypted: bool = False) -> bytes:
    """The Content-Security-Policy of a page.

    `unsafe-eval`: Reflex runs what an event sends back (a toast, the clipboard) with `eval`.
    `unsafe-inline` for styles: emotion and Radix write style elements and attributes at run time.
    """
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", "'unsafe-eval'", *hashes]),
        "script-src-attr": "'none'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        # Older Safari does not count the websocket of the same host as 'self'.
        "connect-src": f"'self' {socket}",
        # The desk installs as an app: its manifest, and the worker that shows the last view while
        # there is no connection (`assets/sw.js`). Nobody else's.
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "frame-src": "'none'",
        "object-src": "'none'",
        "report-uri": REPORTS,
    }
    if is_encrypted:
        rules["upgrade-insecure-requests"] = ""
    return "; ".join(f"{name} {value}".strip() for name, value in rules.items()).encode("ascii")


def script_hashes(bundle: Path) -> list[str]:
    """`'sha256-…'` of every inline script of the built pages."""
    found = {
        script
        for page in bundle.glob("**/*.html")
        for script in _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8"))
    }
    return sorted(
        f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in found
    )


def _is_https(origin: str) -> bool:
    return origin.startswith("https://")


def _cache_control(scope: Scope, status: int) -> bytes:
    path = str(scope.get("path", ""))
    if path.startswith(("/api/", "/auth/", "/health/")):
        # Orders and people must not lie on the disk of a shared computer.
        return b"no-store"
    # The build puts a hash of the content into the names of what lies there.
    is_for_ever = path.startswith("/assets/") and status in (200, _NOT_MODIFIED)
    # All else is asked for again: a page of the last release names files that are gone.
    return b"public, max-age=31536000, immutable" if is_for_ever else b"no-cache"


def _is_page(headers: list[tuple[bytes, bytes]]) -> bool:
    kinds = (value for name, value in headers if name.lower() == b"content-type")
    return any(kind.lower().startswith(b"text/html") for kind in kinds)


def _added(
    headers: list[tuple[bytes, bytes]], more: Mapping[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    return headers + [(name, value) for name, value in more.items() if name not in present]
