"""Deliveries: from a growing file with no gaps to a finished file under its name, exactly once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from app.core.errors import Busy, ChecksumMismatch, StorageFull, TypeNotAllowed, UploadError, UploadNotFound
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.policy import HEAD_BYTES
from app.core.ports.catalogue import RequestStore
from app.core.ports.chunks import ChunkStore
from app.core.ports.guards import Clock
from app.core.ports.inbox import Delivery, Inbox
from app.core.ports.sessions import SessionStore
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.services.operations.observer import Observer
from app.services.receiving.file_digests import SMALL_FILE_BYTES, FileDigests
from app.services.receiving.heads import HeadJudge
from app.services.receiving.promises import Promises

Stored = Callable[[Span], bytes | None]
"""The bytes at a place, or None where they can no longer be looked at."""


class Deliveries:
    """Finish, refuse, and look at what was delivered. ``durable`` waits for the disk before a file counts."""

    def __init__(
        self,
        *,
        sessions: SessionStore,
        chunks: ChunkStore,
        requests: RequestStore,
        inbox: Inbox,
        heads: HeadJudge,
        clock: Clock,
        observer: Observer,
        digests: FileDigests,
        promises: Promises,
        durable: bool,
    ) -> None:
        self._sessions = sessions
        self._chunks = chunks
        self._requests = requests
        self._inbox = inbox
        self._heads = heads
        self._clock = clock
        self._observer = observer
        self._digests = digests
        self._promises = promises
        self._durable = durable

    def finish(self, upload_id: str, link: RequestLink) -> UploadSession:
        """Deliver a whole file, or find that it is delivered. Any number may call this; one file results.

        Raises TypeNotAllowed or ChecksumMismatch when the content is not acceptable; the upload is then refused.
        """
        with self._sessions.exclusive(upload_id):
            session = self._sessions.load(upload_id)
            if session.state is State.REFUSED:
                raise TypeNotAllowed(session.refusal)
            if session.state is State.COMPLETE or not session.is_whole:
                return session
            with self._observer.finishing():
                return self._deliver(session, link)

    def recall(self, session: UploadSession) -> UploadSession:
        """A session from before a power cut: what the ledger has of it is delivered, whatever the session says."""
        file = self._received_file(session)
        if file is None:
            return session
        path, digest, at = file.path, file.sha256, file.received_at
        done = self._sessions.update(session.upload_id, lambda each: each.completed(path, digest, at))
        self._chunks.discard(session.upload_id)
        return done

    def judge(self, session: UploadSession, link: RequestLink) -> None:
        """Look at the head of the growing file. Raises TypeNotAllowed, and the upload is refused."""
        if not self._heads.looks_inside(link):
            return
        with self._chunks.reader(session.upload_id) as read:
            head = read(Span(0, min(HEAD_BYTES, session.size))) if session.size else b""
        try:
            self._heads.check(link, session.path.name, head)
        except TypeNotAllowed as error:
            self._refuse(session, error)
            raise

    @contextmanager
    def bytes_of(self, session: UploadSession, link: RequestLink) -> Iterator[Stored]:
        """The bytes that count for an upload, from the growing file or, once delivered, from the finished one."""
        if session.state is not State.COMPLETE:
            with ExitStack() as stack:
                try:
                    read = stack.enter_context(self._chunks.reader(session.upload_id))
                except UploadNotFound:
                    if self._received_file(session) is None:
                        raise  # Cancelled; otherwise it was delivered since the session was read.
                else:
                    yield read
                    return
        path = self._delivered_file(session, link)
        if path is None:
            yield lambda _: None  # The owner took the file away; there is nothing left to compare with.
            return
        with path.open("rb") as file:
            yield lambda place: os.pread(file.fileno(), place.length, place.start)

    def _deliver(self, session: UploadSession, link: RequestLink) -> UploadSession:
        self.judge(session, link)
        digest = self._check_declared(session)
        source = self._chunks.path(session.upload_id)
        # Before it has another name: a delivered file is known by its time, too.
        self._chunks.date(session.upload_id, session.last_modified)
        if self._durable:
            # The session, too: a power cut after the next step must leave somebody who knows whose file this is.
            flush = partial(self._chunks.flush, session.upload_id)
            self._sessions.synced(session.upload_id, flush, self._clock())
        self._promises.room_for_folders(session)
        delivery = self._inbox.deliver(link.folder, session.path, source)
        if self._durable:
            self._inbox.flush(link.folder, delivery)
        now = self._clock()
        self._requests.receive(link.hash, _received(session, delivery, digest, now))
        done = self._sessions.update(session.upload_id, lambda each: each.completed(delivery.path, digest, now))
        with suppress(Busy, StorageFull):  # The file is delivered; the purge removes what is left here.
            self._chunks.discard(session.upload_id)
        self._promises.drop(done)
        self._observer.delivered(done)
        if digest is None:
            self._digests.delivered(done, link, delivery)
        return done

    def _check_declared(self, session: UploadSession) -> str | None:
        """The digest of the file, where it is wanted now or costs nothing. Raises ChecksumMismatch."""
        if session.declared_sha256 is None and session.size > SMALL_FILE_BYTES:
            return None
        digest = self._digests.of_whole(session)
        if session.declared_sha256 is None:
            return digest
        if digest != session.declared_sha256:
            error = ChecksumMismatch("The file that arrived is not the one that was announced. Send it again.")
            self._refuse(session, error)
            raise error
        return digest

    def _refuse(self, session: UploadSession, error: UploadError) -> None:
        self._sessions.update(session.upload_id, lambda each: each.refused(error.message, self._clock()))
        self._requests.release(session.request_hash, session.upload_id, "refused")
        self._chunks.discard(session.upload_id)
        self._promises.drop(session)
        self._observer.refused(session, error)

    def _delivered_file(self, session: UploadSession, link: RequestLink) -> Path | None:
        file = self._received_file(session)
        try:
            path = self._inbox.locate(link.folder, file.disk_path) if file else None
        except FileNotFoundError:
            return None
        return path if path and path.stat().st_size == session.size else None

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
