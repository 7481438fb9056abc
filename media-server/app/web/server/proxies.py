"""Proxies: whom to believe about addresses, and how callers are counted by theirs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]


def is_trusted(peer: str | None, trusted: Networks, *, by_nginx: bool) -> bool:
    """Whether what a request from ``peer`` says about others is believed. No address at all is the unix socket, where
    only what our own nginx passed on is (``door.py``)."""
    address = parsed(peer or "")
    return by_nginx or (address is not None and _within(address, trusted))


def caller(peer: str | None, forwarded: str, trusted: Networks, *, by_nginx: bool) -> Address | None:
    """The nearest address that is no trusted proxy: the socket's, or one from ``X-Forwarded-For`` read from its right.

    What stands left of the first entry that is garbage or not trusted was written by a stranger and is not read.
    """
    nearest = parsed(peer or "")
    if not by_nginx and not is_trusted(peer, trusted, by_nginx=by_nginx):
        return nearest
    for text in reversed(forwarded.split(",")):
        address = parsed(text)
        if address is None:
            break
        nearest = address
        if not _within(address, trusted):
            break
    return nearest


@lru_cache(maxsize=1024)
def parsed(text: str) -> Address | None:
    """An address as proxies write it: bare, in brackets, with a port or a zone. None for anything else."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


@lru_cache(maxsize=1024)
def counted(address: Address) -> str:
    single = isinstance(address, IPv4Address) or address.is_loopback
    return str(address) if single else str(ip_network((address, 64), strict=False))


def _within(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
