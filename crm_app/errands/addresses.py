"""Where our requests may go: a seller's address must not lead into our own network."""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from crm_app.config import Settings, get_settings
from crm_app.errors import InvalidInputError, RetryableError

Resolve = Callable[..., Iterable[Any]]

LONGEST: Final = 300
_SCHEMES: Final = ("https", "http")


def check_address(
    url: str, *, settings: Settings | None = None, resolve: Resolve = socket.getaddrinfo
) -> str:
    """The address as it is stored, without a slash at its end.

    In production only public addresses are taken, unless CRM_ALLOW_PRIVATE_CHANNELS says
    otherwise: what a form of ours is told to call could be the database beside us or the cloud's
    own metadata.

    Raises:
        InvalidInputError: Nothing that may be called; `details` names the field `base_url`.
    """
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused("This is no address.") from None
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused("This is no address.")
    if parts.scheme not in _SCHEMES or not host:
        raise _refused("An address begins with https:// and names a host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _refused("An address holds no name, password, question mark or hash.")
    if why := _why_private(host, settings or get_settings(), resolve):
        raise _refused(why)
    return url


def check_reachable(
    url: str, *, settings: Settings | None = None, resolve: Resolve = socket.getaddrinfo
) -> None:
    """The same for a stored address, before each use: a name may lead elsewhere by now.

    Raises:
        RetryableError: It leads into a private network.
    """
    host = urlsplit(url).hostname or ""
    if why := _why_private(host, settings or get_settings(), resolve):
        raise RetryableError(why)


def _why_private(host: str, settings: Settings, resolve: Resolve) -> str:
    if settings.environment != "production" or settings.allow_private_channels:
        return ""
    try:
        found = {entry[4][0] for entry in resolve(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return f"There is no host {host[:100]}."
    if all(ipaddress.ip_address(address.partition("%")[0]).is_global for address in found):
        return ""
    return "The address leads into a private network."


def _refused(why: str) -> InvalidInputError:
    return InvalidInputError(why, details={"base_url": why})
