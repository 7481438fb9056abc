"""A TCP proxy that treats connections badly: it cuts them, delays them, or keeps the one answer that matters."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

PIECE = 16 * 1024


class BadLine:
    """Between clients and ``port`` of 127.0.0.1 from ``with`` to the end of the block.

    ``cut_after`` resets each connection once it has carried so many bytes to the server. ``delay`` holds up every piece
    by so many seconds, and may be changed meanwhile. ``keep_answer`` is a text: of an answer that holds it, nothing is passed on, once, and the
    connection is reset. ``notice`` is looked for in every piece that clients send, and what it finds is in ``noticed``. The
    proxy runs in threads of its own.
    """

    def __init__(
        self,
        port: int,
        *,
        cut_after: int = 0,
        delay: float = 0,
        keep_answer: bytes = b"",
        notice: re.Pattern[bytes] | None = None,
    ) -> None:
        self._target = port
        self._cut_after = cut_after
        self.delay = delay
        self._keep_answer = keep_answer
        self._notice = notice
        self._over = threading.Event()
        self._down = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.cuts = 0
        self.kept = 0
        self.carried = 0
        """Bytes that clients have sent through it."""
        self.noticed: list[re.Match[bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        # Closing alone does not wake up a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(10)
        self._drop_all()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Until the end of the block nothing gets through: what is open is reset, and so is whatever comes."""
        self._down.set()
        self._drop_all()
        try:
            yield
        finally:
            self._down.clear()

    def _drop_all(self) -> None:
        with self._lock:
            left = list(self._open)
        for each in left:
            _stop_reading(each)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                continue
            try:
                if self._down.is_set():
                    raise ConnectionRefusedError
                far = socket.create_connection(("127.0.0.1", self._target), timeout=20)
            except OSError:
                # Left open, it would look like a server that thinks for a long time.
                near.close()
                continue
            for each in (near, far):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # Closed, it is reset, as by a router that has forgotten it: no farewell, and what was on its way is lost.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            threading.Thread(target=self._serve, args=(near, far), daemon=True).start()

    def _serve(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            self._open |= {near, far}
        back = threading.Thread(target=self._carry, args=(far, near, False), daemon=True)
        back.start()
        self._carry(near, far, True)
        back.join()
        # Only now, when nobody uses them: the number of a closed socket is the next one's at once.
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _carry(self, source: socket.socket, sink: socket.socket, to_server: bool) -> None:
        carried = 0
        try:
            while piece := source.recv(PIECE):
                if to_server and self._notice:
                    self.noticed += self._notice.finditer(piece)
                if self.delay:
                    self._over.wait(self.delay)
                if self._down.is_set() or (not to_server and self._is_to_be_kept(piece)):
                    break
                if to_server and self._cut_after:
                    piece = piece[: self._cut_after - carried]
                sink.sendall(piece)
                carried += len(piece)
                if to_server:
                    with self._lock:
                        self.carried += len(piece)
                if to_server and carried == self._cut_after:
                    self.cuts += 1
                    break
        except OSError:
            pass
        # Wakes up whoever reads the other way, and says nothing to the ends.
        _stop_reading(source)
        _stop_reading(sink)

    def _is_to_be_kept(self, piece: bytes) -> bool:
        with self._lock:
            if not self._keep_answer or self.kept or self._keep_answer not in piece:
                return False
            self.kept += 1
            return True


def _stop_reading(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
