"""Faults at chosen system calls of a program that knows nothing of it, by strace's injection."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_LINE = re.compile(r"^(?P<thread>\d+) +(?P<call>\w+)\((?P<arguments>.*)$")


@dataclass(frozen=True)
class Call:
    """The ``number``-th call of this name in its thread since strace was attached, and what was written about it."""

    name: str
    number: int
    text: str

    @property
    def injected(self) -> bool:
        return "(INJECTED" in self.text

    def touches(self, folder: Path) -> bool:
        return f"{folder}/" in self.text


class Strace:
    """Attached to a running process and all its threads from ``with`` to the end of the block.

    ``fault`` is strace's own wording: ``signal=KILL`` or ``error=EIO``. It strikes at the ``number``-th call of
    ``name``; strace counts for every thread by itself, so give the server one thread for requests.
    """

    def __init__(self, pid: int, log: Path, names: tuple[str, ...], fault: str = "", number: int = 1) -> None:
        if shutil.which("strace") is None:
            raise RuntimeError("This test injects faults with strace, which is missing: scripts/system-parts strace")
        options = ["-f", "-y", "-s", "0", "-o", str(log), "-e", f"trace={','.join(names)}"]
        if fault:
            options += ["-e", f"inject={','.join(names)}:{fault}:when={number}"]
        self._command = ["strace", *options, "-p", str(pid)]
        self._log = log
        self._fault = fault
        self._process: subprocess.Popen[str] | None = None

    def calls(self) -> list[Call]:
        """What was called, each thread's calls in their order."""
        counts: Counter[tuple[str, str]] = Counter()
        calls = []
        for line in self._log.read_text(errors="replace").splitlines():
            found = _LINE.match(line)
            if found:
                counts[found["thread"], found["call"]] += 1
                calls.append(Call(found["call"], counts[found["thread"], found["call"]], found["arguments"]))
        return calls

    @property
    def struck(self) -> bool:
        """Whether the fault happened."""
        text = self._log.read_text(errors="replace")
        return "(INJECTED" in text or "killed by SIGKILL" in text

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, text=True
        )
        assert self._process.stderr is not None
        first = self._process.stderr.readline()
        if "attached" not in first:
            self._process.kill()
            raise RuntimeError(f"strace did not attach: {first}{self._process.communicate()[1]}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process is not None
        if not self._ends_by_itself():
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            # The kernel lets go of what a dead tracer held.
            self._process.kill()
            self._process.communicate()

    def _ends_by_itself(self) -> bool:
        """Whether what it watches is dead or dying. To be told to let go in that moment would make strace wait for ever."""
        return self._fault == "signal=KILL" and self.struck
