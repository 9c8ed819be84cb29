"""What proving a webhook has in common, whatever the channel; pure."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping


def header(headers: Mapping[str, str], *names: str) -> str:
    """The first of the named headers that is there, in whatever case; "" if none is."""
    by_name = {name.lower(): value for name, value in headers.items()}
    return next((by_name[name.lower()] for name in names if name.lower() in by_name), "")


def is_same(told: str, expected: str) -> bool:
    """Compare in constant time; what was told may be any text."""
    return hmac.compare_digest(told.encode("utf-8", "surrogatepass"), expected.encode())


def is_hmac_sha256(told: str, body: bytes, secret: str) -> bool:
    """Whether `told` is the base64 of the HMAC-SHA256 of the raw body. No secret proves nothing."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return is_same(told, b64encode(digest).decode()) and bool(secret)
