"""One honest sender whose pace is measured, and somebody who asks all the time whether the server is alive."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from tests.support.client import Link
from tests.support.files import spans
from tests.support.strangers import READ

CHUNK = 8 * 1024 * 1024
LANES = 4
LONGEST_PAUSE = 5.0
PROBE_EVERY = 0.2
PROBE_PATIENCE = 10.0
PASSING = (408, 409, 425, 429, 500, 502, 503, 504, 507)
"""What a client tries again after, as the library and the command line do."""


@dataclass(frozen=True)
class Sent:
    """How one file went. ``acknowledged`` bytes may be fewer than all of it where time ran out."""

    seconds: float
    acknowledged: int
    complete: bool
    troubles: Counter[str]

    @property
    def pace(self) -> float:
        """Bytes a second."""
        return self.acknowledged / self.seconds


@dataclass
class Sender:
    """Sends ``source`` over its own link by parallel chunks, and tries again what is refused for a while."""

    link: Link
    source: Path
    port: int
    address: str
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def send(self, name: str, most: float, upload_id: str | None = None) -> Sent:
        """The whole file, or as much of it as goes in ``most`` seconds; opened here, or before as ``upload_id``."""
        size = self.source.stat().st_size
        todo = spans(size, CHUNK)[::-1]
        troubles: Counter[str] = Counter()
        acknowledged: list[int] = []
        done = threading.Event()
        began = time.monotonic()
        upload_id = upload_id or self._opened(name, size, began + most, troubles)

        def lane() -> None:
            with _Lane(self, str(upload_id), size, began + most) as mine:
                while not done.is_set() and time.monotonic() < began + most:
                    with self._lock:
                        if not todo:
                            return
                        start, stop = todo.pop()
                    trouble = mine.send(start, stop)
                    with self._lock:
                        if trouble is None:
                            acknowledged.append(stop - start)
                            continue
                        todo.append((start, stop))
                        troubles[trouble] += 1
                    mine.rest()

        lanes = [threading.Thread(target=lane, daemon=True) for _ in range(LANES)]
        for each in lanes:
            each.start()
        for each in lanes:
            each.join(most + 2 * LONGEST_PAUSE)
        done.set()
        seconds = time.monotonic() - began
        return Sent(seconds, sum(acknowledged), sum(acknowledged) == size, troubles)

    def _opened(self, name: str, size: int, until: float, troubles: Counter[str]) -> str:
        """The upload's id; one that leads nowhere where time ran out."""
        body = {"path": name, "size": size}
        while time.monotonic() < until:
            patience = max(0.1, until - time.monotonic())
            pool = urllib3.HTTPConnectionPool("127.0.0.1", self.port, source_address=(self.address, 0))
            try:
                reply = pool.request(
                    "POST", f"{self.link.path}/uploads", json=body, retries=False, timeout=min(30.0, patience)
                )
                if reply.status == 201:
                    upload_id: str = reply.json()["upload_id"]
                    return upload_id
                _expect_passing(reply.status, reply.data)
                troubles[f"opening: {reply.status} {reply.json().get('code')}"] += 1
            except urllib3.exceptions.HTTPError as error:
                troubles[f"opening: {type(error).__name__}"] += 1
            finally:
                pool.close()
            time.sleep(0.5)
        return "none"


def _expect_passing(status: int, body: bytes) -> None:
    assert status in PASSING, f"an honest sender was answered {status}: {body[:300]!r}"


class _Lane:
    """One connection of a sender, made anew whenever it broke."""

    def __init__(self, sender: Sender, upload_id: str, size: int, until: float) -> None:
        self._sender = sender
        self._upload_id = upload_id
        self._size = size
        self._until = until
        self._pause = 0.5
        self._sock: socket.socket | None = None
        self._file = sender.source.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._hang_up()
        self._file.close()

    def send(self, start: int, stop: int) -> str | None:
        """One chunk. What was wrong, None for nothing."""
        self._pause = 0.5
        try:
            sock = self._sock = self._sock or self._connected()
            sock.settimeout(max(0.1, self._until - time.monotonic()))
            lines = [
                f"POST {self._sender.link.path}/upload-chunk HTTP/1.1",
                "Host: 127.0.0.1",
                "Content-Type: application/octet-stream",
                f"Content-Length: {stop - start}",
                f"Content-Range: bytes {start}-{stop - 1}/{self._size}",
                f"X-Upload-Id: {self._upload_id}",
            ]
            sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendfile(self._file, start, stop - start)
            return self._answered(sock)
        except (OSError, http.client.HTTPException) as error:
            self._hang_up()
            return type(error).__name__

    def rest(self) -> None:
        time.sleep(max(0.0, min(self._pause, self._until - time.monotonic())))

    def _connected(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self._sender.port), 10, (self._sender.address, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _answered(self, sock: socket.socket) -> str | None:
        reply = http.client.HTTPResponse(sock, method="POST")
        try:
            reply.begin()
            body = reply.read()
        finally:
            reply.close()
        if reply.getheader("Connection", "").lower() == "close":
            self._hang_up()
        if reply.status == 200:
            return None
        code = f"{reply.status} {json.loads(body).get('code')}"
        _expect_passing(reply.status, body)
        self._pause = min(LONGEST_PAUSE, float(reply.getheader("Retry-After") or 0.5))
        return code

    def _hang_up(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None


class Prober:
    """Asks for ``/healthz`` on a new connection each time, from ``with`` to the end of the block."""

    def __init__(self, port: int, address: str) -> None:
        self._port = port
        self._address = address
        self._over = threading.Event()
        self.took: list[float] = []
        """Seconds of each probe; infinite where no good answer came in ten of them."""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(2 * PROBE_PATIENCE)

    def _ask(self) -> None:
        while not self._over.wait(PROBE_EVERY):
            self.took.append(probe(self._port, self._address))


def probe(port: int, address: str) -> float:
    """The seconds that ``/healthz`` takes to say 200; infinite where it does not within ten of them."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), PROBE_PATIENCE, (address, 0)) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = b""
            while data := sock.recv(READ):
                answer += data
                sock.settimeout(max(0.01, began + PROBE_PATIENCE - time.monotonic()))
    except OSError:
        return float("inf")
    return time.monotonic() - began if answer.startswith(b"HTTP/1.1 200 ") else float("inf")


def source_file(path: Path, size: int) -> Path:
    """A file whose every block is another, so that nothing that is misplaced looks right."""
    block = bytearray(os.urandom(1024 * 1024))
    with path.open("wb") as file:
        for start, stop in spans(size, len(block)):
            block[:8] = start.to_bytes(8, "big")
            file.write(block[: stop - start])
    return path
