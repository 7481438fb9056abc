"""Requests to a store that has closed the connection meanwhile, as one does that was started again."""

from __future__ import annotations

import os
import socket
import threading

import pytest
from botocore.credentials import Credentials

from app.core.errors import Busy
from app.storage.cluster.signing import Signer
from app.storage.cluster.wire import Piece, Wire
from tests.support.files import content

DATA = content(300_000, 1)


class Store:
    """Takes one request a connection, says that all is well, and closes it."""

    def __init__(self, requests: int) -> None:
        self._left = requests
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.bodies: list[bytes] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(10)

    def _run(self) -> None:
        with self._listener:
            while self._left:
                try:
                    connection, _ = self._listener.accept()
                except TimeoutError:
                    return
                with connection, connection.makefile("rb") as request:
                    lines = iter(request.readline, b"\r\n")
                    length = sum(int(line.split()[1]) for line in lines if line.lower().startswith(b"content-length:"))
                    body = request.read(length)
                    if len(body) < length:
                        continue  # It never had it all.
                    self.bodies.append(body)
                    self._left -= 1
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def wire(store: Store) -> Wire:
    credentials = Credentials("a", "b")
    return Wire(store.url, Signer("us-east-1", lambda: credentials), None)


@pytest.fixture
def piece() -> Piece:
    descriptor = os.memfd_create("droppr")
    os.write(descriptor, DATA)
    return Piece(descriptor, 100, len(DATA) - 100)


def put(line: Wire, body: Piece) -> None:
    with line.answer("PUT", "bucket/key", body=body) as reply:
        assert (reply.status, reply.read()) == (200, b"")


def test_a_body_goes_over_another_connection_where_the_last_one_was_closed(piece: Piece) -> None:
    store = Store(requests=3)
    line = wire(store)
    for _ in range(3):
        put(line, piece)
    store.join()
    assert store.bodies == [DATA[100:]] * 3


def test_a_store_that_is_away_is_busy(piece: Piece) -> None:
    store = Store(requests=1)
    line = wire(store)
    put(line, piece)
    store.join()
    with pytest.raises(Busy):
        put(line, piece)
