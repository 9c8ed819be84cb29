"""Short signed proofs (JWT), each kind with a key of its own per secret."""

import hmac
from datetime import timedelta
from typing import Any, Final

import jwt

from crm_app.config import get_settings
from crm_app.domain.time import now

_ALGORITHM: Final = "HS256"


def sign(claims: dict[str, Any], audience: str, life: timedelta) -> str:
    """Sign claims with the newest secret; they hold for `life` and for this audience only."""
    issued = now()
    whole = {**claims, "iat": issued, "exp": issued + life, "aud": audience}
    return jwt.encode(whole, keys(audience)[0], algorithm=_ALGORITHM)


def read(token: str, audience: str) -> dict[str, Any] | None:
    """The claims of a proof of ours that still holds; None for any other text."""
    for key in keys(audience):
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=audience,
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError:
            continue
    return None


def keys(audience: str) -> list[bytes]:
    """A key per secret and audience, so that no other use of the secret can make a proof."""
    return [
        hmac.digest(secret.get_secret_value().encode(), audience.encode(), "sha256")
        for secret in get_settings().secret_keys
    ]
