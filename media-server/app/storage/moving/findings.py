"""What a move meets that its owner should know, and how far it has got."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What can be with a file. Whatever it is, nothing is lost by it: the old data folder stays as it was."""

    MISSING = "missing"
    """The catalogue has it, the disk does not. Its row goes along, and nobody can download it, as before."""
    DIFFERS = "differs"
    """It is not what was received: another length, or another digest. It goes along as it is now."""
    UNREADABLE = "unreadable"
    """The disk does not give it out, or it changed while it was read. The move does not end before that is over."""
    UNKNOWN = "unknown"
    """It lies among received files, and the catalogue does not know it. It stays where it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one file: where it lies below the data folder, the link it is on, and what is to be said."""

    kind: Kind
    path: str
    link: str | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How far a move has got. ``bytes`` are those of files that are done or on their way."""

    files: int
    bytes: int
    all_files: int
    all_bytes: int
    seconds: float
    sent_bytes: int
    """Those of ``bytes`` that were sent now, and not by an earlier try."""


@dataclass
class Course:
    """The numbers of a move and what it has found. Safe from any thread."""

    tell: Callable[[Finding], None]
    """Told of each finding."""
    all_files: int = 0
    all_bytes: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    _files: int = 0
    _bytes: int = 0
    _sent: int = 0
    _begun: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, finding: Finding) -> None:
        with self._lock:
            self.counts[finding.kind] += 1
            self.tell(finding)

    def sent(self, size: int) -> None:
        """So many bytes are in the bucket."""
        with self._lock:
            self._bytes += size
            self._sent += size

    def had(self, size: int) -> None:
        """So many bytes were there from an earlier try."""
        with self._lock:
            self._bytes += size

    def done(self) -> None:
        """A file is through, whatever came of it."""
        with self._lock:
            self._files += 1

    def numbers(self) -> Numbers:
        with self._lock:
            seconds = time.monotonic() - self._begun
            return Numbers(self._files, self._bytes, self.all_files, self.all_bytes, seconds, self._sent)
