"""Calls to Google over HTTP/2. Each connection carries one call at a time and is kept for the next one.

httpx mixes up the frames of one HTTP/2 connection when several threads send bodies over it, and servers then end that
connection with everything on it. So every thread that calls has a connection of its own, and the one that was used last is
used first: a file that goes on part by part does so over a single one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
STALLED_SECONDS = 30.0
"""How long the other end may take nothing of a body. A server that has answered early does so too: httpx looks at the answer
only after the body, so without an end to this the call would wait for as long as for an answer."""
MAX_IDLE_CONNECTIONS = 8
IDLE_SECONDS = 30.0


class Http2Connections:
    """``make`` makes a client of one connection. Safe from any number of threads."""

    def __init__(self, make: Callable[[], Any], stalled_seconds: float = STALLED_SECONDS) -> None:
        self._make = make
        self._stalled_seconds = stalled_seconds
        self._lock = threading.Lock()
        self._free: list[Any] = []

    def request(self, method: str, url: str, *, content: Any = None, **request: Any) -> Any:
        """The answer, read to its end. Raises httpx.TransportError; nothing is tried twice."""
        waits = {"connect": CONNECT_SECONDS, "read": ANSWER_SECONDS, "write": ANSWER_SECONDS, "pool": CONNECT_SECONDS}
        if content is not None and not isinstance(content, bytes):
            content = self._watched(content, waits)
        connection = self._taken()
        try:
            reply = connection.request(method, url, content=content, extensions={"timeout": waits}, **request)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return reply

    def _watched(self, pieces: Iterator[bytes], waits: dict[str, float]) -> Iterator[bytes]:
        waits["read"] = self._stalled_seconds
        yield from pieces
        waits["read"] = ANSWER_SECONDS

    def _taken(self) -> Any:
        with self._lock:
            return self._free.pop() if self._free else self._make()

    def _give_back(self, connection: Any) -> None:
        with self._lock:
            if len(self._free) < MAX_IDLE_CONNECTIONS:
                self._free.append(connection)
                return
        connection.close()


def for_one_call(httpx: Any) -> dict[str, Any]:
    """What makes a client or transport one of a single connection. They follow no redirect unless told to: a session's
    address must not be sent on to anywhere."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS)
    # Reading the certificates takes longer than a handshake: once for all connections.
    return {"http2": True, "limits": limits, "verify": httpx.create_ssl_context()}
