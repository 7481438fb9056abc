"""LocalCopies in the spool: bytes that lie elsewhere, in a file of this machine without a name, for as long as somebody reads it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.core.errors import StorageFull
from app.core.pieces import PIECE_BYTES
from app.core.ports.content import Content
from app.core.ports.inbox import StoredFile
from app.core.ranges import Span
from app.storage.disk.atomic import disk_errors, write_at
from app.storage.disk.content import OpenFile


class SpooledCopies:
    """LocalCopies in ``folder``. Bytes that lie on this machine are not copied."""

    def __init__(self, folder: Path, room: Callable[[], int]) -> None:
        """``room`` is how many bytes of the disk such files may take."""
        self._folder = folder
        self._room = room

    @contextmanager
    def of(self, stored: StoredFile, spans: Sequence[Span] | None = None) -> Iterator[Content]:
        with ExitStack() as stack:
            content = stack.enter_context(stored.content())
            if content.fileno() is None:
                spans = [Span(0, stored.size)] if spans is None else spans
                if sum(each.length for each in spans) > self._room():
                    raise StorageFull()
                with disk_errors():
                    file = stack.enter_context(tempfile.TemporaryFile(dir=self._folder, buffering=0))
                    os.ftruncate(file.fileno(), stored.size)
                content = _copied(content, spans, file.fileno())
            yield content


def _copied(content: Content, spans: Sequence[Span], descriptor: int) -> OpenFile:
    for span in spans:
        for start in range(span.start, span.stop, PIECE_BYTES):
            piece = content.read(Span(start, min(start + PIECE_BYTES, span.stop)))
            with disk_errors():
                write_at(descriptor, memoryview(piece), start)
    return OpenFile(descriptor)
