"""A WebSocket on a connection that gunicorn gives out, read only as fast as its messages are taken.

Libraries with a thread of their own read ahead without end; here nothing is read before somebody asks, so a sender
who is faster than the disk is held back by TCP itself.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from flask import Response
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from app.core.errors import InvalidRequest

READ_BYTES = 256 * 1024
MAX_TEXT_BYTES = 64 * 1024
PING_SECONDS = 20.0
MESSAGE_SECONDS = 120.0
"""How long one message may take from its first byte to its last: a buffer is held for it meanwhile."""

IDLE_SECONDS = 600.0
"""How long a socket may say nothing: it holds a thread."""
FIRST_MESSAGE_SECONDS = 10.0
"""How long its first message may take."""
MAX_FRAGMENTS = 16 * 1024
"""Of how many frames a message may consist, empty ones included."""

Borrow = Callable[[], AbstractContextManager[memoryview]]


class Closed(Exception):
    """The other side has gone, or the connection broke."""


class TooMuch(Exception):
    """A message is larger than was agreed, or came too slowly."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary message in a buffer that is good until the next message is asked for."""

    data: memoryview


class WebSocket:
    """One open socket. ``borrow`` lends a buffer for each binary message, and may wait: nothing is read meanwhile.

    Once it is made, the connection speaks HTTP no more: whoever made it closes it, whatever is raised.
    """

    def __init__(self, environ: dict[str, Any], borrow: Borrow, *, patience: float = PING_SECONDS) -> None:
        connection = environ.get("gunicorn.socket")
        if not isinstance(connection, socket.socket):
            raise InvalidRequest("WebSockets need the server's own gunicorn.")
        self._socket = connection
        self._borrow = borrow
        self._patience = patience
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._events: Iterator[Event] = iter(())
        self._greeted = False
        self._until = time.monotonic() + FIRST_MESSAGE_SECONDS
        self.heard_at = time.monotonic()
        """When the other side last said anything."""
        self._pinged_at = 0.0
        self._accept(environ)

    def drop(self) -> None:
        """End the connection at once, from any thread; whoever reads from it finds it closed."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def messages(self) -> Iterator[str | Binary]:
        """Each message as it is complete. Raises Closed, TooMuch, and what ``borrow`` raises."""
        while True:
            with ExitStack() as stack:
                yield self._message(stack)

    def send(self, message: Mapping[str, object]) -> None:
        """Send a JSON object. Raises Closed."""
        self._send(TextMessage(data=json.dumps(message, allow_nan=False)))

    def check(self) -> None:
        """Answer what was asked meanwhile; messages are passed over. Who says nothing is asked for a sign of life now and then. Raises
        Closed where the other side has gone, with or without a word."""
        now = time.monotonic()
        if self._pending() or self._polled(0):
            self._read(now + self._patience)
        elif now - self.heard_at >= 2 * self._patience:
            raise Closed
        elif now - max(self.heard_at, self._pinged_at) >= self._patience:
            self._pinged_at = now
            self._send(Ping())
        for event in self._events:
            if not isinstance(event, TextMessage | BytesMessage):
                self._answer(event)

    def close(self, code: int = 1000, reason: str = "") -> None:
        with suppress(Closed, LocalProtocolError):
            self._send(CloseConnection(code=code, reason=reason))
        # So that what was sent last arrives although the other side still sends.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(1.0)
            until = time.monotonic() + 1.0
            while time.monotonic() < until and self._socket.recv(READ_BYTES):
                pass

    def _message(self, stack: ExitStack) -> str | Binary:
        text: list[str] = []
        buffer: memoryview | None = None
        size, frames, until = 0, 0, self._until
        while True:
            event = self._next(until)
            if not isinstance(event, TextMessage | BytesMessage):
                self._answer(event)
                continue
            if self._greeted and not frames:
                until = time.monotonic() + MESSAGE_SECONDS
            size, frames = size + len(event.data), frames + 1
            if frames > MAX_FRAGMENTS:
                raise TooMuch(f"A message has at most {MAX_FRAGMENTS} frames.")
            if isinstance(event, TextMessage):
                text.append(event.data)
                if size > MAX_TEXT_BYTES:
                    raise TooMuch(f"A text message has at most {MAX_TEXT_BYTES} bytes.")
            else:
                buffer = stack.enter_context(self._borrow()) if buffer is None else buffer
                if size > len(buffer):
                    raise TooMuch(f"A binary message has at most {len(buffer)} bytes.")
                buffer[size - len(event.data) : size] = event.data
            if event.message_finished:
                self._greeted, self._until = True, time.monotonic() + IDLE_SECONDS
                return "".join(text) if buffer is None else Binary(buffer[:size])

    def _answer(self, event: Event) -> None:
        if isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            with suppress(Closed, LocalProtocolError):
                self._send(event.response())
            raise Closed
        elif not isinstance(event, Pong):
            raise Closed

    def _next(self, until: float) -> Event:
        while True:
            # Before every event: what is answered by itself, such as a ping, buys nobody time.
            if time.monotonic() > until:
                raise TooMuch("The next message takes too long.")
            event = next(self._events, None)
            if event is not None:
                return event
            self._read(until)

    def _read(self, until: float) -> None:
        try:
            if not self._is_readable(until):
                return
            data = self._socket.recv(READ_BYTES)
            self.heard_at = time.monotonic()
            self._protocol.receive_data(data or None)
        except (OSError, ValueError, RemoteProtocolError) as error:
            raise Closed from error
        self._events = self._protocol.events()

    def _is_readable(self, until: float) -> bool:
        """Wait for something to read, ``until`` then at most. Who answers no ping within the same time again is gone."""
        if self._pending():
            return True
        for asked in (False, True):
            seconds = max(0.0, min(self._patience, until - time.monotonic()))
            if self._polled(seconds):
                return True
            if time.monotonic() >= until:
                return False
            if not asked:
                self._send(Ping())
        raise Closed

    def _polled(self, seconds: float) -> bool:
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def _pending(self) -> bool:
        """Whether TLS has something that it took from the connection already."""
        return isinstance(self._socket, ssl.SSLSocket) and bool(self._socket.pending())

    def _send(self, event: Event) -> None:
        try:
            self._socket.settimeout(self._patience)
            # The front lets nothing through any more that was not meant for this protocol.
            getattr(self._socket, "speak", self._socket.sendall)(self._protocol.send(event))
        except OSError as error:
            raise Closed from error

    def _accept(self, environ: dict[str, Any]) -> None:
        headers = [
            (name[5:].replace("_", "-").lower().encode(), value.encode("latin-1"))
            for name, value in environ.items()
            if name.startswith("HTTP_")
        ]
        try:
            self._protocol.initiate_upgrade_connection(headers, environ.get("PATH_INFO", "/").encode("ascii", "ignore"))
            request = next(self._protocol.events())
        except (RemoteProtocolError, StopIteration):
            raise InvalidRequest("This address speaks WebSocket (RFC 6455) only.") from None
        if not isinstance(request, Request):
            raise InvalidRequest("This address speaks WebSocket (RFC 6455) only.")
        if hasattr(self._socket, "speaks_http"):
            self._socket.speaks_http = False
        self._send(AcceptConnection())


class Hijacked(Response):
    """In place of a reply, for a connection on which everything has been said."""

    def __call__(self, *_: Any) -> Any:
        # How a WSGI application tells gunicorn that the connection is no longer its.
        raise StopIteration
