"""Standard input as a file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PIECE = 1024 * 1024


@contextmanager
def spooled(stream: IO[bytes], name: str) -> Iterator[Path]:
    """All of ``stream`` in a temporary file called ``name``, until the end of the block.

    A target has to know a file's size before its first byte, so the stream is read to its end first.
    """
    with tempfile.TemporaryDirectory(prefix="droppr-") as folder:
        place = Path(folder) / (name.strip("/").replace("/", "_") or "stdin")
        with place.open("wb") as file:
            shutil.copyfileobj(stream, file, PIECE)
        yield place
