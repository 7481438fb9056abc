"""Deliveries: from a growing file with no gaps to a finished file under its name, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from app.core.errors import ChecksumMismatch, TypeNotAllowed, UploadError, UploadNotFound
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.policy import HEAD_BYTES
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.inbox import Delivery, Inbox, Readable, StoredFile
from app.core.ports.uploads import Upload, UploadStore
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.services.operations.observer import Observer
from app.services.receiving.file_digests import SMALL_FILE_BYTES, FileDigests
from app.services.receiving.heads import HeadJudge
from app.services.receiving.promises import Promises

Stored = Callable[[Span], bytes | None]
"""The bytes at a place, or None where they can no longer be looked at."""


class Deliveries:
    """Finish, refuse, and look at what was delivered."""

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
    ) -> None:
        self._store = store
        self._requests = requests
        self._inbox = inbox
        self._heads = heads
        self._clock = clock
        self._observer = observer
        self._digests = digests
        self._promises = promises

    def finish(self, upload_id: str, link: RequestLink) -> UploadSession:
        """Deliver a whole file, or find that it is delivered. Any number may call this; one file results.

        Raises TypeNotAllowed or ChecksumMismatch when the content is not acceptable; the upload is then refused.
        """
        upload = self._store.open(upload_id)
        with upload.exclusive():
            session = upload.status()
            if session.state is State.REFUSED:
                raise TypeNotAllowed(session.refusal)
            if session.state is State.COMPLETE or not session.is_whole:
                return session
            with self._observer.finishing():
                return self._deliver(upload, session, link)

    def recall(self, session: UploadSession) -> UploadSession:
        """A session from before a power cut: what the ledger has of it is delivered, whatever the session says."""
        file = self._received_file(session)
        if file is None:
            return session
        path, digest, at = file.path, file.sha256, file.received_at

        def delivered(each: UploadSession) -> UploadSession:
            # Others may have recalled it since it was read: all chunks of an upload come back at once.
            return each if each.state is State.COMPLETE else each.completed(path, digest, at)

        return self._store.open(session.upload_id).end(delivered)

    def judge(self, session: UploadSession, link: RequestLink) -> None:
        """Look at the head of the bytes that have come, where the store shows it. Raises TypeNotAllowed, and the upload is
        refused."""
        if self._store.facts.readable:
            self._judge(session, link, self._store.open(session.upload_id))

    @contextmanager
    def bytes_of(self, session: UploadSession, link: RequestLink) -> Iterator[Stored]:
        """The bytes that count for an upload, from what has come of it or, once delivered, from the finished file."""
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

    def _deliver(self, upload: Upload, session: UploadSession, link: RequestLink) -> UploadSession:
        self._promises.room_for_folders(session)
        readable = self._store.facts.readable
        digest = self._judge_whole(session, link, upload) if readable else None
        delivery = upload.finish(self._inbox, link.folder, self._clock())
        if not readable:
            digest = self._judge_late(session, link, delivery)
        now = self._clock()
        self._requests.receive(link.hash, _received(session, delivery, digest, now))
        done = upload.end(lambda each: each.completed(delivery.path, digest, now))
        self._promises.drop(done)
        self._observer.delivered(done)
        if digest is None:
            self._digests.delivered(done, link, delivery)
        return done

    def _judge_whole(self, session: UploadSession, link: RequestLink, source: Readable) -> str | None:
        """Look at head and digest of a whole file; the digest, where it is wanted now or costs nothing. Raises
        TypeNotAllowed or ChecksumMismatch, and the upload is refused."""
        self._judge(session, link, source)
        if session.declared_sha256 is None and session.size > SMALL_FILE_BYTES:
            return None
        digest = self._digests.of_whole(session, source)
        if session.declared_sha256 not in (None, digest):
            error = ChecksumMismatch("The file that arrived is not the one that was announced. Send it again.")
            self._refuse(session, error)
            raise error
        return digest

    def _judge_late(self, session: UploadSession, link: RequestLink, delivery: Delivery) -> str | None:
        """The same where the store shows bytes only once they have a name. What is refused goes; no ledger knew of it."""
        try:
            file = self._inbox.open(link.folder, delivery.disk_path, delivery.file_identity)
            return self._judge_whole(session, link, file)
        except (TypeNotAllowed, ChecksumMismatch):
            self._inbox.remove(link.folder, delivery.disk_path, delivery.file_identity)
            raise

    def _judge(self, session: UploadSession, link: RequestLink, source: Readable) -> None:
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
        return self._requests.file(session.request_hash, session.upload_id)


def delivered_session(hash: str, file: ReceivedFile) -> UploadSession:
    """What is known of a delivered upload whose session is gone."""
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
    )


def _received(session: UploadSession, delivery: Delivery, digest: str | None, at: float) -> ReceivedFile:
    return ReceivedFile(
        upload_id=session.upload_id,
        path=delivery.path,
        disk_path=delivery.disk_path,
        size=session.size,
        received_at=at,
        sha256=digest,
        sender_name=session.sender.name,
        sender_email=session.sender.email,
        file_identity=delivery.file_identity,
        last_modified=session.last_modified,
    )
