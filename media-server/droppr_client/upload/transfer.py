"""One file on its way in parts: opened, sent by any number of workers at once, finished, compared."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from droppr_client.upload.digests import FollowingDigest, content_digest, sample_digest, whole_digest
from droppr_client.upload.flow import Part
from droppr_client.upload.items import Missing, Outcome, Pair, UploadResult
from droppr_client.upload.pace import SMALLEST_PART
from droppr_client.upload.retry import Patience
from droppr_client.upload.schedule import Entry, Job
from droppr_client.upload.spool import ends_at, opened, state_of
from droppr_client.upload.state import Remembered
from droppr_client.upload.targets import Facts, Standing
from droppr_client.upload.troubles import (
    Cancelled,
    Edited,
    FileRefused,
    Gone,
    OutOfOrder,
    PartTooLarge,
    Passing,
    Trouble,
    Unwanted,
    unreadable,
)
from droppr_client.upload.work import Work

HASHED_FIRST = 32 * 1024 * 1024
"""Files up to this size are hashed before they are opened, and the target checks them before it takes them in."""
FRESH_STARTS = 3
NOT_AS_ANNOUNCED = {"checksum_mismatch", "type_not_allowed"}
"""What a server says at the last part of a file of another digest than was declared, and after that."""


class Transfer:
    """Jobs run in any thread; a job that ends and was the last one outstanding decides what comes next."""

    def __init__(self, entry: Entry, work: Work) -> None:
        self._item = entry.item
        self._listed = entry.item  # by which the next run knows it again
        self._state = (0, 0)
        self._known = entry.known
        self._work = work
        self._lock = threading.Lock()
        self._retries = work.retries()
        self._began = work.clock()
        self._fd = -1
        self._missing = Missing(())
        self._parallel = 1
        self._outstanding = 1  # the opening
        self._fresh_starts = 0
        self._patience = Patience()
        self._over = False
        self._verdict: Trouble | None = None
        self._standing: Standing | None = None
        self._following: FollowingDigest | None = None
        self._declared: str | None = None
        self._sample = ""
        self._begun_ns = entry.item.mtime_ns  # of the file when its upload was begun, perhaps by an earlier run
        work.progress.started(self._item)

    # Jobs

    def begin(self) -> None:
        self._guard(self._begin, self.begin)

    def next_part(self) -> Job | None:
        with self._lock:
            idle = self._verdict is not None or not self._missing
            if idle or self._outstanding >= self._parallel:
                return None
            self._outstanding += 1
            span = self._missing.take(self._size_of_next_part())
        return lambda: self._part(span)

    @property
    def parallel(self) -> int:
        return self._parallel

    def _part(self, span: Pair) -> None:
        self._guard(lambda: self._send(span), lambda: self._part(self._cut(span)), span[1] - span[0])

    def _finish(self) -> None:
        self._guard(self._check_complete, self._finish)

    def _guard(self, action: Callable[[], None], again: Job, size: int = 0) -> None:
        """Do a job that sends ``size`` bytes; note what went wrong, or arrange for another attempt."""
        began = self._work.clock()
        try:
            self._work.flow.cancellation.check()
            if self._verdict is None:
                action()
        except Passing as trouble:
            self._work.stumbled(trouble, size, began)
            if self._again_later(trouble, again):
                return
        except PartTooLarge as trouble:
            limit = trouble.limit or max(SMALLEST_PART, size // 2)
            if limit < size and self._patience.for_a_detour():
                self._work.pace.limit_to(part=limit)
                self._work.schedule.later(0, again)
                return
            self._judge(FileRefused(str(trouble), trouble.code))
        except Trouble as trouble:
            self._judge(trouble)
        except OSError as error:
            self._judge(unreadable(error))
        self._ended()

    def _again_later(self, trouble: Passing, again: Job) -> bool:
        with self._lock:
            wait = None if self._verdict else self._retries.wait_before_next(trouble)
        if wait is None or self._work.schedule.stopped:
            self._judge(trouble if wait is None else Cancelled())
            return False
        self._work.progress.retried()
        if trouble.pause:
            self._work.schedule.hold(wait)
        self._work.schedule.later(wait, lambda: self._retry(again))
        return True

    def _retry(self, again: Job) -> None:
        if not self._work.schedule.stopped:
            again()
            return
        self._judge(Cancelled())
        self._ended()

    def interrupt(self) -> None:
        """Nothing of it is on its way and nothing will be: say so."""
        self._judge(Cancelled())
        self._settle(Cancelled())

    def _judge(self, trouble: Trouble) -> None:
        with self._lock:
            self._verdict = self._verdict or trouble

    def _ended(self) -> None:
        """A job is over. The last one outstanding goes on from here."""
        with self._lock:
            self._outstanding -= 1
            last = self._outstanding == 0
            parts_left = bool(self._missing)
            verdict = self._verdict
            if last and (verdict is not None or not parts_left):
                self._outstanding = 1  # what follows is the only job
            elif last and self._work.schedule.stopped:
                verdict, self._outstanding = Cancelled(), 1
            else:
                last = False
        if not last:
            self._work.schedule.wake()
        elif verdict is not None:
            self._settle(verdict)
        elif self._standing is not None and not self._over:
            self._finish()

    # What jobs do

    def _begin(self) -> None:
        self._open_file()
        item = self._item
        self._work.connect_ahead(item.size)
        standing = self._asked_before() or self._opened()
        self._work.state.note([(item, self._remembered(standing.ticket))])
        whole = standing.missing == ((0, item.size),) or not item.size
        if self._work.verifies and self._declared is None and whole:
            self._following = FollowingDigest(self._fd)
        self._stand(standing)
        self._work.schedule.begun(self)

    def _open_file(self) -> None:
        """Open the file, and take it as it is now. Raises OSError."""
        self._close_file()
        self._fd, self._listed = opened(self._item, self._work.flow.cancellation.check)
        self._begun_ns, self._state = self._listed.mtime_ns, state_of(self._fd)
        found = replace(self._listed, size=self._state[0])
        if found != self._item:
            self._work.progress.changed(self._item, found)
            self._item = found
        self._sample = sample_digest(self._fd, self._item.size)

    def _asked_before(self) -> Standing | None:
        """How an upload stands that an earlier run began; None where there is none that fits the file of today."""
        known, item = self._known, self._item
        if known is None or known.ticket is None or known.done:
            return None
        # The same bytes may have a new time. Where no digest will show what the sample does not, the time decides.
        if known.sample == self._sample and (known.fits(self._listed) or self._work.verifies):
            with suppress(Gone):
                standing = self._work.target.status(item, known.ticket)
                self._begun_ns = known.mtime_ns
                return standing
        else:
            self._work.target.discard(item, known.ticket)
        self._known = known.renewed()
        return None

    def _opened(self) -> Standing:
        item, work = self._item, self._work
        work.openings.take(1, work.flow.cancellation.wait)
        if work.verifies and item.size <= HASHED_FIRST:
            self._declared = whole_digest(self._fd, item.size)
        facts = Facts(work.state.key(item, self._generation), self._sample, self._declared)
        return work.opened(item, facts)

    def _stand(self, standing: Standing) -> None:
        """Go by what the target says is missing."""
        care, terms = self._work.care, self._work.terms
        missing = Missing(standing.missing)
        with self._lock:
            self._standing, self._missing = standing, missing
            most = standing.parallel_parts or terms.parallel_parts
            if care.measures and most > 1:
                most = max(most, standing.most_parallel_parts or terms.most_parallel_parts or most)
            self._parallel = min(most, care.parallel_parts or most)
        self._work.progress.started(self._item, self._item.size - missing.size)

    def _send(self, span: Pair) -> None:
        assert self._standing is not None
        item, work = self._item, self._work
        began = work.clock()
        self._check_unchanged()
        counted = 0

        def count(size: int) -> None:
            nonlocal counted
            counted += size
            work.passed(item, size)

        digest = None
        if work.care.checksum:
            digest = content_digest(self._fd, span)
        try:
            standing = work.target.send(
                item, self._standing.ticket, Part(span, work.flow, self._fd, None, count, digest)
            )
        except OutOfOrder as trouble:
            work.progress.update_progress(item, -counted)
            if trouble.offset > item.size or not self._patience.for_a_detour():
                raise FileRefused(str(trouble), trouble.code) from trouble
            self._in_order_from(trouble.offset)
            return
        except BaseException:
            work.progress.update_progress(item, -counted)
            raise
        work.arrived(span[1] - span[0], began)
        if self._following:
            self._following.sent(span)
        with self._lock:
            self._retries.progressed()
            if standing.complete:
                self._standing = standing

    def _check_complete(self) -> None:
        """All was sent: hear the target's last word, and compare digests."""
        assert self._standing is not None
        item, standing = self._item, self._standing
        if not standing.complete:
            standing = self._work.target.finish(item, standing.ticket)
            self._stand(standing)
            if not standing.complete and not standing.missing:
                raise Passing("The server has everything and has not finished the file yet.", "busy")
            if not standing.complete:
                if not self._patience.for_gaps_from(standing.missing[0][0]):
                    raise FileRefused("The server does not keep what it is sent.", "not_kept")
                self._work.schedule.begun(self)
                return
        self._check_unchanged()
        if not ends_at(self._fd, item.size):
            raise Edited("The file grew while it was being sent.", "file_changed")
        ours = self._own_digest()
        if ours is not None and self._declared is None:
            standing = self._work.with_digest(item, standing)
            if standing.sha256 not in (None, ours):
                raise Edited("What arrived is not what was read: the file changed meanwhile.", "checksum_mismatch")
        self._done(standing, ours)

    def _own_digest(self) -> str | None:
        if self._declared or not self._work.verifies:
            return self._declared
        if self._following is not None:
            return self._following.hexdigest(self._item.size)
        doubtful = self._work.care.checksum or self._has_new_time
        return whole_digest(self._fd, self._item.size) if doubtful else None

    def _done(self, standing: Standing, digest: str | None) -> None:
        item, work = self._item, self._work
        self._over = True
        work.state.note([(item, self._remembered(standing.ticket, done=True))])
        verified = digest is not None and (self._declared is not None or standing.sha256 == digest)
        result = UploadResult(
            item.path,
            item.size,
            Outcome.SENT,
            duration=work.clock() - self._began,
            retries=self._retries.total,
            delivered_path=standing.path,
            upload_id=standing.ticket,
            sha256=digest or standing.sha256,
            verified=verified,
        )
        self._leave()
        work.finished(item, result)
        work.schedule.ended()

    def _settle(self, verdict: Trouble) -> None:
        """The last job is over and something was wrong: begin afresh, or give up."""
        self._work.schedule.paused(self)
        if self._has_new_time and verdict.code in NOT_AS_ANNOUNCED:
            verdict = Edited("The file is not the one that was begun.", "file_changed")
        fresh = isinstance(verdict, Gone | Edited) and self._fresh_starts < FRESH_STARTS
        if isinstance(verdict, Edited) and self._standing is not None:
            self._discard(self._standing.ticket)
        if fresh and not self._work.schedule.stopped:
            self._start_afresh()
            return
        if isinstance(verdict, Unwanted):
            # Said of this upload and its key; the next run begins another.
            another = replace(self._remembered(""), ticket=None, generation=self._generation + 1)
            self._work.state.note([(self._item, another)])
        if isinstance(verdict, Edited):
            verdict = FileRefused("The file keeps changing: send it when it rests.", "file_changed")
        if isinstance(verdict, Passing):
            verdict = FileRefused(f"{verdict} Run the same command again to go on.", verdict.code)
        self._over = True
        self._leave()
        self._work.failed(self._item, verdict, self._began, self._retries.total)
        self._work.schedule.ended()

    def _start_afresh(self) -> None:
        self._fresh_starts += 1
        with self._lock:
            self._verdict, self._standing, self._following, self._declared = None, None, None, None
            self._missing = Missing(())
            self._known = Remembered(-1, -1, None, None, self._generation + 1, False)
        self._work.progress.retried()
        self._work.schedule.later(0, self.begin)

    def _discard(self, ticket: str) -> None:
        """Take back what is a mixture of two versions. Where this fails, an unfinished one goes away by itself."""
        with suppress(Trouble):
            self._work.target.discard(self._item, ticket)

    # Small things

    @property
    def _generation(self) -> int:
        return self._known.generation if self._known else 0

    @property
    def _has_new_time(self) -> bool:
        return self._begun_ns != self._listed.mtime_ns

    def _remembered(self, ticket: str, done: bool = False) -> Remembered:
        sample = None if done else self._sample
        # Whoever goes on has to know that the time is new, until all of the file was compared.
        mtime_ns = self._listed.mtime_ns if done else self._begun_ns
        return Remembered(self._listed.size, mtime_ns, sample, ticket, self._generation, done)

    def _size_of_next_part(self) -> int:
        """Towards the end parts become smaller, so that all connections have some and end together."""
        work = self._work
        if work.terms.fixed_parts:
            return (self._standing and self._standing.part_size) or work.terms.part_size
        left = self._missing.size if work.schedule.is_ending else None
        return work.pace.next_part(left, min(work.pace.limit, self._parallel))

    def _cut(self, span: Pair) -> Pair:
        """Of a part that did not get through, as much as is sent at once by now; the rest is for whoever is free."""
        with self._lock:
            self._missing.give_back(span)
            part = self._missing.take(self._size_of_next_part())
        self._work.schedule.wake()
        return part

    def _in_order_from(self, offset: int) -> None:
        with self._lock:
            self._parallel = 1
            self._missing = Missing([(offset, self._item.size)] if offset < self._item.size else [])

    def _check_unchanged(self) -> None:
        if state_of(self._fd) != self._state:
            raise Edited("The file changed while it was being sent.", "file_changed")

    def _leave(self) -> None:
        self._work.schedule.paused(self)
        self._close_file()

    def _close_file(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
