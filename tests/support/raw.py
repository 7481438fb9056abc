"""HTTP/1.1 by hand, for bodies no decent client sends: cut short, too long, slow, or chunked badly."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from urllib3 import HTTPHeaderDict

from tests.support.client import Reply


@contextlib.contextmanager
def connection(url: str, timeout: float = 20) -> Iterator[socket.socket]:
    """A TCP connection to the server at ``url``."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=timeout) as sock:
        yield sock


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """The request line and headers. Nothing is added but Host."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {"Host": "test", **headers}.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunked(data: bytes, pieces: int = 3, *, end: bool = True) -> bytes:
    """``data`` in chunked transfer coding; without ``end`` the closing chunk is missing, as after a cut."""
    step = max(1, -(-len(data) // pieces))
    coded = b"".join(
        b"%x\r\n%b\r\n" % (len(part), part) for part in (data[i : i + step] for i in range(0, len(data), step))
    )
    return coded + b"0\r\n\r\n" if end else coded


def reply(sock: socket.socket, method: str = "POST") -> Reply | None:
    """The next reply on this connection; None when the server closed it without one."""
    response = begun(sock, method)
    try:
        response.begin()
        body = response.read()
    except (http.client.BadStatusLine, ConnectionError):
        return None
    finally:
        response.close()
    return Reply(response.status, HTTPHeaderDict(response.getheaders()), body)


def begun(sock: socket.socket, method: str = "POST") -> http.client.HTTPResponse:
    """The next reply on this connection, of which nothing has been read yet."""
    return http.client.HTTPResponse(_Kept(sock), method=method)  # type: ignore[arg-type]


class _Kept:
    """A connection whose reader stays: what it has read ahead belongs to the next reply."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> _Reader:
        reader = _readers.get(self._sock)
        if reader is None:
            reader = _readers[self._sock] = _Reader(socket.SocketIO(self._sock, "r"))
        return reader


class _Reader(io.BufferedReader):
    def close(self) -> None:
        """Nothing: its connection is closed by whoever opened it."""


_readers: WeakKeyDictionary[socket.socket, _Reader] = WeakKeyDictionary()


def send_and_cut(url: str, request: bytes) -> None:
    """Send these bytes and close the connection, as a phone in a tunnel does; return when the server closed its side."""
    with connection(url) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        # The server's own close is the sign that it has dealt with what came.
        with contextlib.suppress(ConnectionError):
            while sock.recv(65536):
                pass
