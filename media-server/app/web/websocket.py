"""A WebSocket on a connection that gunicorn gives out, read only as fast as its messages are taken.

Libraries with a thread of their own read ahead without end; here nothing is read before somebody asks, so a sender
who is faster than the disk is held back by TCP itself.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable, Iterator
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

READ = 256 * 1024
TEXT_LIMIT = 64 * 1024
PING_SECONDS = 20.0
MESSAGE_SECONDS = 120.0
"""How long one message may take from its first byte to its last: a buffer is held for it meanwhile."""

IDLE_SECONDS = 600.0
"""How long a socket may say nothing: it holds a thread."""

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
    """One open socket. ``borrow`` lends a buffer for each binary message, and may wait: nothing is read meanwhile."""

    def __init__(self, environ: dict[str, Any], borrow: Borrow, *, patience: float = PING_SECONDS) -> None:
        connection = environ.get("gunicorn.socket")
        if not isinstance(connection, socket.socket):
            raise InvalidRequest("WebSockets need the server's own gunicorn.")
        self._socket = connection
        self._borrow = borrow
        self._patience = patience
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._events: Iterator[Event] = iter(())
        self._accept(environ)

    def messages(self) -> Iterator[str | Binary]:
        """Each message as it is complete. Raises Closed, TooMuch, and what ``borrow`` raises."""
        while True:
            with ExitStack() as stack:
                yield self._message(stack)

    def send(self, **message: Any) -> None:
        """Send a JSON object. Raises Closed."""
        self._send(TextMessage(data=json.dumps(message, allow_nan=False)))

    def check(self) -> None:
        """Answer what was asked meanwhile; messages are passed over. Raises Closed where the other side has gone."""
        if select.select([self._socket], [], [], 0)[0]:
            self._read()
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
            while time.monotonic() < until and self._socket.recv(READ):
                pass

    def _message(self, stack: ExitStack) -> str | Binary:
        text: list[str] = []
        buffer: memoryview | None = None
        size, until = 0, time.monotonic() + IDLE_SECONDS
        while True:
            event = self._next(until)
            if not isinstance(event, TextMessage | BytesMessage):
                self._answer(event)
                continue
            until = until if size else time.monotonic() + MESSAGE_SECONDS
            size += len(event.data)
            if isinstance(event, TextMessage):
                text.append(event.data)
                if size > TEXT_LIMIT:
                    raise TooMuch(f"A text message has at most {TEXT_LIMIT} bytes.")
            else:
                buffer = stack.enter_context(self._borrow()) if buffer is None else buffer
                if size > len(buffer):
                    raise TooMuch(f"A binary message has at most {len(buffer)} bytes.")
                buffer[size - len(event.data) : size] = event.data
            if event.message_finished:
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
            event = next(self._events, None)
            if event is not None:
                return event
            if time.monotonic() > until:
                raise TooMuch("The next message takes too long.")
            self._read()

    def _read(self) -> None:
        try:
            self._wait()
            self._protocol.receive_data(self._socket.recv(READ) or None)
        except (OSError, RemoteProtocolError) as error:
            raise Closed from error
        self._events = self._protocol.events()

    def _wait(self) -> None:
        """Until there is something to read; who answers no ping within the same time again is gone."""
        for asked in (False, True):
            readable, _, _ = select.select([self._socket], [], [], self._patience)
            if readable:
                return
            if not asked:
                self._send(Ping())
        raise Closed

    def _send(self, event: Event) -> None:
        try:
            self._socket.settimeout(self._patience)
            self._socket.sendall(self._protocol.send(event))
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
        self._send(AcceptConnection())


class Hijacked(Response):
    """In place of a reply, for a connection on which everything has been said."""

    def __call__(self, *_: Any) -> Any:
        # How a WSGI application tells gunicorn that the connection is no longer its.
        raise StopIteration
