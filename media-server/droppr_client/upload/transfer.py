"""One file on its way in chunks: opened, sent by any number of workers at once, finished, compared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from droppr_client.upload.digests import FollowingDigest, whole_digest
from droppr_client.upload.early import EarlyChunk
from droppr_client.upload.items import Missing, Outcome, Pair, UploadResult
from droppr_client.upload.open_file import OpenFile
from droppr_client.upload.pace import MIN_CHUNK_BYTES
from droppr_client.upload.problems import (
    Cancelled,
    ChunkTooLarge,
    FileChanged,
    FileRefused,
    Gone,
    OutOfOrder,
    Retryable,
    Unwanted,
    UploadProblem,
    unreadable,
)
from droppr_client.upload.retry import Patience
from droppr_client.upload.run_context import RunContext, Said
from droppr_client.upload.schedule import Entry, Job
from droppr_client.upload.state import SavedUpload
from droppr_client.upload.targets import Facts, UploadStatus
from droppr_client.upload.throttle import Chunk

HASHED_FIRST_BYTES = 32 * 1024 * 1024
"""Files up to this size are hashed before they are opened, and the target checks them before it takes them in."""
MAX_FRESH_STARTS = 3
NOT_AS_ANNOUNCED = {"checksum_mismatch", "type_not_allowed"}
"""What a server says at the last chunk of a file of another digest than was declared, and after that."""


class Transfer:
    """Jobs run in any thread; a job that ends and was the last one outstanding decides what comes next."""

    def __init__(self, entry: Entry, context: RunContext) -> None:
        self._item = entry.item
        self._listed = entry.item  # by which the next run knows it again
        self._known = entry.known
        self._context = context
        self._lock = threading.Lock()
        self._retries = context.retries()
        self._began = context.clock()
        self._source: OpenFile | None = None
        self._missing = Missing(())
        self._arrived = 0
        self.parallel = 1
        self._early: list[EarlyChunk] = []
        self._outstanding = 1  # the opening
        self._fresh_starts = 0
        self._patience = Patience()
        self._over = False
        self._verdict: UploadProblem | None = None
        self._status: UploadStatus | None = None
        self._following: FollowingDigest | None = None
        self._declared: str | None = None
        self._begun_ns = entry.item.mtime_ns  # of the file when its upload was begun, perhaps by an earlier run
        context.progress.started(self._item)

    # Jobs

    def begin(self) -> None:
        self._guard(self._begin, self.begin)

    def next_chunk(self) -> Job | None:
        with self._lock:
            idle = self._verdict is not None or not (self._missing or self._early)
            if idle or self._outstanding >= self.parallel:
                return None
            self._outstanding += 1
            early = self._early.pop(0) if self._early else None
            span = early.span if early else self._missing.take(self._size_of_next_chunk())
        return lambda: self._chunk(span, early)

    def _chunk(self, span: Pair, early: EarlyChunk | None = None) -> None:
        self._guard(lambda: self._send(span, early), lambda: self._chunk(self._cut(span)), span[1] - span[0])

    def _finish(self) -> None:
        self._guard(self._check_complete, self._finish)

    def _guard(self, action: Callable[[], None], again: Job, size: int = 0) -> None:
        """Do a job that sends ``size`` bytes; note what went wrong, or arrange for another attempt."""
        began = self._context.clock()
        try:
            self._context.throttle.cancellation.check()
            if self._verdict is None:
                action()
        except Retryable as problem:
            self._context.request_failed(problem, size, began)
            if self._again_later(problem, again):
                return
        except ChunkTooLarge as problem:
            limit = problem.limit or max(MIN_CHUNK_BYTES, size // 2)
            if limit < size and self._patience.for_a_detour():
                self._context.pace.limit_to(chunk_size=limit)
                self._context.schedule.later(0, again)
                return
            self._judge(FileRefused(str(problem), problem.code))
        except UploadProblem as problem:
            self._judge(problem)
        except OSError as error:
            self._judge(unreadable(error))
        self._ended()

    def _again_later(self, problem: Retryable, again: Job) -> bool:
        with self._lock:
            wait = None if self._verdict else self._retries.wait_before_next(problem)
        if wait is None or self._context.schedule.stopped:
            self._judge(problem if wait is None else Cancelled())
            return False
        self._context.progress.retried(str(problem))
        if problem.pause:
            self._context.schedule.hold(wait)
        self._context.schedule.later(wait, lambda: self._retry(again))
        return True

    def _retry(self, again: Job) -> None:
        if not self._context.schedule.stopped:
            again()
            return
        self._judge(Cancelled())
        self._ended()

    def interrupt(self) -> None:
        """Nothing of it is on its way and nothing will be: say so."""
        self._judge(Cancelled())
        self._settle(Cancelled())

    def _judge(self, problem: UploadProblem) -> None:
        with self._lock:
            self._verdict = self._verdict or problem

    def _ended(self) -> None:
        """A job is over. The last one outstanding goes on from here."""
        with self._lock:
            self._outstanding -= 1
            last = self._outstanding == 0
            verdict = self._verdict
            if last and (verdict is not None or not self._missing):
                self._outstanding = 1  # what follows is the only job
            elif last and self._context.schedule.stopped:
                verdict, self._outstanding = Cancelled(), 1
            else:
                last = False
        if not last:
            self._context.schedule.wake()
        elif verdict is not None:
            self._settle(verdict)
        elif self._status is not None and not self._over:
            self._finish()

    # What jobs do

    def _begin(self) -> None:
        self._open_file()
        item = self._item
        self._context.connect_ahead(item.size)
        status = self._asked_before() or self._sent_whole() or self._opened()
        if not status.complete:
            # What is there already is noted once it was compared; until then its key leads to it.
            self._context.state.note([(item, self._remembered(status.ticket))])
        whole = status.missing == ((0, item.size),) or not item.size
        if self._context.verifies and self._declared is None and whole:
            self._following = FollowingDigest(self._file.fd)
        self._stand(status)
        self._context.schedule.begun(self)

    def _open_file(self) -> None:
        """Open the file, and take it as it is now. Raises OSError."""
        self._close_file()
        self._source = file = OpenFile(self._item, self._context.throttle.cancellation.check)
        self._listed, self._begun_ns = file.listed, file.listed.mtime_ns
        if file.item != self._item:
            self._context.progress.changed(self._item, file.item)
            self._item = file.item

    def _asked_before(self) -> UploadStatus | None:
        """How an upload stands that an earlier run began; None where there is none that fits the file of today."""
        known, item = self._known, self._item
        if known is None or known.ticket is None or known.done:
            return None
        # The same bytes may have a new time. Where no digest will show what the sample does not, the time decides.
        if known.sample == self._file.sample and (known.fits(self._listed) or self._context.verifies):
            with suppress(Gone):
                status = self._context.target.status(item, known.ticket)
                self._begun_ns = known.mtime_ns
                return status
        else:
            self._context.target.discard(item, known.ticket)
        self._known = known.renewed()
        return None

    def _sent_whole(self) -> UploadStatus | None:
        """All of the file in the request that opens it. None where it has to be opened first, also where that request failed: its
        key then tells what came of it."""
        item, context = self._item, self._context
        if not context.goes_whole(item):
            return None
        context.openings.take(1, context.throttle.cancellation.wait)
        if context.verifies:
            self._following = FollowingDigest(self._file.fd)
        facts, began = Facts(context.state.key(item, self._generation), "", None), context.clock()
        try:
            return self._carried((0, item.size), lambda chunk: context.target.send_whole(item, facts, chunk))
        except Retryable as problem:
            context.request_failed(problem, item.size, began)
        except ChunkTooLarge as problem:
            context.pace.limit_to(chunk_size=problem.limit or max(MIN_CHUNK_BYTES, item.size // 2))
        self._following = None
        return None

    def _opened(self) -> UploadStatus:
        item, context = self._item, self._context
        context.openings.take(1, context.throttle.cancellation.wait)
        if context.verifies and item.size <= HASHED_FIRST_BYTES:
            self._declared = whole_digest(self._file.fd, item.size)
        facts = Facts(context.state.key(item, self._generation), self._file.sample, self._declared)
        status, self._early = context.opened(item, facts)
        return status

    def _stand(self, status: UploadStatus) -> None:
        """Go by what the target says is missing."""
        checks, terms = self._context.checks, self._context.terms
        missing = Missing(status.missing)
        with self._lock:
            self._status, self._missing = status, missing
            self._arrived = self._item.size - missing.size
            if self._early:
                self._missing = Missing([(self._early[-1].span[1], self._item.size)])
            most = status.parallel_chunks or terms.parallel_chunks
            if checks.measures and most > 1:
                most = max(most, status.most_parallel_chunks or terms.most_parallel_chunks or most)
            self.parallel = min(most, checks.parallel_chunks or most)
        self._context.progress.started(self._item, self._item.size - missing.size)

    def _send(self, span: Pair, early: EarlyChunk | None) -> None:
        assert self._status is not None
        ticket, context = self._status.ticket, self._context
        try:
            if early:
                status = context.joined(self._item, early, self._following)
            else:
                status = self._carried(span, lambda chunk: context.target.send(self._item, ticket, chunk))
        except OutOfOrder as problem:
            if problem.offset > self._item.size or not self._patience.for_a_detour():
                raise FileRefused(str(problem), problem.code) from problem
            self._in_order_from(problem.offset)
            return
        with self._lock:
            if status is None:
                self._missing.give_back(span)
                return
            self._retries.progressed()
            self._arrived += span[1] - span[0]
            if status.complete:
                self._status = status

    def _carried(self, span: Pair, send: Callable[[Chunk], Said]) -> Said:
        self._file.check_unchanged()
        return self._context.carried(self._item, self._file.fd, span, send, self._following)

    def _check_complete(self) -> None:
        """All was sent: hear the target's last word, and compare digests."""
        assert self._status is not None
        item, status = self._item, self._status
        if not status.complete:
            status = self._context.target.finish(item, status.ticket)
            self._stand(status)
            if not status.complete and not status.missing:
                raise self._patience.for_its_end(status.verifying)
            if not status.complete:
                if not self._patience.for_gaps_from(status.missing[0][0]):
                    raise FileRefused("The server does not keep what it is sent.", "not_kept")
                self._context.schedule.begun(self)
                return
        self._file.check_unchanged(ended=True)
        ours = self._own_digest()
        if ours is not None and self._declared is None:
            status = self._context.with_digest(item, status)
            if status.sha256 not in (None, ours):
                raise FileChanged("What arrived is not what was read: the file changed meanwhile.", "checksum_mismatch")
        self._done(status, ours)

    def _own_digest(self) -> str | None:
        if self._declared or not self._context.verifies:
            return self._declared
        if self._following is not None:
            return self._following.hexdigest(self._item.size)
        doubtful = self._context.checks.checksum or self._has_new_time
        return whole_digest(self._file.fd, self._item.size) if doubtful else None

    def _done(self, status: UploadStatus, digest: str | None) -> None:
        item, context = self._item, self._context
        self._over = True
        context.state.note([(item, self._remembered(status.ticket, done=True))])
        verified = digest is not None and (self._declared is not None or status.sha256 == digest)
        result = UploadResult(
            item.path,
            item.size,
            Outcome.SENT,
            duration=context.clock() - self._began,
            retries=self._retries.total,
            delivered_path=status.path,
            upload_id=status.ticket,
            sha256=digest or status.sha256,
            verified=verified,
        )
        self._leave()
        context.finished(item, result)
        context.schedule.ended()

    def _settle(self, verdict: UploadProblem) -> None:
        """The last job is over and something was wrong: begin afresh, or give up."""
        self._context.schedule.paused(self)
        if self._has_new_time and verdict.code in NOT_AS_ANNOUNCED:
            verdict = FileChanged("The file is not the one that was begun.", "file_changed")
        fresh = isinstance(verdict, Gone | FileChanged) and self._fresh_starts < MAX_FRESH_STARTS
        if isinstance(verdict, FileChanged) and self._status is not None:
            # It is a mixture of two versions. Where this fails, an unfinished one goes away by itself.
            with suppress(UploadProblem):
                self._context.target.discard(self._item, self._status.ticket)
        if fresh and not self._context.schedule.stopped:
            self._start_afresh()
            return
        if isinstance(verdict, Unwanted):
            # Said of this upload and its key; the next run begins another.
            another = replace(self._remembered(""), ticket=None, generation=self._generation + 1)
            self._context.state.note([(self._item, another)])
        if isinstance(verdict, FileChanged):
            verdict = FileRefused("The file keeps changing: send it when it rests.", "file_changed")
        if isinstance(verdict, Retryable):
            verdict = FileRefused(f"{verdict} Run the same command again to go on.", verdict.code)
        self._over = True
        self._leave()
        self._context.failed(self._item, verdict, self._began, self._retries.total)
        self._context.schedule.ended()

    def _start_afresh(self) -> None:
        self._fresh_starts += 1
        with self._lock:
            self._verdict, self._status, self._following, self._declared = None, None, None, None
            self._missing = Missing(())
            self._known = SavedUpload(-1, -1, None, None, self._generation + 1, False)
        self._context.progress.retried()
        self._context.schedule.later(0, self.begin)

    @property
    def _file(self) -> OpenFile:
        assert self._source is not None
        return self._source

    @property
    def _generation(self) -> int:
        return self._known.generation if self._known else 0

    @property
    def _has_new_time(self) -> bool:
        return self._begun_ns != self._listed.mtime_ns

    def _remembered(self, ticket: str, done: bool = False) -> SavedUpload:
        sample = None if done else self._file.sample
        # Whoever goes on has to know that the time is new, until all of the file was compared.
        mtime_ns = self._listed.mtime_ns if done else self._begun_ns
        return SavedUpload(self._listed.size, mtime_ns, sample, ticket, self._generation, done)

    def _size_of_next_chunk(self) -> int:
        left, first = self._missing.size, self._missing.first
        under_way = self._item.size - self._arrived - left
        return self._context.size_of_chunk(self._status, first, left, under_way, self.parallel)

    def _cut(self, span: Pair) -> Pair:
        """Of a chunk that did not get through, as much as is sent at once by now; the rest is for whoever is free."""
        with self._lock:
            self._missing.give_back(span)
            chunk = self._missing.take(self._size_of_next_chunk())
        self._context.schedule.wake()
        return chunk

    def _in_order_from(self, offset: int) -> None:
        with self._lock:
            self.parallel = 1
            self._missing = Missing([(offset, self._item.size)] if offset < self._item.size else [])
            self._arrived = offset

    def _leave(self) -> None:
        self._context.schedule.paused(self)
        self._close_file()

    def _close_file(self) -> None:
        if self._source is not None:
            self._source.close()
