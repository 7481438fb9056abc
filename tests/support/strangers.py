"""Hostile clients by the dozen, or by the hundred: one process of one thread holds them all, so that they cost next to nothing.

What one of them does is a script: a generator of steps. Whoever is let go by the server comes back a little later and
begins again, until the ``with`` block ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import itertools
import multiprocessing
import selectors
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

READ = 256 * 1024
TICK = 0.5


@dataclass(frozen=True, slots=True)
class Send:
    """These bytes, as fast as the server takes them; the script goes on when the last is out."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """So many seconds; what arrives meanwhile is read and dropped."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hear:
    """Until something arrives, so many seconds at most."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Deaf:
    """From here on nothing is read any more, and the next bytes to be sent go out as far as they can for so long."""

    seconds: float


Step = Send | Wait | Hear | Deaf
Script = Callable[[], Iterator[Step]]


@dataclass(frozen=True, slots=True)
class Stranger:
    """One hostile connection at a time, from an address of 127/8. ``again`` is how long it stays away when it was let go."""

    source: str
    script: Script
    again: float = 1.0


class Strangers:
    """All of them against one port of 127.0.0.1, from ``with`` to the end of the block; then ``seen`` tells how it went.

    ``seen`` counts connections, those that could not be made, ends by the server, and answers by their status.
    """

    def __init__(self, port: int, strangers: Sequence[Stranger]) -> None:
        self._port = port
        self._strangers = strangers
        self.seen: Counter[str] = Counter()

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_attack, args=(self._port, self._strangers, theirs), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError, EOFError):
            self._ours.send(None)
            if self._ours.poll(10):
                self.seen = self._ours.recv()
        self._ours.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@dataclass(slots=True, eq=False)
class _Line:
    """One connection and how far its script has come."""

    stranger: Stranger
    sock: socket.socket | None = None
    steps: Iterator[Step] = field(default_factory=lambda: iter(()))
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    hears: bool = False
    deaf: bool = False
    watched: bool = False
    turn: int = 0
    """Which of the moments it was told to go on at is still meant."""


def _attack(port: int, strangers: Sequence[Stranger], pipe: Connection) -> None:
    # Not to outlive the tests, however they end.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    loop = _Loop(port, pipe)
    for stranger in strangers:
        loop.later(_Line(stranger), 0)
    loop.run()
    pipe.send(loop.seen)


class _Loop:
    def __init__(self, port: int, pipe: Connection) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe, selectors.EVENT_READ)
        self._due: list[tuple[float, int, int, _Line]] = []
        self._order = itertools.count()
        self.seen: Counter[str] = Counter()

    def later(self, line: _Line, seconds: float) -> None:
        line.turn += 1
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), line.turn, line))

    def run(self) -> None:
        """Until the pipe says something or breaks."""
        while True:
            wait = min(max(0.0, self._due[0][0] - time.monotonic()), TICK) if self._due else TICK
            for key, events in self._selector.select(wait):
                if key.data is None:
                    return
                self._serve(key.data, events)
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, _, turn, line = heapq.heappop(self._due)
                if turn == line.turn:
                    self._go_on(line)

    def _serve(self, line: _Line, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                self._hear(line)
            if line.sock and line.out and events & selectors.EVENT_WRITE:
                self._push(line)
        except BlockingIOError:
            pass
        except OSError:
            self._let_go(line)

    def _hear(self, line: _Line) -> None:
        assert line.sock
        data = line.sock.recv(READ)
        if not data:
            self._let_go(line)
            return
        if data.startswith(b"HTTP/1.1 "):
            self.seen[data[9:12].decode("ascii", "replace")] += 1
        if line.hears:
            line.hears = False
            self._go_on(line)

    def _push(self, line: _Line) -> None:
        assert line.sock
        sent = line.sock.send(line.out[:READ])
        self.seen["bytes"] += sent
        line.out = line.out[sent:]
        if not line.out and line.deaf:
            self._watch(line)
        elif not line.out:
            self._go_on(line)

    def _go_on(self, line: _Line) -> None:
        """The next step of its script, from the beginning where it has no connection."""
        try:
            if line.sock is None:
                self._connect(line)
            self._step(line)
        except OSError:
            self.seen["not connected"] += line.sock is None
            self._let_go(line)

    def _connect(self, line: _Line) -> None:
        sock = socket.socket()
        try:
            sock.setblocking(False)
            # Without a port of its own until it connects: there are fewer ports than connections made in a run.
            sock.setsockopt(socket.IPPROTO_IP, 24, 1)
            sock.bind((line.stranger.source, 0))
            with contextlib.suppress(BlockingIOError):
                sock.connect(("127.0.0.1", self._port))
        except OSError:
            sock.close()
            raise
        self.seen["connections"] += 1
        line.sock, line.steps = sock, line.stranger.script()
        line.out, line.hears, line.deaf = memoryview(b""), False, False

    def _step(self, line: _Line) -> None:
        assert line.sock
        step = next(line.steps, None)
        line.hears = False
        match step:
            case None:
                self._let_go(line)
                return
            case Send(data):
                line.out = memoryview(data)
                line.turn += 1
            case Wait(seconds):
                self.later(line, seconds)
            case Hear(seconds):
                line.hears = True
                self.later(line, seconds)
            case Deaf(seconds):
                line.deaf = True
                following = next(line.steps, None)
                line.out = memoryview(following.data) if isinstance(following, Send) else memoryview(b"")
                self.later(line, seconds)
        self._watch(line)

    def _watch(self, line: _Line) -> None:
        """Have the kernel tell what this connection waits for; who is deaf and has said everything waits for nothing."""
        assert line.sock
        events = (0 if line.deaf else selectors.EVENT_READ) | (selectors.EVENT_WRITE if line.out else 0)
        if line.watched and events:
            self._selector.modify(line.sock, events, line)
        elif events:
            self._selector.register(line.sock, events, line)
        elif line.watched:
            self._selector.unregister(line.sock)
        line.watched = bool(events)

    def _let_go(self, line: _Line) -> None:
        if line.sock is not None:
            self.seen["ended"] += 1
            if line.watched:
                self._selector.unregister(line.sock)
            line.sock.close()
            line.sock, line.watched = None, False
        self.later(line, line.stranger.again)
