"""Password hashes: bcrypt over a digest, so that no long password is cut at 72 bytes."""

import base64
import hashlib
import secrets
from functools import lru_cache
from typing import Final

import bcrypt

from crm_app.config import get_settings
from crm_app.errors import InvalidInputError
from crm_app.services.common_passwords import is_common

_ROUNDS: Final = 12
# Tests hash hundreds of passwords; what they check does not depend on the cost.
_TEST_ROUNDS: Final = 4
MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 500


def hash_password(password: str) -> str:
    """The bcrypt hash of a password, with a salt of its own."""
    rounds = _TEST_ROUNDS if get_settings().environment == "test" else _ROUNDS
    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(rounds)).decode()


def is_right(password: str, password_hash: str | None) -> bool:
    """Compare; takes as long for an unknown person (None) as for a wrong password."""
    stored = password_hash or _nobodys_hash()
    # What is longer was never set; its beginning alone must not open the door.
    matches = bcrypt.checkpw(_digest(password[: MAX_LENGTH + 1]), stored.encode())
    return matches and password_hash is not None


def generate() -> str:
    """A random password of 18 characters, about 107 bits, without look-alikes."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(18))


def check_new(password: str, *about: str) -> str:
    """Return the password if it may be used.

    Args:
        password: As typed.
        about: The person's name and e-mail: with the brand, what a guesser tries first.

    Raises:
        InvalidInputError: If it is too short, too long, or one of the common ones.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInputError(
            f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.",
            details={"password": f"{MIN_LENGTH} to {MAX_LENGTH} characters."},
        )
    if is_common(password, (*about, get_settings().brand_name)):
        raise InvalidInputError(
            "This password is one of the first that anybody would try. Choose another.",
            details={"password": "Too easy to guess: only common words, digits or your name."},
        )
    return password


def usable(password: str | None, *about: str) -> str:
    """A made-up password for None; else the given one, checked as `check_new` does."""
    return generate() if password is None else check_new(password, *about)


def _digest(password: str) -> bytes:
    # Base64, because bcrypt stops at a zero byte.
    return base64.b64encode(hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest())


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return hash_password(secrets.token_urlsafe(32))
