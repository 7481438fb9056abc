"""Ports for programs that are told one and listen there a while later. Until then somebody else could take what the kernel had called
free: another process that runs tests, or any connection that goes out. So these are none that the kernel gives away, and each process of
tests has some to itself while it lives."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle

# Below 32768, where those that the kernel gives away begin; above 10080, the last that no browser goes to.
FIRST, LAST = 11_000, 32_200
EACH = 400
"""Ports that one process has to itself. All of them are a multiple of it."""

_claims: list[socket.socket] = []


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses, and that is given to nobody else soon."""
    ours = _ours()
    for _ in range(EACH):
        port = next(ours)
        with socket.socket() as probe:
            # As the programs do it: what is over holds no port for a minute.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("All ports of this process are in use.")


def free_ports(count: int) -> list[int]:
    """Ports that differ."""
    return [free_port() for _ in range(count)]


@cache
def _ours() -> Iterator[int]:
    """Those of this process, round and round: the longer ago one was given, the sooner it is given again."""
    blocks = [*range(FIRST, LAST, EACH)]
    random.SystemRandom().shuffle(blocks)
    for first in blocks:
        claim = socket.socket(socket.AF_UNIX)
        try:
            # A name without a file: it is free again when the process ends, however that does.
            claim.bind(f"\0droppr-tests-ports-{first}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return cycle(range(first, first + EACH))
    raise AssertionError("So many processes run tests here that there are no ports left for one more.")
