"""A body taken in pieces of bounded size, each with its place in the file."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from app.core.errors import ChunkSizeMismatch
from app.core.ports.bodies import Body
from app.core.ranges import Span

PIECE_BYTES = 256 * 1024
"""How many bytes of a body are in memory at once."""


class _Buffers(threading.local):
    """One buffer a thread, made on first need: pieces are used before the next one is read."""

    def __init__(self) -> None:
        self.piece = memoryview(bytearray(PIECE_BYTES))


_buffers = _Buffers()


def pieces(body: Body, span: Span) -> Iterator[tuple[Span, memoryview]]:
    """The body in pieces of up to ``PIECE_BYTES``, each with its span. A piece is overwritten when the next one is asked for, also by
    another body that the same thread reads.

    Raises ChunkSizeMismatch unless the body fills ``span`` exactly, which its last piece cannot tell yet; and what ``Body`` raises.
    """
    buffer = _buffers.piece
    position = span.start
    while position < span.stop:
        count = body.readinto(buffer[: min(PIECE_BYTES, span.stop - position)])
        if not count:
            raise too_short(position - span.start, span)
        yield Span(position, position + count), buffer[:count]
        position += count
    check_ended(body, span)


def check_ended(body: Body, span: Span) -> None:
    """Raises ChunkSizeMismatch when the body goes on after its span. Overwrites the piece that was read last."""
    if body.readinto(_buffers.piece[:1]):
        raise ChunkSizeMismatch(f"The chunk is longer than the {span.length} bytes it declares.")


def too_short(count: int, span: Span) -> ChunkSizeMismatch:
    """The error of a body that ended after ``count`` bytes of its span."""
    return ChunkSizeMismatch(f"The chunk ended after {count} of {span.length} bytes. Send it again.")
