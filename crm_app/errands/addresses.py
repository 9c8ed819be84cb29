"""Where our requests may go: a seller's address must not lead into our own network."""

import socket
from typing import Final
from urllib.parse import urlsplit

from crm_app.channels.outward import PRIVATE, Reach, Resolve, addresses_of
from crm_app.config import Settings, get_settings
from crm_app.errors import InvalidInputError, RetryableError

LONGEST: Final = 300
_SCHEMES: Final = ("https", "http")


def check_address(
    url: str,
    *,
    only_https: bool = False,
    settings: Settings | None = None,
    resolve: Resolve = socket.getaddrinfo,
) -> str:
    """The address as it is stored, without a slash at its end.

    Only public addresses are taken, but for what CRM_ALLOW_LOOPBACK and CRM_ALLOW_PRIVATE_CHANNELS
    open: what a form of ours is told to call could be the database beside us or the cloud's own
    metadata. It is looked at again when a connection is opened (`channels.outward`).

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
    settings = settings or get_settings()
    if only_https and settings.is_production and parts.scheme != "https":
        raise _refused("An address begins with https:// and names a host.")
    if parts.scheme not in _SCHEMES or not host:
        raise _refused("An address begins with https:// and names a host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _refused("An address holds no name, password, question mark or hash.")
    if why := _why_private(host, settings, resolve):
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


def outward_reach(settings: Settings | None = None) -> Reach:
    """Where our requests may go."""
    settings = settings or get_settings()
    return Reach(loopback=settings.may_reach_loopback, private=settings.allow_private_channels)


def _why_private(host: str, settings: Settings, resolve: Resolve) -> str:
    try:
        found = addresses_of(host, resolve)
    except (OSError, UnicodeError):
        # Offline, a demo still takes the address of a shop; nothing reaches it without a look.
        return f"There is no host {host[:100]}." if settings.is_production else ""
    allowed = outward_reach(settings)
    return "" if all(allowed.allows(address) for address in found) else PRIVATE


def _refused(why: str) -> InvalidInputError:
    return InvalidInputError(why, details={"base_url": why})
