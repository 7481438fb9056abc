"""SHA-256 and CRC-32 of every file, without anybody waiting for it.

A file that comes at the pace of a network is hashed while it grows, as far as it has no gap, so that the digest is
there a moment after the last byte. One that comes faster than that is hashed once it is delivered: the cores are then
needed for receiving, and its bytes are still in memory.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from app.core.errors import Busy, RequestNotFound, StorageFull, UploadNotFound
from app.core.links import ReceivedFile, RequestLink
from app.core.pieces import PIECE_BYTES
from app.core.ports.catalogue import RequestStore
from app.core.ports.content import Readable
from app.core.ports.guards import Clock
from app.core.ports.inbox import Delivery, Inbox
from app.core.ports.uploads import Upload, UploadStore
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.core.sums import Summing, Sums

SMALL_FILE_BYTES = 1024 * 1024
"""Files up to this are hashed on delivery: that takes less than writing the digest down later."""
QUICK_FILE_BYTES = 16 * 1024 * 1024
"""Files below this are hashed in no time afterwards."""
FAST_BYTES_PER_SECOND = 100 * 1024 * 1024 * len(os.sched_getaffinity(0))
"""Bytes a second above which a file is hashed afterwards: the more cores there are, the more have nothing else to do."""
SOON_BYTES = 64 * 1024 * 1024
"""What is left to hash of a delivered file whose sender waits for the digest: a fraction of a second."""
MAX_FILES_AT_ONCE = 32
LEFT_SECONDS = 60.0
"""After so long without a byte a file gives way where so many are hashed along: its sender may be gone for good. It is then hashed once it
is delivered, as whoever pauses again and again must not have it read from its beginning each time."""
MAX_GAVE_WAY = 10_000
UNHASHED_FILES = 100
"""So many files without a digest are looked up at once."""
TICK_SECONDS = 1.0


class FileDigests:
    """Hashes files as they grow and after they were delivered. ``background`` runs a job when there is time for it."""

    def __init__(
        self,
        *,
        store: UploadStore,
        requests: RequestStore,
        inbox: Inbox,
        clock: Clock,
        background: Callable[[Callable[[], object]], None],
    ) -> None:
        self._store = store
        self._requests = requests
        self._inbox = inbox
        self._clock = clock
        self._background = background
        self._growing: dict[str, GrowingDigest] = {}
        self._ensured: set[str] = set()
        self._gave_way: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def chunk_recorded(self, session: UploadSession, link: RequestLink) -> None:
        """Hash along from now on, if that is worth while and nobody does."""
        del link
        if session.size < QUICK_FILE_BYTES or session.upload_id in self._growing or session.upload_id in self._gave_way:
            return
        if session.ranges.length > FAST_BYTES_PER_SECOND * max(self._clock() - session.opened_at, 0.001):
            return
        with self._lock:
            if len(self._growing) >= MAX_FILES_AT_ONCE:
                return
            with suppress(Busy, UploadNotFound):  # Another process hashes it, or it is gone.
                self._growing[session.upload_id] = GrowingDigest(self._store.open(session.upload_id))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="digests", daemon=True)
                self._thread.start()

    def of_whole(self, session: UploadSession, source: Readable) -> Sums:
        """The sums of an upload without gaps, whose bytes are ``source``. Reads what is not hashed yet, before it returns. Raises UploadNotFound or FileNotFoundError where the bytes are gone, Busy."""
        growing = self._along(session)
        if growing is not None:
            with suppress(LetGo):
                return growing.whole(session)
        return sums_of(source)

    def delivered(self, session: UploadSession, link: RequestLink, delivery: Delivery) -> None:
        """To be called after the delivery of a file whose digest is not known: it is computed in the background."""
        if self._along(session) is not None:
            self._wake.set()
        else:
            self._background(
                lambda: self._hash_delivered(link, session.upload_id, delivery.disk_path, delivery.file_identity)
            )

    def soon(self, session: UploadSession) -> str | None:
        """The digest of a delivered file, for a sender who waits for it; None where nearly all of it is still to be hashed, or
        another process does so."""
        growing = self._along(session)
        left = session.size - (0 if growing is None or session.lost else growing.position)
        if session.sha256 is not None or growing is None or left > SOON_BYTES:
            return session.sha256
        with suppress(UploadNotFound, LetGo):
            return growing.whole(session).sha256
        return None

    def ensure(self, link: RequestLink, file: ReceivedFile) -> bool:
        """Have the digest of a delivered file computed in the background, unless that is being done; false, without waiting, where
        the file is gone. Raises Busy."""
        try:
            self._inbox.open(link.folder, file.disk_path, file.file_identity)
        except FileNotFoundError:
            return False
        with self._lock:
            if file.upload_id not in self._growing and file.upload_id not in self._ensured:
                self._ensured.add(file.upload_id)
                self._background(lambda: self._ensure(link, file))
        return True

    def _along(self, session: UploadSession) -> GrowingDigest | None:
        """The digest that grows with this upload, where there is one."""
        growing = self._growing.get(session.upload_id)
        # After a cancel another upload may be opened under the same id, and its bytes lie elsewhere.
        return growing if growing is not None and growing.opened_at == session.opened_at else None

    def _ensure(self, link: RequestLink, file: ReceivedFile) -> None:
        try:
            known = self._requests.file(link.hash, file.upload_id)
            if known is not None and known.sha256 is None:
                self._hash_delivered(link, file.upload_id, file.disk_path, file.file_identity)
        finally:
            with self._lock:
                self._ensured.discard(file.upload_id)

    def hash_missing(self) -> int:
        """Compute every digest that no ledger knows, in this thread, however long that takes; returns how many. For the background:
        a process that dies loses digests that were on their way. A file that cannot be read is passed over."""
        hashed, place = 0, 0
        while unknown := self._requests.unhashed(place, UNHASHED_FILES):
            place = unknown[-1][0]
            for _, hash, file in unknown:
                with suppress(RequestNotFound):  # Deleted since.
                    link = self._requests.load(hash)
                    hashed += self._hash_delivered(link, file.upload_id, file.disk_path, file.file_identity)
        return hashed

    def _hash_delivered(self, link: RequestLink, upload_id: str, disk_path: str, file_identity: str | None) -> bool:
        with ExitStack() as stack:
            try:
                with suppress(UploadNotFound):  # Its session is purged, so nobody hashes it along.
                    stack.enter_context(self._store.open(upload_id).only_one("hash"))
                sums = sums_of(self._inbox.open(link.folder, disk_path, file_identity))
            except FileNotFoundError:
                return False  # The owner took it away.
            except Busy:
                return False  # Another process is at it, or the file cannot be read now.
            self._note(link.hash, upload_id, sums)
            return True

    def _note(self, hash: str, upload_id: str, sums: Sums) -> None:
        with suppress(RequestNotFound):  # The link was deleted meanwhile.
            self._requests.note_sums(hash, upload_id, sums)
        with suppress(UploadNotFound):  # Purged meanwhile; the ledger keeps the digest.
            self._store.open(upload_id).update(lambda session: session.hashed(sums.sha256))

    def _run(self) -> None:
        while True:
            # Another process may take the chunks in between, so looking is the only way to know.
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()
            for upload_id, growing in list(self._growing.items()):
                if self._step(upload_id, growing):
                    with self._lock:
                        del self._growing[upload_id]
                    growing.close()
                    self._delivered_meanwhile(upload_id)

    def _delivered_meanwhile(self, upload_id: str) -> None:
        """Whoever delivered a file in the moment in which it gave way has left its digest to us."""
        with suppress(UploadNotFound, RequestNotFound, Busy, StorageFull):
            session = self._store.open(upload_id).status()
            if session.state is not State.COMPLETE or session.sha256 is not None:
                return
            file = self._requests.file(session.request_hash, upload_id)
            if file is not None and file.sha256 is None:
                self.ensure(self._requests.load(session.request_hash), file)

    def _step(self, upload_id: str, growing: GrowingDigest) -> bool:
        """Hash as far as there is no gap; whether nothing more will come or can be done.

        A digest that a full disk does not take is computed at the next start.
        """
        try:
            return self._advance(upload_id, growing)
        except (UploadNotFound, Busy, StorageFull, LetGo):
            return True

    def _advance(self, upload_id: str, growing: GrowingDigest) -> bool:
        session = self._store.open(upload_id).status()
        if session.state is State.REFUSED or session.opened_at != growing.opened_at:
            return True
        if session.state is State.OPEN:
            growing.advanced_to(session.ranges.prefix)
            if self._clock() - session.active_at < LEFT_SECONDS or len(self._growing) < MAX_FILES_AT_ONCE:
                return False
            if len(self._gave_way) >= MAX_GAVE_WAY:
                self._gave_way.clear()
            self._gave_way.add(upload_id)
            return True
        if session.sha256 is None:
            self._note(session.request_hash, upload_id, growing.whole(session))
        return True


class LetGo(Exception):
    """A digest that has given way to others reads no more."""


class GrowingDigest:
    """The sums of a growing file as far as it has been read. To be closed by ``close``, after which it raises LetGo where there is more to
    be read.

    Holds the upload's ``only_one("hash")`` until then: a second one for the same upload, in any process, raises Busy. UploadNotFound
    where there is no such upload. Goes on reading the same file when it is delivered meanwhile.
    """

    def __init__(self, upload: Upload) -> None:
        self._summing = Summing()
        self.position = 0
        self._lock = threading.Lock()
        with ExitStack() as stack:
            stack.enter_context(upload.only_one("hash"))
            self.opened_at = upload.status().opened_at
            self._content = stack.enter_context(upload.content())
            self._held = stack.pop_all()
        self._is_closed = False

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._held.close()

    def advanced_to(self, stop: int) -> Sums:
        """The sums of the first ``stop`` bytes. They must have been received, and be no fewer than those of the
        last call. Raises UploadNotFound where the file was cut short meanwhile."""
        with self._lock:
            return self._advanced_to(stop)

    def whole(self, session: UploadSession) -> Sums:
        """The sums of all bytes of an upload that has them all. Those that were read before are read again where they may be
        others now. Raises what ``advanced_to`` raises."""
        with self._lock:
            if session.lost:
                self._summing, self.position = Summing(), 0
            return self._advanced_to(session.size)

    def _advanced_to(self, stop: int) -> Sums:
        while self.position < stop:
            if self._is_closed:
                raise LetGo
            piece = self._content.read(Span(self.position, min(self.position + 4 * PIECE_BYTES, stop)))
            if not piece:
                raise UploadNotFound  # Cut short under our eyes, by whoever: there is no such file any more.
            self._summing.update(piece)
            self.position += len(piece)
        return self._summing.sums()


def sums_of(source: Readable) -> Sums:
    """The sums of all bytes of ``source``, read a piece at a time. Raises what ``source.content`` raises."""
    summing, buffer, position = Summing(), memoryview(bytearray(PIECE_BYTES)), 0
    with source.content() as content:
        while count := content.read_into(position, buffer):
            summing.update(buffer[:count])
            position += count
    return summing.sums()
