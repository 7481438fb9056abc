"""Network namespaces: rooms in which programs have lines of their own, which can be cut without a word to either end.

Each room has two lines: ``front``, by which this machine asks those inside, and ``back``, by which those inside reach what listens on
``Rooms.back`` here. A cut is made between two switches' ports, so nobody's line looks unplugged from where the packets come: they vanish.

Nothing has a name that would outlast us: a namespace ends with the last process in it, and takes its ends of the lines along. The
processes that keep them open end with the thread that has started them, however that ends.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TRIES = 5
SECONDS = 10.0
# Asks the kernel for the signal at its parent's death, then keeps the namespaces of its own for as long as it lives.
_KEEP = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.execvp("unshare", ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"])
"""


class NoRooms(AssertionError):
    """This machine makes no network namespaces for us."""

    def __init__(self, said: str) -> None:
        super().__init__(
            "Network namespaces cannot be made: this test needs Linux, root (or CAP_NET_ADMIN and CAP_SYS_ADMIN), the modules veth and"
            f" bridge, and the commands ip (iproute2), unshare and nsenter (util-linux). It was told: {said.strip()}"
        )


@dataclass(frozen=True)
class Room:
    """One namespace."""

    address: str
    """Where those inside listen for whoever is outside."""
    rooms: Rooms
    number: int
    pid: int

    @property
    def network(self) -> str:
        """The file by which a process enters."""
        return f"/proc/{self.pid}/ns/net"

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Until the block ends nothing comes through the line to ``Rooms.back``, either way."""
        self.rooms.switch(f"link set dev b{self.number} down")
        try:
            yield
        finally:
            self.rooms.switch(f"link set dev b{self.number} up")


class Rooms:
    """So many rooms, from ``with`` to the end of the block."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._ends = ExitStack()
        self.all: list[Room] = []

    def __enter__(self) -> Self:
        try:
            for tries_left in reversed(range(TRIES)):
                try:
                    self._make()
                    return self
                except NoRooms:
                    # Somebody else's lines may have had the name, or the addresses.
                    self._ends.close()
                    if not tries_left:
                        raise
        except BaseException:
            self._ends.close()
            raise
        raise AssertionError("unreachable")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def switch(self, *lines: str) -> None:
        """Commands of ``ip`` where all lines meet."""
        _ip(_enter(self._switch), *lines)

    def _make(self) -> None:
        # Addresses that are set aside for measurements within one laboratory.
        net, mark = random.SystemRandom().randrange(1, 255), f"{os.getpid() % 10**6}x{random.getrandbits(12):x}"
        front, back = f"198.18.{net}", f"198.19.{net}"
        self.front, self.back = f"{front}.1", f"{back}.1"
        if f"{back}." in _ip([], "address show"):
            raise NoRooms("the addresses are in use")
        self._switch = self._kept()
        self.switch(
            *(f"link add name {each} type bridge" for each in ("front", "back")),
            *(f"link set dev {each} up" for each in ("front", "back")),
        )
        for side, address in (("f", self.front), ("b", self.back)):
            _plug(self._switch, [], f"{side}0", f"dr{mark}{side}", f"{address}/24")
        self.all = []
        for number in range(1, self._count + 1):
            pid = self._kept()
            _ip(_enter(pid), "link set dev lo up")
            for side, name, address in (("f", "front", front), ("b", "back", back)):
                _plug(self._switch, _enter(pid), f"{side}{number}", name, f"{address}.{10 + number}/24", pid)
            self.all.append(Room(f"{front}.{10 + number}", self, number, pid))

    def _kept(self) -> int:
        """The pid of a process in a namespace of its own, which is there by now."""
        process = subprocess.Popen(
            [sys.executable, "-c", _KEEP], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._ends.callback(_end, process)
        assert process.stdout
        said = process.stdout.readline()
        if said != b"\n":
            raise NoRooms(said.decode(errors="replace"))
        return process.pid


def _plug(switch: int, enter: list[str], port: str, name: str, address: str, room: int | None = None) -> None:
    """A line from a port of the switch to ``name`` in a room, or on this machine."""
    if room is None:
        _ip([], f"link add name {name} type veth peer name {port} netns {switch}")
    else:
        _ip(_enter(switch), f"link add name {port} type veth peer name {name} netns {room}")
    _ip(_enter(switch), f"link set dev {port} master {'front' if port[0] == 'f' else 'back'} up")
    _ip(enter, f"address add {address} dev {name}", f"link set dev {name} up")


def _enter(pid: int) -> list[str]:
    program = shutil.which("nsenter", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise NoRooms("there is no nsenter")
    return [program, f"--net=/proc/{pid}/ns/net"]


def _ip(enter: list[str], *lines: str) -> str:
    try:
        done = subprocess.run(
            [*enter, "ip", "-batch", "-"],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except OSError as error:
        raise NoRooms(str(error)) from error
    if done.returncode:
        raise NoRooms(done.stderr)
    return done.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def wait_until_gone(rooms: Rooms) -> None:
    """Return once the kernel has taken the lines away, which it does soon after the last process of a namespace has ended."""
    deadline = time.monotonic() + SECONDS
    while f"{rooms.back}/" in _ip([], "address show"):
        assert time.monotonic() < deadline, "lines are left behind"
        time.sleep(0.05)
