"""What all readers of text have in common: pages in their order, and why there are no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from app.core.search.pages import Page, Trouble

Reader = Callable[[BinaryIO], Iterator[Page]]
"""Reads one open file from its beginning. Raises Unreadable, or whatever its library raises on a damaged file."""

PICTURES = frozenset(["png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif", "pnm"])
"""The extensions of files on which text can only be drawn."""
MOST_BYTES = 20 * 1024 * 1024
"""Of a file that is read whole, and of what is unpacked from one member of an archive."""
MOST_TEXT = 10_000_000
"""Characters of one document."""


class Unreadable(Exception):
    """There is no text, or no more of it."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


def bounded(file: BinaryIO) -> tuple[bytes, bool]:
    """The first MOST_BYTES of a file, and whether more follows."""
    content = file.read(MOST_BYTES + 1)
    return content[:MOST_BYTES], len(content) > MOST_BYTES


def whole(file: BinaryIO) -> bytes:
    """A file that makes no sense in part. Raises Unreadable where it is longer than MOST_BYTES."""
    content, is_cut = bounded(file)
    if is_cut:
        raise Unreadable(Trouble.MEMORY)
    return content
