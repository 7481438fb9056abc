"""Takes a local installation over into PostgreSQL and a bucket, by as many tries as that needs.

First the bytes go, file by file, each noted once it is in the bucket; then uploads under way; then the catalogue, with all that was
noted, in one transaction. Before that the old data folder can be used as if nothing had happened, and after it the new installation
is whole. So whatever dies, the next try goes on, and nobody ever sees half of it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from app.core.actors import Actor
from app.core.errors import Busy
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects
from app.storage.cluster.shared import MOVED, MOVING, STORE, ClusterSecrets
from app.storage.cluster.uploads import ClusterUploads
from app.storage.disk.data_folder import UnusableDataFolder
from app.storage.disk.moved import SIGN, MovedSign
from app.storage.disk.uploads import DiskUploads
from app.storage.moving.findings import Course, Finding, Kind
from app.storage.moving.listing import wrong_objects
from app.storage.moving.old import OldData, OldFile, Seen
from app.storage.moving.sending import Sender, Stopped, Wanted
from app.storage.moving.settling import NOT_EMPTY, OF_OTHERS, Settling
from app.storage.moving.under_way import UnderWay, sessions

Sent = TypeVar("Sent")

AT_ONCE = 8
"""So many batches, or large files, are sent at once."""
BATCH_FILES, BATCH_BYTES = 64, 64 * 1024 * 1024
"""Of small files that share the rows that are written for them."""
TICK_SECONDS = 0.5
_EVERYTHING = 1e18
_KNOWN = """
    SELECT link, upload_id, file_identity, size, sha256 FROM store_imported
    WHERE link = ANY(%(links)s) AND upload_id = ANY(%(ids)s)
"""
_UNFINISHED = "SELECT count(*) FROM store_objects WHERE state IN ('coming', 'leaving')"
_GIVE_UP = (
    "UPDATE store_objects SET state = 'leaving' WHERE identity IN (SELECT identity FROM store_imported)",
    "DELETE FROM store_imported",
)
_SEND_AGAIN = "DELETE FROM store_imported WHERE identity = %(identity)s"
_WRONG = "UPDATE store_objects SET state = 'leaving' WHERE identity = %(identity)s"
ANOTHER = "Another 'droppr migrate --from' is at it. Let it end."
NODES = "A node, or a server, runs on the database of DROPPR_DATABASE_URL. Stop all of them, and call again."
OTHER_PLACE = "Files of this installation have been brought to {place} already. Name that in DROPPR_STORE."
OTHER_MOVE = "'{data}' has been moved, or was begun to be, and not to this database and {place}. Where that is not so, delete the file 'moved' in it."
IN_USE = "The files of this database lie in {place} already: another installation is there. Name an empty database and another bucket."
NOT_BEGUN = "Nothing is being moved to this database, so there is nothing to give up."
NOT_WHOLE = "{count} objects are not in the bucket as they were sent, again. Something else deletes or changes what is below {place}."
UNREADABLE = "{count} cannot be read now. Mend that and call again, or call with --without-unreadable: they then stay in the old data folder alone."


class MoveRefused(UnusableDataFolder):
    """Why nothing can be moved, or no further. Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an installation goes."""

    ground: ClusterGround
    objects: Objects
    uploads: ClusterUploads
    place: str
    """Of the bucket, as the database has it."""
    one_request_bytes: int
    """What is not longer is one object by one request."""


class Move:
    """The move of ``old`` to ``target``. ``tick`` is called now and then. Calls raise MoveRefused, Busy, StorageFull."""

    def __init__(
        self, old: OldData, old_uploads: DiskUploads, target: Target, course: Course, tick: Callable[[], None]
    ) -> None:
        self._old = old
        self._old_uploads = old_uploads
        self._target = target
        self._database = target.ground.database
        self._secrets = ClusterSecrets(self._database)
        self._course = course
        self._tick = tick
        self._stop = threading.Event()
        self._sender = Sender(target.ground, target.objects, target.uploads, course, self._stop)
        self._under_way = UnderWay(old_uploads, target.uploads, target.ground, self._sender)

    def ahead(self) -> None:
        """Bring what has arrived by now, while a server goes on there."""
        with self._alone():
            self._begin()
            self._bring_files(Seen())

    def run(self, actor: Actor, *, without_unreadable: bool = False) -> int | None:
        """Bring all that is left, and have the catalogue follow; how many links there are. None where that had been done."""
        with self._alone():
            data, sign = self._old.data, MovedSign.read(self._old.data)
            if sign is not None and sign.place == self._target.place and self._secrets.found(MOVED) == sign.move:
                # It died before it could say so there.
                MovedSign(sign.move, sign.place, True).put(data)
                return None
            if sign is not None and (sign.done or sign.place != self._target.place):
                raise MoveRefused(OTHER_MOVE.format(data=data, place=self._target.place))
            self._begin()
            sign = sign or MovedSign(secrets.token_hex(16), self._target.place)
            sign.put(data)
            self._bring_all()
            unreadable = self._course.counts[Kind.UNREADABLE]
            if unreadable and not without_unreadable:
                raise MoveRefused(UNREADABLE.format(count=f"{unreadable:,} files" if unreadable > 1 else "One file"))
            known = {STORE: self._target.place, MOVED: sign.move}
            links = Settling(self._old, self._database).run(actor, known, {"store": self._target.place})
            MovedSign(sign.move, sign.place, True).put(data)
            with suppress(Busy):  # What stays is swept by the nodes.
                self._sweep()
            return links

    def give_up(self) -> None:
        """Remove all that was brought, as if nobody had begun. What is over cannot be given up."""
        with self._alone():
            moving, sign = self._secrets.found(MOVING), MovedSign.read(self._old.data)
            if moving is None:
                raise MoveRefused(NOT_BEGUN)
            if moving != self._target.place:
                raise MoveRefused(OTHER_PLACE.format(place=moving))
            with self._database.write() as tx:
                for each in _GIVE_UP:
                    tx.run(each)
            self._database.sync()
            # No node has ever been there, so all of these were brought.
            self._under_way.forget_others(Seen())
            self._sweep()
            if sign is not None and not sign.done:
                (self._old.data / SIGN).unlink(missing_ok=True)
            self._secrets.forget(MOVING)

    def _bring_all(self) -> None:
        kept = Seen()
        self._bring_files(kept)
        for path in self._old.files():
            if path not in kept:
                self._course.find(Finding(Kind.UNKNOWN, path))
        kept.close()
        self._bring_uploads()
        if self._wrong_again():
            self._bring_files(Seen())
            if count := self._wrong_again():
                raise MoveRefused(NOT_WHOLE.format(count=count, place=self._target.place))

    def _bring_uploads(self) -> None:
        there = Seen()
        with self._pool() as submit:
            for session in sessions(self._old_uploads):
                there.add([session.upload_id])
                submit(partial(self._under_way.move, session))
        self._under_way.forget_others(there)
        there.close()
        self._sweep()

    def _wrong_again(self) -> int:
        wrong = self._sender.patiently(lambda: wrong_objects(self._database, self._target.ground.bucket))
        with self._database.write() as tx:
            for each in wrong:
                tx.run(_SEND_AGAIN, identity=each.identity)
                tx.run(_WRONG, identity=each.identity)
        self._database.sync()
        return len(wrong)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._check_nodes()
        with ExitStack() as stack:
            try:
                stack.enter_context(self._database.alone("move", wait=False))
            except Busy:
                raise MoveRefused(ANOTHER) from None
            yield

    def _begin(self) -> None:
        """Note where this goes, by which nodes know that it is not over, and remove what a try that died has left."""
        place = self._target.place
        store = self._secrets.found(STORE)
        # A node may have been started there once, and nothing else.
        if store is not None and (self._old.database is self._database or self._is_used()):
            raise MoveRefused(IN_USE.format(place=store))
        if self._old.database is not self._database and self._is_used():
            raise MoveRefused(NOT_EMPTY)
        agreed = self._secrets.agreed(MOVING, place)
        if agreed != place:
            raise MoveRefused(OTHER_PLACE.format(place=agreed))
        self._check_nodes()  # From here on none starts.
        self._sweep()
        self._course.all_files, self._course.all_bytes = self._old.total()

    def _check_nodes(self) -> None:
        with self._database.read() as tx:
            if self._target.ground.presence.others(tx):
                raise MoveRefused(NODES)

    def _is_used(self) -> bool:
        with self._database.read() as tx:
            return any(tx.one(f"SELECT 1 FROM {table} LIMIT 1") for table in OF_OTHERS)

    def _sweep(self) -> None:
        """Remove objects that are noted and will not stay: nobody makes any now."""
        before = -1
        while True:
            self._target.uploads.remove_remains(_EVERYTHING)
            left = self._unfinished()
            if left in (0, before):
                return
            before = left

    def _unfinished(self) -> int:
        row = self._database.look(_UNFINISHED)
        assert row is not None
        return int(row[0])

    def _bring_files(self, seen: Seen) -> None:
        small: list[Wanted] = []
        with self._pool() as submit:
            for page in self._old.pages():
                for each in self._wanted(page, seen):
                    if each.found.size > self._target.one_request_bytes:
                        submit(partial(self._send, self._sender.send_large, each, [each]))
                        continue
                    small.append(each)
                    if len(small) == BATCH_FILES or sum(one.found.size for one in small) >= BATCH_BYTES:
                        submit(partial(self._send, self._sender.send_small, small, small))
                        small = []
            if small:
                submit(partial(self._send, self._sender.send_small, small, small))

    def _send(self, send: Callable[[Sent], None], what: Sent, files: Sequence[Wanted]) -> None:
        send(what)
        for _ in files:
            self._course.done()

    def _wanted(self, page: Sequence[OldFile], seen: Seen) -> Iterator[Wanted]:
        """Those of a page that are not there yet; of the others is told what is wrong with them."""
        links, ids = list({each.link for each in page}), [each.upload_id for each in page]
        with self._database.read() as tx:
            known = {row[:2]: row[2:] for row in tx.all(_KNOWN, links=links, ids=ids)}
        for file in page:
            wanted = looked_at(self._old, file, self._course, seen)
            if wanted is None:
                self._course.done()
                continue
            there = known.get((file.link, file.upload_id))
            if there is None or there[:2] != (wanted.file_identity, wanted.found.size):
                yield wanted
                continue
            self._course.had(there[1])
            self._sender.compare(file, there[1], there[2])
            self._course.done()

    @contextmanager
    def _pool(self) -> Iterator[Callable[[Callable[[], None]], None]]:
        """Threads that do what they are given, while this one waits where they have enough; after the first trouble nothing more is
        begun."""
        pending = set[Future[None]]()
        failed: list[BaseException] = []

        def settle(most: int) -> None:
            nonlocal pending
            while len(pending) > most:
                done, pending = wait(pending, TICK_SECONDS, FIRST_COMPLETED)
                self._tick()
                failed.extend(error for each in done if (error := each.exception()) is not None)
                if failed:
                    raise next((each for each in failed if not isinstance(each, Stopped)), failed[0])

        with ThreadPoolExecutor(AT_ONCE) as pool:

            def submit(work: Callable[[], None]) -> None:
                pending.add(pool.submit(work))
                settle(2 * AT_ONCE)

            try:
                yield submit
                settle(0)
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def looked_at(old: OldData, file: OldFile, course: Course, seen: Seen) -> Wanted | None:
    """A file as it lies on the disk; None where there is none that can be moved, which is told."""
    try:
        found = old.found(file)
        identity = found.file_identity
    except FileNotFoundError:
        course.find(Finding(Kind.MISSING, file.place, file.link))
        return None
    except (Busy, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else "the disk does not give it out"
        course.find(Finding(Kind.UNREADABLE, file.place, file.link, str(why)))
        return None
    assert found.path is not None
    seen.add([str(Path(found.path).relative_to(old.data))])
    as_known = file.file_identity in (None, identity) or found.is_as(str(file.file_identity))
    if not as_known and old.has_namesake(file):
        course.find(Finding(Kind.MISSING, file.place, file.link, "another file of this link lies there"))
        return None
    return Wanted(file, found, identity)


def look(old: OldData, course: Course) -> None:
    """Find what a move would find, as far as that can be told without reading files."""
    seen = Seen()
    course.all_files, course.all_bytes = old.total()
    for page in old.pages():
        for file in page:
            wanted = looked_at(old, file, course, seen)
            if wanted is not None:
                course.had(wanted.found.size)
                if wanted.found.size != file.size:
                    said = f"{file.size} bytes were received, it has {wanted.found.size} now"
                    course.find(Finding(Kind.DIFFERS, file.place, file.link, said))
            course.done()
    for path in old.files():
        if path not in seen:
            course.find(Finding(Kind.UNKNOWN, path))
    seen.close()
