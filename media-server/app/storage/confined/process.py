"""A fresh process for each file of a stranger: it has the file as its standard input, may do nothing but read, has little of
everything, and works only when nothing else wants a processor. What it says is bounded, and believed by nobody.

What it gives up it gives up itself (``sandbox``), before it looks at the file.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

import app
from app.core.errors import Busy
from app.storage.confined.sandbox import UNSAFE
from app.storage.idle import give_way

UNSAFE_SENTENCE = (
    "Files cannot be read safely on this machine: it does not let a process give up its rights by seccomp."
)
_PIECE = 1 << 16
_LAST_SECONDS = 1
_ROOT = str(Path(app.__file__).parents[1])
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module; "
    "import_module(sys.argv[2]).main(*sys.argv[3:])"
)


class UnsafeMachine(Exception):
    """A process could not give up its rights, and so has read nothing."""


class Ended(NamedTuple):
    """How a process ended: its exit code, negative for a signal, and the seconds of processor time that it has used."""

    code: int
    cpu_seconds: float


class ConfinedProcess:
    """A process that runs ``main`` of a module with these arguments on an open file. To be ended by ``end``, whatever happens."""

    def __init__(
        self, module: str, arguments: tuple[str, ...], file: IO[bytes] | int, environment: Mapping[str, str]
    ) -> None:
        """Raises Busy where no process can be started."""
        try:
            # A session of its own, so that whatever it may have started ends with it.
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _PROGRAM, _ROOT, module, *arguments],
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise Busy() from error
        give_way(self._child.pid)

    def said(self, seconds: float, most: int) -> Iterator[bytes]:
        """What it says, in pieces. Raises TimeoutError where it has not ended that in so many seconds, ValueError where it is more
        than ``most`` bytes."""
        assert self._child.stdout
        descriptor, total = self._child.stdout.fileno(), 0
        until = time.monotonic() + seconds
        while True:
            if not _is_ready(descriptor, until - time.monotonic()):
                raise TimeoutError
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return
            total += len(piece)
            if total > most:
                raise ValueError("more than is wanted")
            yield piece

    def end(self) -> Ended:
        """Let a process that has ended its output end, then end whatever is left of its session. Raises UnsafeMachine."""
        child = self._child
        assert child.stdout
        child.stdout.close()
        descriptor = os.pidfd_open(child.pid)
        try:
            _is_ready(descriptor, _LAST_SECONDS)
        finally:
            os.close(descriptor)
        # It was not waited for yet, so its id is still its own.
        os.killpg(child.pid, signal.SIGKILL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode == UNSAFE:
            raise UnsafeMachine
        return Ended(child.returncode, used.ru_utime + used.ru_stime)


def _is_ready(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0, int(seconds * 1000))))
