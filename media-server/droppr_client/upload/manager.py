"""UploadManager: any number of files to one target, several at once and each in several chunks at once."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from droppr_client.upload.early import EarlyOpening, first_file
from droppr_client.upload.handoff import Handed, claimed
from droppr_client.upload.items import Item, Outcome, Skipped, UploadResult
from droppr_client.upload.pace import Limits, Pace
from droppr_client.upload.packs import Pack
from droppr_client.upload.problems import Cancelled, Refused, Retryable, UploadProblem
from droppr_client.upload.progress import ProgressTracker
from droppr_client.upload.rates import BandwidthMonitor, Clock, RateLimit
from droppr_client.upload.retry import Retries
from droppr_client.upload.run_context import Checks, RunContext
from droppr_client.upload.schedule import Entry, Job, Schedule
from droppr_client.upload.sent_before import FILES_PER_QUESTION, still_there
from droppr_client.upload.state import SavedUpload, StateFile
from droppr_client.upload.targets import Target, Terms
from droppr_client.upload.throttle import Cancellation, Throttle
from droppr_client.upload.transfer import HASHED_FIRST_BYTES, Transfer
from droppr_client.upload.walk import EmptyFolder, Found, Walk

MAX_WORKERS = 16
FIXED_WORKERS = 4
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Found]
"""What to send: a path, several, or what was found already."""
AHEAD = 2
"""Connections are made ahead for so many times the requests to begin with: their number is doubled with the first answers."""
TICK_SECONDS = 0.1
MAX_RESULTS_WAITING = 10_000
FOLDERS_PER_REQUEST = 100
RETRIES_AT_START = 2
MAX_WAIT_AT_START_SECONDS = 10.0
STOP_SECONDS = 0.8
"""How long workers have to notice that they were cancelled, before they are left behind."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to send.

    ``workers``: requests at once, at most (``adaptive``) or always; None is 16 or 4. ``chunks``: of one file, at most
    (the target's own limit where None). ``chunk_size``: bytes in one request, at most. ``limit_rate``: bytes per
    second of all workers together. ``uploads_per_second`` with ``burst``: files begun. ``state``: the state file's path;
    None keeps none. ``in_order``: small and big files do not take turns, but go as they are found.
    """

    workers: int | None = None
    adaptive: bool = True
    chunks: int | None = None
    chunk_size: int | None = None
    limit_rate: float | None = None
    uploads_per_second: float | None = None
    burst: float | None = None
    retries: int = 10
    verify: bool = True
    checksum: bool = False
    state: str | os.PathLike[str] | None = None
    in_order: bool = False

    def pace(self) -> Pace:
        if self.adaptive:
            return Pace(Limits(most=self.workers or MAX_WORKERS))
        workers = self.workers or FIXED_WORKERS
        return Pace(Limits(width=workers, most=workers, adapt_width=False, chunk_size=Limits().largest))


class UploadManager:
    """Sends files to ``target``.

    One bad file never raises: every file has a result. ``upload`` raises Refused where the target takes nothing from
    us. ``tracker`` and ``bandwidth`` may be read from any thread meanwhile; ``stop``, ``cancel`` and
    ``limit_bandwidth`` called from any.
    """

    def __init__(self, target: Target, options: Options | None = None, *, clock: Clock = time.monotonic) -> None:
        self.options = options or Options()
        self.target = target
        self.tracker = ProgressTracker()
        self.bandwidth = BandwidthMonitor(clock)
        self.pace = self.options.pace()
        self.refused: Refused | None = None
        self.handed: dict[str, Handed] = {}
        """Uploads that another device has begun: files found here that are theirs go on with them."""
        self.interrupted = False
        self._clock = clock
        self._limit = RateLimit(self.options.limit_rate, None, clock)
        self._cancellation = Cancellation()
        self._throttle = Throttle(self._limit, self.bandwidth, self._cancellation)
        self._results: queue.Queue[UploadResult | None] = queue.Queue(MAX_RESULTS_WAITING)
        self._over = threading.Event()
        self._crash: BaseException | None = None
        self._workers: list[threading.Thread] = []
        self._context: RunContext | None = None
        self._done_before: list[tuple[Item, SavedUpload]] = []

    def upload(self, paths: Paths) -> Iterator[UploadResult]:
        """Send all that lies at ``paths`` (or all that a Walk finds); results as they come. Once per manager.

        Raises Refused before anything was sent; afterwards ``refused`` says so. Leaving the loop early cancels.
        """
        self.prepare(paths)
        main = threading.Thread(target=self._run, args=(_found(paths),), name="droppr-uploads", daemon=True)
        main.start()
        try:
            while (result := self._results.get()) is not None:
                yield result
        finally:
            if main.is_alive():
                self.cancel()
                main.join(2 * STOP_SECONDS)
        if self._crash is not None:
            raise self._crash

    def upload_files(self, paths: Paths) -> list[UploadResult]:
        """The same with all results at the end."""
        return list(self.upload(paths))

    async def upload_async(self, paths: Paths) -> list[UploadResult]:
        """The same for asyncio; cancelling the task cancels the uploads."""
        import asyncio

        try:
            return await asyncio.to_thread(self.upload_files, paths)
        except asyncio.CancelledError:
            self.cancel()
            raise

    def limit_bandwidth(self, bytes_per_second: float | None) -> None:
        """From now on send no faster than this, all workers together; None is no limit."""
        self._limit.change(bytes_per_second)

    @property
    def held_seconds(self) -> float:
        """For how long the target takes no new files from us, as it says."""
        return self._context.schedule.held_seconds if self._context else 0.0

    @property
    def state_problem(self) -> str | None:
        """Why notes for a later run could not be kept."""
        return self._context.state.problem if self._context else None

    def stop(self) -> None:
        """Finish the requests that are on their way and begin no others. Everything can be resumed."""
        self.interrupted = True
        context = self._context
        if context is not None:
            for entry in context.schedule.stop():
                self._not_sent(entry.item)

    def cancel(self) -> None:
        """Stop within a second. Everything can be resumed."""
        self._cancellation.request()
        self.stop()
        self.target.abort()

    def prepare(self, paths: Paths = ()) -> None:
        """Ask the target how it wants to be sent to. Where the first of ``paths`` is a large file, meanwhile make connections and
        open its upload. ``upload`` does so itself where nobody did before.

        Raises Refused, Cancelled. A target that has a password may ask a person for it here.
        """
        if self._context is not None:
            return
        state = StateFile(self.options.state or ":memory:", self.target.identity, time.time())
        early = self._begin_ahead(first_file(paths), state)
        try:
            terms = self._terms()
        except BaseException:
            state.close()
            if early:
                early.drop()
            raise
        options, clock = self.options, self._clock
        chunk_size = terms.chunk_size
        if options.chunk_size and not terms.fixed_chunks:
            chunk_size = options.chunk_size
        self.pace.limit_to(chunk_size=chunk_size)
        checks = Checks(options.verify, options.checksum, options.retries, options.chunks, options.adaptive)
        schedule = Schedule(self.pace, terms.pack, self, clock, options.in_order)
        self._context = RunContext(
            target=self.target,
            terms=terms,
            throttle=self._throttle,
            state=state,
            progress=self.tracker,
            pace=self.pace,
            openings=RateLimit(options.uploads_per_second, options.burst or 1.0, clock),
            checks=checks,
            clock=clock,
            schedule=schedule,
            emit=self._emit,
            refuse=self._refuse,
            early=early,
        )
        self.bandwidth.restart()
        if self.interrupted:
            schedule.stop()

    def _begin_ahead(self, first: Item | None, state: StateFile) -> EarlyOpening | None:
        """Make connections for what is to be sent first, as many as are soon tried, and open its upload where that can be done."""
        wanted = min(AHEAD * self.pace.limit, self.pace.most, -(-first.size // self.pace.chunk_size)) if first else 0
        if first and wanted > 1 and self._opens_unasked(first, state):
            wishes = self.options.chunks or self.options.chunk_size or self.options.checksum
            leads = self.options.adaptive and not wishes
            early = EarlyOpening(self.target, first, state.key(first, 0), wanted, leads=leads)
            early.begin(self.pace, self._throttle, self._clock)
            return early
        for _ in range(wanted - 1):
            threading.Thread(target=self.target.ahead, args=(wanted,), daemon=True).start()
        return None

    def _opens_unasked(self, first: Item, state: StateFile) -> bool:
        """Whether all is known that its opening needs: what is hashed before needs the target's terms. No upload of it may have
        been begun before, here or elsewhere."""
        known = first.size > HASHED_FIRST_BYTES and not self.handed and state.find(first) is None
        return known and self.target.opens_unasked

    def _terms(self) -> Terms:
        """What the target says to begin with. A restart of its server is waited out."""
        retries = Retries(RETRIES_AT_START)
        while True:
            try:
                return self.target.prepare()
            except Retryable as problem:
                wait = retries.wait_before_next(problem)
                if wait is None or wait > MAX_WAIT_AT_START_SECONDS:
                    raise Refused(str(problem), problem.code) from problem
                self._cancellation.wait(wait)
            except (Cancelled, Refused):
                raise
            except UploadProblem as problem:
                raise Refused(str(problem), problem.code) from problem

    @property
    def _running(self) -> RunContext:
        assert self._context is not None
        return self._context

    def pack(self, entries: list[Entry]) -> Job:
        return Pack(entries, self._running).run

    def opening(self, entry: Entry) -> Job:
        return Transfer(entry, self._running).begin

    def _run(self, walk: Iterable[Found]) -> None:
        """The life of one run, in a thread of its own: walk, workers, end."""
        context = self._running
        walker = threading.Thread(target=self._guarded, args=(lambda: self._walk(walk),), daemon=True)
        walker.start()
        self._guarded(self._watch)
        deadline = self._clock() + STOP_SECONDS
        for thread in [walker, *self._workers]:
            thread.join(max(0.0, deadline - self._clock()) if self._cancellation.requested else None)
        for sending in context.schedule.left():
            self._guarded(sending.interrupt)
        self._over.set()
        context.state.close()
        self.target.close()
        self._emit(None)

    def _watch(self) -> None:
        """Have as many workers as there may be requests; return when the last one has gone."""
        schedule = self._running.schedule
        while True:
            while len(self._workers) < self.pace.limit and not schedule.stopped:
                worker = threading.Thread(target=self._guarded, args=(self._labour,), daemon=True)
                self._workers.append(worker)
                worker.start()
            alive = next((each for each in self._workers if each.is_alive()), None)
            if alive is None or self._cancellation.requested:
                return
            alive.join(TICK_SECONDS)

    def _labour(self) -> None:
        schedule = self._running.schedule
        while (job := schedule.take()) is not None:
            try:
                job()
            finally:
                schedule.done()

    def _guarded(self, action: Job) -> None:
        """A fault of the program ends the run and comes out of ``upload``, instead of leaving it waiting for ever."""
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - raised again by upload()
            self._crash = self._crash or error
            self.cancel()

    def _walk(self, walk: Iterable[Found]) -> None:
        context = self._running
        folders: list[str] = []
        for found in walk:
            if context.schedule.stopped:
                break
            if isinstance(found, Item):
                self._offer(found)
            elif isinstance(found, EmptyFolder):
                folders.append(found.path)
                if len(folders) >= FOLDERS_PER_REQUEST:
                    context.schedule.later(0, _folders(context, folders))
                    folders = []
            else:
                self._skip(found)
        self._ask_what_is_there()
        if folders and not context.schedule.stopped:
            context.schedule.later(0, _folders(context, folders))
        self.tracker.counting = False
        context.schedule.walked()

    def _offer(self, item: Item) -> None:
        context = self._running
        self.tracker.found(item.size)
        known = context.state.find(item) or (claimed(self.handed, item) if self.handed else None)
        if known is not None and known.done and known.ticket is not None and known.fits(item):
            self._done_before.append((item, known))
            if len(self._done_before) >= FILES_PER_QUESTION:
                self._ask_what_is_there()
            return
        self._line_up(item, known)

    def _line_up(self, item: Item, known: SavedUpload | None) -> None:
        if known is not None and known.done:
            known = known.renewed()
        if not self._running.schedule.offer(Entry(item, known)):
            self._not_sent(item)

    def _ask_what_is_there(self) -> None:
        """Of what was completed by an earlier run, send again what the target does not have any more."""
        asked, self._done_before = self._done_before, []
        if not asked:
            return
        for item, known, there in still_there(self._running, asked):
            if there:
                present = UploadResult(item.path, item.size, Outcome.PRESENT, upload_id=known.ticket)
                self._running.finished(item, present)
            else:
                self._line_up(item, known)

    def _skip(self, found: Skipped) -> None:
        self.tracker.found(0)
        outcome = Outcome.FAILED if found.failed else Outcome.SKIPPED
        result = UploadResult(found.path, 0, outcome, found.reason, "unreadable" if found.failed else "not_a_file")
        self.tracker.finished(None, result)
        self._emit(result)

    def _not_sent(self, item: Item) -> None:
        self._running.failed(item, Cancelled(), self._clock())

    def _refuse(self, problem: Refused) -> None:
        if self.refused is None:
            self.refused = problem
            for entry in self._running.schedule.stop():
                self._not_sent(entry.item)

    def _emit(self, result: UploadResult | None) -> None:
        """Hand a result over; waits for a slow reader, unless nobody reads any more."""
        while True:
            with suppress(queue.Full):
                self._results.put(result, timeout=0.2)
                return
            if self._cancellation.requested and result is not None:
                return


def _found(paths: Paths) -> Iterator[Found]:
    """What lies at ``paths``; what was found before is taken as it is."""
    for each in [paths] if isinstance(paths, str | os.PathLike) else paths:
        if isinstance(each, str | os.PathLike):
            yield from Walk([os.fspath(each)])
        else:
            yield each


def _folders(context: RunContext, paths: list[str]) -> Job:
    retries = context.retries()

    def make() -> None:
        try:
            context.target.make_folders(paths)
        except Refused as problem:
            context.refuse(problem)
        except Retryable as problem:
            wait = retries.wait_before_next(problem)
            if wait is not None and not context.schedule.stopped:
                context.schedule.later(wait, make)
        except UploadProblem:
            return  # an older server, to which only files are something

    return make
