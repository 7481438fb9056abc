"""How far all files together are."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from droppr_client.upload.items import Item, Outcome, UploadResult


@dataclass(frozen=True, slots=True)
class Running:
    """A file that is being sent now."""

    path: str
    size: int
    sent: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of files and bytes. ``*_bytes`` count whole files except ``uploaded_size``, which counts what is on its
    way as well and what the target had before."""

    total_files: int
    total_size: int
    counting: bool
    """Whether more may be found: the totals are still growing."""
    uploaded_files: int
    present_files: int
    failed_files: int
    cancelled_files: int
    skipped_files: int
    uploaded_size: int
    sent_size: int
    """Bytes of files that were sent."""
    settled_size: int
    """Bytes of files that are done with, whatever became of them."""
    retries: int
    problem: str | None
    """Why the latest attempt has to be made again, as long as nothing has got through since."""

    @property
    def settled_files(self) -> int:
        """Files that are done with, whatever became of them."""
        return self.uploaded_files + self.present_files + self.failed_files + self.cancelled_files + self.skipped_files


class ProgressTracker:
    """Counts files and bytes. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Item, int] = {}
        self._outcomes = dict.fromkeys(Outcome, 0)
        self._total_files = self._total_size = 0
        self._uploaded_size = self._sent_size = self._settled_size = 0
        self._retries = 0
        self._problem: str | None = None
        self.counting = True

    def found(self, size: int) -> None:
        with self._lock:
            self._total_files += 1
            self._total_size += size

    def started(self, item: Item, already: int = 0) -> None:
        """A file begins; ``already`` bytes of it are at the target."""
        with self._lock:
            self._uploaded_size += already - self._running.get(item, 0)
            self._running[item] = already

    def changed(self, before: Item, now: Item) -> None:
        """A file is not as large any more as it was when it was found."""
        with self._lock:
            self._running[now] = self._running.pop(before, 0)
            self._total_size += now.size - before.size

    def update_progress(self, item: Item, size: int) -> None:
        """So many more bytes are on their way; negative when they were lost."""
        with self._lock:
            if item in self._running:
                self._running[item] += size
                self._uploaded_size += size

    def retried(self, problem: str | None = None) -> None:
        """There is to be another attempt, because of something that may pass."""
        with self._lock:
            self._retries += 1
            self._problem = problem

    def got_through(self) -> None:
        """The target has something that it did not have before."""
        with self._lock:
            self._problem = None

    def finished(self, item: Item | None, result: UploadResult) -> None:
        with self._lock:
            sent = self._running.pop(item, 0) if item else 0
            self._outcomes[result.outcome] += 1
            self._settled_size += result.size
            self._sent_size += result.size if result.outcome is Outcome.SENT else 0
            self._uploaded_size += (result.size if result.success else 0) - sent

    def running(self, most: int = 1000) -> list[Running]:
        """What is being sent, the longest running first."""
        with self._lock:
            pairs = list(self._running.items())[:most]
        return [Running(item.path, item.size, sent) for item, sent in pairs]

    def get_progress(self) -> tuple[float, float]:
        """Percent of the files and of the bytes that were found so far."""
        now = self.statistics()
        files = 100.0 * now.settled_files / now.total_files if now.total_files else 100.0
        return files, 100.0 * now.uploaded_size / now.total_size if now.total_size else files

    def statistics(self) -> Statistics:
        with self._lock:
            return Statistics(
                total_files=self._total_files,
                total_size=self._total_size,
                counting=self.counting,
                uploaded_files=self._outcomes[Outcome.SENT],
                present_files=self._outcomes[Outcome.PRESENT],
                failed_files=self._outcomes[Outcome.FAILED],
                cancelled_files=self._outcomes[Outcome.CANCELLED],
                skipped_files=self._outcomes[Outcome.SKIPPED],
                uploaded_size=self._uploaded_size,
                sent_size=self._sent_size,
                settled_size=self._settled_size,
                retries=self._retries,
                problem=self._problem,
            )
