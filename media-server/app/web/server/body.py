"""The body of a request as everyone reads it: straight from the socket where there is one, patient with slow senders,
but not for ever, and clear about a break.

gunicorn's own way of reading a body copies each byte three times in Python before the application has it. A chunk goes
past that: the bytes gunicorn has read ahead come first, the rest is read from the socket into a buffer that
stays, or moved by the kernel without being looked at.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from gunicorn.http.errors import ParseException

from app.core.errors import Busy, ChunkSizeMismatch, RequestTimeout, UploadError
from app.core.pieces import PIECE_BYTES
from app.storage.disk.atomic import write_at
from app.web.server.slots import Asker

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Any]

SLOWEST_BYTES_PER_SECOND = 1024
"""Bytes a second below which a sender is cut off, measured over the timeout."""
PIPE_BYTES = 1024 * 1024
"""How many bytes the kernel moves at a time."""


_NOTHING_CAME = (BlockingIOError, ssl.SSLWantReadError)


class GaveWay(Exception):
    """The sender was the slowest of those whose bodies were waited for, and others came."""


class PatientSocket:
    """A socket that reads with a limit on silence and on slowness. Both end in TimeoutError.

    Silence alone is not enough: a byte every now and then would hold a thread for as long as its sender likes. ``asker`` is
    told what has come, and whether the sender is waited for, so that who is slow gives way when others wait (``slots.py``).
    """

    def __init__(self, plain: socket.socket, timeout: float, asker: Asker | None = None) -> None:
        self.plain = plain
        self.is_secure = isinstance(plain, ssl.SSLSocket)
        self._timeout = timeout
        self._asker = asker or Asker("")
        self._window_ends = time.monotonic() + timeout
        self._in_window = 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While in here the kernel ends a read after the timeout; cheaper than asking for readiness every time."""
        self._set_timeout(self._timeout)
        try:
            yield
        finally:
            self._set_timeout(0)

    def recv(self, most: int) -> bytes:
        self._asker.reads = True
        try:
            data = self.plain.recv(min(most, PIECE_BYTES))
        except _NOTHING_CAME as error:
            raise TimeoutError("nothing came") from error
        finally:
            self._asker.reads = False
        self._judge(len(data))
        return data

    def recv_into(self, buffer: memoryview) -> int:
        self._asker.reads = True
        try:
            count = self.plain.recv_into(buffer)
        except _NOTHING_CAME as error:
            raise TimeoutError("nothing came") from error
        finally:
            self._asker.reads = False
        self._judge(count)
        return count

    def splice_into(self, pipe: int, most: int) -> int:
        """Of a plain connection only: what the kernel would move of another is what TLS made of it."""
        self._asker.reads = True
        try:
            count = os.splice(self.plain.fileno(), pipe, most)
        except _NOTHING_CAME as error:
            raise TimeoutError("nothing came") from error
        finally:
            self._asker.reads = False
        self._judge(count)
        return count

    def _set_timeout(self, seconds: float) -> None:
        if self.is_secure:
            # The library of TLS begins to wait anew when the kernel ends a read.
            self.plain.settimeout(seconds or None)
            return
        whole = int(seconds)
        value = struct.pack("@ll", whole, int((seconds - whole) * 1e6))
        self.plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)

    def _judge(self, count: int) -> None:
        self._asker.moved += count
        if self._asker.gives_way:
            raise GaveWay
        self._in_window += count
        now = time.monotonic()
        if count and now >= self._window_ends:
            if self._in_window < SLOWEST_BYTES_PER_SECOND * self._timeout:
                raise TimeoutError("too slow")
            self._window_ends, self._in_window = now + self._timeout, 0


class RequestBody:
    """``wsgi.input`` of one request: a file for Flask and a ``core.ports.bodies.Body`` for chunks.

    ``connection`` is what it comes by (``front.py``), None under another server. Nothing is read, and nobody told to send,
    before somebody asks.
    """

    def __init__(self, source: Any, connection: Any = None) -> None:
        self._source = source
        self._connection = connection

    def begin(self) -> None:
        """Ask the sender for the body, where that is waited for. Raises Busy when no thread may wait for it."""
        if self._connection is not None:
            if self._connection.is_late:
                raise Busy("Too many are sending at once. Try again in a moment.", retry_after=2)
            self._connection.go_ahead()

    def read(self, most: int = -1) -> bytes:
        self.begin()
        with _translated():
            data: bytes = self._source.read(most)
            return data

    def readline(self, most: int = -1) -> bytes:
        self.begin()
        with _translated():
            data: bytes = self._source.readline(most)
            return data

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def readinto(self, buffer: bytearray | memoryview) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def move(self, descriptor: int, offset: int, most: int) -> int:
        data = self.read(min(most, PIECE_BYTES))
        write_at(descriptor, memoryview(data), offset)
        return len(data)

    def drain(self, most: int) -> bool:
        """Read up to ``most`` bytes and drop them; whether the body ended there."""
        buffer = memoryview(bytearray(min(PIECE_BYTES, most)))
        try:
            while most > 0:
                count = self.readinto(buffer[:most])
                if not count:
                    return True
                most -= count
        except (RequestTimeout, ChunkSizeMismatch, Busy):
            return False
        return False

    def drop_what_is_here(self) -> bool:
        """Pass over what has come of it already, without waiting; whether that was all."""
        if self._connection is not None and self._connection.expects_go_ahead:
            return False
        reader: Any = getattr(self._source, "reader", None)
        return hasattr(reader, "parser") and reader.parser is None


class SocketBody(RequestBody):
    """A body of known length whose socket gunicorn gives out.

    ``reader`` is gunicorn's count of what is left of the body; it is kept right, so that gunicorn finds the next
    request on the connection where it begins.
    """

    def __init__(self, source: Any, patient: PatientSocket, connection: Any = None) -> None:
        super().__init__(source, connection)
        self._reader = source.reader
        self._socket = patient
        self._breaking = _Breaking(source)

    def readinto(self, buffer: bytearray | memoryview) -> int:
        view = memoryview(buffer)[: self._reader.length]
        if not view:
            return 0
        ahead = self._read_ahead(len(view))
        if ahead:
            view[: len(ahead)] = ahead
            return self._count(len(ahead))
        self.begin()
        with self._breaking:
            return self._count(self._socket.recv_into(view))

    def move(self, descriptor: int, offset: int, most: int) -> int:
        most = min(most, self._reader.length)
        if not most:
            return 0
        ahead = self._read_ahead(most)
        if ahead:
            # Counted first: they have left the connection even when they cannot be written.
            count = self._count(len(ahead))
            write_at(descriptor, memoryview(ahead), offset)
            return count
        if self._socket.is_secure:
            return super().move(descriptor, offset, most)
        self.begin()
        with self._breaking, _pipes.one() as pipe:
            count = self._count(self._socket.splice_into(pipe.into, min(most, PIPE_BYTES)))
            pipe.empty_into(descriptor, offset, count)
            return count

    def drop_what_is_here(self) -> bool:
        if self._source.failed or (self._connection is not None and self._connection.expects_go_ahead):
            return False
        self._reader.length -= len(self._read_ahead(self._reader.length))
        return bool(self._reader.length == 0)

    def _read_ahead(self, most: int) -> bytes:
        data: bytes = self._reader.unreader.take_buffered()
        if len(data) > most:
            self._reader.unreader.unread(data[most:])
        return data[:most]

    def _count(self, count: int) -> int:
        if not count:
            raise ConnectionError("closed before the body was complete")
        self._reader.length -= count
        return count


class _Breaking:
    """What stops in the middle of a body leaves a connection on which nothing more can be understood.

    A class, as the generators of contextlib take several times as long, and a large chunk comes in many pieces.
    """

    __slots__ = ("_source",)

    def __init__(self, source: Any) -> None:
        self._source = source

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        told = None if error is None else _told(error)
        if told is not None:
            self._source.failed = True
            raise told from error


class Pipe:
    """A pipe through which the kernel moves bytes from a socket to a file."""

    def __init__(self) -> None:
        self.is_closed = False
        self._from, self.into = os.pipe2(os.O_CLOEXEC)
        fcntl.fcntl(self.into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def empty_into(self, descriptor: int, offset: int, count: int) -> None:
        """Put the ``count`` bytes that are in the pipe into an open file."""
        try:
            while count:
                moved = os.splice(self._from, descriptor, count, offset_dst=offset)
                offset += moved
                count -= moved
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # A file system that cannot splice; the bytes are still in the pipe.
            while count:
                data = os.read(self._from, count)
                write_at(descriptor, memoryview(data), offset)
                offset += len(data)
                count -= len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Bytes left in it would turn up in another file.
        if kind is not None:
            self.close()

    def close(self) -> None:
        self.is_closed = True
        os.close(self._from)
        os.close(self.into)


class _Pipes(threading.local):
    """One pipe a thread, made on first need."""

    def __init__(self) -> None:
        self._pipe: Pipe | None = None

    def one(self) -> Pipe:
        """An empty pipe, to be used as a context: after an error it is thrown away."""
        if self._pipe is None or self._pipe.is_closed:
            self._pipe = Pipe()
        return self._pipe


_pipes = _Pipes()


class PatientBodies:
    """WSGI middleware: every body of ``app`` is a RequestBody on a socket that waits ``timeout`` seconds at most."""

    def __init__(self, app: WSGIApp, timeout: float) -> None:
        self._app = app
        self._timeout = timeout

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        source = environ["wsgi.input"]
        connection = environ.get("droppr.connection")
        unreader = _unreader_of(source)
        if unreader is None:
            environ["wsgi.input"] = RequestBody(source, connection)
            return self._app(environ, start_response)
        patient = PatientSocket(unreader.sock, self._timeout, connection.asker if connection else None)
        known = hasattr(source.reader, "length")
        environ["wsgi.input"] = SocketBody(source, patient, connection) if known else RequestBody(source, connection)
        unreader.sock = patient
        try:
            with patient.waiting():
                return self._app(environ, start_response)
        finally:
            # The connection may stay for another request, whose time does not run yet.
            unreader.sock = patient.plain


def _unreader_of(source: Any) -> Any:
    """The part of gunicorn that reads a body from its socket; None under another server, with timeouts of its own."""
    reader = getattr(source, "reader", None)
    unreader = getattr(reader, "unreader", None) or getattr(getattr(reader, "req", None), "unreader", None)
    return unreader if isinstance(getattr(unreader, "sock", None), socket.socket) else None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (GaveWay, OSError, ParseException) as error:
        raise _told(error) or _broken() from error


def _told(error: BaseException) -> UploadError | None:
    """What is told to a sender whose connection failed like this; None where it is not the connection's."""
    if isinstance(error, GaveWay):
        return Busy("Others wait to send, and this connection brought least. Try again in a moment.", retry_after=2)
    if isinstance(error, TimeoutError):
        return RequestTimeout()
    return _broken() if isinstance(error, (ConnectionError, ssl.SSLError)) else None


def _broken() -> ChunkSizeMismatch:
    return ChunkSizeMismatch("The connection broke before the body was complete. Send it again.")
