"""Finished files: names in the database, numbered by it, for objects in the bucket."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.core.errors import Busy, UploadError
from app.core.paths import RelPath
from app.core.ports.inbox import Delivery, Source
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.names import Names, Wanted, place_of
from app.storage.cluster.objects import FILE, NO_WAYS, OBJECT, ClusterFile, Objects, Stored, Ways
from app.storage.cluster.sharing import Sharing
from app.storage.cluster.wire import Piece
from app.storage.sql.database import Transaction

_OPEN = f"SELECT {FILE.format(table='n')} FROM store_names n {OBJECT.format(table='n')} WHERE n.place = %(place)s"
_UNNAME = "DELETE FROM store_names WHERE place = %(place)s AND identity = %(identity)s"


class ClusterSource(Source):
    """Source of a ClusterInbox: an object, which may have to be made yet."""

    def __init__(self, objects: Objects, stored: Stored) -> None:
        self.stored = stored
        self._objects = objects

    def prepare(self) -> None:
        """See to it that the object is there; may be called again. Raises Busy, StorageFull."""

    def small(self) -> Piece | None:
        """Its bytes, where they may share an object with those of others; then nobody has to ``prepare`` one of its own."""
        return None

    def arrive(self, tx: Transaction) -> None:
        """Called in the transaction in which it gets its name; raises Busy or UploadNotFound where it must not have one any more."""
        if not self._objects.counts(tx, self.stored.identity):
            raise Busy(retry_after=1)


@dataclass
class _Coming:
    """A file that is to have a name, and what becomes of that."""

    path: RelPath
    source: ClusterSource
    outcome: Delivery | UploadError | None = None

    @property
    def wanted(self) -> Wanted:
        return str(self.path), self.source.stored.identity

    @property
    def is_open(self) -> bool:
        return self.outcome is None


class ClusterInbox:
    """Inbox whose files are objects, or share one. Each link's folder has names of its own."""

    def __init__(self, ground: ClusterGround, objects: Objects, ways: Ways = NO_WAYS) -> None:
        """``ways``: how others than this process fetch files."""
        self._ground = ground
        self._objects = objects
        self._sharing = Sharing(ground, objects)
        self._ways = ways

    def check(self, folder: RelPath) -> None:
        """Where the bucket is away, nothing comes in anyway."""

    def deliver(self, folder: RelPath, path: RelPath, source: Source) -> Delivery:
        (outcome,) = self.deliver_all(folder, [(path, source)])
        if isinstance(outcome, UploadError):
            raise outcome
        return outcome

    def deliver_all(self, folder: RelPath, files: Sequence[tuple[RelPath, Source]]) -> list[Delivery | UploadError]:
        coming = [_Coming(path, _ours(source)) for path, source in files]
        try:
            with self._ground.database.read() as tx:
                _find(Names(tx, folder, alone=False), coming)
            members = self._prepare(coming)
            if any(each.is_open for each in coming):
                self._name_all(folder, coming, members)
        except UploadError as error:
            for each in coming:
                each.outcome = error if each.is_open else each.outcome
        return [each.outcome for each in coming if each.outcome is not None]

    def find(self, folder: RelPath, path: RelPath, file_identity: str) -> Delivery | None:
        with self._ground.database.read() as tx:
            wanted = str(path), file_identity
            return Names(tx, folder, alone=False).found([wanted]).get(wanted)

    def flush(self, folder: RelPath, deliveries: Sequence[Delivery]) -> None:
        del folder, deliveries  # Whatever this thread has named.
        self._ground.database.sync()

    def open(self, folder: RelPath, disk_path: str, file_identity: str | None) -> ClusterFile:
        row = self._ground.database.look(_OPEN, place=place_of(folder, str(RelPath.noted(disk_path))))
        if row is None or file_identity not in (None, row[0]):
            raise FileNotFoundError(disk_path)
        return ClusterFile(self._ground, self._objects, Stored(*row), self._ways)

    def holds(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        with suppress(FileNotFoundError):
            return self.open(folder, disk_path, file_identity).is_as(file_identity)
        return False

    def name(self, folder: RelPath, disk_path: str, file_identity: str, path: RelPath) -> Delivery | None:
        with self._ground.database.write() as tx:
            names = Names(tx, folder, alone=True)
            row = tx.one(_OPEN, place=place_of(folder, disk_path))
            if row is None or row[0] != file_identity or not self._objects.counts(tx, file_identity):
                return None
            wanted = str(path), file_identity
            delivery = names.found([wanted]).get(wanted)
            if delivery is None:
                delivery = names.give(path, file_identity)
                names.write()
            return delivery

    def is_taken(self, folder: RelPath, disk_path: str) -> bool:
        parts = RelPath.noted(disk_path).parts
        above = ["/".join(parts[:n]) for n in range(1, len(parts))]
        with self._ground.database.read() as tx:
            names = Names(tx, folder, alone=False)
            names.look([disk_path, *above])
            return names.is_there(disk_path) or any(map(names.is_file, above))

    def remove(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        with self._ground.database.write() as tx:
            if not self.unname(tx, folder, disk_path, file_identity):
                return False
            left = self._objects.leave(tx, file_identity)
        self._ground.database.sync()
        self._objects.free(left)
        return True

    def unname(self, tx: Transaction, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Take a name from the file with this identity; false where it does not have it."""
        place = place_of(folder, str(RelPath.noted(disk_path)))
        return tx.changed(_UNNAME, place=place, identity=file_identity) == 1

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        with self._ground.database.write() as tx:
            names = Names(tx, folder, alone=True)
            _, shown = names.below(path.parts)
            names.write()
        self._ground.database.sync()
        return shown

    def _prepare(self, coming: Sequence[_Coming]) -> dict[str, Stored]:
        """See to it that all objects are there; the files that share one, by their identities. Notes what cannot be prepared."""
        small: list[tuple[str, Piece]] = []
        for each in coming:
            piece = each.source.small() if each.is_open else None
            if piece is not None:
                small.append((each.source.stored.identity, piece))
        shares = {identity for identity, _ in small} if len(small) > 1 else set()
        for each in coming:
            if each.is_open and each.source.stored.identity not in shares:
                try:
                    each.source.prepare()
                except UploadError as error:
                    each.outcome = error
        if not shares:
            return {}
        try:
            return {stored.identity: stored for stored in self._sharing.made(small)}
        except UploadError as error:
            for each in coming:
                if each.source.stored.identity in shares:
                    each.outcome = error
            return {}

    def _name_all(self, folder: RelPath, coming: Sequence[_Coming], members: dict[str, Stored]) -> None:
        """Give their names to all that are ready, in one transaction."""
        given: list[tuple[_Coming, Delivery]] = []
        refused: list[tuple[_Coming, UploadError]] = []
        with self._ground.database.write() as tx:
            names = Names(tx, folder, alone=True)
            _find(names, coming)
            ready = [each for each in coming if each.is_open]
            names.look_ahead(each.path for each in ready)
            sharing = [members[identity] for _, identity in (each.wanted for each in ready) if identity in members]
            if sharing:
                self._sharing.arrive(tx, sharing)
            for each in ready:
                try:
                    if each.source.stored.identity not in members:
                        each.source.arrive(tx)
                    given.append((each, names.give(each.path, each.source.stored.identity)))
                except UploadError as error:
                    refused.append((each, error))
            names.write()
        for each, delivery in given:
            each.outcome = delivery
        for each, reason in refused:
            each.outcome = reason


def _ours(source: Source) -> ClusterSource:
    if not isinstance(source, ClusterSource):
        raise TypeError("Only objects of this store can be given names here.")
    return source


def _find(names: Names, coming: Sequence[_Coming]) -> None:
    """Note those that have their names already."""
    found = names.found([each.wanted for each in coming])
    for each in coming:
        each.outcome = each.outcome or found.get(each.wanted)
