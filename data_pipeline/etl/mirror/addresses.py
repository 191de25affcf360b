"""Where a name leads: its addresses, of which kind they are, and a connection to one of them. Runs on Python 3.9."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time

PUBLIC = "public"
#: IPv4 addresses behind a translator: RFC 6052, section 2.1.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def kind(address: str) -> str:
    """``public``, ``private``, ``loopback`` or ``link-local``, of an address as ``getaddrinfo`` writes it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return kind(str(inner))
    if found.is_loopback or found.is_unspecified:
        return "loopback"
    if found.is_link_local:
        return "link-local"
    return PUBLIC if found.is_global and not found.is_multicast else "private"


def resolved(host: str, port: int, limit: float) -> list[str]:
    """The addresses of a name. OSError if it has none, or if nobody says so within ``limit`` seconds."""
    found: list[str] = []
    problems: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            problems.append(error)

    asking = threading.Thread(target=ask, daemon=True)  # a resolver has no time limit of its own
    asking.start()
    asking.join(limit)
    if problems:
        raise socket.gaierror(f"the name {host} is not known ({problems[0]})") from problems[0]
    if not found:
        raise socket.gaierror(f"nobody says what the name {host} means, in {limit:g} s")
    return list(dict.fromkeys(found))


def connected(addresses: list[str], port: int, limit: float) -> socket.socket:
    """A connection to the first of the addresses that answers, all within ``limit`` seconds. OSError if none does."""
    until, problem = time.monotonic() + limit, OSError("it has no address")
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), left)
        except OSError as error:
            problem = error
    raise problem
