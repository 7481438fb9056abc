"""Upload sessions on local disk: one folder each, with a document for the facts and a journal for the ranges.

The document (``session.json``) is written when the upload opens and when its state changes, which is rare, and
always whole. Ranges change with every chunk, from many processes at once; they are appended to a journal, so that
recording a chunk costs one small write however many chunks there are.

Locks, in the only order in which they may be taken:

1. A file for each purpose (``only_one``): for as long as a checkpoint or a digest takes. Nobody waits for it.
2. The folder (``exclusive``): for as long as whoever delivers, cancels or purges is at work.
3. The journal (``AppendLog``, which locks out the threads of this process first and then the other processes): for the
   microseconds in which a span is appended or the document rewritten.

Whoever locked the journal's file and then asked its log for anything would wait for a thread that waits for that file. So a deletion,
which locks the file alone, asks the log for nothing.

The document is the session: without it there is none, whatever else lies in the folder. It is removed first and only ever
replaced as a whole, and what a process remembers of it is, too, as its threads read that without a lock. The ranges of an
open upload are in the journal alone; what counts of them after a power cut is decided by the boots that its records name.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.core.errors import Busy, StorageFull, UploadNotFound
from app.core.paths import RelPath
from app.core.ports.sessions import Recorded
from app.core.ranges import ByteRanges, Span
from app.core.session import Sender, State, UploadSession
from app.core.waiting_room import WaitingRoom
from app.storage.disk.atomic import disk_errors, replace_file, sync_file, sync_folder
from app.storage.disk.span_log import Arrival, Arrived, Kind, SpanLog, boot_number, recent, span_log

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MAX_REMEMBERED = 512
_MAX_WAITERS = 16
_CROWDED_BYTES = 64 * 1024
"""Bytes of a journal up to which nobody would gain from a shorter one."""


def session_folder(base: Path, upload_id: str) -> Path:
    """The folder of an upload. Raises UploadNotFound for what cannot be an id, before it becomes a path."""
    if not _ID.fullmatch(upload_id):
        raise UploadNotFound()
    return base / upload_id


@contextmanager
def missing_is_not_found() -> Iterator[None]:
    """A file of a session that is not there means that the session is gone."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UploadNotFound() from error


@dataclass(frozen=True, slots=True)
class _Facts:
    """A document as it was read."""

    stamp: tuple[int, int]
    """What the document's stamp was right before that."""
    session: UploadSession
    boot: int
    """The boot under which the session was opened."""


@dataclass
class _Remembered:
    """What this process knows of a session, so that it reads only what is new. Its threads share it."""

    log: SpanLog
    document: Path
    facts: _Facts | None = None
    """Without a lock, so only ever replaced as a whole."""
    settled: tuple[int, int] = (0, 0)
    """The stamp of the document that is known to be on the disk."""


class JSONSessions:
    """SessionStore on files with file locks."""

    def __init__(
        self,
        base: Path,
        *,
        promise: Kind = Kind.PENDING,
        boot: int | None = None,
        waiting: WaitingRoom | None = None,
    ) -> None:
        """``waiting`` has the threads of this process that may wait for whoever delivers, cancels or purges."""
        self._base = base
        self._waiting = waiting or WaitingRoom(_MAX_WAITERS, _MAX_WAITERS)
        self._promise = promise
        self._boot = boot_number() if boot is None else boot
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def create(self, session: UploadSession) -> None:
        folder = session_folder(self._base, session.upload_id)
        with disk_errors():
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            (folder / "spans").touch(mode=0o600)
        self._write(session, self._boot)
        if self._promise is Kind.DURABLE:
            self._settle(session.upload_id)

    def load(self, upload_id: str) -> UploadSession:
        known = self._known(upload_id)
        with missing_is_not_found():
            arrived: Arrived = known.log.read(lambda state: state)
            return self._with_arrivals(self._facts(known), arrived)

    def update(self, upload_id: str, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        known = self._known(upload_id)
        with missing_is_not_found(), known.log.locked() as arrived:
            facts = self._facts(known)
            session = change(self._with_arrivals(facts, arrived))
            # Keep the boot number from opening. A rewritten session says nothing about whether earlier chunks reached
            # the disk before a power cut.
            self._write(session, facts.boot)
            return session

    def record(self, upload_id: str, span: Span, at: float) -> Recorded:
        known = self._known(upload_id)
        before = ByteRanges()

        def arrival(state: Arrived) -> Arrival:
            nonlocal before
            before = state.under(self._boot).ranges
            return Arrival(self._promise, self._boot, at, span)

        with missing_is_not_found():
            size = self._facts(known).session.size
            after = known.log.append(arrival, sync=self._promise is Kind.DURABLE)
        closed = before.length < size == after.ranges.length
        crowded = known.log.length > max(_CROWDED_BYTES, 4 * after.snapshot_size)
        return Recorded(
            after.ranges, closed=closed, unsynced=after.unsynced, pending=len(after.pending), crowded=crowded
        )

    def recent(self, upload_id: str, since: float) -> tuple[int, float | None]:
        with missing_is_not_found():
            return recent(self._file(upload_id, "spans"), since)

    def compact(self, upload_id: str) -> None:
        with missing_is_not_found():
            # The number makes each journal's first record its own, by which readers tell it from the one before.
            self._known(upload_id).log.compact(
                lambda state: state.snapshot(secrets.randbits(63)), sync=self._promise is not Kind.VOLATILE
            )

    def checkpoint(self, upload_id: str, sync: Callable[[], None], at: float) -> None:
        log = self._known(upload_id).log
        with missing_is_not_found():
            covered: int = log.read(lambda state: state.under(self._boot).total_pending)
            self.synced(upload_id, sync, at)
            log.append(lambda _: Arrival(Kind.CHECKPOINT, self._boot, at, covered=covered))
            # Outside the log's lock: a checkpoint that is lost only means that bytes are asked for again.
            log.sync()

    @contextmanager
    def exclusive(self, upload_id: str, *, wait: bool = True) -> Iterator[None]:
        folder, flags = session_folder(self._base, upload_id), os.O_RDONLY | os.O_DIRECTORY
        with ExitStack() as stack:
            try:
                stack.enter_context(self._holding(folder, flags, wait=False))
            except Busy:
                if not wait:
                    raise
                # A large file may be hashed before it is delivered, and anybody may ask how it stands meanwhile.
                with self._waiting.place(upload_id):
                    stack.enter_context(self._holding(folder, flags))
            yield

    @contextmanager
    def only_one(self, upload_id: str, purpose: str) -> Iterator[None]:
        with self._holding(self._file(upload_id, f"{purpose}.lock"), os.O_RDWR | os.O_CREAT, wait=False):
            yield

    def exists(self, upload_id: str) -> bool:
        # Asked for every file of a pack: as text, since putting a Path together takes longer than the look itself.
        return _ID.fullmatch(upload_id) is not None and os.path.exists(f"{self._base}/{upload_id}/session.json")

    def delete(self, upload_id: str) -> None:
        folder = session_folder(self._base, upload_id)
        with disk_errors(), ExitStack() as stack:
            # Not beside an update, which would write the document again.
            with suppress(UploadNotFound):
                stack.enter_context(self._holding(folder / "spans", os.O_RDWR))
            # The document goes first: without it there is no session, however far the rest of the removal gets.
            (folder / "session.json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            self._remembered.pop(upload_id, None)

    def synced(self, upload_id: str, sync: Callable[[], None], at: float) -> None:
        try:
            self._settle(upload_id)
            sync()
        except (Busy, StorageFull):
            log = self._known(upload_id).log
            log.append(lambda _: Arrival(Kind.SYNC_FAILED, self._boot, at))
            raise

    def remove_remains(self, before: float) -> None:
        for upload_id in list(self.ids()):
            folder = self._base / upload_id
            with suppress(FileNotFoundError):  # Another purge was faster.
                if folder.stat().st_mtime < before and not self._readable(upload_id):
                    shutil.rmtree(folder, ignore_errors=True)

    def ids(self) -> Iterator[str]:
        if self._base.is_dir():
            yield from (entry.name for entry in os.scandir(self._base) if entry.is_dir(follow_symlinks=False))

    @contextmanager
    def _holding(self, path: Path, flags: int, *, wait: bool = True) -> Iterator[None]:
        descriptor = _locked(path, flags, wait)
        try:
            yield
        finally:
            os.close(descriptor)

    def _known(self, upload_id: str) -> _Remembered:
        with self._lock:
            known = self._remembered.get(upload_id)
            if known is None:
                known = _Remembered(span_log(self._file(upload_id, "spans")), self._file(upload_id, "session.json"))
                self._remembered[upload_id] = known
            self._remembered.move_to_end(upload_id)
            if len(self._remembered) > _MAX_REMEMBERED:
                self._remembered.popitem(last=False)
            return known

    def _facts(self, known: _Remembered) -> _Facts:
        # The stamp is taken before the document is read: one that is replaced in between is read once more by the next
        # call, never taken for the newer one.
        stamp = _stamp(os.stat(known.document))
        facts = known.facts
        if facts is None or facts.stamp != stamp:
            facts = known.facts = _Facts(stamp, *_parsed(known.document.read_bytes()))
        return facts

    def _with_arrivals(self, facts: _Facts, arrived: Arrived) -> UploadSession:
        session = facts.session
        if session.state is not State.OPEN:
            return session
        counts = arrived.under(self._boot)
        return replace(
            session,
            ranges=counts.ranges,
            active_at=max(session.active_at, arrived.last_at),
            interrupted=(arrived.boot or facts.boot) != self._boot,
        )

    def _readable(self, upload_id: str) -> bool:
        try:
            self.load(upload_id)
        except UploadNotFound:
            return False
        return True

    def _write(self, session: UploadSession, boot: int) -> None:
        # Not synced, as most sessions are over in a moment: one that a power cut takes is opened again, and what was
        # delivered is in the ledger. Sessions that last are settled with their first checkpoint.
        path = self._file(session.upload_id, "session.json")
        document = {**_document(session), "boot": boot}
        replace_file(path, json.dumps(document, ensure_ascii=False, allow_nan=False).encode(), durable=False)

    def _settle(self, upload_id: str) -> None:
        """Make the session itself survive a power cut, without which no record of it is worth anything."""
        known = self._known(upload_id)
        with missing_is_not_found(), disk_errors():
            stamp = _stamp(os.stat(known.document))
            if known.settled == stamp:
                return  # Nothing has changed in it since it was last brought to the disk.
            sync_file(known.document)
            sync_folder(known.document.parent)
            sync_folder(self._base)
            known.settled = stamp

    def _file(self, upload_id: str, name: str) -> Path:
        return session_folder(self._base, upload_id) / name


def _stamp(status: os.stat_result) -> tuple[int, int]:
    """Changes whenever a document is replaced."""
    return status.st_ino, status.st_mtime_ns


def _locked(path: Path, flags: int, wait: bool) -> int:
    """``path``, open and locked. Raises UploadNotFound, Busy."""
    while True:
        with missing_is_not_found():
            descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
        try:
            _lock(descriptor, wait)
            with missing_is_not_found():
                # Who held it before may have removed or replaced what we opened.
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise Busy("Another request is finishing this upload.", retry_after=1) from None


def _parsed(text: bytes) -> tuple[UploadSession, int]:
    """A session and the boot under which it was written."""
    try:
        # Sessions of earlier versions may hold a time that is no number.
        document = json.loads(text, parse_constant=lambda _: None)
        boot = document.pop("boot")
        return _session(document), boot
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # A power cut can leave a new file empty. What cannot be read is no session, and the purge removes it.
        raise UploadNotFound() from error


def _document(session: UploadSession) -> dict[str, Any]:
    return {
        "upload_id": session.upload_id,
        "request_hash": session.request_hash,
        "path": str(session.path),
        "size": session.size,
        "opened_at": session.opened_at,
        "active_at": session.active_at,
        "state": session.state,
        "sender_name": session.sender.name,
        "sender_email": session.sender.email,
        "client": session.client,
        "last_modified": session.last_modified,
        "sample": session.sample,
        "declared_sha256": session.declared_sha256,
        "sha256": session.sha256,
        "delivered_path": session.delivered_path,
        "refusal": session.refusal,
    }


def _session(document: dict[str, Any]) -> UploadSession:
    facts = dict(document)
    sender = Sender(facts.pop("sender_name"), facts.pop("sender_email"))
    return UploadSession(
        **{**facts, "path": RelPath.parse(facts["path"]), "state": State(facts["state"]), "sender": sender}
    )
