"""Archives: what a link has received as one file (ZIP), from any byte on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from app.core.actors import Actor
from app.core.errors import Busy, FileNotFound, InvalidPath, RequestNotFound, StorageFull
from app.core.file_lists import EVERYTHING, NEWEST_FIRST, Choice, Place
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.ports.catalogue import RequestStore
from app.core.ports.content import Scratch
from app.core.ports.file_lists import FileLists
from app.core.ports.inbox import Inbox, StoredFile
from app.core.sums import LATE
from app.core.zips import Entry, Names
from app.services.received.archive import Archive, ArchiveFile, Plan

FILES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a link's files an archive is to hold: all that fit every part of it that is set."""

    folder: tuple[str, ...] = ()
    """Those below this folder, as people see it; its own parents are left out of their names."""
    choice: Choice = EVERYTHING
    upload_ids: tuple[str, ...] | None = None
    """Those that these uploads brought; of ``choice`` only its times count then."""
    but: frozenset[str] = frozenset()
    """All but those that these uploads brought."""

    @property
    def is_all_since(self) -> bool:
        """Whether nothing is left out but by the time of its arrival."""
        times = replace(EVERYTHING, since=self.choice.since, until=self.choice.until)
        return self == Wanted(choice=times)


class Archives:
    """Makes archives of received files. Nothing of one is kept: each request lays it out anew, and as long as the files are the same
    it is the same, byte for byte.

    Files that the owner took away are left out. One that the owner has changed in its place is in it as it is now.
    """

    def __init__(
        self, *, requests: RequestStore, lists: FileLists, inbox: Inbox, scratch: Callable[[], Scratch]
    ) -> None:
        """``scratch`` makes an empty file that nobody else sees, and that is gone once it is closed."""
        self._requests = requests
        self._lists = lists
        self._inbox = inbox
        self._scratch = scratch

    def make(self, hash: str, wanted: Wanted) -> Archive:
        """The archive, to be closed. Raises RequestNotFound, FileNotFound where there is nothing to put into it, StorageFull, Busy."""
        return self._made([hash], wanted, [()], max(0, len(wanted.folder) - 1))

    def make_of_many(self, hashes: Sequence[str]) -> Archive:
        """One archive of all that several links have received, each in a folder of its own. Raises the same."""
        folders = [self._requests.load(hash).folder.parts for hash in hashes]
        return self._made(hashes, Wanted(), folders, _alike(folders))

    def taken(self, made: Archive, viewer: Actor, since: float | None = None) -> None:
        """Note that an archive of what arrived after ``since`` has gone out to its end. What cannot be noted is new once more."""
        for hash, newest in made.newest.items():
            with suppress(RequestNotFound, Busy, StorageFull):
                self._requests.take(hash, str(viewer), since, newest)

    def _made(self, hashes: Sequence[str], wanted: Wanted, below: Sequence[tuple[str, ...]], leave_out: int) -> Archive:
        """``below`` are folders in which the files of each link lie, of which as many are left out of their names."""
        links = [self._requests.load(hash) for hash in hashes]
        plan, newest = Plan(self._scratch()), dict.fromkeys(hashes, 0.0)
        try:
            names = Names()
            for number, link in enumerate(links):
                for file in self._files(link.hash, wanted):
                    newest[link.hash] = max(newest[link.hash], file.received_at)
                    found = self._found(link, file)
                    if found is not None:
                        self._add(plan, names, (number, file, found), below[number], leave_out)
            if not plan.count:
                raise FileNotFound("There are no such files here, or they have been moved away on the server.")
            return Archive(
                plan,
                lambda each: self._open(links[each.link], each),
                lambda each, crc: self._note(links[each.link].hash, each, crc),
                newest if wanted.is_all_since else {},
            )
        except BaseException:
            plan.close()
            raise

    def _files(self, hash: str, wanted: Wanted) -> Iterator[ReceivedFile]:
        """The newest first: where a file was taken away and another came in its place, that is the one that lies there."""
        for file in self._chosen(hash, wanted):
            if file.upload_id in wanted.but:
                continue
            if tuple(file.path.split("/")[: len(wanted.folder)]) == wanted.folder:
                yield file

    def _chosen(self, hash: str, wanted: Wanted) -> Iterator[ReceivedFile]:
        if wanted.upload_ids is not None:
            found = self._requests.files(hash, wanted.upload_ids)
            since, until = wanted.choice.since, wanted.choice.until
            timely = (
                each
                for each in found.values()
                if (since is None or since < each.received_at) and (until is None or each.received_at <= until)
            )
            yield from sorted(timely, key=lambda each: (each.received_at, each.upload_id), reverse=True)
            return
        after: Place | None = None
        while page := self._lists.page(hash, FILES_AT_ONCE, wanted.choice, NEWEST_FIRST, after):
            for file, place in page:
                yield file
                after = place

    def _found(self, link: RequestLink, file: ReceivedFile) -> StoredFile | None:
        with suppress(FileNotFoundError, InvalidPath):
            return self._inbox.open(link.folder, file.disk_path, file.file_identity)
        return None

    def _add(
        self,
        plan: Plan,
        names: Names,
        each: tuple[int, ReceivedFile, StoredFile],
        below: tuple[str, ...],
        leave_out: int,
    ) -> None:
        link, file, found = each
        name = names.new((*below, *RelPath.noted(file.disk_path).parts), leave_out)
        if name is None:
            return
        unchanged = found.size == file.size and file.file_identity is not None and found.is_as(file.file_identity)
        crc32 = file.crc32 if unchanged else None
        late = crc32 is None or crc32 >= LATE
        modified = file.received_at if file.last_modified is None else file.last_modified
        plan.add(
            ArchiveFile(
                entry=Entry(name.encode(), found.size, modified, late),
                disk_path=file.disk_path,
                file_identity=file.file_identity,
                version=found.version,
                upload_id=file.upload_id if unchanged else None,
                link=link,
            ),
            None if crc32 is None else crc32 % LATE,
        )

    def _open(self, link: RequestLink, file: ArchiveFile) -> StoredFile:
        return self._inbox.open(link.folder, file.disk_path, file.file_identity)

    def _note(self, hash: str, file: ArchiveFile, crc32: int) -> None:
        """Remember what was computed, so that the next one who goes on with this archive need not wait for it."""
        if file.upload_id is not None:
            with suppress(RequestNotFound):
                self._requests.note_crc32(hash, file.upload_id, crc32 + LATE)


def _alike(folders: Sequence[tuple[str, ...]]) -> int:
    """In how many folders all of these lie together, which tell nothing."""
    alike, most = 0, min(map(len, folders)) - 1
    while alike < most and len({each[alike] for each in folders}) == 1:
        alike += 1
    return alike


def folder_parts(text: str) -> tuple[str, ...]:
    """The parts of a folder's path as callers write it. Raises InvalidPath."""
    return RelPath.noted(text).parts


def named(link: RequestLink) -> str:
    """What an archive of this link is called."""
    title = link.terms.title.strip()
    parts: Sequence[str] = link.folder.parts
    return f"{title or parts[-1]}.zip"
