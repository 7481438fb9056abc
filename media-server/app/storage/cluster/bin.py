"""Deleted files: objects that have lost their names and stay all the same."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.paths import RelPath
from app.storage.cluster.files import ClusterInbox, ClusterSource
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import FILE, OBJECT, Objects, Stored

_PUT = """
    INSERT INTO store_bin (upload_id, identity) VALUES (%(upload_id)s, %(identity)s)
    ON CONFLICT (upload_id) DO UPDATE SET identity = excluded.identity, at = excluded.at
"""
_FOUND = f"""
    SELECT {FILE.format(table="b")} FROM store_bin b {OBJECT.format(table="b")} WHERE b.upload_id = %(upload_id)s
"""


class ClusterBin:
    """BinnedFiles in the same bucket as those of ``inbox``: nothing is moved."""

    def __init__(self, ground: ClusterGround, objects: Objects, inbox: ClusterInbox) -> None:
        self._ground = ground
        self._objects = objects
        self._inbox = inbox

    def put(self, folder: RelPath, disk_path: str, file_identity: str, upload_id: str) -> bool:
        with self._ground.database.write() as tx:
            if not self._inbox.unname(tx, folder, disk_path, file_identity):
                return False
            tx.run(_PUT, upload_id=upload_id, identity=file_identity)
        self._ground.database.sync()
        return True

    def source(self, upload_id: str) -> ClusterSource | None:
        row = self._ground.database.look(_FOUND, upload_id=upload_id)
        return None if row is None else ClusterSource(self._objects, Stored(*row))

    def remove(self, upload_id: str) -> None:
        with self._ground.database.write() as tx:
            row = tx.one(
                "DELETE FROM store_bin WHERE upload_id = %(upload_id)s RETURNING identity", upload_id=upload_id
            )
            left = None if row is None else self._objects.leave(tx, row[0])
        self._ground.database.sync()
        self._objects.free(left)

    def ids(self, before: float) -> Iterator[str]:
        with self._ground.database.read() as tx:
            rows = tx.all("SELECT upload_id FROM store_bin WHERE at < %(before)s", before=before)
        return iter([row[0] for row in rows])
