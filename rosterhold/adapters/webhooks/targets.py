"""Where a webhook may go: to the public internet, never to a neighbour of this machine (SSRF)."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

LONGEST_URL: Final = 2_000
# Addresses that carry an IPv4 address (RFC 6052): a gateway may lead to a private one.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")


class TargetRefusedError(Exception):
    """Raised for an address that we do not send to; the text says why."""


def check_url(url: str, *, private_allowed: bool) -> tuple[str, int]:
    """Host and port of an address that may be an endpoint, by how it is written.

    Args:
        url: what somebody entered.
        private_allowed: whether plain HTTP is taken too.

    Raises:
        TargetRefusedError: it is no such address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetRefusedError("this is no address of a web server") from error
    if len(url) > LONGEST_URL or not url.isascii() or any(sign.isspace() for sign in url):
        raise TargetRefusedError("this is no address of a web server")
    if parts.scheme != "https" and not (private_allowed and parts.scheme == "http"):
        raise TargetRefusedError("an endpoint's address begins with https://")
    if not host or parts.username is not None or parts.fragment:
        raise TargetRefusedError("an endpoint's address has a host, and neither user nor #")
    return host, port or (443 if parts.scheme == "https" else 80)


def public_address(host: str, port: int, *, private_allowed: bool) -> str:
    """The address to connect to: looked up once, so that it cannot change after the check.

    Raises:
        TargetRefusedError: the name leads nowhere, or to an address that is not public. One such
            address among several is enough.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetRefusedError(f"the name {host} leads nowhere") from error
    addresses = [str(one[4][0]) for one in found]
    if not private_allowed and not all(map(_is_public, addresses)):
        raise TargetRefusedError(f"{host} leads to an address that is not public")
    return addresses[0]


def _is_public(text: str) -> bool:
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED or address.sixtofour or address.teredo:
            return False
        address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast
