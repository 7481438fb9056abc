"""Deliveries: from an upload without gaps to a file under its name, exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from app.core.checklists import narrowed
from app.core.errors import ChecksumMismatch, TypeNotAllowed, UploadError, UploadNotFound
from app.core.links import Fate, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.policy import HEAD_BYTES
from app.core.ports.catalogue import RequestStore
from app.core.ports.content import Readable
from app.core.ports.guards import Clock
from app.core.ports.inbox import Delivery, Inbox, StoredFile
from app.core.ports.uploads import Upload, UploadStore
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.core.sums import Sums
from app.services.operations.observer import Observer
from app.services.receiving.file_digests import SMALL_FILE_BYTES, SOON_BYTES, FileDigests
from app.services.receiving.heads import HeadJudge
from app.services.receiving.promises import Promises

Stored = Callable[[Span], bytes | None]
"""Returns the bytes of a span; None where nobody can read them any more."""


class Deliveries:
    """Delivers uploads, refuses those whose content is not acceptable, and reads what was delivered.

    Lock order of a delivery: ``Upload.exclusive``, then one short transaction of the catalogue, then the lock of the promises."""

    def __init__(
        self,
        *,
        store: UploadStore,
        requests: RequestStore,
        inbox: Inbox,
        heads: HeadJudge,
        clock: Clock,
        observer: Observer,
        digests: FileDigests,
        promises: Promises,
        background: Callable[[Callable[[], object]], None],
    ) -> None:
        """``background`` runs a job when there is time for it; a job that is lost is begun again by whoever asks for the upload."""
        self._store = store
        self._requests = requests
        self._inbox = inbox
        self._heads = heads
        self._clock = clock
        self._observer = observer
        self._digests = digests
        self._promises = promises
        self._background = background
        self._verifying: set[str] = set()
        self._lock = threading.Lock()

    def finish(self, upload_id: str, link: RequestLink) -> UploadSession:
        """Deliver an upload that has no gaps; one that has gaps or is complete is returned as it stands, and so is a large one whose
        declared digest can be compared only by fetching all of it: that is done in the background, and the upload delivered afterwards.

        Waits for ``Upload.exclusive``, which the caller must not hold; of any number of calls one delivers. Raises TypeNotAllowed or
        ChecksumMismatch when the content is not acceptable, and the upload is then refused; TypeNotAllowed where it was refused
        before, for whichever reason. StorageFull, Busy: the upload
        stays open, and a later call delivers it; after a failed sync it may have gaps again. UploadNotFound, RequestNotFound
        where upload or link was deleted meanwhile.
        """
        upload = self._store.open(upload_id)
        with upload.exclusive():
            session = upload.status()
            if session.state is State.REFUSED:
                raise TypeNotAllowed(session.refusal)
            if session.state is State.COMPLETE or not session.is_whole:
                return session
            if not self._takes_long(session):
                with self._observer.finishing():
                    return self._deliver(upload, session, link)
        with self._lock:
            if upload_id not in self._verifying:
                self._verifying.add(upload_id)
                self._background(lambda: self._verify(upload, link))
        return session

    def recall(self, session: UploadSession) -> UploadSession:
        """Bring an ``interrupted`` session up to date: one whose file the ledger has is made complete, and kept so; any other is
        returned as it is. For every interrupted session that is found, by any number of callers at once.

        A power cut may lose the end of a session, but not what stands in the ledger. Takes no lock of the upload."""
        file = self._received_file(session)
        if file is None:
            return session
        path, digest, at = file.path, file.sha256, file.received_at

        def delivered(each: UploadSession) -> UploadSession:
            # Others may have recalled it since it was read: all chunks of an upload come back at once.
            return each if each.state is State.COMPLETE else each.completed(path, digest, at)

        return self._store.open(session.upload_id).end(delivered)

    def judge(self, session: UploadSession, link: RequestLink) -> None:
        """Judge the first bytes of an upload that has them all, where the store can read them. Raises TypeNotAllowed, and the
        upload is refused. Needs no lock; a delivery judges once more."""
        if self._store.facts.readable:
            self._judge(session, link, self._store.open(session.upload_id))

    def _takes_long(self, session: UploadSession) -> bool:
        """Whether a sender would wait in vain: nothing was hashed along, and what is not on this machine comes no faster than it went."""
        is_declared = session.declared_sha256 is not None
        return is_declared and not self._store.facts.readable and session.size > SOON_BYTES

    def _verify(self, upload: Upload, link: RequestLink) -> None:
        """Compare the digest of an upload without gaps, and deliver it. Not under ``exclusive`` while it is read, so that it can be asked for
        and cancelled; whoever asks finds it as it was until it is over."""
        try:
            with suppress(UploadError), upload.only_one("verify"):
                session = upload.status()
                sums = self._judge_whole(session, link, upload)
                with upload.exclusive():
                    now = upload.status()
                    if now.state is State.OPEN and now.is_whole and now.opened_at == session.opened_at:
                        self._deliver(upload, now, link, sums)
        finally:
            with self._lock:
                self._verifying.discard(upload.upload_id)

    @contextmanager
    def bytes_of(self, session: UploadSession, link: RequestLink) -> Iterator[Stored]:
        """Read the bytes of an upload, from its growing file or, once complete, from the delivered file, for comparison with a chunk
        that is sent again. What is yielded returns None where the owner took the file, or the store cannot read it yet.

        Raises UploadNotFound where the upload was deleted, Busy."""
        with ExitStack() as stack:
            if session.state is not State.COMPLETE:
                if not self._store.facts.readable:
                    yield lambda _: None
                    return
                try:
                    content = stack.enter_context(self._store.open(session.upload_id).content())
                except UploadNotFound:
                    if self._received_file(session) is None:
                        raise  # Cancelled; otherwise it was delivered since the session was read.
                else:
                    yield content.read
                    return
            file = self._delivered_file(session, link)
            if file is None:
                yield lambda _: None  # The owner took the file away; there is nothing left to compare with.
                return
            yield stack.enter_context(file.content()).read

    def _deliver(
        self, upload: Upload, session: UploadSession, link: RequestLink, verified: Sums | None = None
    ) -> UploadSession:
        self._promises.room_for_folders(session)
        sums = verified or self._judge_whole(session, link, upload)
        delivery = upload.finish(self._inbox, link.folder, self._clock())
        now = self._clock()
        self._requests.receive(link.hash, _received(session, delivery, sums, now))
        done = upload.end(lambda each: each.completed(delivery.path, sums.sha256 if sums else None, now))
        self._promises.drop(done)
        self._observer.delivered(done)
        if sums is None:
            self._digests.delivered(done, link, delivery)
        return done

    def _judge_whole(self, session: UploadSession, link: RequestLink, source: Readable) -> Sums | None:
        """Judge first bytes and digest of an upload without gaps; returns its sums, where the digest is wanted now or costs nothing.
        Raises TypeNotAllowed or ChecksumMismatch, and the upload is refused."""
        self._judge(session, link, source)
        if session.declared_sha256 is None and session.size > SMALL_FILE_BYTES:
            return None
        sums = self._digests.of_whole(session, source)
        if session.declared_sha256 not in (None, sums.sha256):
            error = ChecksumMismatch("The file that arrived is not the one that was announced. Send it again.")
            self._refuse(session, error)
            raise error
        return sums

    def _judge(self, session: UploadSession, link: RequestLink, source: Readable) -> None:
        link = narrowed(link, session.item)
        if not self._heads.looks_inside(link):
            return
        head = b""
        if session.size:
            with source.content() as content:
                head = content.read(Span(0, min(HEAD_BYTES, session.size)))
        try:
            self._heads.check(link, session.path.name, head)
        except TypeNotAllowed as error:
            self._refuse(session, error)
            raise

    def _refuse(self, session: UploadSession, error: UploadError) -> None:
        self._store.open(session.upload_id).end(lambda each: each.refused(error.message, self._clock()))
        self._requests.release(session.request_hash, session.upload_id, "refused")
        self._promises.drop(session)
        self._observer.refused(session, error)

    def _delivered_file(self, session: UploadSession, link: RequestLink) -> StoredFile | None:
        file = self._received_file(session)
        try:
            found = self._inbox.open(link.folder, file.disk_path, file.file_identity) if file else None
        except FileNotFoundError:
            return None
        return found if found and found.size == session.size else None

    def _received_file(self, session: UploadSession) -> ReceivedFile | None:
        """The file that the ledger has of the upload, also one that was deleted since: it was delivered, and is not once more."""
        found = self._requests.fates(session.request_hash, [session.upload_id]).get(session.upload_id)
        return found.file if found is not None and found.fate in (Fate.RECEIVED, Fate.DELETED) else None


def delivered_session(hash: str, file: ReceivedFile) -> UploadSession:
    """A complete session made of what the ledger knows, for an upload whose own session is gone or never was."""
    return UploadSession(
        upload_id=file.upload_id,
        request_hash=hash,
        path=RelPath.noted(file.path),
        size=file.size,
        opened_at=file.received_at,
        active_at=file.received_at,
        state=State.COMPLETE,
        sha256=file.sha256,
        last_modified=file.last_modified,
        delivered_path=file.path,
        lead=file.lead,
        sent_name=file.sent_name,
    )


def _received(session: UploadSession, delivery: Delivery, sums: Sums | None, at: float) -> ReceivedFile:
    return ReceivedFile(
        upload_id=session.upload_id,
        path=delivery.path,
        disk_path=delivery.disk_path,
        size=session.size,
        received_at=at,
        sha256=sums.sha256 if sums else None,
        sender_name=session.sender.name,
        sender_email=session.sender.email,
        item=session.item,
        party=session.sender.party,
        file_identity=delivery.file_identity,
        last_modified=session.last_modified,
        crc32=sums.crc32 if sums else None,
        lead=session.lead,
        sent_name=session.sent_name,
        language=session.sender.language,
    )
