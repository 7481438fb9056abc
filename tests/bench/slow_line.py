"""A line as it is between a home and a server: some way off, shared, limited for each connection, and losing some."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self

PIECE = 16 * 1024


SLACK = 0.05
"""Seconds of a rate that may be made up for: sleeping is never exact."""


class _Rate:
    """Bytes per second, handed out in the order of asking."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._free = 0.0

    def due(self, size: int) -> float:
        """When so many bytes have passed."""
        with self._lock:
            self._free = max(self._free, time.monotonic() - SLACK) + size / self._rate
            return self._free


class SlowLine:
    """Between clients and ``port`` of 127.0.0.1.

    ``delay``: seconds for an answer to come back, that is, the round trip. ``total`` and ``each``: bytes per second
    towards the server of all connections and of one. ``loss``: how likely a connection is reset at each MiB.
    """

    def __init__(self, port: int, *, delay: float, total: float, each: float, loss: float, seed: int) -> None:
        self._target = port
        self._delay, self._each, self._loss = delay, each, loss
        self._total = _Rate(total)
        self._chance = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._over = False
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target), timeout=20)
            except OSError:
                continue
            for sock in (near, far):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # What waits in the kernel would look to the sender as if it had been sent.
            near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            threading.Thread(target=self._forth, args=(near, far), daemon=True).start()
            threading.Thread(target=self._back, args=(far, near), daemon=True).start()

    def _forth(self, near: socket.socket, far: socket.socket) -> None:
        own, carried = _Rate(self._each), 0
        with suppress(OSError):
            while piece := near.recv(PIECE):
                due = max(own.due(len(piece)), self._total.due(len(piece)))
                time.sleep(max(0.0, due - time.monotonic()))
                far.sendall(piece)
                before, carried = carried, carried + len(piece)
                if before >> 20 != carried >> 20 and self._chance.random() < self._loss:
                    self.cuts += 1
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
        for sock in (near, far):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        near.close()

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        waiting: deque[tuple[float, bytes]] = deque()
        with suppress(OSError):
            while piece := far.recv(PIECE):
                waiting.append((time.monotonic() + self._delay, piece))
                while waiting:
                    due, piece = waiting.popleft()
                    time.sleep(max(0.0, due - time.monotonic()))
                    near.sendall(piece)
        far.close()
