"""Pulling what has arrived through a link: several ranges at once, resumable, verified, and only what is new."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from droppr_client.api import JSON, Api, ApiError
from droppr_client.arrived import Arrived
from droppr_client.destination import RANGE_BYTES, Destination, Growing, fetched_before
from droppr_client.upload import wire
from droppr_client.upload.items import Outcome, UploadResult
from droppr_client.upload.problems import Cancelled, FileRefused, MovedAway, Retryable, UploadProblem
from droppr_client.upload.retry import Retries
from droppr_client.upload.throttle import Cancellation

PROGRESS_BYTES = 64 * 1024
"""Bytes that make an attempt one that got something through."""


class Fetch:
    """Fetches from the link ``hash`` into ``folder``. One bad file never raises: every file has a result."""

    def __init__(self, api: Api, hash: str, folder: Path, *, workers: int = 4, retries: int = 10) -> None:
        self._api = api
        self._hash = hash
        self._folder = folder
        self._workers = workers
        self._retries = retries
        self._lock = threading.Lock()
        self._before: dict[str, str] = {}
        self._wanted: set[str] | None = None
        self.cancellation = Cancellation()
        self.fetched_bytes = 0
        self.odd: list[UploadResult] = []
        """Entries of the list that nobody can make a file of, and why."""

    def stop(self) -> None:
        """From any thread: end within a second. What has been fetched stays."""
        self.cancellation.request()
        self._api.abort()

    def new(self, again: bool = False) -> list[Arrived]:
        """What has arrived and was not fetched into this folder before; with ``again`` everything. Raises ApiError, and
        Refused where the folder cannot be used."""
        self._before = fetched_before(self._folder)
        self.odd = []
        found: dict[str, Arrived] = {}
        for entry in reversed(self._api.files(self._hash)):
            try:
                file = Arrived.of(entry)
                if file.upload_id in found:
                    raise FileRefused("The server tells of it twice.", "invalid_answer")
                found[file.upload_id] = file
            except FileRefused as problem:
                self.odd.append(_odd(entry, problem))
        new = [file for file in found.values() if again or file.upload_id not in self._before]
        self._wanted = {file.upload_id for file in new}
        return new

    def run(self, files: Sequence[Arrived]) -> Iterator[UploadResult]:
        """Fetch these; results as they come, those of odd entries first. Raises Refused where the folder cannot be used."""
        yield from self.odd
        with (
            Destination(self._folder, self._hash) as destination,
            ThreadPoolExecutor(self._workers, thread_name_prefix="droppr-fetch") as pool,
        ):
            if self._wanted is not None:
                destination.clear(self._wanted)
            running: set[Future[UploadResult]] = set()
            try:
                for file in files:
                    running.add(pool.submit(self._fetch, file, destination, pool))
                    # One file whose last ranges are under way does not keep the next from beginning.
                    while len(running) >= max(2, self._workers):
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        yield from (each.result() for each in done)
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (each.result() for each in done)
            except GeneratorExit:
                self.cancellation.request()
                raise

    def _fetch(self, file: Arrived, destination: Destination, pool: ThreadPoolExecutor) -> UploadResult:
        try:
            self.cancellation.check()
            with destination.growing(file) as growing:
                try:
                    self._fill(growing, pool)
                except MovedAway:
                    growing.forget()
                    raise
                local = destination.deliver(growing, self._before.get(file.upload_id))
            destination.note(file, local)
        except MovedAway as gone:
            # Not noted: it may be put back, or its disk may be away.
            return UploadResult(file.path, file.size, Outcome.SKIPPED, str(gone), gone.code)
        except (UploadProblem, ApiError, OSError) as error:
            outcome = Outcome.CANCELLED if isinstance(error, Cancelled) else Outcome.FAILED
            code = error.code if isinstance(error, UploadProblem) else "failed"
            sentence = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return UploadResult(file.path, file.size, outcome, sentence, code)
        return UploadResult(
            file.path,
            file.size,
            Outcome.SENT,
            delivered_path=local,
            upload_id=file.upload_id,
            sha256=file.sha256,
            verified=file.sha256 is not None,
        )

    def _fill(self, growing: Growing, pool: ThreadPoolExecutor) -> None:
        """Fetch what is missing: here, and by every worker of the pool that has nothing else to do."""
        missing = growing.missing()
        lock = threading.Lock()
        failed = threading.Event()

        def some() -> None:
            while not failed.is_set():
                with lock:
                    number = next(missing, None)
                if number is None:
                    return
                try:
                    self._range(growing, number)
                except BaseException:
                    failed.set()  # Nobody goes on with a file that will not be whole.
                    raise

        helpers = [pool.submit(some) for _ in range(min(self._workers - 1, growing.ranges - 1))]
        try:
            some()
        finally:
            # Those that did not even begin are not needed; those that did must end before the file is closed.
            wait([each for each in helpers if not each.cancel()])
        for each in helpers:
            if not each.cancelled():
                each.result()

    def _range(self, growing: Growing, number: int) -> None:
        retries = Retries(self._retries)
        start, stop = number * RANGE_BYTES, min((number + 1) * RANGE_BYTES, growing.file.size)
        at = counted = start
        while at < stop:
            try:
                for piece in self._api.download(self._hash, growing.file.path, at, stop):
                    self.cancellation.check()
                    growing.write(piece, at)
                    at += len(piece)
                    if at - counted >= PROGRESS_BYTES:
                        retries.progressed()
                        counted = at
                    with self._lock:
                        self.fetched_bytes += len(piece)
            except Retryable as problem:
                pause = retries.wait_before_next(problem)
                if pause is None:
                    raise FileRefused(f"{problem} Run the same command again to go on.", problem.code) from problem
                self.cancellation.wait(pause)
        growing.got(number)


def _odd(entry: JSON, problem: FileRefused) -> UploadResult:
    """What becomes of an entry that makes no sense: it is told by as much of a name as it has."""
    path = entry.get("path")
    size = wire.whole(entry.get("size"), 0, 2**63 - 1)
    name = path if isinstance(path, str) and path else "(without a name)"
    return UploadResult(name, size or 0, Outcome.FAILED, str(problem), problem.code)
