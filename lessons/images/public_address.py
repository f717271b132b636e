"""Which addresses of the web a server may fetch for a stranger: public ones, plainly written."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import quote, urlsplit

import httpcore2

PORTS: Final = (80, 443)
LONGEST: Final = 2000
"""Characters of an address."""

_NAME: Final = re.compile(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_LOCAL: Final = (
    *("alt", "arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local"),
    *("localhost", "onion", "test"),
)
_IPV6: Final = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            *("192.0.0.0/24", "192.88.99.0/24"),  # protocols, relays
            *("2001::/23", "2002::/16"),  # tunnels: another address hides inside
            *("2001:db8::/32", "3fff::/20"),  # documentation
        ),
    )
)


def checked(address: str) -> httpcore2.URL:
    """Read an address, and refuse all that is no plain public one.

    A name is not looked up here: what it stands for is checked when it is connected to.

    Args:
        address: what somebody typed, or where a server redirects to.

    Raises:
        ValueError: the message, one sentence, is for the reader.
    """
    if len(address) > LONGEST:
        raise ValueError(f"An address may have at most {LONGEST} characters.")
    try:
        address.encode()  # half a character is none
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError("This is no web address.") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("An address must begin with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("An address with a name or password in it is not taken.")
    if port is not None and port not in PORTS:
        raise ValueError("Only the usual ports of the web are allowed, 80 and 443.")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    host = _host(parts.hostname or "")
    return httpcore2.URL(scheme=parts.scheme, host=host, port=port, target=target)


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the open internet, for servers of everybody.

    Not public are: this machine, local networks, addresses shared behind a provider, multicast,
    what is reserved, and IPv6 addresses that carry an IPv4 address inside them.
    """
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv6Address) and number not in _IPV6:
        return False
    if any(number in block for block in _NOT_PUBLIC if block.version == number.version):
        return False
    return number.is_global and not number.is_multicast and not number.is_reserved


def _host(name: str) -> str:
    """Take a numeric address in its usual form, or a name with a public ending.

    Numbers that are not public, and other ways to write one (127.1, 0x7f000001, 2130706433), end in
    something that is no name's ending, and so are refused as names.
    """
    if is_public(name):
        return ipaddress.ip_address(name).compressed
    try:
        ascii_name = name.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("This is no web address.") from None
    if not _NAME.fullmatch(ascii_name) or ascii_name.rpartition(".")[2] in _LOCAL:
        raise ValueError("This is no public web address.")
    return ascii_name
