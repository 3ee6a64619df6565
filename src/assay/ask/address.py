"""Where requests may go: the address is the user's own word, and still some are refused.

Link-local addresses (169.254/16, fe80::/10) and a few others are where clouds keep the credentials of a machine:
nothing that answers questions lives there. A name is looked up once, when the endpoint is opened. Redirects are never
followed.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from assay.errors import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


_CREDENTIALS = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192"))
)
"""Where AWS (IPv6), Alibaba and Oracle keep them, beside the link-local ones."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """The base of an endpoint's URLs, without a slash at its end, and whether it is this machine."""

    text: str
    is_loopback: bool


def check_url(url: str) -> BaseUrl:
    """Return the base URL, checked.

    Raises
    ------
    BadInput
        Where it is not http or https, names no host, holds a password, or leads to a link-local address.

    Examples
    --------
    >>> check_url("http://127.0.0.1:8080/v1/")
    BaseUrl(text='http://127.0.0.1:8080/v1', is_loopback=True)
    """
    if not url.isprintable() or " " in url:
        raise BadInput("--url must have no space and nothing that can't be seen in it")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"--url is no URL: {error}") from None
    # Before anything is shown of it: a password stays out of messages.
    if "@" in parts.netloc:
        raise BadInput(
            "--url must not hold a name or password: put the key into a variable and name it with --api-key-env"
        )
    plain = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput(f"--url must be http://HOST/... or https://HOST/..., got {plain!r}")
    if parts.query or parts.fragment:
        raise BadInput(
            f"--url must end with its path, as http://HOST/v1, and {plain!r} goes on with ? or #"
        )
    addresses = _addresses(host, port)
    for address in addresses:
        if address.is_link_local or address in _CREDENTIALS:
            raise BadInput(
                f"--url leads to {address}, a link-local address or one like it: machines keep credentials there, "
                "not models"
            )
    loopback = bool(addresses) and all(address.is_loopback for address in addresses)
    return BaseUrl(url.rstrip("/"), loopback)


def _addresses(host: str, port: int | None) -> list[Address]:
    """Return the addresses of a host; none where nobody knows it: then the first request says so."""
    try:
        found = socket.getaddrinfo(host.rstrip("."), port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [_plain(ipaddress.ip_address(str(entry[4][0]).partition("%")[0])) for entry in found]


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or (int(address) >> 32 == 0 and int(last) > 1):
        return last
    return address.ipv4_mapped or address.sixtofour or address
