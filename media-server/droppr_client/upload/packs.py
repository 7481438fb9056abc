"""Many small files in one request."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

from droppr_client.upload.items import Item, Outcome, UploadResult
from droppr_client.upload.pace import SMALLEST_PART
from droppr_client.upload.retry import Retries
from droppr_client.upload.schedule import Entry, Job
from droppr_client.upload.state import Remembered
from droppr_client.upload.targets import Packed, Standing
from droppr_client.upload.transfer import Transfer
from droppr_client.upload.troubles import (
    Cancelled,
    Edited,
    Gone,
    PartTooLarge,
    Passing,
    Refused,
    Trouble,
    unreadable,
)
from droppr_client.upload.work import Work


class Pack:
    """Reads the files of ``entries``, sends them, and says of each what became of it."""

    def __init__(self, entries: list[Entry], work: Work, retries: Retries | None = None) -> None:
        self._entries = entries
        self._work = work
        self._retries = retries or work.retries()
        self._began = work.clock()

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
            self._work.failed(entry.item, unreadable(error), self._began)
            return None
        except Edited:
            self._alone(entry)
            return None
        key = self._work.state.key(entry.item, entry.known.generation if entry.known else 0)
        return Packed(entry.item, key, data, hashlib.sha256(data).hexdigest())

    def _send(self, files: list[tuple[Entry, Packed]]) -> None:
        work = self._work
        size = sum(len(packed.data) for _, packed in files)
        began = work.clock()
        try:
            work.flow.cancellation.check()
            work.openings.take(len(files), work.flow.cancellation.wait)
            answers = work.target.send_pack([packed for _, packed in files], work.flow)
        except Passing as trouble:
            work.stumbled(trouble, size, began)
            self._again([entry for entry, _ in files], trouble)
            return
        except (Cancelled, Refused) as trouble:
            for entry, _ in files:
                work.failed(entry.item, trouble, self._began, self._retries.total)
            return
        except PartTooLarge as trouble:
            self._in_smaller([entry for entry, _ in files], trouble.limit or size // 2)
            return
        except Trouble:
            # Of the pack as a whole: one by one it will turn out whose fault it is.
            for entry, _ in files:
                self._alone(entry)
            return
        work.arrived(size, began, whole=False)
        self._judge(files, answers, began)

    def _judge(self, files: list[tuple[Entry, Packed]], answers: list[Standing | Trouble], began: float) -> None:
        work = self._work
        arrived = [(file, answer) for file, answer in zip(files, answers, strict=True) if isinstance(answer, Standing)]
        work.state.note((entry.item, _done(entry, standing)) for (entry, _), standing in arrived)
        seconds = work.clock() - self._began
        for (entry, packed), standing in arrived:
            work.finished(entry.item, self._result(entry, packed, standing, seconds))
        passing: list[Entry] = []
        last: Passing | None = None
        for (entry, _), answer in zip(files, answers, strict=True):
            if isinstance(answer, Passing):
                passing.append(entry)
                last = answer
            elif isinstance(answer, Gone | Edited):
                self._alone(entry, afresh=True)
            elif isinstance(answer, Trouble):
                work.failed(entry.item, answer, self._began, self._retries.total)
        if last is not None:
            work.stumbled(last, 0, began)
            if arrived:
                self._retries.progressed()
            self._again(passing, last)

    def _result(self, entry: Entry, packed: Packed, standing: Standing, seconds: float) -> UploadResult:
        return UploadResult(
            entry.item.path,
            entry.item.size,
            Outcome.SENT,
            duration=seconds,
            retries=self._retries.total,
            delivered_path=standing.path,
            upload_id=standing.ticket,
            sha256=packed.sha256,
            verified=standing.sha256 == packed.sha256,
        )

    def _again(self, entries: list[Entry], trouble: Passing) -> None:
        work = self._work
        wait = None if work.schedule.stopped else self._retries.wait_before_next(trouble)
        if wait is None:
            ending: Trouble = Cancelled() if work.schedule.stopped else _given_up(trouble)
            for entry in entries:
                work.failed(entry.item, ending, self._began, self._retries.total)
            return
        work.progress.retried()
        if trouble.pause:
            work.schedule.hold(wait)
        # A line that breaks gets less at once.
        halves = [entries[0::2], entries[1::2]] if trouble.broken and len(entries) > 1 else [entries]
        for half in halves:
            retries = replace(self._retries)
            work.schedule.later(wait, _retried(Pack(half, work, retries)))

    def _in_smaller(self, entries: list[Entry], most: int) -> None:
        """A pack is larger than something on the way lets through: from now on none has more than so many bytes."""
        work = self._work
        if len(entries) == 1 or most < SMALLEST_PART:
            for entry in entries:
                self._alone(entry)
            return
        work.schedule.limit_packs(most)
        for half in (entries[0::2], entries[1::2]):
            work.schedule.later(0, _retried(Pack(half, work, replace(self._retries))))

    def _alone(self, entry: Entry, *, afresh: bool = False) -> None:
        """By the way of big files, which can deal with everything."""
        if afresh:
            generation = entry.known.generation + 1 if entry.known else 1
            entry.known = Remembered(-1, -1, None, None, generation, False)
        self._work.schedule.opened()
        self._work.schedule.later(0, Transfer(entry, self._work).begin)

    def stopped(self) -> None:
        for entry in self._entries:
            self._work.failed(entry.item, Cancelled(), self._began, self._retries.total)

    @property
    def work(self) -> Work:
        return self._work


def _retried(pack: Pack) -> Job:
    return lambda: pack.stopped() if pack.work.schedule.stopped else pack.run()


def _given_up(trouble: Passing) -> Trouble:
    return Trouble(f"{trouble} Run the same command again to go on.", trouble.code)


def _content(item: Item) -> tuple[Item, bytes]:
    """The file as it is now. Raises OSError; Edited where it is changing, or has become another size."""
    fd = os.open(item.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        before = os.fstat(fd)
        data = os.read(fd, item.size + 1)
        after = os.fstat(fd)
    finally:
        os.close(fd)
    if len(data) != item.size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Edited("The file changed while it was being read.", "file_changed")
    return Item.of(item.path, item.source, before), data


def _done(entry: Entry, standing: Standing) -> Remembered:
    generation = entry.known.generation if entry.known else 0
    return Remembered(entry.item.size, entry.item.mtime_ns, None, standing.ticket, generation, True)
