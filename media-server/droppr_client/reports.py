"""What `droppr upload` says while it works: lines for a log, JSON for programs, or next to nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol, Self

from droppr_client import exit_codes
from droppr_client.output import count_text, duration_text, say, say_event, size_text
from droppr_client.upload import Outcome, Statistics, UploadManager, UploadResult

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_EVENTS = 1.0
MAX_RENAMED = 10


class Report(Protocol):
    """From ``with`` to the end of the block, while files are sent."""

    def result(self, result: UploadResult) -> None: ...

    def note(self, sentence: str) -> None:
        """Something a person should know."""
        ...

    def end(self, seconds: float, exit_code: int, advice: Sequence[str]) -> None:
        """All is over; ``advice`` is what to do next."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Lines:
    """For logs and pipes: what failed at once, how far it is every ten seconds, a summary. ``quiet``: only what failed."""

    def __init__(self, manager: UploadManager, *, quiet: bool = False) -> None:
        self._manager = manager
        self._quiet = quiet
        self._words = Words()
        self._pulse = Pulse(SECONDS_BETWEEN_LINES, self._progress)

    def result(self, result: UploadResult) -> None:
        line = self._words.line(result)
        if line and (result.outcome is Outcome.FAILED or not self._quiet):
            say(line, err=True)

    def note(self, sentence: str) -> None:
        say(sentence, err=True)

    def end(self, seconds: float, exit_code: int, advice: Sequence[str]) -> None:
        if not self._quiet:
            say(summary(self._manager, seconds))
        if exit_code != exit_codes.NOTHING_TO_DO or not self._quiet:
            for sentence in advice:
                say(sentence, err=True)

    def _progress(self) -> None:
        say(progress_line(self._manager))
        if problem := self._manager.tracker.statistics().problem:
            say(f"Trying again: {problem}", err=True)

    def __enter__(self) -> Self:
        if not self._quiet:
            self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pulse.stop()


class Events:
    """For programs: one JSON object a line. ``event`` is ``file``, ``progress``, ``note`` or ``end``."""

    def __init__(self, manager: UploadManager) -> None:
        self._manager = manager
        self._pulse = Pulse(SECONDS_BETWEEN_EVENTS, self._progress)
        self._lock = threading.Lock()

    def result(self, result: UploadResult) -> None:
        self._write("file", asdict(result))

    def note(self, sentence: str) -> None:
        self._write("note", {"text": sentence})

    def end(self, seconds: float, exit_code: int, advice: Sequence[str]) -> None:
        refused = self._manager.refused
        self._write(
            "end",
            {
                **self._numbers(),
                "seconds": round(seconds, 3),
                "exit_code": exit_code,
                "advice": list(advice),
                "error": str(refused) if refused else None,
                "code": refused.code if refused else None,
            },
        )

    def _progress(self) -> None:
        self._write("progress", self._numbers())

    def _numbers(self) -> dict[str, Any]:
        monitor, pace = self._manager.bandwidth, self._manager.pace
        speeds = {"bytes_per_second": round(monitor.current()), "average": round(monitor.get_bandwidth())}
        speeds["bytes_sent"] = monitor.total_bytes
        return {**asdict(self._manager.tracker.statistics()), **speeds, "connections": pace.limit}

    def _write(self, event: str, facts: dict[str, Any]) -> None:
        with self._lock:
            say_event({"event": event, "time": round(time.time(), 3), **facts})

    def __enter__(self) -> Self:
        self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pulse.stop()


class Pulse:
    """Calls ``beat`` every so many seconds from a thread of its own."""

    def __init__(self, seconds: float, beat: Callable[[], None]) -> None:
        self._seconds = seconds
        self._beat = beat
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            try:
                self._beat()
            except BrokenPipeError:
                return  # nobody reads any more


class Words:
    """Lines about single files, and an end to them where they would all say the same."""

    def __init__(self) -> None:
        self._renamed = 0

    def line(self, result: UploadResult) -> str | None:
        """A line about what was not sent, or was sent under another name; None about what went as it should."""
        if result.outcome is Outcome.SENT and result.delivered_path not in (None, result.path):
            self._renamed += 1
            if self._renamed > MAX_RENAMED:
                return None
            more = " (and so on; --json tells of each)" if self._renamed == MAX_RENAMED else ""
            return f"renamed  {result.path}: there it is called {result.delivered_path}{more}"
        return _line(result)


def _line(result: UploadResult) -> str | None:
    if result.outcome in (Outcome.SENT, Outcome.PRESENT, Outcome.CANCELLED):
        return None
    return f"{result.outcome.value:<8} {result.path}: {result.error or ''}"


def progress_line(manager: UploadManager) -> str:
    now = manager.tracker.statistics()
    more = "+" if now.counting else ""
    facts = [
        f"{now.settled_files:,} of {now.total_files:,}{more} files",
        f"{size_text(now.uploaded_size)} of {size_text(now.total_size)}{more}",
        f"{size_text(int(manager.bandwidth.current()))}/s",
    ]
    left = seconds_left(manager, now)
    if left is not None:
        facts.append(f"{duration_text(left)} left")
    if (held := manager.held_seconds) > 1:
        facts.append(f"no new files for {duration_text(held)}, says the server")
    if now.retries:
        facts.append(count_text(now.retries, "retry", "retries"))
    return ", ".join(facts)


def seconds_left(manager: UploadManager, now: Statistics) -> float | None:
    """As far as it can be said: not before all files are found and something moves."""
    speed = manager.bandwidth.current()
    left = now.total_size - max(now.uploaded_size, now.settled_size)
    return None if now.counting or speed < 1 or left <= 0 else left / speed


def summary(manager: UploadManager, seconds: float) -> str:
    """What became of it all, in a sentence or three."""
    now = manager.tracker.statistics()
    sent = f"Sent {count_text(now.uploaded_files, 'file')}"
    # Of a file that was half there, only the rest; of small ones, without what names them.
    size = min(now.sent_size, manager.bandwidth.total_bytes)
    if now.uploaded_files:
        sent += f", {size_text(size)} in {duration_text(seconds)} ({size_text(int(size / max(seconds, 0.001)))}/s)"
    sentences = [f"{sent}."]
    if now.present_files:
        sentences.append(f"{count_text(now.present_files, 'file')} had been sent before.")
    if now.skipped_files:
        sentences.append(f"{now.skipped_files:,} skipped.")
    if now.failed_files + now.cancelled_files:
        sentences.append(f"{count_text(now.failed_files + now.cancelled_files, 'file')} not sent.")
    if now.retries:
        sentences.append(f"{count_text(now.retries, 'retry', 'retries')}.")
    return " ".join(sentences)
