"""What a store of many nodes is asked for: turns of the database, as they are on the wire, and requests of the bucket."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import pytest
from botocore.httpsession import URLLib3Session

from app.storage.cluster.wire import Wire

_COMMIT = b"COMMIT\0"
_COMMAND_COMPLETE = ord("C")


class Turns:
    """A way to the database at ``url`` (``self.url``), on which each wait for the server counts once, however much is said before it, and
    each COMMIT that the server reports."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = parts.hostname or "", parts.port or 0
        self._door = socket.create_server(("127.0.0.1", 0))
        user = parts.netloc.rpartition("@")[0]
        netloc = f"{user}@127.0.0.1:{self._door.getsockname()[1]}"
        # In the clear, so that it can be read on the way.
        self.url = urlunsplit(parts._replace(netloc=netloc, query="sslmode=disable&gssencmode=disable"))
        self.turns = self.commits = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake up a thread that waits in accept().
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def during(self, work: Callable[[], Any]) -> tuple[int, int]:
        """Turns and commits of ``work``, beside whose nothing else is under way."""
        turns, commits = self.turns, self.commits
        work()
        return self.turns - turns, self.commits - commits

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(self._server)
                threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        asked, answers = False, _Messages()
        with contextlib.suppress(OSError), client, server, selectors.DefaultSelector() as selector:
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not data:
                        return
                    commits = 0 if key.fileobj is client else answers.commits(data)
                    with self._lock:
                        # What is said in several pieces before an answer came is one wait.
                        self.turns += key.fileobj is client and not asked
                        self.commits += commits
                    asked = key.fileobj is client
                    (server if asked else client).sendall(data)


@dataclass
class _Messages:
    """What the server says on one connection: a letter, a length, and so many bytes."""

    rest: bytes = b""

    def commits(self, data: bytes) -> int:
        data, found = self.rest + data, 0
        while len(data) >= 5:
            length = 1 + int.from_bytes(data[1:5])
            if len(data) < length:
                break
            found += data[0] == _COMMAND_COMPLETE and data[5:length] == _COMMIT
            data = data[length:]
        self.rest = data
        return found


@dataclass
class Requests:
    """Requests to the bucket: by what they do."""

    made: Counter[str] = field(default_factory=Counter)

    def during(self, work: Callable[[], Any]) -> dict[str, int]:
        self.made.clear()
        work()
        return dict(self.made)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Requests:
    """Counts what this process asks of any bucket, those requests that are sent twice as two."""
    counted, send = Requests(), Wire._send

    def sending(self: Wire, connection: Any, request: Any) -> None:
        named = {"partNumber": "part", "uploadId": "parts", "uploads": "begin", "list-type": "list"}
        what = next((word for key, word in named.items() if key in request.query), "object")
        what = "complete" if (request.method, what) == ("POST", "parts") else what
        counted.made[f"{request.method} {what}"] += 1
        send(self, connection, request)

    send_other = URLLib3Session.send

    def sending_other(self: Any, request: Any) -> Any:
        parts = urlsplit(request.url)
        what = {"delete": "many"}.get(parts.query.partition("=")[0], "other")
        counted.made[f"{request.method} {what}"] += 1
        return send_other(self, request)

    monkeypatch.setattr(Wire, "_send", sending)
    monkeypatch.setattr(URLLib3Session, "send", sending_other)
    return counted
