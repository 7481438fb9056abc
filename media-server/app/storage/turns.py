"""Taking turns by name, among all threads and processes: the kernel's own locks, on a fixed number of files."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Names that share one of these wait for each other now and then.
TURNS = 1024


class Turns:
    """Turns below ``folder``. Waiters queue without polling, and a turn is over when its holder dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def of(self, names: Iterable[str]) -> Iterator[None]:
        """Be alone with each of ``names`` until the block ends. Not to be nested: who holds one waits for no other."""
        # Two names may share a file, and all take them in one order, so that nobody waits for themselves or in a circle.
        numbers = sorted({zlib.crc32(name.encode(errors="surrogatepass")) % TURNS for name in names})
        with ExitStack() as stack:
            for number in numbers:
                descriptor = os.open(self._folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
