"""Embedder by a process of its own that keeps the model: 160 MB and two seconds of processor time, paid once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import app
from app.core.errors import Busy
from app.core.search.documents import Vector
from app.storage.idle import give_way

DIMENSIONS = 512
BATCH = 8
"""Texts that are embedded at once: so many a query waits for, about a tenth of a second, and enough to be quick."""
LONGEST = 2000
"""Characters of a text that count."""
_ROOT = str(Path(app.__file__).parents[1])
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from app.storage.search.embedding_child import main; main()"


class UniversalEmbedder:
    """Google's multilingual universal sentence encoder: sixteen languages in one space.

    Any number of threads may ask; the process is started when it is needed first, and again where it has died.
    """

    model = "use-multilingual-3/int8"
    least = 0.14
    """Of queries with an answer in tests/support/office_life.py one in twenty lies below, and of nonsense nearly all."""

    def __init__(self, *, gives_way: bool = False) -> None:
        """One that ``gives_way`` works only when nothing else wants a processor."""
        self._gives_way = gives_way
        self._turns = _Turns()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._used_at = 0.0

    @property
    def process_id(self) -> int | None:
        """Of the process that has the model; None while there is none."""
        return self._child.pid if self._child is not None else None

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Raises Busy where the process has died; the next call starts it anew."""
        found: list[Vector] = []
        for start in range(0, len(texts), BATCH):
            with self._turns.wait():
                found += self._asked(texts[start : start + BATCH])
        return found

    def embed_query(self, query: str) -> Vector:
        """Raises what ``embed`` raises."""
        with self._turns.pass_by():
            return self._asked([query])[0]

    def close(self) -> None:
        """End the process, if there is one; the next call starts it anew."""
        with self._turns.pass_by():
            self._end()

    def rest(self, seconds: float) -> None:
        """End the process where nothing was asked of it for so long. A call that is under way is not waited for."""
        if self._child is not None and time.monotonic() - self._used_at >= seconds and self._turns.is_free():
            self.close()

    def _asked(self, texts: Sequence[str]) -> list[Vector]:
        # Half a surrogate pair is no character of any language.
        plain = [text[:LONGEST].encode(errors="replace").decode() for text in texts]
        line = json.dumps(plain, allow_nan=False).encode() + b"\n"
        self._used_at = time.monotonic()
        try:
            child = self._started()
            assert child.stdin
            assert child.stdout
            child.stdin.write(line)
            child.stdin.flush()
            return [_exactly(child.stdout, DIMENSIONS) for _ in texts]
        except (OSError, EOFError) as error:
            self._end()
            raise Busy() from error
        except BaseException:
            # What is still on its way would be taken for the answer to the next question.
            self._end()
            raise

    def _started(self) -> subprocess.Popen[bytes]:
        # The pipes of a process that was forked from ours are not its own.
        if self._child is None or self._owner != os.getpid():
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, _ROOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Where the library cannot bound the threads, as without threadpoolctl, this does.
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                cwd="/",
            )
            self._owner = os.getpid()
            if self._gives_way:
                give_way(self._child.pid)
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            assert pipe
            try:
                pipe.close()
            except BrokenPipeError:
                continue
        child.wait()


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    found = pipe.read(count)
    if len(found) < count:
        raise EOFError
    return found


class _Turns:
    """One at a time; those who pass by are let in before those who wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._passing = 0

    @contextmanager
    def wait(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_taken and not self._passing)
            self._is_taken = True
        yield from self._until_done()

    @contextmanager
    def pass_by(self) -> Iterator[None]:
        with self._changed:
            self._passing += 1
            self._changed.wait_for(lambda: not self._is_taken)
            self._passing -= 1
            self._is_taken = True
        yield from self._until_done()

    def is_free(self) -> bool:
        return not self._is_taken

    def _until_done(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()
