"""Many small files in one request."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

from droppr_client.upload.items import Item, Outcome, UploadResult
from droppr_client.upload.pace import MIN_CHUNK_BYTES
from droppr_client.upload.problems import (
    Cancelled,
    ChunkTooLarge,
    FileChanged,
    Gone,
    Refused,
    Retryable,
    UploadProblem,
    unreadable,
)
from droppr_client.upload.retry import Retries
from droppr_client.upload.run_context import RunContext
from droppr_client.upload.schedule import Entry, Job
from droppr_client.upload.state import SavedUpload
from droppr_client.upload.targets import Packed, UploadStatus
from droppr_client.upload.transfer import Transfer


class Pack:
    """Reads the files of ``entries``, sends them, and says of each what became of it."""

    def __init__(self, entries: list[Entry], context: RunContext, retries: Retries | None = None) -> None:
        self._entries = entries
        self._context = context
        self._retries = retries or context.retries()
        self._began = context.clock()

    def run(self) -> None:
        files: list[tuple[Entry, Packed]] = []
        for entry in self._entries:
            packed = self._read(entry)
            if packed is not None:
                files.append((entry, packed))
        if files:
            self._send(files)

    def _read(self, entry: Entry) -> Packed | None:
        """The file as it is now; None where it cannot go in a pack, which is dealt with."""
        try:
            entry.item, data = _content(entry.item)
        except OSError as error:
            self._context.failed(entry.item, unreadable(error), self._began)
            return None
        except FileChanged:
            self._alone(entry)
            return None
        key = self._context.state.key(entry.item, entry.known.generation if entry.known else 0)
        return Packed(entry.item, key, data, hashlib.sha256(data).hexdigest())

    def _send(self, files: list[tuple[Entry, Packed]]) -> None:
        context = self._context
        size = sum(len(packed.data) for _, packed in files)
        began = context.clock()
        try:
            context.throttle.cancellation.check()
            context.openings.take(len(files), context.throttle.cancellation.wait)
            answers = context.target.send_pack([packed for _, packed in files], context.throttle)
        except Retryable as problem:
            context.request_failed(problem, size, began)
            self._again([entry for entry, _ in files], problem)
            return
        except (Cancelled, Refused) as problem:
            for entry, _ in files:
                context.failed(entry.item, problem, self._began, self._retries.total)
            return
        except ChunkTooLarge as problem:
            self._in_smaller([entry for entry, _ in files], problem.limit or size // 2)
            return
        except UploadProblem:
            # Of the pack as a whole: one by one it will turn out whose fault it is.
            for entry, _ in files:
                self._alone(entry)
            return
        context.arrived(size, began, whole=False)
        self._judge(files, answers, began)

    def _judge(
        self, files: list[tuple[Entry, Packed]], answers: list[UploadStatus | UploadProblem], began: float
    ) -> None:
        context = self._context
        arrived = [
            (file, answer) for file, answer in zip(files, answers, strict=True) if isinstance(answer, UploadStatus)
        ]
        context.state.note((entry.item, _done(entry, status)) for (entry, _), status in arrived)
        seconds = context.clock() - self._began
        for (entry, packed), status in arrived:
            context.finished(entry.item, self._result(entry, packed, status, seconds))
        passing: list[Entry] = []
        last: Retryable | None = None
        for (entry, _), answer in zip(files, answers, strict=True):
            if isinstance(answer, Retryable):
                passing.append(entry)
                last = answer
            elif isinstance(answer, Gone | FileChanged):
                self._alone(entry, afresh=True)
            elif isinstance(answer, UploadProblem):
                context.failed(entry.item, answer, self._began, self._retries.total)
        if last is not None:
            context.request_failed(last, 0, began)
            if arrived:
                self._retries.progressed()
            self._again(passing, last)

    def _result(self, entry: Entry, packed: Packed, status: UploadStatus, seconds: float) -> UploadResult:
        return UploadResult(
            entry.item.path,
            entry.item.size,
            Outcome.SENT,
            duration=seconds,
            retries=self._retries.total,
            delivered_path=status.path,
            upload_id=status.ticket,
            sha256=packed.sha256,
            verified=status.sha256 == packed.sha256,
        )

    def _again(self, entries: list[Entry], problem: Retryable) -> None:
        context = self._context
        wait = None if context.schedule.stopped else self._retries.wait_before_next(problem)
        if wait is None:
            ending: UploadProblem = Cancelled() if context.schedule.stopped else _given_up(problem)
            for entry in entries:
                context.failed(entry.item, ending, self._began, self._retries.total)
            return
        context.progress.retried(str(problem))
        if problem.pause:
            context.schedule.hold(wait)
        # A line that breaks gets less at once.
        halves = [entries[0::2], entries[1::2]] if problem.broken and len(entries) > 1 else [entries]
        for half in halves:
            retries = replace(self._retries)
            context.schedule.later(wait, _retried(Pack(half, context, retries)))

    def _in_smaller(self, entries: list[Entry], most: int) -> None:
        """A pack is larger than something on the way lets through: from now on none has more than so many bytes."""
        context = self._context
        if len(entries) == 1 or most < MIN_CHUNK_BYTES:
            for entry in entries:
                self._alone(entry)
            return
        context.schedule.limit_packs(most)
        for half in (entries[0::2], entries[1::2]):
            context.schedule.later(0, _retried(Pack(half, context, replace(self._retries))))

    def _alone(self, entry: Entry, *, afresh: bool = False) -> None:
        """By the way of big files, which can deal with everything."""
        if afresh:
            generation = entry.known.generation + 1 if entry.known else 1
            entry.known = SavedUpload(-1, -1, None, None, generation, False)
        self._context.schedule.opened()
        self._context.schedule.later(0, Transfer(entry, self._context).begin)

    def stopped(self) -> None:
        for entry in self._entries:
            self._context.failed(entry.item, Cancelled(), self._began, self._retries.total)

    @property
    def context(self) -> RunContext:
        return self._context


def _retried(pack: Pack) -> Job:
    return lambda: pack.stopped() if pack.context.schedule.stopped else pack.run()


def _given_up(problem: Retryable) -> UploadProblem:
    return UploadProblem(f"{problem} Run the same command again to go on.", problem.code)


def _content(item: Item) -> tuple[Item, bytes]:
    """The file as it is now. Raises OSError; FileChanged where it is changing, or has become another size."""
    fd = os.open(item.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        before = os.fstat(fd)
        data = os.read(fd, item.size + 1)
        after = os.fstat(fd)
    finally:
        os.close(fd)
    if len(data) != item.size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileChanged("The file changed while it was being read.", "file_changed")
    return Item.of(item.path, item.source, before), data


def _done(entry: Entry, status: UploadStatus) -> SavedUpload:
    generation = entry.known.generation if entry.known else 0
    return SavedUpload(entry.item.size, entry.item.mtime_ns, None, status.ticket, generation, True)
