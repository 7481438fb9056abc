"""One upload: a row for its facts, a row for each piece of its bytes, and what the bucket has of them.

Nothing is locked while the bucket or a sender is spoken to, but for courtesies (``exclusive``, ``only_one``, ``claim``), which whoever
is cut off from the database loses without knowing. So every step that counts is one transaction that finds out itself whether it
may be taken: pieces must not overlap, a file is named while its upload is there, and once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from app.core.errors import Busy, UploadNotFound
from app.core.paths import RelPath
from app.core.ports.content import Content
from app.core.ports.inbox import Delivery, Inbox
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.core.waiting_room import WaitingRoom
from app.storage.cluster.claims import Claims
from app.storage.cluster.files import ClusterSource
from app.storage.cluster.gathering import Gatherer
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import ObjectContent, Objects, Stored
from app.storage.cluster.remains import Remains
from app.storage.cluster.rows import change, locked, looked
from app.storage.cluster.spans import ClusterSpan
from app.storage.sql.database import Transaction

_RECENT = """
    SELECT at, upper(span) - lower(span) FROM store_pieces WHERE upload = %(number)s ORDER BY at DESC LIMIT 200
"""
_STILL_THERE = "SELECT 1 FROM store_uploads WHERE number = %(number)s AND state = 'open' FOR SHARE"
_FREE = ("DELETE FROM store_pieces WHERE upload = %(number)s", "DELETE FROM store_spans WHERE upload = %(number)s")


class ClusterUpload:
    """Upload by its id."""

    def __init__(
        self,
        ground: ClusterGround,
        objects: Objects,
        claims: Claims,
        gatherer: Gatherer,
        remains: Remains,
        waiting: WaitingRoom,
        upload_id: str,
    ) -> None:
        self.upload_id = upload_id
        self._ground = ground
        self._objects = objects
        self._claims = claims
        self._gatherer = gatherer
        self._remains = remains
        self._waiting = waiting

    def status(self) -> UploadSession:
        with self._ground.database.read() as tx:
            return looked(tx, self.upload_id).session

    def recent(self, since: float) -> tuple[int, float | None]:
        with self._ground.database.read() as tx:
            arrivals = tx.all(_RECENT, number=looked(tx, self.upload_id).number)
        before = [at for at, _ in arrivals if at <= since]
        return sum(length for at, length in arrivals if at > since), max(before, default=None)

    def claim(self, span: Span) -> ClusterSpan:
        return ClusterSpan(self._ground, self._claims, self._gatherer, self._remains, self.upload_id, span)

    def set_aside(self, span: Span) -> int:
        del span  # No bucket promises room.
        return self.status().received_bytes

    def is_claimed(self) -> bool:
        return self._claims.is_claimed(self.upload_id)

    @contextmanager
    def content(self) -> Iterator[Content]:
        with self._ground.database.read() as tx:
            known = looked(tx, self.upload_id)
        if known.session.state is not State.OPEN:
            raise UploadNotFound()
        if not known.session.is_whole:
            raise TypeError("What has gaps cannot be read here: see StoreFacts.readable.")
        # Nobody holds the object for whoever reads: it goes with the upload, and the rest of it cannot be read then.
        yield ObjectContent(self._ground, self._gatherer.whole(known))

    def update(self, change_of: Callable[[UploadSession], UploadSession]) -> UploadSession:
        with self._ground.database.write() as tx:
            known = locked(tx, self.upload_id)
            changed = change_of(known.session)
            change(tx, known.number, changed)
        self._ground.database.sync()
        return changed

    def finish(self, into: Inbox, folder: RelPath, at: float) -> Delivery:
        del at
        with self._ground.database.read() as tx:
            known = looked(tx, self.upload_id)
        grown = _Grown(self._objects, known.number, self._gatherer.whole(known))
        delivery = into.deliver(folder, known.session.path, grown)
        into.flush(folder, [delivery])
        return delivery

    def end(self, change_of: Callable[[UploadSession], UploadSession]) -> UploadSession:
        with self._ground.database.write() as tx:
            known = locked(tx, self.upload_id)
            changed = change_of(known.session)
            change(tx, known.number, changed)
            if changed.state is not State.OPEN:
                for each in _FREE:
                    tx.run(each, number=known.number)
        self._ground.database.sync()
        return changed

    @contextmanager
    def exclusive(self, *, wait: bool = True) -> Iterator[None]:
        self.status()
        name = f"end {self.upload_id}"
        with ExitStack() as stack:
            try:
                stack.enter_context(self._ground.database.alone(name, wait=False))
            except Busy:
                if not wait:
                    raise
                with self._waiting.place(self.upload_id):
                    stack.enter_context(self._ground.database.alone(name))
            self.status()
            yield

    @contextmanager
    def only_one(self, purpose: str) -> Iterator[None]:
        self.status()
        with self._ground.database.alone(f"{purpose} {self.upload_id}", wait=False):
            yield


class _Grown(ClusterSource):
    """The file that an upload without gaps is."""

    def __init__(self, objects: Objects, number: int, stored: Stored) -> None:
        super().__init__(objects, stored)
        self._number = number

    def arrive(self, tx: Transaction) -> None:
        # Whoever deletes the upload waits for us, and then finds that its file has a name; or we find that it is gone.
        if tx.one(_STILL_THERE, number=self._number) is None:
            raise UploadNotFound()
        self._objects.note(tx, self.stored, "there")
