"""Connections to addresses that somebody typed in: only where they may lead, whatever a name says.

A name is resolved once, every address of it is looked at, and the connection goes to one of those:
a name that leads elsewhere a moment later leads nowhere else here.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.request import getproxies

import httpcore
import httpx

Resolve = Callable[..., Iterable[Any]]
Address = IPv4Address | IPv6Address

PRIVATE: Final = "The address leads into a private network."

# What `is_global` of the standard library takes for public, and what leads back into IPv4:
# NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380), the old site-local range (RFC 3879).
_NOT_PUBLIC: Final = tuple(
    IPv6Network(network)
    for network in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "fec0::/10",
        "100::/64",
        "::/96",
    )
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where connections may go beyond the public internet.

    Attributes:
        loopback: This machine itself: the sandbox of the demo, the servers of tests.
        private: Networks of one's own as well; never a cloud's metadata (link-local).
    """

    loopback: bool = False
    private: bool = False

    def allows(self, address: str) -> bool:
        """Whether a connection may go to this address, given as digits."""
        found = _plain(address)
        if found is None:
            return False
        if _is_public(found):
            return True
        if found.is_loopback:
            return self.loopback or self.private
        special = found.is_link_local or found.is_multicast or found.is_unspecified
        return self.private and found.is_private and not special


def _plain(address: str) -> Address | None:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_public(address: Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    is_old = isinstance(address, IPv6Address) and any(address in one for one in _NOT_PUBLIC)
    return not is_old


def addresses_of(host: str, resolve: Resolve = socket.getaddrinfo) -> list[str]:
    """The addresses of a name, in the order in which they are to be tried; raises OSError."""
    found = resolve(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Checked(httpcore.NetworkBackend):
    """Opens TCP only to addresses that were looked at."""

    def __init__(self, reach: Reach, resolve: Resolve) -> None:
        self._reach, self._resolve = reach, resolve
        self._below = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = addresses_of(host, self._resolve)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"There is no host {host[:100]}.") from error
        # One of them that must not be reached is reason enough to believe none of them.
        if not found or not all(self._reach.allows(one) for one in found):
            raise httpcore.ConnectError(PRIVATE)
        last: Exception = httpcore.ConnectError("No address answered.")
        for one in found:
            try:
                return self._below.connect_tcp(one, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    def sleep(self, seconds: float) -> None:
        self._below.sleep(seconds)


class OutwardTransport(httpx.HTTPTransport):
    """httpx's own transport over checked connections. TLS still proves the name."""

    def __init__(
        self,
        reach: Reach,
        *,
        max_connections: int = 4,
        resolve: Resolve = socket.getaddrinfo,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify or httpx.create_ssl_context(),
            max_connections=max_connections,
            max_keepalive_connections=2,
            network_backend=_Checked(reach, resolve),
        )


def transport_for(reach: Reach) -> OutwardTransport | None:
    """What a client is given; None where a proxy of the environment decides what may be reached."""
    return None if {"http", "https", "all"} & set(getproxies()) else OutwardTransport(reach)
