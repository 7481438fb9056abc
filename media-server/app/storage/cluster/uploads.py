"""The upload store on PostgreSQL and S3: makes, finds and removes uploads, and whatever calls that died have left in the bucket."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress

from app.core.errors import Busy, UploadError
from app.core.session import UploadSession
from app.core.store_facts import StoreFacts
from app.core.waiting_room import WaitingRoom
from app.storage.cluster.claims import Claims
from app.storage.cluster.direct import ClusterDirect
from app.storage.cluster.gathering import Gatherer
from app.storage.cluster.grid import MOST_PARTS, Grid, GridFacts
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects
from app.storage.cluster.remains import Remains
from app.storage.cluster.rows import CREATE, looked
from app.storage.cluster.sharing import Sharing
from app.storage.cluster.signing import PartSigner
from app.storage.cluster.upload import ClusterUpload
from app.storage.disk.upload_documents import encoded
from app.storage.sql.database import is_id

_MOST_AT_ONCE = 1000
_IDS = "SELECT upload_id FROM store_uploads WHERE upload_id > %(after)s ORDER BY upload_id LIMIT %(most)s"
_DUE = """
    SELECT upload_id FROM store_uploads u WHERE active_at < %(before)s AND upload_id > %(after)s
        AND NOT EXISTS (SELECT FROM store_pieces p WHERE p.upload = u.number AND p.at >= %(before)s)
    ORDER BY upload_id LIMIT %(most)s
"""
# One statement, so that nobody finds the one without the other.
_DELETE = """
    WITH gone AS (DELETE FROM store_uploads WHERE upload_id = %(upload_id)s RETURNING number, token, multipart, size > part_size AS parts)
    INSERT INTO store_leftovers (token, multipart, parts) SELECT token, multipart, parts FROM gone RETURNING token
"""
_NUMBER = "SELECT number FROM store_uploads WHERE upload_id = %(upload_id)s"
_AMONG = "SELECT upload_id FROM store_uploads WHERE upload_id = ANY(%(ids)s)"
_ROWS = ("store_pieces", "store_spans", "store_tries", "store_signed")
_OF_NOBODY = """
    DELETE FROM {table} t WHERE NOT EXISTS (SELECT FROM store_uploads u WHERE u.number = t.upload)
"""
_OLD = "SELECT token FROM store_leftovers WHERE since < %(before)s ORDER BY since LIMIT %(most)s"
_TIDY = "DELETE FROM store_leftovers WHERE token = %(token)s"


class ClusterUploads:
    """UploadStore. ``usual`` is the size of its cells where a file does not need larger ones."""

    def __init__(
        self, ground: ClusterGround, objects: Objects, *, usual: int, longest: int, waiting: WaitingRoom | None = None
    ) -> None:
        self._grid = GridFacts(local=False, readable=False, most_parts=MOST_PARTS, longest=longest)
        self.facts: StoreFacts = self._grid
        self._ground = ground
        self._objects = objects
        self._usual = usual
        self._waiting = waiting or WaitingRoom(10**6, 10**6)
        self._claims = Claims(ground)
        self._gatherer = Gatherer(ground)
        self._sharing = Sharing(ground, objects)
        self._remains = Remains(ground, self._claims)

    def direct(self, signer: PartSigner) -> ClusterDirect:
        """The direct path into these uploads."""
        return ClusterDirect(self._ground, self._gatherer, signer, self._grid, self._usual)

    def create(self, session: UploadSession) -> None:
        part_size = self._grid.part_size(self._usual, session.size)
        with self._ground.database.write() as tx:
            row = tx.one(
                CREATE,
                upload_id=session.upload_id,
                token=secrets.token_hex(16),
                document=encoded(session, 0).decode(),
                active_at=session.active_at,
                size=session.size,
                part_size=part_size,
                most_parts=MOST_PARTS,
            )
            if row is None:
                raise Busy(retry_after=1)  # Another node opens it at this moment.
        self._ground.database.sync()
        if not Grid(session.size, part_size).is_one:
            # After the row, by which whoever removes it finds it.
            with self._ground.database.read() as tx:
                known = looked(tx, session.upload_id)
            self._gatherer.begin(known)

    def open(self, upload_id: str) -> ClusterUpload:
        return ClusterUpload(
            self._ground, self._objects, self._claims, self._gatherer, self._remains, self._waiting, upload_id
        )

    def exists(self, upload_id: str) -> bool:
        return is_id(upload_id) and self._ground.database.look(_NUMBER, upload_id=upload_id) is not None

    def among(self, upload_ids: Sequence[str]) -> set[str]:
        ids = [each for each in upload_ids if is_id(each)]
        with self._ground.database.read() as tx:
            return {row[0] for row in tx.all(_AMONG, ids=ids)} if ids else set()

    def delete(self, upload_id: str) -> None:
        if not is_id(upload_id):
            return
        with self._ground.database.write() as tx:
            number = tx.one(f"{_NUMBER} FOR UPDATE", upload_id=upload_id)
            if number is None:
                return
            gone = tx.one(_DELETE, upload_id=upload_id)
            for table in _ROWS:
                tx.run(f"DELETE FROM {table} WHERE upload = %(number)s", number=number[0])
        self._ground.database.sync()
        if gone is not None:
            self._remains.left_by(number[0], gone[0])

    def ids(self) -> Iterator[str]:
        yield from self._listed(_IDS)

    def due(self, before: float) -> Iterator[str]:
        yield from self._listed(_DUE, before=before)

    def remove_remains(self, before: float) -> None:
        with self._ground.database.write() as tx:
            for table in (*_ROWS, "store_claims"):
                tx.run(_OF_NOBODY.format(table=table))
        with self._ground.database.read() as tx:
            old = tx.all(_OLD, before=before, most=_MOST_AT_ONCE)
        for (token,) in old:
            with suppress(UploadError):
                self._remains.remove(token)
                with self._ground.database.write() as tx:
                    tx.run(_TIDY, token=token)
        self._objects.sweep(before)
        self._sharing.sweep()
        with suppress(UploadError):
            self._ground.bucket.end_probes()

    def _listed(self, query: str, **values: object) -> Iterator[str]:
        after = ""
        while True:
            with self._ground.database.read() as tx:
                rows = tx.all(query, after=after, most=_MOST_AT_ONCE, **values)
            yield from (row[0] for row in rows)
            if len(rows) < _MOST_AT_ONCE:
                return
            after = rows[-1][0]
