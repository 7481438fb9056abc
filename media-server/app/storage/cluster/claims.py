"""Who is bringing which bytes: claims keep two requests from bringing the same ones for nothing.

They are a courtesy, as whoever is cut off from the database may be taken for dead while he goes on. What decides is that no two
recorded pieces of an upload may overlap.
"""

from __future__ import annotations

import threading

from psycopg.errors import ExclusionViolation

from app.core.errors import Busy, StorageFull, UploadNotFound
from app.core.ranges import Span
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.rows import LOOK_BY_ID, Known, known
from app.storage.sql.database import Row, Transaction, is_id

LONGEST_CLAIM_SECONDS = 3600.0
"""What is older counts no more, whoever has it."""
_CLAIM = """
    INSERT INTO store_claims (upload, span, holder)
    SELECT number, int8range(%(start)s, %(stop)s), %(holder)s FROM store_uploads WHERE upload_id = %(upload_id)s
    RETURNING id
"""
_CLAIMED = """
    SELECT c.id, c.holder, c.at < extract(epoch FROM clock_timestamp()) - %(longest)s
    FROM store_claims c JOIN store_uploads u ON u.number = c.upload
    WHERE u.upload_id = %(upload_id)s AND c.span && int8range(%(start)s, %(stop)s)
"""
_CLAIMS_OF = """
    SELECT id, holder, at < extract(epoch FROM clock_timestamp()) - %(longest)s FROM store_claims WHERE upload = %(number)s
"""
_GIVE_UP = "DELETE FROM store_claims WHERE id = ANY(%(ids)s)"
_ALL = Span(0, 2**62)


class Claims:
    """The claims of all processes; one object for the uploads of a store. Calls raise Busy, StorageFull."""

    def __init__(self, ground: ClusterGround) -> None:
        self._ground = ground
        self._lock = threading.Lock()
        self._held: set[int] = set()
        self._late: set[int] = set()
        """Those that could not be given up yet."""

    def claim(self, upload_id: str, span: Span) -> tuple[int, Known]:
        """Claim a span; the number of the claim, and the upload as it stands from then on. Raises UploadNotFound, Busy where another
        has any byte of it."""
        if not is_id(upload_id):
            raise UploadNotFound()
        holder = self._ground.presence.number()
        self._retry()
        for is_last in (False, True):
            try:
                return self._claimed(upload_id, span, holder)
            except ExclusionViolation:
                if is_last or self._alive(upload_id, span):
                    raise Busy(
                        "Another request is writing the same bytes. Try again in a moment.", retry_after=1
                    ) from None
        raise AssertionError("unreachable")

    def is_claimed(self, upload_id: str) -> bool:
        """Whether anybody who is alive has a claim."""
        return is_id(upload_id) and self._alive(upload_id, _ALL)

    def has_any(self, number: int) -> bool:
        """Whether anybody who is alive has a claim on the upload of this number, which may be gone."""
        return self._is_anybody_alive(_CLAIMS_OF, number=number)

    def release(self, tx: Transaction, claim: int) -> None:
        """Give a claim up with the transaction; ``released`` is called once that has been committed."""
        tx.run(_GIVE_UP, ids=[claim])

    def released(self, claim: int) -> None:
        """Note that a claim is given up."""
        with self._lock:
            self._held.discard(claim)

    def give_up(self, claim: int) -> None:
        """Give a claim up, if not now then with the next one. Raises nothing."""
        with self._lock:
            if claim not in self._held:
                return
            self._held.discard(claim)
            self._late.add(claim)
        self._retry()

    def _claimed(self, upload_id: str, span: Span, holder: int) -> tuple[int, Known]:
        with self._ground.database.pipelined() as tx:
            claimed = tx.ask(_CLAIM, upload_id=upload_id, start=span.start, stop=span.stop, holder=holder)
            # Another statement, once it is claimed: what others had recorded before is settled.
            found = tx.ask(LOOK_BY_ID, upload_id=upload_id)
        row, look = claimed(), found()
        if row is None:
            raise UploadNotFound()
        with self._lock:
            self._held.add(row[0])
        return row[0], known(look)

    def _alive(self, upload_id: str, span: Span) -> bool:
        """Whether somebody who is alive has a byte of the span; claims of all others are ended."""
        return self._is_anybody_alive(_CLAIMED, upload_id=upload_id, start=span.start, stop=span.stop)

    def _is_anybody_alive(self, query: str, **values: object) -> bool:
        own = self._ground.presence.number()
        with self._ground.database.write() as tx:
            found = tx.all(query, longest=LONGEST_CLAIM_SECONDS, **values)
            dead = [row[0] for row in found if self._is_over(tx, row, own)]
            if dead:
                tx.run(_GIVE_UP, ids=dead)
        return len(dead) < len(found)

    def _is_over(self, tx: Transaction, row: Row, own: int) -> bool:
        claim, holder, is_old = row
        if is_old:
            return True
        if holder == own:
            # Its own number is on nobody else's claims; one that it does not know was given up while the database was away.
            with self._lock:
                return claim in self._late
        return self._ground.presence.is_dead(tx, holder)

    def _retry(self) -> None:
        with self._lock:
            late = list(self._late)
        if not late:
            return
        try:
            with self._ground.database.write() as tx:
                tx.run(_GIVE_UP, ids=late)
        except (Busy, StorageFull):
            return
        with self._lock:
            self._late.difference_update(late)
