"""The body of a request as everyone reads it: patient with slow senders, but not for ever, and clear about a break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn.http.errors import ParseException

from app.core.errors import ChunkSizeMismatch, RequestTimeout
from app.core.pieces import PIECE

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Any]

SLOWEST = 1024
"""Bytes a second below which a sender is cut off, measured over the timeout."""


class PatientSocket:
    """A socket that reads with a limit on silence and on slowness.

    Silence alone is not enough: a byte every now and then would hold a thread for as long as its sender likes.
    """

    def __init__(self, socket: Any, timeout: float) -> None:
        self._socket = socket
        self._timeout = timeout
        self._window_ends = time.monotonic() + timeout
        self._in_window = 0

    def recv(self, most: int) -> bytes:
        self._socket.settimeout(self._timeout)
        try:
            data: bytes = self._socket.recv(min(most, PIECE))
        finally:
            self._socket.settimeout(None)
        self._judge(len(data))
        return data

    def _judge(self, count: int) -> None:
        self._in_window += count
        now = time.monotonic()
        if count and now >= self._window_ends:
            if self._in_window < SLOWEST * self._timeout:
                raise TimeoutError("too slow")
            self._window_ends, self._in_window = now + self._timeout, 0


class RequestBody:
    """``wsgi.input`` of one request, fulfilling ``core.ports.Body``."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def read(self, most: int = -1) -> bytes:
        with _translated():
            data: bytes = self._source.read(most)
            return data

    def readline(self, most: int = -1) -> bytes:
        with _translated():
            data: bytes = self._source.readline(most)
            return data

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def drain(self, most: int) -> bool:
        """Read up to ``most`` bytes and drop them; whether the body ended there."""
        try:
            while most > 0:
                piece = self.read(min(PIECE, most))
                if not piece:
                    return True
                most -= len(piece)
        except (RequestTimeout, ChunkSizeMismatch):
            return False
        return False


class PatientBodies:
    """WSGI middleware: every body of ``app`` is a RequestBody on a socket that waits ``timeout`` seconds at most."""

    def __init__(self, app: WSGIApp, timeout: float) -> None:
        self._app = app
        self._timeout = timeout

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        source = environ["wsgi.input"]
        environ["wsgi.input"] = RequestBody(source)
        unreader = _unreader_of(source)
        if unreader is None:
            return self._app(environ, start_response)
        plain = unreader.sock
        unreader.sock = PatientSocket(plain, self._timeout)
        try:
            return self._app(environ, start_response)
        finally:
            # The connection may stay for another request, whose time does not run yet.
            unreader.sock = plain


def _unreader_of(source: Any) -> Any:
    """The part of gunicorn that reads a body from its socket; None under another server, with timeouts of its own."""
    reader = getattr(source, "reader", None)
    unreader = getattr(reader, "unreader", None) or getattr(getattr(reader, "req", None), "unreader", None)
    return unreader if hasattr(unreader, "sock") else None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise RequestTimeout() from error
    except (OSError, ParseException) as error:
        raise ChunkSizeMismatch("The connection broke before the body was complete. Send it again.") from error
