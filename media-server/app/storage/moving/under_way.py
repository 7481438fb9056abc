"""Uploads under way in a data folder: they go on in the bucket with what has come of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from app.core.errors import UploadNotFound
from app.core.ranges import ByteRanges, Span
from app.core.session import State, UploadSession
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.rows import Known, looked
from app.storage.cluster.uploads import ClusterUploads
from app.storage.disk.bodies import FileBody
from app.storage.disk.uploads import DiskUploads
from app.storage.moving.old import Seen
from app.storage.moving.sending import Sender


def sessions(old: DiskUploads) -> Iterator[UploadSession]:
    """Those that are not over, or were refused, which their senders may ask about. What was delivered is in the ledger."""
    for upload_id in old.ids():
        try:
            session = old.open(upload_id).status()
        except UploadNotFound:
            continue  # What a crash left.
        if session.state is not State.COMPLETE:
            yield session


class UnderWay:
    """The uploads of ``old``, which go into ``new``."""

    def __init__(self, old: DiskUploads, new: ClusterUploads, ground: ClusterGround, sender: Sender) -> None:
        self._old = old
        self._new = new
        self._ground = ground
        self._sender = sender

    def move(self, session: UploadSession) -> None:
        """Bring one, of which an earlier try may have brought some. Raises Busy, StorageFull, Stopped."""
        known = self._sender.patiently(lambda: self._opened(session))
        if session.state is not State.OPEN:
            self._sender.patiently(lambda: self._refuse(session))
        elif session.ranges:
            with self._old.open(session.upload_id).content() as content:
                descriptor = content.fileno()
                assert descriptor is not None
                for _, part in known.grid.cut(session.ranges):
                    self._sender.patiently(partial(self._bring, session.upload_id, descriptor, part))

    def forget_others(self, kept: Seen) -> None:
        """Remove what earlier tries have brought and is not to stay: uploads that are over, files that have changed since."""
        for upload_id in list(self._new.ids()):
            if upload_id not in kept:
                self._sender.patiently(partial(self._new.delete, upload_id))

    def _opened(self, session: UploadSession) -> Known:
        """The upload there, in which nothing is that is not of this one."""
        with suppress(UploadNotFound):
            known = self._look(session.upload_id)
            there = known.session
            same = (there.opened_at, there.size, there.path) == (session.opened_at, session.size, session.path)
            # What a power cut has taken may have been sent again, and be other bytes.
            if same and not session.lost and all(session.ranges.covers(span) for span in there.ranges):
                return known
            self._new.delete(session.upload_id)
        # Whoever sends has all the time again from now on, as nobody could while it was moved.
        fresh = replace(session, state=State.OPEN, refusal=None, ranges=ByteRanges(), active_at=time.time())
        self._new.create(replace(fresh, interrupted=False, lost=False))
        return self._look(session.upload_id)

    def _look(self, upload_id: str) -> Known:
        with self._ground.database.read() as tx:
            return looked(tx, upload_id)

    def _refuse(self, session: UploadSession) -> None:
        why = session.refusal or ""
        self._new.open(session.upload_id).end(lambda there: there.refused(why, time.time()))

    def _bring(self, upload_id: str, descriptor: int, part: Span) -> None:
        with self._new.open(upload_id).claim(part) as claimed:
            if claimed.missing:
                claimed.receive(FileBody(descriptor, part.length, part.start), None)
                claimed.record(time.time())
