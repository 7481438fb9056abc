"""What everything else plugs into. Each port has one contract suite in ``tests/contracts``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Protocol

from app.core.errors import UploadError
from app.core.links import Announced, Opening, ReceivedFile, RequestLink, Usage
from app.core.paths import RelPath
from app.core.ranges import ByteRanges, Span
from app.core.session import UploadSession


class Body(Protocol):
    """The bytes of one request, to be had once, in order, in any of two ways.

    Both raise RequestTimeout when the sender stalls and ChunkSizeMismatch when the connection broke.
    """

    def readinto(self, buffer: memoryview) -> int:
        """Fill some of ``buffer``; how many bytes, 0 only where the body ends."""
        ...

    def move(self, descriptor: int, offset: int, most: int) -> int:
        """Put up to ``most`` bytes at ``offset`` of an open file without looking at them; how many, 0 at the end."""
        ...


class Checksum(Protocol):
    """A running digest of a chunk and what it has to come to."""

    def update(self, data: memoryview) -> None: ...

    def matches(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What recording a span did. ``closed`` is true for exactly one caller per upload: who closed the last gap."""

    ranges: ByteRanges
    closed: bool
    unsynced: int = 0
    pending: int = 0
    """Bytes recorded so far that would not count after a power cut, and in how many records."""
    crowded: bool = False
    """Whether the record of the upload could be told much shorter."""


class SessionStore(Protocol):
    """Where upload sessions live. Safe from any number of threads and processes at once."""

    def create(self, session: UploadSession) -> None: ...

    def load(self, upload_id: str) -> UploadSession:
        """The session as it stands now. Raises UploadNotFound."""
        ...

    def update(self, upload_id: str, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        """Apply a pure function to the session, alone. Ranges are not changed this way. Raises UploadNotFound."""
        ...

    def record(self, upload_id: str, span: Span, at: float) -> Receipt:
        """Note durably (against a crash of every process) that ``span`` has arrived. Raises UploadNotFound."""
        ...

    def recent(self, upload_id: str, since: float) -> tuple[int, float | None]:
        """How many bytes were recorded after ``since``, and from when on: the time of the record before them, None where
        there is none. Of very many records the last few count. Raises UploadNotFound."""
        ...

    def compact(self, upload_id: str) -> None:
        """Tell the record of what has arrived as shortly as possible. Raises UploadNotFound, StorageFull, Busy."""
        ...

    def checkpoint(self, upload_id: str, sync: Callable[[], None], at: float) -> None:
        """Call ``sync``, which brings the upload's bytes to the disk, and note durably that what was recorded before
        the call counts from now on even after a power cut. Raises UploadNotFound."""
        ...

    def synced(self, upload_id: str, sync: Callable[[], None], at: float) -> None:
        """Bring the session itself to the disk, then call ``sync`` for its bytes.

        When either fails, nothing counts any more that no checkpoint covers: what a failed sync lost, a second one
        would pass over. Raises what ``sync`` raises, UploadNotFound.
        """
        ...

    def exclusive(self, upload_id: str, *, wait: bool = True) -> AbstractContextManager[None]:
        """Be the only one who delivers, cancels or purges this upload; freed when the holder dies.

        Raises Busy when it is held and ``wait`` is false, UploadNotFound when the session does not exist.
        """
        ...

    def only_one(self, upload_id: str, purpose: str) -> AbstractContextManager[None]:
        """Be the only one in all processes who does ``purpose`` for this upload; freed when the holder dies.

        Raises Busy when another one is, UploadNotFound. Keeps nobody from finishing or changing the session.
        """
        ...

    def exists(self, upload_id: str) -> bool:
        """Whether there is such a session, without reading it."""
        ...

    def delete(self, upload_id: str) -> None:
        """Forget the session. Nothing happens when there is none."""
        ...

    def remove_remains(self, before: float) -> None:
        """Remove what openings left behind that died before their session existed, if it is older than ``before``."""
        ...

    def ids(self) -> Iterator[str]:
        """Every upload id there is, in no order."""
        ...


class Slot(Protocol):
    """A claimed place in a growing file. Nobody else writes there while it is held."""

    def receive(self, body: Body, wanted: ByteRanges, checksum: Checksum | None) -> None:
        """Put those bytes of ``body`` that lie in ``wanted`` into the growing file, all of them or none that count.

        ``body`` holds exactly the claimed span. Raises ChunkSizeMismatch when it does not, ChecksumMismatch,
        StorageFull. After an error the claimed bytes are undefined and must not be recorded; their room is free again.
        """
        ...


class ChunkStore(Protocol):
    """Where the bytes of unfinished uploads lie: one growing file for each."""

    def allocate(self, upload_id: str, size: int) -> None:
        """Make the growing file. It takes room on the disk only as its bytes come. Raises StorageFull."""
        ...

    def take(self, upload_id: str, span: Span) -> int:
        """Set room on the disk aside for what ``span`` lacks of it, where the file system can; how many bytes the file
        then has in all. Raises StorageFull, UploadNotFound."""
        ...

    def claim(self, upload_id: str, span: Span) -> AbstractContextManager[Slot]:
        """Hold ``span`` alone, host-wide, until the block ends or the process dies.

        Raises Busy when another request holds part of it, UploadNotFound.
        """
        ...

    def idle(self, upload_id: str) -> bool:
        """Whether no request holds any part of this upload at this moment."""
        ...

    def reader(self, upload_id: str) -> AbstractContextManager[Callable[[Span], bytes]]:
        """Look at the growing file; what was never recorded reads as anything.

        Once entered it goes on working when the file is delivered or discarded. Raises UploadNotFound.
        """
        ...

    def date(self, upload_id: str, last_modified: float | None) -> None:
        """Give the growing file the time its sender told. From then on nothing is written to it."""

    def flush(self, upload_id: str) -> None:
        """Return once the growing file is on the disk itself."""

    def path(self, upload_id: str) -> Path:
        """The growing file, on the same file system as every local destination."""
        ...

    def discard(self, upload_id: str) -> None:
        """Free the bytes. Nothing happens when there are none."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a file ended up, relative to its link's folder."""

    path: str
    """Its name for people, with ``(1)`` where the plain one was taken."""
    disk_path: str
    mark: str
    """What tells this very file from any other that may come to lie in its place."""


class Destination(Protocol):
    """Where finished files go."""

    def check(self, folder: RelPath) -> None:
        """Return if files could be delivered there. Raises Busy with the reason."""

    def deliver(self, folder: RelPath, path: RelPath, source: Path | int) -> Delivery:
        """Make ``source`` appear whole under ``path``, or under a numbered name when that is taken.

        An open file that has no name yet is given as its descriptor. Atomic for readers; done again after a crash it
        finds its own work and does nothing twice.
        """
        ...

    def find(self, folder: RelPath, path: RelPath, mark: str) -> Delivery | None:
        """The very file with this mark that was delivered under ``path`` or a numbered name of it."""

    def flush(self, folder: RelPath, delivery: Delivery) -> None:
        """Return once the new name would survive a power cut."""

    def locate(self, folder: RelPath, disk_path: str, mark: str | None = None) -> Path:
        """The file on disk, reached without following a link. Raises FileNotFound.

        With ``mark``, a file that has other names as well is taken for the delivered one only if it is so marked:
        whoever may write into a link's folder could link there what is to be read nowhere.
        """
        ...

    def holds(self, folder: RelPath, disk_path: str, mark: str) -> bool:
        """Whether the very file that a delivery marked so still lies there, unchanged."""

    def remove(self, folder: RelPath, disk_path: str, mark: str) -> bool:
        """Remove that very file and no other; false where it no longer lies there."""
        ...

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        """Make an empty folder, or find it; its name for people, numbered where a file has the plain one."""


class RequestStore(Protocol):
    """Where request links and their ledgers live. Safe from any number of threads and processes at once."""

    def create(self, link: RequestLink) -> None: ...

    def load(self, hash: str) -> RequestLink:
        """Raises RequestNotFound."""
        ...

    def update(self, hash: str, change: Callable[[RequestLink], RequestLink]) -> RequestLink:
        """Apply a pure function to the link, alone. Raises RequestNotFound."""
        ...

    def all(self) -> list[RequestLink]:
        """Every link, newest first."""
        ...

    def all_used(self) -> Iterator[tuple[RequestLink, Usage]]:
        """The same with what each has received; links that are deleted meanwhile are left out."""
        ...

    def delete(self, hash: str) -> None:
        """Remove a link and all that was noted of it. Nothing happens when there is none."""
        ...

    def reserve(
        self,
        link: RequestLink,
        upload_id: str,
        size: int,
        at: float = 0.0,
        until: float = inf,
        folders: Sequence[str] = (),
    ) -> None:
        """Set a place, ``size`` bytes and the ``folders`` above it aside for an upload that was opened ``at``, all limits
        judged at once; others may have them from ``until`` on. Raises RequestFull."""
        ...

    def hold(self, link: RequestLink, upload_id: str, now: float, until: float, again: float) -> float:
        """Go on setting them aside ``until`` then, or, where they had lapsed before ``now``, once more, until ``again``;
        returns until when. Raises RequestFull where others have them."""
        ...

    def announce(self, link: RequestLink, files: Sequence[Announced], now: float = 0.0) -> dict[str, UploadError]:
        """The same for whole files that are about to be delivered, in their order, with what it takes to find them after
        a crash; on the disk itself where files are. Returns, by upload id, why there is no room for some of them."""
        ...

    def release(self, hash: str, upload_id: str, why: str) -> bool:
        """Give a reservation back, as ``cancelled``, ``refused``, ``failed``, ``expired`` or ``stopped`` (by the owner);
        false where there is none."""
        ...

    def why_gone(self, hash: str, upload_id: str) -> str | None:
        """``expired`` or ``stopped`` for an upload that was released so; None for every other."""
        ...

    def openings(self, hash: str) -> tuple[Opening, ...]:
        """The uploads that are open, in the order in which they were opened."""
        ...

    def receive(self, hash: str, *files: ReceivedFile) -> None:
        """Note delivered files in place of their reservations; again for the same upload changes nothing."""
        ...

    def announced(self, hash: str) -> tuple[Announced, ...]:
        """What was announced and neither received nor released: on its way at this moment, or left by a crash."""
        ...

    def announced_file(self, hash: str, upload_id: str) -> Announced | None: ...

    def note_sha256(self, hash: str, upload_id: str, sha256: str) -> None: ...

    def remove(self, hash: str, upload_id: str) -> bool:
        """Note durably that a delivered file is taken back, and free its place; true for the one call that did it.
        One that is being or has been passed on stays."""
        ...

    def note_folders(self, link: RequestLink, paths: Sequence[RelPath]) -> None:
        """Note folders that a sender asks for. Noting one again changes nothing. Raises RequestFull."""
        ...

    def file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """What this upload delivered, None where it delivered nothing or its file was taken back."""
        ...

    def files(self, hash: str, upload_ids: Iterable[str]) -> dict[str, ReceivedFile]:
        """The same for many uploads, by upload id, with one look at the ledger."""

    def removed_file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """What this upload delivered before it was taken back."""
        ...

    def note_leaving(self, hash: str, upload_id: str) -> bool:
        """Note that a delivered file is about to appear elsewhere, so that it can no longer be removed; false where it
        was removed before."""
        ...

    def note_passed_on(self, hash: str, upload_id: str, remote: str) -> None: ...

    def usage(self, hash: str) -> Usage: ...


class HeadReader(Protocol):
    """Tells the MIME type of a file from its first bytes."""

    def mime(self, head: bytes) -> str: ...


class CaptchaProvider(Protocol):
    """Someone who tells people from programs."""

    name: str
    site_key: str | None

    def challenge(self) -> dict[str, object] | None:
        """A fresh challenge for the page, or None where the provider's own script makes them."""
        ...

    def verify(self, token: str) -> bool:
        """Whether ``token`` is a correct, current and never used solution. Raises Busy when the provider is away."""
        ...


class Attempts(Protocol):
    """Counts per key in a moving window, shared by all workers, surviving a restart."""

    def hit(self, key: str, limit: str) -> bool:
        """Count one event against ``limit`` (such as ``600 per hour``); false when it was already reached."""
        ...

    def count(self, key: str, limit: str) -> int:
        """How many events count at present."""
        ...

    def retry_after(self, key: str, limit: str) -> int:
        """Whole seconds until the key is free again, at least 1."""
        ...

    def clear(self, key: str, limit: str) -> None: ...

    def turn(self, key: str) -> AbstractContextManager[None]:
        """Be alone with ``key``, among all threads and processes, until the block ends or the process dies.

        So that looking at a count, acting on it and counting are one step.
        """
        ...

    def first_use(self, token: str, seconds: int) -> bool:
        """True exactly once for each token within ``seconds``, whoever asks."""
        ...

    def was_used(self, token: str) -> bool:
        """Whether ``first_use`` was asked for this token within the seconds it was given; changes nothing."""
        ...


class Clock(Protocol):
    def __call__(self) -> float:
        """Seconds since the epoch."""
        ...


class Hasher(Protocol):
    """Hashes and checks passwords, slowly on purpose."""

    def hash(self, password: str) -> str: ...

    def verify(self, hash: str, password: str) -> bool: ...
