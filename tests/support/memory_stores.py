"""Upload store, unlinked files and inbox in memory: a second implementation of the ports, which has neither disk nor
processes. What the contract suites ask of it is what they ask of every store."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from app.core.errors import Busy, ChecksumMismatch, UploadError, UploadNotFound
from app.core.paths import RelPath, disk_folder, disk_name, numbered, numbered_as_sent
from app.core.pieces import pieces
from app.core.policy import HEAD_BYTES
from app.core.ports.bodies import Body, Checksum
from app.core.ports.claims import Recorded
from app.core.ports.content import Content
from app.core.ports.inbox import Delivery, Inbox, Source
from app.core.ranges import ByteRanges, Span
from app.core.session import State, UploadSession
from app.core.store_facts import StoreFacts
from app.core.sums import Summing
from app.storage.disk.bodies import StreamBody


@dataclass
class _Kept:
    """One upload: its session without ranges, its bytes, and when which of them came."""

    session: UploadSession
    data: MemorySource
    ranges: ByteRanges = field(default_factory=ByteRanges)
    arrivals: list[tuple[float, Span]] = field(default_factory=list)
    claims: list[Span] = field(default_factory=list)
    at_work: set[str] = field(default_factory=set)
    alone: threading.Lock = field(default_factory=threading.Lock)


class Memory:
    """What all stores that are made on it share, as those on one disk do."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.uploads: dict[str, _Kept] = {}
        self.files: dict[tuple[str, ...], MemorySource] = {}
        """What was delivered, by the parts of its path with its link's folder."""
        self.folders: set[tuple[str, ...]] = set()
        self.numbers = count(1)


class MemorySource:
    """Bytes without a name."""

    def __init__(self, memory: Memory, data: bytearray) -> None:
        self.data = data
        self.file_identity = str(next(memory.numbers))

    def read(self, span: Span) -> bytes:
        return bytes(self.data[span.start : span.stop])

    def read_into(self, offset: int, buffer: memoryview) -> int:
        found = self.data[offset : offset + len(buffer)]
        buffer[: len(found)] = found
        return len(found)

    def version(self) -> str:
        return self.file_identity

    def fileno(self) -> int | None:
        return None


class MemoryUploads:
    """UploadStore in ``memory``."""

    def __init__(self, memory: Memory, facts: StoreFacts) -> None:
        self.facts = facts
        self._memory = memory

    def create(self, session: UploadSession) -> None:
        with self._memory.lock:
            data = MemorySource(self._memory, bytearray(session.size))
            self._memory.uploads[session.upload_id] = _Kept(replace(session, ranges=ByteRanges()), data)

    def open(self, upload_id: str) -> MemoryUpload:
        return MemoryUpload(self._memory, self.facts, upload_id)

    def exists(self, upload_id: str) -> bool:
        return upload_id in self._memory.uploads

    def among(self, upload_ids: Sequence[str]) -> set[str]:
        return {each for each in upload_ids if self.exists(each)}

    def delete(self, upload_id: str) -> None:
        with self._memory.lock:
            self._memory.uploads.pop(upload_id, None)

    def ids(self) -> Iterator[str]:
        return iter(list(self._memory.uploads))

    def due(self, before: float) -> Iterator[str]:
        with self._memory.lock:
            return iter([each for each in self.ids() if self.open(each).status().active_at < before])

    def remove_remains(self, before: float) -> None:
        """An opening is one step here and leaves nothing."""


class MemoryUpload:
    def __init__(self, memory: Memory, facts: StoreFacts, upload_id: str) -> None:
        self.upload_id = upload_id
        self._memory = memory
        self._facts = facts

    def status(self) -> UploadSession:
        with self._memory.lock:
            return _told(self.kept())

    def recent(self, since: float) -> tuple[int, float | None]:
        with self._memory.lock:
            arrivals = self.kept().arrivals[-200:]
        before = [at for at, _ in arrivals if at <= since]
        return sum(span.length for at, span in arrivals if at > since), max(before, default=None)

    def claim(self, span: Span) -> MemorySpan:
        return MemorySpan(self._memory, self, span)

    def set_aside(self, span: Span) -> int:
        with self._memory.lock:
            return len(self.kept().data.data)

    def is_claimed(self) -> bool:
        with self._memory.lock:
            kept = self._memory.uploads.get(self.upload_id)
            return kept is not None and bool(kept.claims)

    @contextmanager
    def content(self) -> Iterator[Content]:
        with self._memory.lock:
            kept = self.kept()
            if kept.session.state is not State.OPEN:
                raise UploadNotFound
            assert self._facts.readable or _told(kept).is_whole, "nobody may ask for these"
            data = kept.data
        yield data

    def update(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        with self._memory.lock:
            kept = self.kept()
            changed = change(_told(kept))
            kept.session = replace(changed, ranges=ByteRanges())
            return _told(kept)

    def finish(self, into: Inbox, folder: RelPath, at: float) -> Delivery:
        with self._memory.lock:
            kept = self.kept()
        delivery = into.deliver(folder, kept.session.path, kept.data)
        into.flush(folder, [delivery])
        return delivery

    def end(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        with self._memory.lock:
            ended = self.update(change)
            # Whoever reads or has delivered the old bytes keeps them.
            self.kept().data = MemorySource(self._memory, bytearray())
            return ended

    @contextmanager
    def exclusive(self, *, wait: bool = True) -> Iterator[None]:
        kept = self.kept()
        if not kept.alone.acquire(blocking=wait):
            raise Busy("Another request is finishing this upload.", retry_after=1)
        try:
            if self._memory.uploads.get(self.upload_id) is not kept:
                raise UploadNotFound
            yield
        finally:
            kept.alone.release()

    @contextmanager
    def only_one(self, purpose: str) -> Iterator[None]:
        with self._memory.lock:
            kept = self.kept()
            if purpose in kept.at_work:
                raise Busy(retry_after=1)
            kept.at_work.add(purpose)
        try:
            yield
        finally:
            kept.at_work.discard(purpose)

    def kept(self) -> _Kept:
        try:
            return self._memory.uploads[self.upload_id]
        except KeyError:
            raise UploadNotFound from None


class MemorySpan:
    def __init__(self, memory: Memory, upload: MemoryUpload, span: Span) -> None:
        self._memory = memory
        self._upload = upload
        self._span = span

    def __enter__(self) -> MemorySpan:
        with self._memory.lock:
            self._kept = kept = self._upload.kept()
            if any(each.start < self._span.stop and self._span.start < each.stop for each in kept.claims):
                raise Busy(retry_after=1)
            self.session = _told(kept)
            over = self.session.state is not State.OPEN
            self.missing = ByteRanges() if over else kept.ranges.missing(self._span)
            kept.claims.append(self._span)
        return self

    def __exit__(self, *_: object) -> None:
        with self._memory.lock:
            self._kept.claims.remove(self._span)

    def receive(self, body: Body, checksum: Checksum | None) -> None:
        came = bytearray(self._span.length)
        for place, piece in pieces(body, self._span):
            if checksum is not None:
                checksum.update(piece)
            came[place.start - self._span.start : place.stop - self._span.start] = piece
        if checksum is not None and not checksum.matches():
            raise ChecksumMismatch
        for part in self.missing:
            first = part.start - self._span.start
            self._kept.data.data[part.start : part.stop] = came[first : first + part.length]

    def record(self, at: float) -> Recorded:
        with self._memory.lock:
            kept = self._upload.kept()
            size, before = kept.session.size, kept.ranges.length
            kept.ranges = kept.ranges.add(self._span)
            kept.arrivals.append((at, self._span))
            return Recorded(_told(kept), closed=before < size == kept.ranges.length)


def _told(kept: _Kept) -> UploadSession:
    if kept.session.state is not State.OPEN:
        return kept.session
    last = max((at for at, _ in kept.arrivals), default=0.0)
    return replace(kept.session, ranges=kept.ranges, active_at=max(kept.session.active_at, last))


class MemoryUnlinkedFile(MemorySource):
    def __init__(self, memory: Memory, data: bytearray) -> None:
        super().__init__(memory, data)
        summing = Summing()
        summing.update(bytes(data))
        self.sums = summing.sums()
        self.head = bytes(data[:HEAD_BYTES])

    def flush(self) -> None:
        """There is no disk that it could reach."""

    def body(self) -> Body:
        return StreamBody(io.BytesIO(self.data))

    def close(self) -> None:
        """Gone with its last user."""


class MemoryUnlinkedFiles:
    """UnlinkedFiles in ``memory``."""

    supported = True

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def write(
        self, body: Body, size: int, checksum: Checksum | None, last_modified: float | None = None
    ) -> MemoryUnlinkedFile:
        came = bytearray()
        for _, piece in pieces(body, Span(0, size)) if size else ():
            if checksum is not None:
                checksum.update(piece)
            came += piece
        if checksum is not None and not checksum.matches():
            raise ChecksumMismatch
        return MemoryUnlinkedFile(self._memory, came)


class MemoryFile:
    """StoredFile in memory, which browsers would fetch elsewhere."""

    path: Path | None = None

    def __init__(self, source: MemorySource) -> None:
        self._source = source
        self.size = len(source.data)
        self.file_identity = self.version = source.file_identity

    @contextmanager
    def content(self) -> Iterator[Content]:
        yield self._source

    def is_as(self, file_identity: str) -> bool:
        return self.file_identity == file_identity

    def download_address(self, name: str) -> str | None:
        return f"https://memory.invalid/{self.file_identity}?name={name}"

    def proxied_address(self, name: str) -> str | None:
        del name
        return None


class MemoryInbox:
    """Inbox in ``memory``."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def check(self, folder: RelPath) -> None:
        """There is always room."""

    def deliver(self, folder: RelPath, path: RelPath, source: Source) -> Delivery:
        if not isinstance(source, MemorySource):
            raise TypeError("made by another store")
        with self._memory.lock:
            found = self.find(folder, path, source.file_identity)
            if found is not None:
                return found
            above, taken = self._below(folder, path.folder)
            name = disk_name(path.name)
            number = next(n for n in count() if not self._is_there((*above, numbered(name, n))))
            self._memory.files[(*above, numbered(name, number))] = source
            return self._delivery(path, [*taken, number], source.file_identity)

    def deliver_all(self, folder: RelPath, files: Sequence[tuple[RelPath, Source]]) -> list[Delivery | UploadError]:
        return [self.deliver(folder, path, source) for path, source in files]

    def find(self, folder: RelPath, path: RelPath, file_identity: str) -> Delivery | None:
        with self._memory.lock:
            above, taken = self._below(folder, path.folder)
            for parts, source in self._memory.files.items():
                if source.file_identity == file_identity and parts[:-1] == above:
                    for number in range(len(self._memory.files)):
                        if parts[-1] == numbered(disk_name(path.name), number):
                            return self._delivery(path, [*taken, number], file_identity)
        return None

    def flush(self, folder: RelPath, deliveries: Sequence[Delivery]) -> None:
        """There is no disk that they could reach."""

    def open(self, folder: RelPath, disk_path: str, file_identity: str | None) -> MemoryFile:
        try:
            return MemoryFile(self._memory.files[_place(folder, disk_path)])
        except KeyError:
            raise FileNotFoundError(disk_path) from None

    def holds(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        found = self._memory.files.get(_place(folder, disk_path))
        return found is not None and found.file_identity == file_identity

    def name(self, folder: RelPath, disk_path: str, file_identity: str, path: RelPath) -> Delivery | None:
        with self._memory.lock:
            if not self.holds(folder, disk_path, file_identity):
                return None
            return self.deliver(folder, path, self._memory.files[_place(folder, disk_path)])

    def is_taken(self, folder: RelPath, disk_path: str) -> bool:
        with self._memory.lock:
            place = _place(folder, disk_path)
            return self._is_there(place) or any(place[:n] in self._memory.files for n in range(1, len(place)))

    def remove(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        with self._memory.lock:
            if not self.holds(folder, disk_path, file_identity):
                return False
            del self._memory.files[_place(folder, disk_path)]
            return True

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        with self._memory.lock:
            _, taken = self._below(folder, path.parts)
        return "/".join(numbered_as_sent(part, n) for part, n in zip(path.parts, taken, strict=True))

    def _below(self, folder: RelPath, parts: tuple[str, ...]) -> tuple[tuple[str, ...], list[int]]:
        """The parts of a folder that is made where it is missing, and the number each of the last ones had to take."""
        above: tuple[str, ...] = ()
        taken = []
        for part in (*folder.parts, *parts):
            number = next(n for n in count() if (*above, numbered(disk_folder(part), n)) not in self._memory.files)
            above = (*above, numbered(disk_folder(part), number))
            self._memory.folders.add(above)
            taken.append(number)
        return above, taken[len(folder.parts) :]

    def _is_there(self, place: tuple[str, ...]) -> bool:
        return place in self._memory.files or place in self._memory.folders

    def _delivery(self, path: RelPath, taken: list[int], file_identity: str) -> Delivery:
        folders = [numbered_as_sent(part, n) for part, n in zip(path.folder, taken, strict=False)]
        disk_folders = [numbered(disk_folder(part), n) for part, n in zip(path.folder, taken, strict=False)]
        return Delivery(
            "/".join([*folders, numbered_as_sent(path.name, taken[-1])]),
            "/".join([*disk_folders, numbered(disk_name(path.name), taken[-1])]),
            file_identity,
        )


class MemoryBin:
    """BinnedFiles in ``memory``."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept: dict[str, MemorySource] = {}

    def put(self, folder: RelPath, disk_path: str, file_identity: str, upload_id: str) -> bool:
        with self._memory.lock:
            found = self._memory.files.get(_place(folder, disk_path))
            if found is None or found.file_identity != file_identity:
                return False
            self._kept[upload_id] = self._memory.files.pop(_place(folder, disk_path))
            return True

    def source(self, upload_id: str) -> Source | None:
        return self._kept.get(upload_id)

    def remove(self, upload_id: str) -> None:
        self._kept.pop(upload_id, None)

    def ids(self, before: float) -> Iterator[str]:
        return iter(())


def _place(folder: RelPath, disk_path: str) -> tuple[str, ...]:
    return (*map(disk_folder, folder.parts), *RelPath.noted(disk_path).parts)
