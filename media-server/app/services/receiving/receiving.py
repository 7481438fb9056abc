"""Receiving chunks: each is claimed, stored and recorded, and those who follow the upload are called."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Protocol

from app.core.errors import (
    ChecksumMismatch,
    ChunkConflict,
    InvalidRange,
    OffsetMismatch,
    SizeMismatch,
    TypeNotAllowed,
    UploadNotFound,
)
from app.core.links import RequestLink
from app.core.pieces import pieces
from app.core.policy import HEAD_BYTES, Policy
from app.core.ports.bodies import Body
from app.core.ports.guards import Clock
from app.core.ports.uploads import UploadStore
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.services.operations.observer import Observer
from app.services.receiving.commands import ReceiveChunk
from app.services.receiving.deliveries import Deliveries
from app.services.receiving.finding import Finder
from app.services.receiving.promises import Promises
from app.services.upload_concurrency_manager import UploadConcurrencyManager, user_of


class ChunkFollower(Protocol):
    """Is called after every chunk that was recorded, but for the one that closed the last gap."""

    def chunk_recorded(self, session: UploadSession, link: RequestLink) -> None:
        """``session`` is the upload with the chunk. Called before the sender is answered, so what takes time is left to another
        thread. Raises nothing."""
        ...


class Receiver:
    """Takes chunks, in any order and several at once unless ``policy`` says otherwise.

    Holds the claim of the chunk's span while its bytes come; room, type and record are judged inside it. A delivery begins when
    the claim is given back."""

    def __init__(
        self,
        *,
        finder: Finder,
        store: UploadStore,
        deliveries: Deliveries,
        promises: Promises,
        followers: Sequence[ChunkFollower],
        policy: Policy,
        concurrency: UploadConcurrencyManager,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._finder = finder
        self._store = store
        self._deliveries = deliveries
        self._promises = promises
        self._followers = followers
        self._policy = policy
        self._concurrency = concurrency
        self._clock = clock
        self._observer = observer

    def receive(self, hash: str, command: ReceiveChunk, body: Body, judged: RequestLink | None = None) -> UploadSession:
        """Take one chunk, and deliver the upload if this closes its last gap. Once it returns, the bytes survive the death of every
        process. A chunk that was recorded before is compared and changes nothing. ``judged`` is the link, where this request has just
        looked at it.

        The upload cannot take it: what ``Finder.find`` raises, RequestClosed; TypeNotAllowed where the upload is or gets refused;
        ChunkConflict where other bytes were recorded in its span. The chunk is wrong: SizeMismatch (``total`` is not the
        upload's size), InvalidRange (ends behind it), ChunkTooLarge, TooManyGaps, OffsetMismatch (chunks must come in order here);
        ChunkSizeMismatch (the body is not as long as the span, or broke off), ChecksumMismatch, RequestTimeout. To be sent
        again later: Busy (no slot, or the span is claimed), StorageFull, RequestFull. After each nothing of the chunk is recorded.

        The one that closes the last gap also raises what ``Deliveries.finish`` raises. It is recorded then: sending any chunk
        again, or ``Finder.status``, tries the delivery once more.
        """
        session = self._finder.find(hash, command.upload_id)
        link = self._finder.link_of_open_upload(hash, judged)
        self._check(session, command)
        if session.state is State.OPEN and not session.ranges.covers(command.span):
            try:
                taken = self._take_in_slot(session, link, command, body)
            except UploadNotFound:
                self._check(self._finder.find(hash, command.upload_id), command)  # They know why it is gone.
                raise
            if taken is not None:
                return taken
            session = self._finder.find(hash, command.upload_id)
            self._check(session, command)  # Another chunk may have shown meanwhile that the file is not taken.
        self._compare(session, link, command, body)
        undelivered = session.state is State.OPEN and session.is_whole
        return self._deliveries.finish(session.upload_id, link) if undelivered else session

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
        self._policy.check_chunk(session.ranges, command.span, session.size)
        if self._policy.in_order and not session.is_whole and command.span.start > session.ranges.prefix:
            raise OffsetMismatch(offset=session.ranges.prefix)

    def _take_in_slot(
        self, session: UploadSession, link: RequestLink, command: ReceiveChunk, body: Body
    ) -> UploadSession | None:
        """The same as ``_take``, with a slot among the uploads that are received at once. Raises Busy."""
        span, begun = command.span, session.ranges.length > 0
        with self._concurrency.receiving(
            session.upload_id,
            user_of(link.hash, command.client),
            session.size,
            begun=begun,
            arrived=command.spooled,
        ) as slot:
            try:
                if command.spooled:
                    slot.received += span.stop - span.start
                else:
                    body = slot.counting(body)
                taken = self._take(session, link, command, body)
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
        span = command.span
        with ExitStack() as held:
            try:
                claimed = held.enter_context(self._store.open(session.upload_id).claim(span))
            except UploadNotFound:
                return None
            session = claimed.session
            if not claimed.missing.length:
                return None
            with self._promises.kept(session, link, span):
                began = time.monotonic()
                claimed.receive(body, command.checksum)
                if span.start < HEAD_BYTES:
                    self._judge_head(session, link, span)
                recorded = claimed.record(self._clock())
                self._observer.received(session, span, command.index, time.monotonic() - began)
        if recorded.closed:
            return self._deliveries.finish(session.upload_id, link)
        if not session.ranges.length:
            self._promises.first_bytes_came(recorded.session, link)
        for follower in self._followers:
            follower.chunk_recorded(recorded.session, link)
        return recorded.session

    def _judge_head(self, session: UploadSession, link: RequestLink, span: Span) -> None:
        """Refuse the upload as soon as enough of its start is there to show a wrong type.

        Of two short chunks that come at once neither may see the whole head; the delivery judges it in any case.
        """
        needed = min(HEAD_BYTES, session.size)
        if span.start < needed <= session.ranges.add(span).prefix:
            self._deliveries.judge(session, link)

    def _compare(self, session: UploadSession, link: RequestLink, command: ReceiveChunk, body: Body) -> None:
        """Compare a chunk that was recorded before with the bytes that count. Raises ChunkConflict, ChecksumMismatch."""
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
