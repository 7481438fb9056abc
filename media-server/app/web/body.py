"""The body of a request as everyone reads it: patient with slow senders, but not for ever, and clear about a break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from app.core.errors import ChunkSizeMismatch, RequestTimeout
from app.core.pieces import PIECE

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Any]


class RequestBody:
    """``wsgi.input`` of one request, fulfilling ``core.ports.Body``.

    A sender who stalls for longer than ``timeout`` seconds is cut off instead of holding a thread for ever; where
    the server does not give out its socket, its own timeouts apply.
    """

    def __init__(self, environ: dict[str, Any], timeout: float) -> None:
        self._input = environ["wsgi.input"]
        self._socket = environ.get("gunicorn.socket")
        self._timeout = timeout

    def read(self, most: int = -1) -> bytes:
        with self._patience():
            data: bytes = self._input.read(most)
            return data

    def readline(self, most: int = -1) -> bytes:
        with self._patience():
            data: bytes = self._input.readline(most)
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

    @contextmanager
    def _patience(self) -> Iterator[None]:
        if self._socket is not None:
            self._socket.settimeout(self._timeout)
        try:
            yield
        except TimeoutError as error:
            raise RequestTimeout() from error
        except OSError as error:  # gunicorn's own errors while reading a body are below OSError too
            raise ChunkSizeMismatch("The connection broke before the body was complete. Send it again.") from error
        finally:
            if self._socket is not None:
                self._socket.settimeout(None)


class PatientBodies:
    """WSGI middleware: every body of ``app`` is read as a RequestBody."""

    def __init__(self, app: WSGIApp, timeout: float) -> None:
        self._app = app
        self._timeout = timeout

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        environ["wsgi.input"] = RequestBody(environ, self._timeout)
        return self._app(environ, start_response)
