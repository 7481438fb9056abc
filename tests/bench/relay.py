"""A line between two network namespaces, over which TCP and TLS are real: the program in relay.c between two tun devices.

Namespaces and devices have no names that outlive anybody: they end with the last process in them, and with the relay.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCE_CODE = Path(__file__).with_name("relay.c")
SERVER, SENDER = "10.77.0.1", "10.77.0.2"
"""Addresses of the two ends. The server's is there without a line, too."""
MEGABIT = 1_000_000 / 8
APART = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
"""Words before a command by which it gets a network of its own, in which everything ends with it, and it with whoever started it."""
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_OUTER = "10.77.0.3"
"""The device at the server's end needs an address as well, which nobody uses."""
_WAITING = "20000"
"""Packets that a device holds until the relay takes them: more than the line's own queue ever has, which is the one that drops."""


@dataclass(frozen=True)
class Line:
    """Rates are bits a second from the sender to the server; the way back is as fast as this machine."""

    rate: float
    round_trip: float
    """Seconds."""
    each: float = 0
    """What one connection gets at most; 0 for no such limit."""
    loss: int = 0
    """One packet in so many gets lost; 0 for none."""
    queue: float = 0.1
    """Seconds that a packet waits for its turn at most."""

    def arguments(self, seed: int) -> list[str]:
        """As the relay takes them, in its order."""
        numbers = (self.rate / 8, self.each / 8, self.round_trip / 2 * 1e6, self.queue * 1e6, self.loss, seed)
        return [str(int(number)) for number in numbers]


class Relay:
    """The compiled program. ``folder`` takes it."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "relay"
        if not self.program.exists() or self.program.stat().st_mtime < SOURCE_CODE.stat().st_mtime:
            command = ["cc", "-O2", "-Wall", "-o", str(self.program), str(SOURCE_CODE)]
            subprocess.run(command, check=True)

    def start(self, near: int, far: int, line: Line, seed: int, *, before: tuple[str, ...] = ()) -> Carrying:
        """Carry packets between two open descriptors until ``end``. ``before`` are words before the command."""
        command = [*before, str(self.program), str(near), str(far), *line.arguments(seed)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(command, pass_fds=(near, far), text=True, **pipes)  # type: ignore[call-overload]
        carrying = Carrying(process)
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            carrying.end()
            raise RuntimeError("the relay did not start")
        return carrying


class Carrying:
    """A running relay."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> dict[str, float]:
        """Stop it; the ``packets`` and ``bytes`` that reached the far end, how many were ``lost``, how many ``dropped`` from the queue,
        and the ``seconds`` of the line from the first packet sent to the last that arrived."""
        said, _ = self._process.communicate(timeout=60)
        counts: dict[str, float] = json.loads(said or "{}")
        return counts


class Way:
    """From the sender to the server, as long as a line is there."""

    def __init__(self, relay: int) -> None:
        self._namespace = f"/proc/{relay}/ns/net"

    def command(self, *words: str) -> list[str]:
        """The command as one that runs where the sender is."""
        return ["nsenter", f"--net={self._namespace}", "--", *words]

    def program(self, path: Path, program: str) -> Path:
        """A program, written to ``path``, that is ``program`` where the sender is."""
        path.write_text('#!/bin/sh\nexec {} "$@"\n'.format(" ".join(self.command(program))))
        path.chmod(0o755)
        return path


def why_not() -> str | None:
    """What keeps this machine from having such lines, in a sentence; None where nothing does."""
    if os.geteuid() != 0:
        return "Lines between network namespaces need root: sudo make bench ARGS=lines."
    if missing := [each for each in ("ip", "unshare", "nsenter") if shutil.which(each) is None]:
        return f"Lines between network namespaces need {' and '.join(missing)}; on Debian or Ubuntu type: sudo apt-get install iproute2 util-linux."
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "Lines between network namespaces need /dev/net/tun, which this machine or container does not have."
    done = subprocess.run([*APART, "true"], capture_output=True, text=True, check=False)
    return f"This machine makes no network namespaces: {done.stderr.strip()}" if done.returncode else None


def prepare_server() -> None:
    """Make this network namespace, a new one (``APART``), the server's."""
    _ip("link", "set", "lo", "up")
    _ip("address", "add", f"{SERVER}/32", "dev", "lo")


@contextmanager
def way_over(line: Line, relay: Relay, seed: int) -> Iterator[Way]:
    """A line from a new namespace, the sender's, to this one; nobody remembers there what an earlier line was like."""
    near, far = _tun("sender"), _tun("server")
    try:
        carrying = relay.start(near, far, line, seed, before=("unshare", "--net", "--"))
    finally:
        os.close(near)
        os.close(far)
    try:
        _ip("link", "set", "sender", "netns", str(carrying.pid))
        way = Way(carrying.pid)
        _up("server", _OUTER, SENDER, ())
        _up("sender", SENDER, SERVER, tuple(way.command()))
        _ip("link", "set", "lo", "up", where=tuple(way.command()))
        # As Linux, Windows and macOS send where nobody chose otherwise, whatever this machine's owner chose.
        _ip("route", "replace", SERVER, "dev", "sender", "congctl", "cubic", where=tuple(way.command()))
        yield way
    finally:
        carrying.end()


def _tun(name: str) -> int:
    """A new device of this namespace; it is there as long as somebody has the descriptor open."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return descriptor


def _up(device: str, address: str, peer: str, where: tuple[str, ...]) -> None:
    _ip("link", "set", device, "txqueuelen", _WAITING, "up", where=where)
    _ip("address", "add", address, "peer", peer, "dev", device, where=where)


def _ip(*words: str, where: tuple[str, ...] = ()) -> None:
    subprocess.run([*where, "ip", *words], check=True)
