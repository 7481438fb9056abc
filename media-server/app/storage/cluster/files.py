"""Finished files: names in the database, numbered by it, for objects in the bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from app.core.errors import Busy
from app.core.numbering import next_number
from app.core.paths import RelPath, disk_folder, disk_name, numbered, numbered_as_sent
from app.core.ports.inbox import Delivery, Source
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import ClusterFile, Objects, Stored
from app.storage.sql.database import Transaction

_LOOK = "SELECT place, identity FROM store_names WHERE place = ANY(%(places)s)"
_NAME = """
    INSERT INTO store_names (place, folder, disk_path, wanted, shown, identity)
    VALUES (%(place)s, %(folder)s, %(disk_path)s, %(wanted)s, %(shown)s, %(identity)s)
"""
_FOUND = """
    SELECT shown, disk_path FROM store_names WHERE identity = %(identity)s AND folder = %(folder)s AND wanted = %(wanted)s
    ORDER BY disk_path LIMIT 1
"""
_OPEN = """
    SELECT o.identity, o.key, o.size FROM store_names n JOIN store_objects o USING (identity)
    WHERE n.place = %(place)s AND o.state = 'there'
"""
_OPEN_FOR_NAME = f"{_OPEN} FOR SHARE OF o"
_STAYS = "SELECT 1 FROM store_objects WHERE identity = %(identity)s AND state = 'there' FOR SHARE"
_UNNAME = "DELETE FROM store_names WHERE place = %(place)s AND identity = %(identity)s"


class ClusterSource(Source):
    """Source of a ClusterInbox: an object, which may have to be made yet."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    def prepare(self) -> None:
        """See to it that the object is there; may be called again. Raises Busy, StorageFull."""

    def arrive(self, tx: Transaction) -> None:
        """Called in the transaction in which it gets its name; raises Busy or UploadNotFound where it must not have one any more."""
        if tx.one(_STAYS, identity=self.stored.identity) is None:
            raise Busy(retry_after=1)


class ClusterInbox:
    """Inbox whose files are objects. Each link's folder has names of its own."""

    def __init__(self, ground: ClusterGround, objects: Objects, *, signed: bool = True) -> None:
        """``signed``: files have addresses at which browsers reach the store themselves."""
        self._ground = ground
        self._objects = objects
        self._signed = signed

    def check(self, folder: RelPath) -> None:
        """Where the bucket is away, nothing comes in anyway."""

    def deliver(self, folder: RelPath, path: RelPath, source: Source) -> Delivery:
        if not isinstance(source, ClusterSource):
            raise TypeError("Only objects of this store can be given names here.")
        found = self.find(folder, path, source.stored.identity)
        if found is not None:
            return found
        source.prepare()
        with self._ground.database.write() as tx:
            return self._named(tx, folder, path, source.stored.identity, lambda: source.arrive(tx))

    def find(self, folder: RelPath, path: RelPath, file_identity: str) -> Delivery | None:
        with self._ground.database.read() as tx:
            return _found(tx, folder, path, file_identity)

    def flush(self, folder: RelPath, deliveries: Sequence[Delivery]) -> None:
        del folder, deliveries  # Whatever this thread has named.
        self._ground.database.sync()

    def open(self, folder: RelPath, disk_path: str, file_identity: str | None) -> ClusterFile:
        row = self._ground.database.look(_OPEN, place=_place(folder, str(RelPath.noted(disk_path))))
        if row is None or file_identity not in (None, row[0]):
            raise FileNotFoundError(disk_path)
        return ClusterFile(self._ground, self._objects, Stored(*row), signed=self._signed)

    def holds(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        with suppress(FileNotFoundError):
            return self.open(folder, disk_path, file_identity).is_as(file_identity)
        return False

    def name(self, folder: RelPath, disk_path: str, file_identity: str, path: RelPath) -> Delivery | None:
        with self._ground.database.write() as tx:
            tx.alone(_names_of(folder))
            row = tx.one(_OPEN_FOR_NAME, place=_place(folder, disk_path))
            if row is None or row[0] != file_identity:
                return None
            return self._named(tx, folder, path, file_identity, lambda: None)

    def is_taken(self, folder: RelPath, disk_path: str) -> bool:
        parts = RelPath.noted(disk_path).parts
        above = ["/".join(parts[:n]) for n in range(1, len(parts))]
        with self._ground.database.read() as tx:
            found = _looked(tx, folder, [disk_path, *above])
        return disk_path in found or any(found.get(each) is not None for each in above)

    def remove(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        with self._ground.database.write() as tx:
            if not self.unname(tx, folder, disk_path, file_identity):
                return False
            leaves = self._objects.leave(tx, file_identity)
        self._ground.database.sync()
        if leaves:
            self._objects.free(file_identity)
        return True

    def unname(self, tx: Transaction, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Take a name from the file with this identity; false where it does not have it."""
        place = _place(folder, str(RelPath.noted(disk_path)))
        return tx.changed(_UNNAME, place=place, identity=file_identity) == 1

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        with self._ground.database.write() as tx:
            tx.alone(_names_of(folder))
            _, shown = _below(tx, folder, path.parts)
        self._ground.database.sync()
        return shown

    def _named(
        self, tx: Transaction, folder: RelPath, path: RelPath, identity: str, arrive: Callable[[], None]
    ) -> Delivery:
        # One after the other in a folder, as many files may want one name. The primary key would decide without that, too.
        tx.alone(_names_of(folder))
        found = _found(tx, folder, path, identity)
        if found is not None:
            return found
        arrive()
        below, shown_below = _below(tx, folder, path.folder)
        name = disk_name(path.name)

        def is_taken(number: int) -> bool:
            return bool(_looked(tx, folder, [_joined(below, numbered(name, number))]))

        number = next_number(0, is_taken) if is_taken(0) else 0
        disk_path = _joined(below, numbered(name, number))
        shown = _joined(shown_below, numbered_as_sent(path.name, number))
        _put(tx, folder, disk_path, str(path), shown, identity)
        return Delivery(shown, disk_path, identity)


def _below(tx: Transaction, folder: RelPath, parts: Iterable[str]) -> tuple[str, str]:
    """The folder at ``parts``, made where it is missing: as it lies, and as people see it. Where a file has a name, it is numbered."""
    below, shown = "", ""
    for part in parts:
        name = disk_folder(part)

        def in_the_way(number: int, below: str = below, name: str = name) -> bool:
            return any(_looked(tx, folder, [_joined(below, numbered(name, number))]).values())

        number = next_number(0, in_the_way) if in_the_way(0) else 0
        below, shown = _joined(below, numbered(name, number)), _joined(shown, numbered_as_sent(part, number))
        if below not in _looked(tx, folder, [below]):
            _put(tx, folder, below, shown, shown, None)
    return below, shown


def _found(tx: Transaction, folder: RelPath, path: RelPath, identity: str) -> Delivery | None:
    row = tx.one(_FOUND, identity=identity, folder=str(folder), wanted=str(path))
    return None if row is None else Delivery(row[0], row[1], identity)


def _looked(tx: Transaction, folder: RelPath, disk_paths: Iterable[str]) -> dict[str, str | None]:
    """Those of these paths at which something lies: the identity of a file, or None for a folder."""
    places = {_place(folder, each): each for each in disk_paths}
    return {places[bytes(place)]: identity for place, identity in tx.all(_LOOK, places=list(places))}


def _put(tx: Transaction, folder: RelPath, disk_path: str, wanted: str, shown: str, identity: str | None) -> None:
    place = _place(folder, disk_path)
    tx.run(_NAME, place=place, folder=str(folder), disk_path=disk_path, wanted=wanted, shown=shown, identity=identity)


def _place(folder: RelPath, disk_path: str) -> bytes:
    """Where something lies, short enough for an index however long the path is."""
    return hashlib.sha256(f"{folder}\0{disk_path}".encode()).digest()


def _names_of(folder: RelPath) -> str:
    return f"names {folder}"


def _joined(below: str, name: str) -> str:
    return f"{below}/{name}" if below else name
