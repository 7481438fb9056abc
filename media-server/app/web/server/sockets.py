"""Connections as the front has them: sockets on which no reply waits for its reader for ever, and what is known of each."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from gunicorn import sock
from gunicorn.workers.gthread import TConn

from app.core.waiting_room import WaitingThreads
from app.web.server.slots import Asker
from app.web.server.streams import Stream

if TYPE_CHECKING:
    from app.web.server.front import Front

log = logging.getLogger("droppr.web")

SEND_SECONDS = 30.0
"""How long a reader may take none of its reply."""
SEND_SLOWEST_BYTES_PER_SECOND = 1024
"""Bytes a second below which a reader is let go, measured over ``SEND_SECONDS``."""
SEND_GRACE_SECONDS = 0.25
"""Seconds a reader may take nothing while others wait to be sent to."""
PIECE_BYTES = 1024 * 1024
PARTING_BYTES = 64 * 1024
PARTING_SECONDS = 2.0
"""What is read on of a connection that is closed in the ordinary way, so that its last reply is not cut off."""


class Crowded(OSError):
    """Too many wait to be sent to: this one is let go."""


class _Sending:
    """What both kinds of socket have in common: replies that wait for their reader only where there is room to wait."""

    connection: Connection | None = None
    speaks_http = True
    """False once the connection speaks another protocol: no reply in HTTP may appear on it any more."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        plain: Any = self
        if not self.speaks_http:
            raise ConnectionError("The connection speaks no HTTP any more.")
        if plain.gettimeout() is not None or self.connection is None:
            super().sendall(data, flags)  # type: ignore[misc]
            return
        view = memoryview(data).cast("B")
        sent = self._send_now(view)
        if sent < len(view):
            with self.connection.worker.senders.one(self.connection) as counted:
                while sent < len(view):
                    sent += counted(self._send_some(view[sent : sent + PIECE_BYTES]))

    def speak(self, data: bytes) -> None:
        """Send what is no HTTP, as a WebSocket's frames."""
        super().sendall(data)  # type: ignore[misc]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Like socket.sendfile, which waits for ever for a reader who does not read."""
        left = os.fstat(file.fileno()).st_size - offset if count is None else count
        begun = offset
        while left > 0:
            data = os.pread(file.fileno(), min(left, PIECE_BYTES // 4), offset)
            if not data:
                break
            self.sendall(data)
            offset, left = offset + len(data), left - len(data)
        return offset - begun

    def _send_now(self, view: memoryview) -> int:
        raise NotImplementedError

    def _send_some(self, view: memoryview) -> int:
        """Wait until some of it has gone out. Raises TimeoutError."""
        raise NotImplementedError


class PlainSocket(_Sending, socket.socket):
    """A TCP or unix connection. The kernel ends a wait after ``SEND_SECONDS``."""

    def _send_now(self, view: memoryview) -> int:
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < len(view):
                sent += self.send(view[sent:], socket.MSG_DONTWAIT)
        return sent

    def _send_some(self, view: memoryview) -> int:
        try:
            return self.send(view)
        except BlockingIOError as error:
            raise TimeoutError("The reader takes nothing.") from error

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        left = os.fstat(file.fileno()).st_size - offset if count is None else count
        if left <= PIECE_BYTES // 4 or self.connection is None:
            return super().sendfile(file, offset, left)
        begun = offset
        with self.connection.worker.senders.one(self.connection) as counted:
            while left > 0:
                try:
                    sent = os.sendfile(self.fileno(), file.fileno(), offset, min(left, PIECE_BYTES))
                except BlockingIOError as error:
                    raise TimeoutError("The reader takes nothing.") from error
                if not sent:
                    break
                counted(sent)
                offset, left = offset + sent, left - sent
        return offset - begun


class SecureSocket(_Sending, ssl.SSLSocket):
    """The same by TLS, whose library would begin to wait anew each time the kernel ends it."""

    def _send_now(self, view: memoryview) -> int:
        sent = 0
        self.setblocking(False)
        try:
            while sent < len(view):
                sent += self.send(view[sent : sent + 16 * 1024])
        except ssl.SSLWantWriteError:
            pass
        finally:
            self.setblocking(True)
        return sent

    def _send_some(self, view: memoryview) -> int:
        self.settimeout(SEND_SECONDS)
        try:
            return self.send(view)
        finally:
            self.settimeout(None)


class Sockets:
    """Makes ours of what gunicorn accepts; by TLS where it has a certificate."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._secured: tuple[tuple[int, ...], ssl.SSLContext] | None = None

    def ours(self, plain: socket.socket) -> PlainSocket | SecureSocket:
        """The same connection, which waits for nothing yet; no handshake has been made. Raises OSError."""
        timeval = struct.pack("@ll", int(SEND_SECONDS), 0)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)
        plain.setblocking(False)
        if not self._config.is_ssl:
            ours = PlainSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
            ours.setblocking(False)
            return ours
        secure = self._context().wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        assert isinstance(secure, SecureSocket)
        return secure

    def _context(self) -> ssl.SSLContext:
        """The context with the certificate as it is on the disk now, made anew when that was renewed. As long as a new one cannot be
        read, or does not fit its key yet, the one before it goes on. Raises OSError where there is none."""
        seen = tuple(_changed(path) for path in (self._config.certfile, self._config.keyfile))
        if self._secured is None or self._secured[0] != seen:
            try:
                context: ssl.SSLContext = sock.ssl_context(self._config)
                context.sslsocket_class = SecureSocket
            except OSError:
                if self._secured is None:
                    raise
                log.exception("the renewed certificate cannot be used yet")
                context = self._secured[1]
            self._secured = seen, context
        return self._secured[1]


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0


class Connection(TConn):  # type: ignore[misc]
    """A connection in the main loop's eyes, and what its threads tell of it."""

    def __init__(self, worker: Front, plain: Any, client: Any, server: Any, address: str) -> None:
        super().__init__(worker.cfg, plain, client, server)
        self.worker = worker
        self.address = address
        self.asker = Asker(address)
        self.secured = not worker.cfg.is_ssl
        self.request: Any = None
        """The request at work, as gunicorn has it."""
        self.expects_go_ahead = False
        """Whether the sender waits for 100 Continue before it sends the body."""
        self.is_late = False
        """Whether it found no slot in time: it is to be told so, and none of its body read."""
        self.stream: Stream | None = None
        """What goes on on it when its request is over, without a thread."""
        self.read_on = (PARTING_BYTES, PARTING_SECONDS, False)
        plain.connection = self

    def keep_reading(self, most: int, seconds: float, *, while_it_moves: bool = False) -> None:
        """After this reply, read and drop up to ``most`` bytes of what still comes, for ``seconds``, or for as long as it
        comes at the least rate that senders are held to; then close."""
        self.read_on = (most, seconds, while_it_moves)

    def is_gone(self) -> bool:
        """Whether the other side will send nothing more, and so has gone or is about to."""
        waiting = select.poll()
        waiting.register(self.sock, select.POLLRDHUP)
        return bool(waiting.poll(0))

    def go_ahead(self) -> None:
        """Tell a sender who waits for it that the body is wanted."""
        if self.expects_go_ahead:
            self.expects_go_ahead = False
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


class Senders:
    """The threads that wait for readers: ``most`` at once. Where another one comes, the reader who took nothing for longest is let
    go; the new one where all of them do take something. Safe from any thread."""

    def __init__(self, most: int, threads: WaitingThreads) -> None:
        self._most = most
        self._threads = threads
        self._lock = threading.Lock()
        self._waiting: dict[Connection, float] = {}

    @contextlib.contextmanager
    def one(self, connection: Connection) -> Iterator[Callable[[int], int]]:
        """Be one of them. The callable counts bytes that have gone out. Raises Crowded, TimeoutError."""
        with self._lock:
            if len(self._waiting) >= self._most:
                self._let_go_of_one()
            if not self._threads.enter():
                raise Crowded("Too many threads wait.")
            self._waiting[connection] = time.monotonic()
        window, in_window = time.monotonic(), 0

        def counted(count: int) -> int:
            nonlocal window, in_window
            now = time.monotonic()
            in_window += count
            if now - window > SEND_SECONDS:
                if in_window < SEND_SLOWEST_BYTES_PER_SECOND * SEND_SECONDS:
                    raise TimeoutError("The reader is too slow.")
                window, in_window = now, 0
            with self._lock:
                if connection not in self._waiting:
                    raise Crowded("Others wait to be sent to.")
                self._waiting[connection] = now
            return count

        try:
            yield counted
        finally:
            with self._lock:
                self._waiting.pop(connection, None)
            self._threads.leave()

    def _let_go_of_one(self) -> None:
        slowest = min(self._waiting, key=lambda each: self._waiting[each])
        if time.monotonic() - self._waiting[slowest] < SEND_GRACE_SECONDS:
            raise Crowded("Too many wait to be sent to.")
        del self._waiting[slowest]
        with contextlib.suppress(OSError):
            slowest.sock.shutdown(socket.SHUT_RDWR)


class Parting:
    """A connection on which everything has been said, read on for a while."""

    def __init__(self, connection: Connection) -> None:
        self.left, self.seconds, self.while_it_moves = connection.read_on
        self.until = time.monotonic() + self.seconds
        self.moved = 0

    def is_over(self, slowest: float) -> bool:
        """Whether it has had its time; one that may go on while it moves gets as much again when it did."""
        now = time.monotonic()
        if now < self.until:
            return False
        if not self.while_it_moves or self.moved < slowest * self.seconds:
            return True
        self.until, self.moved = now + self.seconds, 0
        return False
