"""TextExtractor by a fresh process for each file, which may do nothing but read, has little of everything, and works only when
nothing else wants a processor."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

from app.core.errors import Busy
from app.core.search.documents import Page
from app.core.search.texts import ExtractedText, Trouble
from app.storage.confined.process import UNSAFE_SENTENCE, ConfinedProcess, UnsafeMachine
from app.storage.text.readers import KINDS
from app.storage.text.reading import PICTURES
from app.storage.text.scans import MISSING

SECONDS = 60
"""How long a file may take in all."""
SCAN_SECONDS = 1200
"""The same where text is read that is only drawn."""
NO_EYES_SENTENCE = (
    "Scans cannot be read: tesseract, or what it knows of a language in DROPPR_SEARCH_OCR, is not installed."
)
LEAST_CPU_SECONDS = 1.0
"""A file that took long and less of the processor than this was not at fault: the machine had other things to do."""
MOST_OUTPUT = 64 * 1024 * 1024
"""Bytes that a process may say: all of MOST_TEXT in any script, and no more."""
_CHILD = "app.storage.text.child"
_SIGNALS = {signal.SIGXCPU: Trouble.TIME, signal.SIGKILL: Trouble.MEMORY}
"""What ends a process besides itself: its limit of processor time, and the kernel where memory runs out."""


class ProcessExtractor:
    """Any number of threads may extract at once; each waits for a process of its own, which ends with this one."""

    version = 1

    def __init__(
        self, seconds: float = SECONDS, on_unsafe: Callable[[], object] = lambda: None, scans_in: str = ""
    ) -> None:
        """``on_unsafe`` is called where this machine does not let a process give up its rights, so that nothing can be read.
        ``scans_in`` names the languages that text is read in which is only drawn; it is not where there are none."""
        self._seconds = seconds
        self._on_unsafe = on_unsafe
        self._languages = scans_in
        self.kinds: Collection[str] = KINDS | PICTURES if scans_in else KINDS
        # Another number for other languages, in which there may be something to read.
        self.empty_version = -(self.version * 2**20 + crc32(scans_in.encode()) % 2**20)

    def extract(self, path: Path, kind: str) -> ExtractedText:
        """Raises Busy where no process can be started, and FileNotFoundError where there is no such file."""
        if kind not in self.kinds:
            return ExtractedText((), Trouble.UNSUPPORTED)
        with path.open("rb") as file:
            child = ConfinedProcess(_CHILD, (kind, self._languages), file, {"OMP_THREAD_LIMIT": "1"})
        try:
            return _heard(child, max(self._seconds, SCAN_SECONDS) if self._languages else self._seconds)
        except UnsafeMachine:
            self._on_unsafe()
            raise Busy(UNSAFE_SENTENCE) from None
        except NoEyes:
            raise Busy(NO_EYES_SENTENCE) from None


class NoEyes(Exception):
    """A process had nothing to read drawn text with."""


def _heard(child: ConfinedProcess, seconds: float) -> ExtractedText:
    pages: list[Page] = []
    trouble: Trouble | None = Trouble.CRASHED
    try:
        for line in _lines(child.said(seconds, MOST_OUTPUT)):
            if "trouble" in line:
                trouble = Trouble(line["trouble"]) if line["trouble"] else None
            else:
                pages.append(Page(str(line["text"]), line["number"]))
    except TimeoutError:
        trouble = Trouble.TIME
    except (ValueError, KeyError, TypeError):
        # Whoever took that process over says what no reader says.
        trouble = Trouble.REFUSED
    finally:
        code, used = child.end()
    if code == MISSING:
        raise NoEyes
    if trouble is Trouble.TIME and used < LEAST_CPU_SECONDS:
        raise Busy("The machine has had no time to read this file.")
    if trouble is Trouble.CRASHED and code < 0:
        trouble = _SIGNALS.get(signal.Signals(-code), Trouble.CRASHED)
    if not pages and trouble in (None, Trouble.CUT):
        trouble = Trouble.EMPTY
    # Of a file that was not read to its end by its own fault, what came before is no document.
    return ExtractedText(tuple(pages) if trouble in (None, Trouble.CUT) else (), trouble)


def _lines(pieces: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """What the process says. Raises ValueError where that is no line of ours."""
    # In pieces until its end is there: a page may be long.
    line: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(b"\n")
        line.append(first)
        for other in others:
            yield json.loads(b"".join(line))
            line = [other]
