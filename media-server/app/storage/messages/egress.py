"""Where this server may connect to for others: public addresses, and the private ones that its owner named."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Network = IPv4Network | IPv6Network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotAllowed(Exception):
    """An address is not one to connect to. The text says which, and what to do."""


def resolved(host: str, port: int, allowed: Sequence[Network]) -> tuple[list[str], bool]:
    """The addresses of ``host``, each of them checked, and whether all are in networks that the owner named. Whoever connects has to
    connect to one of these: asked again, the name may lead elsewhere. Raises NotAllowed, OSError where there is no such host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(each[4][0]) for each in found))
    named = [_is_named(text, allowed) for text in texts]
    for text, is_named in zip(texts, named, strict=True):
        if not is_named and not is_public(text):
            raise NotAllowed(
                f"{text} is no public address. Allow its network in DROPPR_WEBHOOK_ALLOW_PRIVATE where that is meant."
            )
    return texts, all(named)


def is_public(text: str) -> bool:
    """Whether an address is one of the internet's, also where it carries another one in it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in (address, *_carried(address)))


def _carried(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses to which something on the way may turn an IPv6 address."""
    if isinstance(address, IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or int(address) >> 32 == 0:
        carried.append(low)
    return [each for each in carried if each is not None]


def _is_named(text: str, allowed: Sequence[Network]) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in allowed)
