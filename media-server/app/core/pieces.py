"""A body taken in pieces of bounded size, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.errors import ChunkSizeMismatch
from app.core.ports import Body
from app.core.ranges import Span

PIECE = 256 * 1024
"""How many bytes of a body are in memory at once."""


def pieces(body: Body, span: Span) -> Iterator[tuple[Span, bytes]]:
    """The body in pieces, each with its place. Raises ChunkSizeMismatch unless it fills ``span`` exactly."""
    position = span.start
    while position < span.stop:
        piece = body.read(min(PIECE, span.stop - position))
        if not piece:
            raise ChunkSizeMismatch(
                f"The chunk ended after {position - span.start} of {span.length} bytes. Send it again."
            )
        yield Span(position, position + len(piece)), piece
        position += len(piece)
    if body.read(1):
        raise ChunkSizeMismatch(f"The chunk is longer than the {span.length} bytes it declares.")
