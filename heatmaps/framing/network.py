"""Which addresses may be asked: those of the internet, and of nothing that only this machine can reach."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Beside what the standard library knows not to be global, whose versions differ.
_CLOSED_4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public address, at which a cloud answers its own machines
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
# What is given out to networks. All else has another use: unique local, link-local, multicast, and the forms that carry
# an address of IPv4, of which only NAT64's is met in names that are looked up.
_UNICAST_6 = IPv6Network("2000::/3")
_CLOSED_6 = [IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")
# In the second half of an address: the last four bytes are one of IPv4 (ISATAP).
_ISATAP = (0x00005EFE, 0x02005EFE)
_LOOKUPS_AT_ONCE = 16


def is_public(text: str) -> bool:
    """Whether an address is one of the internet, at which everybody gets the same answer."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _CLOSED_4)
    return _is_public_6(address)


def _is_public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False
    is_closed = any(address in network for network in _CLOSED_6)
    return address in _UNICAST_6 and address.is_global and not is_closed


class NotFoundInTime(OSError):
    """A name could not be looked up, or not in time."""


_lookups = threading.BoundedSemaphore(_LOOKUPS_AT_ONCE)


def addresses_of(host: str, seconds: float) -> list[str]:
    """The addresses of a host, as the system looks them up, in its order. Raises NotFoundInTime.

    The system's own lookup takes no limit, so it goes on in a thread of its own after nobody waits for it any more.
    """
    found: list[str] = []
    is_done = threading.Event()
    if not _lookups.acquire(timeout=seconds):
        raise NotFoundInTime(host)

    def look_up() -> None:
        try:
            for _, _, _, _, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
                if str(place[0]) not in found:
                    found.append(str(place[0]))
        except (OSError, UnicodeError):
            found.clear()
        finally:
            _lookups.release()
            is_done.set()

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    if not is_done.wait(seconds) or not found:
        raise NotFoundInTime(host)
    return found


@dataclass(frozen=True, kw_only=True)
class Network:
    """What of the world may be asked. Tests have one of their own, in which the internet is a few local addresses."""

    addresses_of: Callable[[str, float], list[str]] = addresses_of
    is_open: Callable[[str], bool] = is_public
    ports: frozenset[int] = field(default_factory=lambda: frozenset({80, 443}))
    # Of a certificate authority, in PEM, beside the system's own.
    authority: str | None = None


INTERNET = Network()
