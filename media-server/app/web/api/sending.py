"""Bytes that this process sends itself: whole or in part, and counted while they go."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any, Protocol

from flask import Response, request

from app.core.errors import RangeNotSatisfiable
from app.core.pieces import PIECE_BYTES
from app.core.ports.inbox import StoredFile
from app.core.ranges import Span
from app.services.received.archive import CutShort, FileBytes
from app.web.api.byte_ranges import single_range, tell_size

STEP_BYTES = 1024 * 1024
"""After so many bytes of a file it is told how many have gone, where somebody wants to know."""

log = logging.getLogger("droppr.web")

Parts = Generator[bytes | FileBytes, None, None]


class Sent(Protocol):
    """Is told how a reply goes out."""

    def more(self, count: int) -> None:
        """So many further bytes went out. Raises nothing."""
        ...

    def over(self) -> None:
        """Nothing more goes out, whether that was all or not. Raises nothing."""
        ...


def ranged(
    size: int,
    etag: str,
    parts: Callable[[Span], Parts],
    stack: ExitStack,
    begins: Callable[[Span | None], Sent | None],
) -> Response:
    """The reply with ``size`` bytes, or with the part of them that is asked for. Knows ``Range``, ``If-Range``, ``If-None-Match`` and HEAD.

    ``begins`` is called before bytes are sent, with the part, or None for all; what it returns is told of each stretch. ``stack`` is closed once
    the last byte went out. Raises RangeNotSatisfiable, and what ``begins`` raises.
    """
    reply = Response(status=304) if etag in request.if_none_match else _ranged(size, etag, parts, stack, begins)
    reply.headers["ETag"] = f'"{etag}"'
    reply.headers["Accept-Ranges"] = "bytes"
    return reply


def _ranged(
    size: int,
    etag: str,
    parts: Callable[[Span], Parts],
    stack: ExitStack,
    begins: Callable[[Span | None], Sent | None],
) -> Response:
    span = asked_span(size, etag)
    sent = None if request.method == "HEAD" else begins(span)
    reply = Response(status=200)
    if span is not None:
        reply.status_code = 206
        reply.headers["Content-Range"] = f"bytes {span.start}-{span.end}/{size}"
    elif size:
        span = Span(0, size)
    reply.headers["Content-Length"] = str(span.length if span else 0)
    if request.method != "HEAD":
        if sent is not None:
            stack.callback(sent.over)
        connection = request.environ.get("droppr.connection")
        reply.response = _Sending(parts(span) if span else _nothing(), stack.pop_all(), connection, sent)
        reply.direct_passthrough = True
    return reply


def file_parts(stored: StoredFile, span: Span) -> Parts:
    """The bytes of a file, as ``ranged`` asks for them. Raises CutShort where it is another by now."""
    try:
        with stored.content() as content:
            if span.length:
                yield FileBytes(content, span)
    except FileNotFoundError:
        raise CutShort("gone") from None


def asked_span(size: int, etag: str) -> Span | None:
    """The part that is asked for; None where it is all. A part of something else than this is no use to anybody."""
    if_range = request.headers.get("If-Range")
    if if_range is not None and if_range.strip() != f'"{etag}"':
        return None
    try:
        return single_range(size)
    except RangeNotSatisfiable:
        tell_size(size)
        raise


def _nothing() -> Parts:
    yield from ()


class _Sending:
    """The body, for gunicorn: bytes as they are yielded, and those of files from the disk to the socket inside the kernel."""

    def __init__(self, parts: Parts, stack: ExitStack, connection: Any, sent: Sent | None) -> None:
        self._parts = parts
        self._stack = stack
        self._connection = connection
        self._sent = sent
        self._began = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._parts:
                if isinstance(part, bytes):
                    yield part
                    self._tell(len(part))
                elif self._connection is None or part.content.fileno() is None:
                    for piece in _pieces(part):
                        yield piece
                        self._tell(len(piece))
                else:
                    if not self._began:
                        yield b""  # Has the headers go out first.
                    self._send(part)
                self._began = True
        except CutShort as error:
            # The number of bytes was said before the first: an end before that is what tells whoever reads.
            log.warning("a download ends early, as a file of it changed", extra={"path": str(error)})
            raise ConnectionResetError(errno.ECONNRESET, "The download ends here.") from error

    def close(self) -> None:
        self._parts.close()
        self._stack.close()

    def __del__(self) -> None:
        # Where the reply got no further than its head, nobody asks for its body, and nobody closes it.
        self.close()

    def _send(self, part: FileBytes) -> None:
        step = part.span.length if self._sent is None else STEP_BYTES
        for start in range(part.span.start, part.span.stop, step):
            wanted = min(step, part.span.stop - start)
            if self._connection.sock.sendfile(part.content, start, wanted) < wanted:
                raise CutShort("cut short")
            self._tell(wanted)

    def _tell(self, count: int) -> None:
        if self._sent is not None:
            self._sent.more(count)


def _pieces(part: FileBytes) -> Iterator[bytes]:
    for start in range(part.span.start, part.span.stop, PIECE_BYTES):
        wanted = Span(start, min(start + PIECE_BYTES, part.span.stop))
        found = part.content.read(wanted)
        if len(found) < wanted.length:
            raise CutShort("cut short")
        yield found
