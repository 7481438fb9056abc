"""One upload on local disk: a folder with a document for its facts, a journal for its ranges, a growing file for its bytes.

The document (``session.json``) is written when the upload opens and when its state changes, which is rare, and always
whole. Ranges change with every chunk, from many processes at once; they are appended to a journal (``spans``), so that
recording a chunk costs one small write however many chunks there are. Bytes go into ``data`` as they come.

Locks, in the only order in which they may be taken:

1. A file for each purpose (``only_one``): for as long as a checkpoint or a digest takes. Nobody waits for it.
2. The folder (``exclusive``): for as long as whoever delivers, ends or deletes is at work.
3. A span of ``data`` (``claim``): for as long as the bytes of one chunk come. Nobody waits for it.
4. The journal (``AppendLog``, which locks out the threads of this process first and then the other processes): for the
   microseconds in which a span is appended or the document rewritten.

Whoever locked the journal's file and then asked its log for anything would wait for a thread that waits for that file. So
a deletion, which locks the file alone, asks the log for nothing.

The document is the session: without it there is none, whatever else lies in the folder. It is removed first and only ever
replaced as a whole, and what a process remembers of it is, too, as its threads read that without a lock.

Acknowledged means journalled, and a record outlives every process. For power cuts each record names the boot of the
machine it was written under and what it promises: under another boot only those count that a checkpoint covers, or that
were synced themselves. What a failed sync may have lost never counts again: a second sync would pass it over.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from app.core.errors import Busy, StorageFull, UploadNotFound
from app.core.paths import RelPath
from app.core.ports.bodies import Body, Checksum
from app.core.ports.claims import Recorded
from app.core.ports.content import Content
from app.core.ports.inbox import Delivery, Inbox
from app.core.ranges import ByteRanges, Span
from app.core.session import State, UploadSession
from app.core.waiting_room import WaitingRoom
from app.storage.disk.atomic import disk_errors, raise_disk_error, replace_file, set_time, sync_file, sync_folder
from app.storage.disk.checkpoints import Checkpoints
from app.storage.disk.content import GrownFile, opened
from app.storage.disk.growing_file import claim, is_claimed, receive_in_place, receive_staged, take_room
from app.storage.disk.span_log import Arrival, Arrived, Kind, recent, span_log
from app.storage.disk.upload_documents import decoded, encoded


class Durability(StrEnum):
    """What a power cut may take of what was acknowledged."""

    NONE = "none"
    """All of it."""
    COMPLETE = "complete"
    """Chunks that no checkpoint covers yet; never a file that was acknowledged as delivered."""
    CHUNK = "chunk"
    """Nothing."""


_PROMISE = {Durability.NONE: Kind.VOLATILE, Durability.COMPLETE: Kind.PENDING, Durability.CHUNK: Kind.DURABLE}


@dataclass(frozen=True, slots=True)
class DiskRules:
    """How all uploads of a store lie on the disk."""

    staged: bool = False
    """The ``indexed`` layout: a chunk lies in a file of its own until it is whole."""
    durability: Durability = Durability.COMPLETE
    dated: bool = True
    """Whether files get the time of last change that their senders declared."""
    boot: int = 0
    """The number of this boot of the machine."""

    @property
    def durable(self) -> bool:
        return self.durability is not Durability.NONE

    @property
    def promise(self) -> Kind:
        return _PROMISE[self.durability]


@dataclass(frozen=True, slots=True)
class Ground:
    """What all uploads of a store have in common."""

    base: Path
    """The folder in which each upload has a folder of its own."""
    rules: DiskRules
    checkpoints: Checkpoints
    waiting: WaitingRoom
    """How many threads of this process may wait for ``exclusive``, in all and for one upload."""


class DiskUpload:
    """Upload in the folder ``upload_id`` below the base. Remembers what it has read, so that it reads only what is new. Safe from any
    number of threads."""

    def __init__(self, ground: Ground, upload_id: str) -> None:
        self.upload_id = upload_id
        self._ground = ground
        self._rules = ground.rules
        self._promise = ground.rules.promise
        self._folder = ground.base / upload_id
        self._document = f"{self._folder}/session.json"
        self._data = f"{self._folder}/data"
        self._log = span_log(self._folder / "spans")
        # Each of these is replaced as a whole, so that threads that read them at the same time see one or the other.
        self._read: tuple[tuple[int, int], UploadSession, int] | None = None
        """The stamp of the document, what stands in it, and the boot under which the upload was opened."""
        self._told: tuple[UploadSession, Arrived, UploadSession] | None = None
        """What the last session that was told was made of, and that session."""
        self._settled = (0, 0)
        """The stamp of the document that is known to be on the disk."""

    def status(self) -> UploadSession:
        try:
            # The ranges first: what is delivered meanwhile says so in its document.
            return self._session(self._log.newest())
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UploadNotFound() from error

    def recent(self, since: float) -> tuple[int, float | None]:
        with missing_is_not_found():
            return recent(self._folder / "spans", since)

    def claim(self, span: Span) -> DiskSpan:
        return DiskSpan(self, span)

    def set_aside(self, span: Span) -> int:
        with missing_is_not_found():
            return take_room(self._data, span)

    def is_claimed(self) -> bool:
        return is_claimed(self._data)

    @contextmanager
    def content(self) -> Iterator[Content]:
        with ExitStack() as stack:
            with missing_is_not_found():
                content = stack.enter_context(opened(self._data))
            yield content

    def update(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        with missing_is_not_found(), self._log.locked() as arrived:
            session = change(self._session(arrived))
            boot = self._read_document(os.stat(self._document))[2]
            # Keep the boot number from opening. A rewritten session says nothing about whether earlier chunks reached
            # the disk before a power cut.
            self.write(session, boot)
            return session

    def finish(self, into: Inbox, folder: RelPath, at: float) -> Delivery:
        session = self.status()
        if self._rules.dated:
            # Before it has another name: a delivered file is known by its time, too.
            set_time(Path(self._data), session.last_modified)
        if self._rules.durable:
            # The session, too: a power cut after the next step must leave somebody who knows whose file this is.
            self._synced(at)
        delivery = into.deliver(folder, session.path, GrownFile(Path(self._data)))
        into.flush(folder, [delivery])
        return delivery

    def end(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        session = self.update(change)
        with suppress(Busy, StorageFull), disk_errors():  # What is left here goes with the upload.
            Path(self._data).unlink(missing_ok=True)
        return session

    @contextmanager
    def exclusive(self, *, wait: bool = True) -> Iterator[None]:
        flags = os.O_RDONLY | os.O_DIRECTORY
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self._folder, flags, wait=False))
            except Busy:
                if not wait:
                    raise
                # A large file may be hashed before it is delivered, and anybody may ask how it stands meanwhile.
                with self._ground.waiting.place(self.upload_id):
                    stack.enter_context(locked(self._folder, flags))
            yield

    def only_one(self, purpose: str) -> AbstractContextManager[None]:
        return locked(self._folder / f"{purpose}.lock", os.O_RDWR | os.O_CREAT, wait=False)

    def write(self, session: UploadSession, boot: int) -> None:
        """Replace the document by that of ``session``, opened under ``boot``; atomic, without a sync. Raises StorageFull, Busy."""
        # Not synced, as most sessions are over in a moment: one that a power cut takes is opened again, and what was
        # delivered is in the ledger. Sessions that last are settled with their first checkpoint.
        replace_file(Path(self._document), encoded(session, boot), durable=False)

    def settle(self) -> None:
        """Wait until the session survives a power cut: without it no record of the upload is worth anything. Again for the same document
        costs one look. Raises UploadNotFound, StorageFull, Busy."""
        with missing_is_not_found(), disk_errors():
            stamp = _stamp(os.stat(self._document))
            if self._settled == stamp:
                return  # Nothing has changed in it since it was last brought to the disk.
            sync_file(Path(self._document))
            sync_folder(self._folder)
            sync_folder(self._ground.base)
            self._settled = stamp

    def checkpoint(self, at: float, *, sync: bool, compact: bool) -> None:
        """See ``Checkpointed``."""
        # One at a time in all processes: a second sync would wait for the first and find nothing left to do.
        with self.only_one("checkpoint"), missing_is_not_found():
            if sync:
                covered = self._log.newest().under(self._rules.boot).total_pending
                self._synced(at)
                self._log.append(lambda _: Arrival(Kind.CHECKPOINT, self._rules.boot, at, covered=covered))
                # Outside the log's lock: a checkpoint that is lost only means that bytes are asked for again.
                self._log.sync()
            if compact:
                # The number makes each journal's first record its own, by which readers tell it from the one before.
                self._log.compact(lambda state: state.snapshot(secrets.randbits(63)), sync=self._rules.durable)

    def _session(self, arrived: Arrived) -> UploadSession:
        """The session: the facts, with what was received as ranges. Raises FileNotFoundError, UploadNotFound."""
        status, read = os.stat(self._document), self._read
        if read is None or read[0] != (status.st_ino, status.st_mtime_ns):
            read = self._read_document(status)
        facts, boot = read[1], read[2]
        if facts.state is not State.OPEN:
            return facts
        told = self._told
        if told is None or told[0] is not facts or told[1] is not arrived:
            counts = arrived if arrived.boot == self._rules.boot else arrived.under(self._rules.boot)
            session = replace(
                facts,
                ranges=counts.ranges,
                active_at=max(facts.active_at, arrived.last_at),
                interrupted=(arrived.boot or boot) != self._rules.boot,
                lost=arrived.sync_failed or boot != self._rules.boot,
            )
            told = self._told = (facts, arrived, session)
        return told[2]

    def _read_document(self, status: os.stat_result) -> tuple[tuple[int, int], UploadSession, int]:
        # The stamp is from before: a document that is replaced in between is read once more by the next call, never taken for
        # the newer one.
        with open(self._document, "rb", buffering=0) as file:
            read = self._read = (_stamp(status), *decoded(file.read()))
        return read

    def _synced(self, at: float) -> None:
        """Bring the session itself to the disk, then its bytes. When either fails, nothing counts any more that no
        checkpoint covers: what a failed sync lost, a second one would pass over."""
        try:
            self.settle()
            with missing_is_not_found(), disk_errors():
                sync_file(Path(self._data))
        except (Busy, StorageFull):
            self._log.append(lambda _: Arrival(Kind.SYNC_FAILED, self._rules.boot, at))
            raise


class DiskSpan:
    """ClaimedSpan of a growing file; a context manager by itself."""

    session: UploadSession
    missing: ByteRanges

    def __init__(self, upload: DiskUpload, span: Span) -> None:
        self._upload = upload
        self._span = span
        self._descriptor = -1

    def __enter__(self) -> DiskSpan:
        upload = self._upload
        try:
            self._descriptor = claim(upload._data, self._span)
        except (FileNotFoundError, NotADirectoryError):
            self.session, self.missing = upload.status(), ByteRanges()
            if self.session.state is State.OPEN:
                raise UploadNotFound() from None
            return self
        except OSError as error:
            raise_disk_error(error)
        try:
            # Read once it is claimed: what was recorded before is settled, and nothing in it changes while we hold it.
            self.session = session = upload.status()
        except BaseException:
            os.close(self._descriptor)
            raise
        self.missing = session.ranges.missing(self._span) if session.state is State.OPEN else ByteRanges()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def receive(self, body: Body, checksum: Checksum | None) -> None:
        upload = self._upload
        try:
            if upload._rules.staged:
                folder = f"{upload._folder}/chunks"
                receive_staged(folder, self._descriptor, self._span, body, self.missing, checksum)
            else:
                receive_in_place(self._descriptor, self._span, body, self.missing, checksum)
            if upload._promise is Kind.DURABLE:
                os.fdatasync(self._descriptor)
        except OSError as error:
            raise_disk_error(error)

    def record(self, at: float) -> Recorded:
        upload, boot, promise = self._upload, self._upload._rules.boot, self._upload._promise
        try:
            before, after = upload._log.add(Arrival(promise, boot, at, self._span), sync=promise is Kind.DURABLE)
            session = upload._session(after)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UploadNotFound() from error
        if before.boot != boot:
            before = before.under(boot)
        closed = before.ranges.length < session.size == after.ranges.length
        if not closed:
            upload._ground.checkpoints.consider(upload, after, upload._log.length, at)
        return Recorded(session, closed)


@contextmanager
def missing_is_not_found() -> Iterator[None]:
    """Turn a missing file of an upload, which means that the upload is gone, into UploadNotFound."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UploadNotFound() from error


@contextmanager
def locked(path: Path, flags: int, *, wait: bool = True) -> Iterator[None]:
    """Lock a file or folder of an upload, opened with ``flags``, until the block ends or the process dies. Raises UploadNotFound where
    it is missing, and Busy where another has the lock and ``wait`` is false."""
    descriptor = _locked(path, flags, wait)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path, flags: int, wait: bool) -> int:
    while True:
        with missing_is_not_found():
            descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            with missing_is_not_found():
                # Who held it before may have removed or replaced what we opened.
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise Busy("Another request is finishing this upload.", retry_after=1) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _stamp(status: os.stat_result) -> tuple[int, int]:
    """Changes whenever a document is replaced."""
    return status.st_ino, status.st_mtime_ns
