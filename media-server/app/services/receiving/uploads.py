"""Uploads: what happens to a file on its way. Every protocol parses, calls one method here, and renders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from app.core.errors import (
    ChecksumMismatch,
    ChunkConflict,
    InvalidPath,
    InvalidRange,
    OffsetMismatch,
    RequestClosed,
    SizeMismatch,
    TypeNotAllowed,
    UploadCancelled,
    UploadError,
    UploadExpired,
    UploadNotFound,
)
from app.core.links import Credentials, RequestLink
from app.core.pieces import pieces
from app.core.policy import HEAD_BYTES, Policy
from app.core.ports.bodies import Body
from app.core.ports.catalogue import RequestStore
from app.core.ports.chunks import ChunkStore, ClaimedSpan
from app.core.ports.guards import Clock
from app.core.ports.sessions import SessionStore
from app.core.ports.whole_files import NamedLocks
from app.core.ranges import Span
from app.core.session import Sender, State, UploadSession
from app.services.forwarding.outbox import Outbox
from app.services.operations.observer import Observer
from app.services.receiving.checkpoints import Checkpoints
from app.services.receiving.commands import OpenUpload, ReceiveChunk, new_upload_id
from app.services.receiving.deliveries import Deliveries, delivered_session
from app.services.receiving.file_digests import FileDigests
from app.services.receiving.open_uploads import OpenUploads
from app.services.receiving.openings import Openings
from app.services.receiving.promises import Promises
from app.services.receiving.purge import Purge
from app.services.receiving.undo import Undo
from app.services.receiving.whole_files import WholeFiles
from app.services.upload_concurrency_manager import UploadConcurrencyManager, user_of

_GONE: dict[str | None, type[UploadError]] = {"expired": UploadExpired, "stopped": UploadCancelled}


class Uploads:
    """Open, receive, status, cancel, sweep. Safe from any number of threads and processes at once.

    ``in_order`` takes the chunks of an upload one after the other only.
    """

    def __init__(
        self,
        *,
        sessions: SessionStore,
        chunks: ChunkStore,
        requests: RequestStore,
        openings: Openings,
        whole_files: WholeFiles,
        deliveries: Deliveries,
        checkpoints: Checkpoints,
        digests: FileDigests,
        purge: Purge,
        undo: Undo,
        promises: Promises,
        open_uploads: OpenUploads,
        outbox: Outbox,
        policy: Policy,
        locks: NamedLocks,
        concurrency: UploadConcurrencyManager,
        clock: Clock,
        observer: Observer,
        in_order: bool,
    ) -> None:
        self._sessions = sessions
        self._chunks = chunks
        self._requests = requests
        self._openings = openings
        self._whole_files = whole_files
        self._deliveries = deliveries
        self._checkpoints = checkpoints
        self._digests = digests
        self._purge = purge
        self._undo = undo
        self._promises = promises
        self._open_uploads = open_uploads
        self._outbox = outbox
        self._policy = policy
        self._locks = locks
        self._concurrency = concurrency
        self._clock = clock
        self._observer = observer
        self._in_order = in_order

    def open(self, hash: str, command: OpenUpload, credentials: Credentials) -> UploadSession:
        """Begin an upload on a link. All that can be refused by name, size and rights is refused here.

        Raises what ``FileRequests.find`` and ``authorize_opening`` raise, RateLimited, FileTooLarge,
        TypeNotAllowed, RequestFull, StorageFull, Busy at the limits. A file of 0 bytes is delivered at once.
        """
        link = self._openings.link(hash, credentials)
        sender = self._openings.sender(link, command)
        upload_id = new_upload_id(hash, command.key)
        if command.key and self.is_begun(upload_id):
            self._openings.count(credentials)
            return self.begin(link, command, sender, credentials.client)
        user = user_of(hash, credentials.client)
        token = None if command.key else f"{user} {command.size} {command.path}"
        with self._concurrency.opening(upload_id, user, command.size, token):
            self._openings.count(credentials)
            return self.begin(link, command, sender, credentials.client, upload_id)

    def begin(
        self, link: RequestLink, command: OpenUpload, sender: Sender, client: str, upload_id: str | None = None
    ) -> UploadSession:
        """Begin an upload that was let in, or find the one that was begun under the same key.

        Raises RequestFull, StorageFull; SizeMismatch or InvalidPath when the key belongs to another file, UploadCancelled
        when the owner has cancelled what was sent under it.
        """
        session = self._new_session(link, command, sender, client, upload_id or new_upload_id(link.hash, command.key))
        with self._locks.hold([session.upload_id] if command.key else []):
            begun = self._begun(link, command, session.upload_id) if command.key else None
            if begun is not None:
                return begun
            self._make_room(link, session)
            self._observer.opened(session)
            return session if session.size else self._deliveries.finish(session.upload_id, link)

    def is_begun(self, upload_id: str) -> bool:
        """Whether there is an upload with a session under this id."""
        return self._sessions.exists(upload_id)

    def receive(self, hash: str, command: ReceiveChunk, body: Body) -> UploadSession:
        """Take one chunk; once it returns, its bytes survive the death of every process.

        A chunk that arrived before changes nothing. Raises UploadNotFound, UploadExpired, RequestClosed,
        InvalidRange, SizeMismatch, ChunkTooLarge, ChunkConflict, ChecksumMismatch, ChunkSizeMismatch, TypeNotAllowed,
        OffsetMismatch, Busy, StorageFull; nothing of the chunk is kept then.
        """
        session = self._find(hash, command.upload_id)
        link = self._link_of_open_upload(hash)
        self._check(session, command)
        if session.state is State.OPEN and not session.ranges.covers(command.span):
            try:
                taken = self._take_in_place(session, link, command, body)
            except UploadNotFound:
                self._check(self._find(hash, command.upload_id), command)  # They know why it is gone.
                raise
            if taken is not None:
                return taken
            session = self._find(hash, command.upload_id)
            self._check(session, command)  # Another chunk may have shown meanwhile that the file is not taken.
        self._compare(session, link, command, body)
        undelivered = session.state is State.OPEN and session.is_whole
        return self._deliveries.finish(session.upload_id, link) if undelivered else session

    def status(self, hash: str, upload_id: str) -> UploadSession:
        """How an upload stands. One whose last reply was lost before the file was delivered is delivered now."""
        session = self._find(hash, upload_id)
        if session.state is State.OPEN and session.is_whole:
            return self._deliveries.finish(upload_id, self._requests.load(hash))
        return session

    def arrived(self, hash: str, upload_ids: Sequence[str]) -> list[str]:
        """Those of these uploads whose files stand in the link's ledger, each once; what was taken back does not.
        Raises RequestNotFound."""
        self._requests.load(hash)
        return [*self._requests.files(hash, dict.fromkeys(upload_ids))]

    def cancel(self, hash: str, upload_id: str) -> None:
        """Give an upload up and free its space; of one that is complete, take its file back.

        Raises UploadNotFound, and UploadComplete where the file can no longer be taken back.
        """
        try:
            session = self._find(hash, upload_id)
        except UploadNotFound:
            self._undo.complete(hash, upload_id)
            raise
        if session.state is State.COMPLETE or not self._open_uploads.give_up(upload_id, "cancelled"):
            self._undo.take_back(hash, upload_id)

    def sweep(self) -> int:
        """Remove every upload that lay idle for too long; returns how many."""
        self._undo.sweep()
        return self._purge.sweep()

    def _find(self, hash: str, upload_id: str) -> UploadSession:
        try:
            session = self._sessions.load(upload_id)
        except UploadNotFound:
            session = self._remembered(hash, upload_id)
        if session.request_hash != hash:
            raise UploadNotFound()
        if session.interrupted:
            session = self._deliveries.recall(session)
        if (session.state is State.COMPLETE or session.interrupted) and self._requests.removed_file(hash, upload_id):
            raise UploadNotFound()  # Taken back, by a process that died before it had forgotten the session.
        if session.state is State.OPEN and not session.is_whole and self._purge.is_due(session):
            raise UploadExpired()
        return session

    def _remembered(self, hash: str, upload_id: str) -> UploadSession:
        """An upload whose session is gone or never was, by its link's ledger. Raises UploadExpired or UploadNotFound."""
        file = self._requests.file(hash, upload_id)
        if file is not None:
            return delivered_session(hash, file)
        raise _GONE.get(self._requests.why_gone(hash, upload_id), UploadNotFound)()

    def _begun(self, link: RequestLink, command: OpenUpload, upload_id: str) -> UploadSession | None:
        """The upload that an earlier opening under the same key began."""
        if self._sessions.exists(upload_id):
            session = self._find(link.hash, upload_id)
            if session.path != command.path:
                raise InvalidPath("Another file was opened under this key.")
        else:
            if self._requests.removed_file(link.hash, upload_id):
                raise UploadNotFound("The file that was sent under this key has been taken back. Use another key.")
            if self._requests.why_gone(link.hash, upload_id) == "stopped":
                raise UploadCancelled()
            file = self._whole_files.delivered(link, upload_id)
            if file is None:
                self._sessions.delete(upload_id)  # What an opening left that died before its session existed.
                return None
            session = delivered_session(link.hash, file)
        if session.size != command.size:
            raise SizeMismatch("Another file was opened under this key.", size=session.size)
        return session

    def _new_session(
        self, link: RequestLink, command: OpenUpload, sender: Sender, client: str, upload_id: str
    ) -> UploadSession:
        now = self._clock()
        return UploadSession(
            upload_id=upload_id,
            request_hash=link.hash,
            path=command.path,
            size=command.size,
            opened_at=now,
            active_at=now,
            sender=sender,
            client=client,
            last_modified=command.last_modified,
            sample=command.sample,
            declared_sha256=command.declared_sha256,
        )

    def _make_room(self, link: RequestLink, session: UploadSession) -> None:
        # The disk first, the link's ledger last: dying in between leaves a session that the purge removes, not a
        # place in the ledger that nobody ever gives back.
        self._promises.make(session)
        try:
            self._chunks.allocate(session.upload_id, session.size)
            self._sessions.create(session)
            self._promises.reserve_place(session, link)
        except UploadError:
            self._promises.drop(session)
            self._sessions.delete(session.upload_id)
            raise

    def _check(self, session: UploadSession, command: ReceiveChunk) -> None:
        if session.state is State.REFUSED:
            raise TypeNotAllowed(session.refusal)
        if command.total not in (None, session.size):
            raise SizeMismatch(
                f"The upload was opened for {session.size} bytes, this chunk speaks of {command.total}.",
                size=session.size,
            )
        if command.span.stop > session.size:
            raise InvalidRange(f"The chunk ends after the file's {session.size} bytes.", size=session.size)
        self._policy.check_chunk(command.span.length)
        self._policy.check_place(session.ranges, command.span, session.size)
        if self._in_order and not session.is_whole and command.span.start > session.ranges.prefix:
            raise OffsetMismatch(offset=session.ranges.prefix)

    def _link_of_open_upload(self, hash: str) -> RequestLink:
        # An upload that was opened in time may finish after the link's expiry; closing stops it at once.
        link = self._requests.load(hash)
        if not link.active:
            raise RequestClosed()
        return link

    def _take_in_place(
        self, session: UploadSession, link: RequestLink, command: ReceiveChunk, body: Body
    ) -> UploadSession | None:
        """The same as ``_take``, with a place among the uploads that are received at once. Raises Busy."""
        begun = session.received_bytes > 0
        with self._concurrency.receiving(
            session.upload_id,
            user_of(link.hash, command.client),
            session.size,
            begun=begun,
            arrived=command.arrived,
        ) as slot:
            try:
                taken = self._take(session, link, command, slot.counting(body))
            except TypeNotAllowed:
                slot.is_done = True
                raise
            # Never back: another chunk, which began before the last one, may end after it.
            if taken is not None and taken.state is not State.OPEN:
                slot.is_done = True
            return taken

    def _take(
        self, session: UploadSession, link: RequestLink, command: ReceiveChunk, body: Body
    ) -> UploadSession | None:
        """Store and record a chunk; None, the body untouched, where others settled its bytes in the meantime."""
        upload_id, span = session.upload_id, command.span
        with self._claimed(upload_id, span) as claimed:
            if claimed is None:
                return None
            # Read again: what was recorded before the claim is settled, and nothing in it changes while we hold it.
            session = self._sessions.load(upload_id)
            wanted = session.ranges.missing(span)
            if session.state is not State.OPEN or not wanted:
                return None
            with self._promises.kept(session, link, span), self._observer.receiving(session, span, command.index):
                claimed.receive(body, wanted, command.checksum)
                self._judge_head(session, link, span)
                recorded = self._sessions.record(upload_id, span, self._clock())
        if recorded.closed:
            return self._deliveries.finish(upload_id, link)
        self._checkpoints.consider(upload_id, recorded)
        is_first = not session.received_bytes
        session = replace(session, ranges=recorded.ranges)
        if is_first:
            self._promises.begun(session, link)
        self._digests.grow(session)
        self._outbox.arriving(session, link)
        return session

    @contextmanager
    def _claimed(self, upload_id: str, span: Span) -> Iterator[ClaimedSpan | None]:
        """The claimed span; None where the growing file is gone, as after a delivery."""
        with ExitStack() as stack:
            try:
                claimed = stack.enter_context(self._chunks.claim(upload_id, span))
            except UploadNotFound:
                yield None
                return
            yield claimed

    def _judge_head(self, session: UploadSession, link: RequestLink, span: Span) -> None:
        """Refuse the upload as soon as enough of its start is there to show a wrong type.

        Of two short chunks that arrive at once neither may see the whole head; the delivery judges it in any case.
        """
        needed = min(HEAD_BYTES, session.size)
        if span.start < needed <= session.ranges.add(span).prefix:
            self._deliveries.judge(session, link)

    def _compare(self, session: UploadSession, link: RequestLink, command: ReceiveChunk, body: Body) -> None:
        """Check a chunk that arrived before against the bytes that count. Raises ChunkConflict."""
        same = True
        with self._deliveries.bytes_of(session, link) as stored:
            for place, piece in pieces(body, command.span):
                if command.checksum is not None:
                    command.checksum.update(piece)
                same = same and stored(place) in (piece, None)
        if command.checksum is not None and not command.checksum.matches():
            raise ChecksumMismatch()
        if not same:
            raise ChunkConflict()
