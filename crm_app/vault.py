"""Encryption of stored credentials with keys that can be rotated."""

import base64
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from crm_app.config import get_settings
from crm_app.errors import SecretsUnreadableError


def _keys() -> list[bytes]:
    # Secrets are long random text (config demands 32 characters), so one hash is stretch enough.
    return [
        base64.urlsafe_b64encode(hashlib.sha256(key.get_secret_value().encode()).digest())
        for key in get_settings().secret_keys
    ]


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys()])


def seal(values: dict[str, str]) -> bytes:
    """Encrypt with the newest key."""
    return _box().encrypt(json.dumps(values).encode())


def unseal(token: bytes) -> dict[str, str]:
    """Decrypt with whichever key fits.

    Raises:
        SecretsUnreadableError: If none does: CRM_SECRET_KEYS lost the key it was sealed with.
    """
    try:
        return json.loads(_box().decrypt(token))
    except InvalidToken as error:
        raise SecretsUnreadableError(
            "Stored credentials cannot be read: CRM_SECRET_KEYS lacks the key they were saved with."
        ) from error


def is_newest(token: bytes) -> bool:
    """Whether the newest key opens it."""
    try:
        Fernet(_keys()[0]).decrypt(token)
    except InvalidToken:
        return False
    return True


def reseal(token: bytes) -> bytes:
    """The same content, sealed with the newest key.

    Raises:
        SecretsUnreadableError: As `unseal`.
    """
    return seal(unseal(token))
