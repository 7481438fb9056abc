"""Who is bringing which bytes: claims keep two requests from bringing the same ones for nothing.

They are a courtesy, as whoever is cut off from the database may be taken for dead while he goes on. What decides is that no two
recorded pieces of an upload may overlap.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from psycopg.errors import ExclusionViolation

from app.core.errors import Busy, StorageFull, UploadNotFound
from app.core.ranges import Span
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.numbers import GIVE_BACK, LONGEST_REQUEST_SECONDS, TAKE_FOR_CHUNK
from app.storage.cluster.rows import LOOK_BY_ID, Known, known
from app.storage.sql.database import Row, Transaction, is_id

LONGEST_CLAIM_SECONDS = 3600.0
"""What is older counts no more, whoever has it."""
FRESH_SECONDS = 60.0
"""A number of a part that was handed out with a claim is used within so long of it, however long the body takes: after
``LONGEST_REQUEST_SECONDS`` somebody else may have it."""
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


@dataclass(slots=True)
class Claim:
    """A claimed span of an upload, which is ``known`` as it stands from then on. Where it is a cell, a number of its part was handed out
    with it, at ``at`` by this process's clock: it is the cell's number ``taken``, from 1 on; None where there is none, or no longer."""

    id: int
    span: Span
    known: Known
    taken: int | None
    at: float

    def number(self) -> int | None:
        """The part's number, for whoever uses it now; None where it is too old for that, and is to be given back."""
        if self.taken is None or time.monotonic() - self.at > FRESH_SECONDS:
            return None
        taken, self.taken = self.taken, None
        return self.known.grid.number(self._cell, taken - 1)

    def give_back(self, tx: Transaction) -> None:
        """Let somebody else have the number if nobody has used it. Not tried again where nobody knows whether it was done: then
        somebody else may have it already."""
        taken, self.taken = self.taken, None
        if taken is not None:
            tx.run(GIVE_BACK, upload=self.known.number, cell=self._cell, n=taken)

    @property
    def _cell(self) -> int:
        return self.span.start // self.known.grid.part_size


class Claims:
    """The claims of all processes; one object for the uploads of a store. Calls raise Busy, StorageFull."""

    def __init__(self, ground: ClusterGround) -> None:
        self._ground = ground
        self._lock = threading.Lock()
        self._held: set[int] = set()
        self._late: set[int] = set()
        """Those that could not be given up yet."""

    def claim(self, upload_id: str, span: Span) -> Claim:
        """Claim a span. Raises UploadNotFound, Busy where another has any byte of it."""
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

    def release(self, tx: Transaction, claim: Claim) -> None:
        """Give a claim up with the transaction; ``released`` is called once that has been committed."""
        tx.run(_GIVE_UP, ids=[claim.id])
        claim.give_back(tx)

    def released(self, claim: Claim) -> None:
        """Note that a claim is given up."""
        with self._lock:
            self._held.discard(claim.id)

    def give_up(self, claim: Claim) -> None:
        """Give a claim up, if not now then with the next one. Raises nothing."""
        with self._lock:
            if claim.id not in self._held:
                return
            self._held.discard(claim.id)
            self._late.add(claim.id)
        self._retry(claim)

    def _claimed(self, upload_id: str, span: Span, holder: int) -> Claim:
        about, began = {"upload_id": upload_id, "start": span.start, "stop": span.stop}, time.monotonic()
        with self._ground.database.pipelined() as tx:
            claimed = tx.ask(_CLAIM, **about, holder=holder)
            taken = tx.ask(TAKE_FOR_CHUNK, **about, longest=LONGEST_REQUEST_SECONDS)
            # Another statement, once it is claimed: what others had recorded before is settled.
            found = tx.ask(LOOK_BY_ID, upload_id=upload_id)
        row, tried, look = claimed(), taken(), found()
        if row is None:
            raise UploadNotFound()
        with self._lock:
            self._held.add(row[0])
        return Claim(row[0], span, known(look), tried[0] if tried else None, began)

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

    def _retry(self, claim: Claim | None = None) -> None:
        """Give up what could not be until now, and ``claim``."""
        with self._lock:
            late = list(self._late)
        if not late:
            return
        try:
            with self._ground.database.write() as tx:
                tx.run(_GIVE_UP, ids=late)
                if claim is not None:
                    claim.give_back(tx)
        except (Busy, StorageFull):
            return
        with self._lock:
            self._late.difference_update(late)
