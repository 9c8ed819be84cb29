"""How WooCommerce knows its callers: HTTP Basic, keys in the query, or one-legged OAuth 1.0a.

The real shop takes Basic over TLS only and OAuth over plain HTTP. This process is reached over
plain HTTP but stands in for a TLS host, so both are taken.
"""

import base64
import binascii
import hashlib
import hmac
import time
from typing import Final
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.requests import Request

from crm_app.sandbox.credentials import WOO_SHOP

_DIGESTS: Final = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_CLOCK_SKEW_S: Final = 15 * 60


class WooError(Exception):
    """A WordPress REST refusal: code, message, HTTP status, and per-parameter messages."""

    def __init__(
        self, code: str, message: str, status: int, params: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.params = params

    def as_json(self) -> dict[str, object]:
        """The reply body."""
        data: dict[str, object] = {"status": self.status}
        if self.params is not None:
            data |= {"params": self.params, "details": {}}
        return {"code": self.code, "message": str(self), "data": data}


def _invalid(message: str) -> WooError:
    return WooError("woocommerce_rest_authentication_error", message, 401)


def authenticate(request: Request, refusal: tuple[str, str]) -> None:
    """Let the caller in, or raise: `refusal` (code, message) without credentials, else why."""
    query = request.query_params
    if "oauth_consumer_key" in query:
        _check_oauth(request, query)
        return
    pair = _basic(request) or _query_pair(query)
    if pair is None:
        raise WooError(*refusal, 401)
    _check_key(pair[0])
    if not hmac.compare_digest(pair[1].encode(), WOO_SHOP.consumer_secret.encode()):
        raise _invalid("Consumer secret is invalid.")


def _check_key(key: str) -> None:
    if not hmac.compare_digest(key.encode(), WOO_SHOP.consumer_key.encode()):
        raise _invalid("Consumer key is invalid.")


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return key, secret


def _query_pair(query: QueryParams) -> tuple[str, str] | None:
    key, secret = query.get("consumer_key"), query.get("consumer_secret")
    return (key, secret) if key and secret else None


def _check_oauth(request: Request, query: QueryParams) -> None:
    names = ("timestamp", "nonce", "signature", "signature_method")
    missing = [f"oauth_{name}" for name in names if not query.get(f"oauth_{name}")]
    if missing:
        raise _invalid(f"Missing OAuth parameter {missing[0]}")
    _check_key(query["oauth_consumer_key"])
    digest = _DIGESTS.get(query["oauth_signature_method"])
    if digest is None:
        raise _invalid("Invalid signature - signature method is invalid.")
    key = f"{WOO_SHOP.consumer_secret}&".encode()
    signed = [
        base64.b64encode(hmac.new(key, _base_string(request, pairs), digest).digest())
        for pairs in (_as_php(query), query.multi_items())
    ]
    given = query["oauth_signature"].encode()
    if not any(hmac.compare_digest(one, given) for one in signed):
        raise _invalid("Invalid signature - provided signature does not match.")
    stamp = query["oauth_timestamp"]
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise _invalid("Invalid timestamp.")
    if abs(time.time() - int(stamp)) > _CLOCK_SKEW_S:
        raise _invalid("Invalid timestamp.")


def _as_php(query: QueryParams) -> list[tuple[str, str]]:
    """The parameters as the real shop sees them, and its own client relies on that.

    Of a repeated name the last counts, and `name[]` is numbered.
    """
    seen: dict[str, str] = {}
    for name, value in query.multi_items():
        key = name
        if name.endswith("[]"):
            stem = name[:-2]
            key = f"{stem}[{sum(one.startswith(f'{stem}[') for one in seen)}]"
        seen[key] = value
    return list(seen.items())


def _base_string(request: Request, parameters: list[tuple[str, str]]) -> bytes:
    """RFC 5849, section 3.4.1: method, address and sorted parameters, each percent-encoded."""
    pairs = sorted(
        (quote(key, safe="~"), quote(value, safe="~"))
        for key, value in parameters
        if key != "oauth_signature"
    )
    joined = "&".join(f"{key}={value}" for key, value in pairs)
    address = str(request.url.replace(query="", fragment=""))
    return "&".join(quote(part, safe="~") for part in (request.method, address, joined)).encode()
