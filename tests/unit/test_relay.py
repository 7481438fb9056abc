"""The line that the benchmark's numbers come from: it keeps to its rates, its queue and its losses.

Datagram sockets stand for the two devices, so this needs neither root nor network namespaces.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.bench.relay import Line, Relay

SIZE = 1462
"""With what Ethernet puts around it, 1,500 bytes."""
ON_THE_WIRE = SIZE + 38
QUIET = 2.0
"""Seconds of silence after which nothing more comes."""
TRIES = 8
"""A busy machine slows one line more than another."""
MEGABYTE = 8e6
"""Bits a second of a line of 1 MB a second."""


class Carried(NamedTuple):
    """What came out at the far end."""

    numbers: list[int]
    """Of the packets, in their order."""
    first: float
    """Seconds from the first sent to the first that came, by this machine's clock."""
    last: float
    counts: dict[str, float]
    """What the relay says of itself."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Relay:
    return Relay(tmp_path_factory.mktemp("relay"))


def packet(number: int, port: int) -> bytes:
    """An IPv4 packet of UDP from that port, which carries a number."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, SIZE, 0, 0, 64, 17, 0, bytes(4), bytes(4))
    return (header + struct.pack("!HHHHI", port, 443, 0, 0, number)).ljust(SIZE, b"\0")


def carry(relay: Relay, line: Line, ports: Sequence[int], seed: int = 1) -> Carried:
    """Send a packet from each of these ports, as fast as the relay takes them, and wait for all that come out."""
    sender, near = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    far, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with sender, near, far, server:
        sender.setblocking(False)
        carrying = relay.start(near.fileno(), far.fileno(), line, seed)
        waiting, numbers, seconds = list(enumerate(ports))[::-1], list[int](), list[float]()
        began = last = time.monotonic()
        while waiting or (len(numbers) < len(ports) and time.monotonic() - last < QUIET):
            # Not select(), which knows no descriptor above 1023: a process of tests may have as many.
            looking = select.poll()
            looking.register(server, select.POLLIN)
            if waiting:
                looking.register(sender, select.POLLOUT)
            ready = {descriptor for descriptor, _ in looking.poll(100)}
            readable, writable = server.fileno() in ready, sender.fileno() in ready
            if writable:
                sender.send(packet(*waiting.pop()))
            if readable:
                numbers.append(struct.unpack("!I", server.recv(4096)[28:32])[0])
                seconds.append(time.monotonic() - began)
            if readable or writable:
                last = time.monotonic()
        return Carried(numbers, seconds[0], seconds[-1], carrying.end())


def seconds(carried: list[Carried]) -> float:
    """Of the quickest of them."""
    return min(each.counts["seconds"] for each in carried)


def test_a_line_is_as_fast_as_it_says_and_keeps_the_order(relay: Relay) -> None:
    count = 600
    slow, fast = list[Carried](), list[Carried]()
    for _ in range(TRIES):
        for rate, carried in ((MEGABYTE, slow), (4 * MEGABYTE, fast)):
            carried.append(carry(relay, Line(rate, 0, queue=60), [1] * count))
        if 2 < seconds(slow) / seconds(fast) < 4.4:
            break
    for each in (*slow, *fast):
        assert each.numbers == list(range(count))
        assert (each.counts["packets"], each.counts["bytes"]) == (count, count * SIZE)
        assert (each.counts["lost"], each.counts["dropped"]) == (0, 0)
    # Never faster than that, whatever else this machine does.
    assert min(each.last for each in slow) >= 0.99 * count * ON_THE_WIRE / 1e6
    assert 2 < seconds(slow) / seconds(fast) < 4.4


def test_a_connection_has_a_rate_of_its_own_and_leaves_the_rest_to_others(relay: Relay) -> None:
    count = 400
    line = Line(8 * MEGABYTE, 0, each=MEGABYTE, queue=60)
    one, four = list[Carried](), list[Carried]()
    for _ in range(TRIES):
        one.append(carry(relay, line, [5] * count))
        four.append(carry(relay, line, [5, 6, 7, 8] * (count // 4)))
        if 2 < seconds(one) / seconds(four) < 4.4:
            break
    assert min(each.last for each in one) >= 0.99 * count * ON_THE_WIRE / 1e6
    assert 2 < seconds(one) / seconds(four) < 4.4
    for each in four:
        assert sorted(each.numbers) == list(range(count))
        for start in range(4):
            own = [number for number in each.numbers if number % 4 == start]
            assert own == sorted(own)


def test_the_same_packets_get_lost_by_one_seed_and_as_many_as_it_says(relay: Relay) -> None:
    count = 4000
    line = Line(100 * MEGABYTE, 0, loss=20, queue=60)
    first, again, other = (carry(relay, line, [1] * count, seed) for seed in (1, 1, 2))
    assert first.numbers == again.numbers != other.numbers
    for each in (first, other):
        assert each.counts["lost"] == count - len(each.numbers)
        assert 0.7 < each.counts["lost"] * 20 / count < 1.3


def test_what_would_wait_too_long_is_dropped(relay: Relay) -> None:
    count = 1000
    carried = carry(relay, Line(MEGABYTE, 0, queue=0.15), [1] * count)
    assert carried.numbers == sorted(carried.numbers)
    assert carried.counts["dropped"] == count - len(carried.numbers) > 0
    # As many as the queue holds, at least: more go while the sender is still busy.
    assert len(carried.numbers) >= 0.15 * 1e6 / ON_THE_WIRE


def test_a_delay_is_paid_by_all_at_once(relay: Relay) -> None:
    count = 200
    carried = carry(relay, Line(100 * MEGABYTE, 0.8), [1] * count)
    assert carried.numbers == list(range(count))
    assert carried.first >= 0.4
    # One after the other it would take so many times as long.
    assert carried.counts["seconds"] < count * 0.4 / 10
