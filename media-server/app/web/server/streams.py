"""Streams: server-sent events for those who look on, all of a process told by one thread.

A view judges who asks, and hands the connection over; from then on it takes no thread of the worker. What there is to tell is looked
for once for all who are told the same, and each of them is judged again before anything is said: so nothing is said to somebody who has
logged out meanwhile, and who says nothing but that all is as it was hears that every ``STILL_SECONDS``, as a sign of life. A browser
comes back by itself when a stream ends, with the id of what it was told last.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple, Protocol

from app.core.errors import Busy

MOST_STREAMS = 200
"""Streams at once in each worker."""
MOST_EACH = 8
"""The same of one who looks on, in however many browsers."""
STILL_SECONDS = 15.0
"""How long a stream says nothing: proxies and browsers close what is silent for a minute."""
LIFE_SECONDS = 600.0
"""How long a stream goes on: one that never ended would keep an nginx from ending that was told to read its settings anew."""
STUCK_SECONDS = 30.0
"""How long a reader may take nothing of what was said."""
MOST_UNREAD_BYTES = 16 * 1024
MOST_HEARD_BYTES = 16 * 1024
"""Bytes that the other side may say, which has nothing to say."""
REST_SECONDS = 0.25
"""Of what follows each other closely is told together."""

_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

log = logging.getLogger("droppr.web")


class Saying(NamedTuple):
    """Something to be told. An ``id`` is another one where there is something new; without one it always is. With ``kind`` it is told
    apart from what else the same stream says."""

    data: str
    id: str = ""
    kind: str = ""

    def event(self) -> bytes:
        number = f"id: {self.id}\n" if self.id else ""
        kind = f"event: {self.kind}\n" if self.kind else ""
        return f"{kind}{number}data: {self.data}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Topic:
    """What streams of one ``key`` are told: what ``look`` finds, ``every`` so many seconds, and at once after a ``ring`` where it
    ``hears``. ``look`` may raise Busy."""

    key: Hashable
    look: Callable[[], Saying]
    every: float
    hears: bool = False


@dataclass(slots=True, eq=False)
class Stream:
    """What somebody is told by one connection. ``who`` they are counts their streams; ``may`` judges anew whether they may be told
    anything, and may raise Busy. ``said`` are the ids of what they know, by the keys of topics."""

    who: str
    topics: tuple[Topic, ...]
    may: Callable[[], bool]
    said: dict[Hashable, str]
    unsent: bytearray
    ends_at: float = 0.0
    say_by: float = 0.0
    stuck_since: float = 0.0
    heard: int = 0


class Line(Protocol):
    """A connection; its own by what it is, not by what it holds."""

    sock: socket.socket


@dataclass(slots=True)
class _Table:
    """Those who are told the same, and when it is looked for next."""

    topic: Topic
    look_at: float
    members: dict[Line, Stream] = field(default_factory=dict)


class Streams:
    """The streams of one process. ``over`` is told, in their thread, which connection is to be closed."""

    def __init__(
        self,
        over: Callable[[Any], object],
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_STREAMS,
        most_each: int = MOST_EACH,
        begin: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        """``begin`` runs what never ends in a thread; their own where there is none."""
        self._over = over
        self._clock = clock
        self._most = most
        self._most_each = most_each
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._coming: list[tuple[Line, Stream]] = []
        self._ending = False
        self._rung = False
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._begin = begin or _in_a_thread
        self._has_begun = False
        # From here on the thread's own.
        self._tables: dict[Hashable, _Table] = {}
        self._streams: dict[Line, Stream] = {}
        self._heard_at = 0.0
        self._numbers = count()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._waker, selectors.EVENT_READ)

    def has_room(self, who: str) -> bool:
        with self._lock:
            return self._has_room(who)

    def reserve(self, who: str) -> bool:
        """Keep a place for a stream that is to be taken; whether there is one."""
        with self._lock:
            has_room = self._has_room(who)
            if has_room:
                self._held[who] += 1
        return has_room

    def take(self, line: Line, stream: Stream) -> None:
        """Take over a connection for which a place is reserved. What is unsent on it goes out first."""
        with self._lock:
            self._coming.append((line, stream))
            if not self._has_begun:
                self._has_begun = True
                self._begin(self._run)
        self._wake()

    def ring(self) -> None:
        """Something has happened in this process. Safe from any thread, and next to nothing where nobody looks on."""
        if self._held and not self._rung:
            self._rung = True
            self._wake()

    def end(self) -> None:
        """End all of them, and take no more: the process is about to stop."""
        with self._lock:
            already, self._ending = self._ending, True
        if not already:
            self._wake()

    def __len__(self) -> int:
        with self._lock:
            return self._held.total()

    def _has_room(self, who: str) -> bool:
        return not self._ending and self._held.total() < self._most and self._held[who] < self._most_each

    def _wake(self) -> None:
        os.eventfd_write(self._waker, 1)

    # What follows is for their thread alone.

    def _run(self) -> None:
        while True:
            try:
                self.turn(self._pause())
            except Exception:  # the last line of defence of a thread that must go on
                log.exception("streams could not be told")
                time.sleep(REST_SECONDS)

    def _pause(self) -> float | None:
        """For how long nothing has to be done; None while nobody looks on."""
        if not self._tables:
            return None
        return max(0.0, min(each.look_at for each in self._tables.values()) - self._clock())

    def turn(self, seconds: float | None) -> None:
        """Wait so long for something to do, and do it."""
        for key, events in self._selector.select(seconds):
            if key.data is None:
                os.eventfd_read(self._waker)
                continue
            if events & selectors.EVENT_READ:
                self._hear(key.data)
            if events & selectors.EVENT_WRITE:
                self._send(key.data)
        self._welcome()
        if self._ending:
            for line in list(self._streams):
                self._drop(line)
            return
        self._tell_all()

    def _welcome(self) -> None:
        with self._lock:
            coming, self._coming = self._coming, []
        now = self._clock()
        for line, stream in coming:
            self._streams[line] = stream
            for topic in stream.topics:
                table = self._tables.setdefault(topic.key, _Table(topic, _next(now, topic.every)))
                table.members[line] = stream
                if topic.hears:
                    # What has happened since its view looked is told at once.
                    table.look_at = now
            # Those who came in one moment do not all come back in one.
            stream.ends_at = now + LIFE_SECONDS * (1 + next(self._numbers) % 16 / 64)
            stream.say_by = now + STILL_SECONDS
            stream.stuck_since = now
            try:
                line.sock.setblocking(False)
                self._selector.register(line.sock, selectors.EVENT_READ, line)
            except (OSError, ValueError):
                self._drop(line)
                continue
            self._send(line)

    def _tell_all(self) -> None:
        now = self._clock()
        if self._rung:
            for table in self._tables.values():
                if table.topic.hears:
                    table.look_at = min(table.look_at, max(now, self._heard_at + REST_SECONDS))
        for table in [each for each in self._tables.values() if each.look_at <= now]:
            if table.members:
                self._tell(table, now)

    def _tell(self, table: _Table, now: float) -> None:
        table.look_at = _next(now, table.topic.every)
        if table.topic.hears:
            self._rung, self._heard_at = False, now
        for line, stream in list(table.members.items()):
            if now >= stream.ends_at or (stream.unsent and now - stream.stuck_since >= STUCK_SECONDS):
                self._drop(line)
        try:
            saying = table.topic.look()
        except Busy:
            return
        event = saying.event()
        for line, stream in list(table.members.items()):
            is_known = saying.id and saying.id == stream.said.get(table.topic.key)
            if (not is_known or now >= stream.say_by) and self._say(line, stream, event):
                stream.said[table.topic.key] = saying.id

    def _say(self, line: Line, stream: Stream, event: bytes) -> bool:
        """False where it is to be said later."""
        try:
            may = stream.may()
        except Busy:
            return False
        except Exception:
            log.exception("a stream could not be judged")
            may = False
        if not may or len(stream.unsent) + len(event) > MOST_UNREAD_BYTES:
            self._drop(line)
            return True
        now = self._clock()
        if not stream.unsent:
            stream.stuck_since = now
        stream.unsent += event
        stream.say_by = now + STILL_SECONDS
        self._send(line)
        return True

    def _send(self, line: Line) -> None:
        """Send what goes now; the rest when the other side takes it."""
        stream = self._streams.get(line)
        if stream is None:
            return
        had = len(stream.unsent)
        try:
            while stream.unsent:
                del stream.unsent[: line.sock.send(stream.unsent)]
        except _LATER:
            pass
        except (OSError, ValueError):
            self._drop(line)
            return
        if len(stream.unsent) < had:
            stream.stuck_since = self._clock()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.unsent else 0)
        if self._selector.get_key(line.sock).events != wanted:
            self._selector.modify(line.sock, wanted, line)

    def _hear(self, line: Line) -> None:
        """The other side has gone, or says what nobody asked for."""
        stream = self._streams[line]
        try:
            while (said := len(line.sock.recv(4096))) and stream.heard <= MOST_HEARD_BYTES:
                stream.heard += said
        except _LATER:
            return
        except (OSError, ValueError):
            pass
        self._drop(line)

    def _drop(self, line: Line) -> None:
        stream = self._streams.pop(line)
        for topic in stream.topics:
            members = self._tables[topic.key].members
            del members[line]
            if not members:
                del self._tables[topic.key]
        with contextlib.suppress(OSError, KeyError, ValueError):
            self._selector.unregister(line.sock)
        with self._lock:
            self._held[stream.who] -= 1
            if not self._held[stream.who]:
                del self._held[stream.who]
        self._over(line)


def _next(now: float, every: float) -> float:
    """When those look next who look ``every`` so many seconds, all of them in the same moment."""
    return (now // every + 1) * every


def _in_a_thread(run: Callable[[], None]) -> None:
    threading.Thread(target=run, name="streams", daemon=True).start()
