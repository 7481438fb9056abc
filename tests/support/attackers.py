"""Many connections that want nothing but to be there: silent ones, and ones that send a byte every so often."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self


class Attackers:
    """``count`` connections to a port of 127.0.0.1, held by one thread from ``with`` to the end of the block.

    They come from the address ``source``; without ``reads`` they never read a byte. Each sends ``opening`` and then one byte of ``drip`` every ``pause`` seconds, over and over; nothing where it is empty.
    """

    def __init__(
        self,
        port: int,
        count: int,
        opening: bytes = b"",
        drip: bytes = b"",
        pause: float = 1.0,
        *,
        source: str = "127.0.0.1",
        reads: bool = True,
    ) -> None:
        self._port = port
        self._source = source
        self._reads = reads
        self._count = count
        self._opening = opening
        self._drip = drip
        self._pause = pause
        self._over = threading.Event()
        self._selector = selectors.DefaultSelector()
        self.answers: list[bytes] = []
        """What those heard whom the server let go; empty for a close without a word."""

    @property
    def left(self) -> int:
        """How many the server still holds."""
        return self._count - len(self.answers)

    def statuses(self) -> set[bytes]:
        """The status codes among the answers; an empty one stands for a close without a word."""
        return {[*answer.split(b" ", 2), b"", b""][1] for answer in self.answers}

    def __enter__(self) -> Self:
        for _ in range(self._count):
            sock = socket.create_connection(("127.0.0.1", self._port), timeout=20, source_address=(self._source, 0))
            sock.setblocking(False)
            if self._opening:
                # Who does not read is not read from either, once enough lies there.
                with contextlib.suppress(BlockingIOError):
                    sock.sendall(self._opening)
            self._selector.register(sock, selectors.EVENT_READ if self._reads else selectors.EVENT_WRITE)
        self._thread = threading.Thread(target=self._hold, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(20)
        for key in list(self._selector.get_map().values()):
            self._let_go(key.fileobj)
        self._selector.close()

    def _hold(self) -> None:
        sent, due = 0, time.monotonic() + self._pause
        while not self._over.is_set():
            if self._reads:
                for key, _ in self._selector.select(0.1):
                    self._hear(key.fileobj)
            else:
                self._over.wait(0.1)
            if self._drip and time.monotonic() >= due:
                byte = self._drip[sent % len(self._drip) :][:1]
                sent, due = sent + 1, due + self._pause
                for key in list(self._selector.get_map().values()):
                    assert isinstance(key.fileobj, socket.socket)
                    with contextlib.suppress(OSError):
                        key.fileobj.send(byte)

    def _hear(self, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        try:
            heard = sock.recv(65536)
        except OSError:
            heard = b""
        if heard.startswith(b"HTTP/1.1 100"):
            return
        self.answers.append(heard)
        self._let_go(sock)

    def _let_go(self, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        self._selector.unregister(sock)
        sock.close()
