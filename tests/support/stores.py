"""Every implementation of the stores of bytes, for the contract suites: each as often as there are processes on it."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, Protocol

from app.core.paths import RelPath
from app.core.ports.claims import Recorded
from app.core.ports.inbox import Inbox
from app.core.ports.uploads import UploadStore
from app.core.ports.whole_files import UnlinkedFiles
from app.core.ranges import Span
from app.core.session import Sender, UploadSession
from app.core.store_facts import StoreFacts
from app.storage.cluster.files import ClusterInbox
from app.storage.cluster.grid import SMALLEST_PART
from app.storage.cluster.objects import Objects, Ways
from app.storage.cluster.uploads import ClusterUploads
from app.storage.cluster.whole_files import ClusterUnlinkedFiles
from app.storage.disk.bodies import StreamBody
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from app.storage.disk.upload import DiskRules, Durability
from app.storage.disk.uploads import DiskUploads
from tests.support.cluster import Engines
from tests.support.memory_stores import Memory, MemoryInbox, MemoryUnlinkedFiles, MemoryUploads
from tests.support.processes import together

ID = "upload-0123456789"


class Stores(Protocol):
    """One kind of stores on one set of data. Each call makes the store as another process has it."""

    def uploads(self) -> UploadStore: ...

    def unlinked_files(self) -> UnlinkedFiles: ...

    def inbox(self) -> Inbox: ...

    def together(self, count: int, work: Callable[[int], Any]) -> list[Any]:
        """What ``work(0)``, ``work(1)``, … return, all at the same moment, in processes where the store has them."""
        ...


class DiskStores:
    """Below a folder of the test's."""

    def __init__(self, folder: Path, *, staged: bool, durability: Durability) -> None:
        self._folder = folder
        self._rules = DiskRules(staged=staged, durability=durability)
        (folder / "uploads").mkdir()

    def uploads(self) -> UploadStore:
        return DiskUploads(self._folder / "uploads", self._rules)

    def unlinked_files(self) -> UnlinkedFiles:
        return LocalUnlinkedFiles(self._folder / "uploads", durable=self._rules.durable)

    def inbox(self) -> Inbox:
        return LocalInbox(self._folder / "files", self._folder / "uploads", durable=self._rules.durable)

    def together(self, count: int, work: Callable[[int], Any]) -> list[Any]:
        return together(count, work)


class MemoryStores:
    """In the memory of this process, where threads are all there is."""

    def __init__(self, *, readable: bool) -> None:
        self._memory = Memory()
        self._facts = StoreFacts(local=False, readable=readable)

    def uploads(self) -> UploadStore:
        return MemoryUploads(self._memory, self._facts)

    def unlinked_files(self) -> UnlinkedFiles:
        return MemoryUnlinkedFiles(self._memory)

    def inbox(self) -> Inbox:
        return MemoryInbox(self._memory)

    def together(self, count: int, work: Callable[[int], Any]) -> list[Any]:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(work, range(count)))


class ClusterStores:
    """On the database and the bucket that all tests share, with nothing in them."""

    engines: ClassVar[Engines | None] = None
    """Those of this run, which are started before the first test that asks for them."""

    def __init__(self) -> None:
        assert self.engines is not None, "nobody has started the database and the bucket"
        self._engines = self.engines
        self._bucket = self._engines.emptied()

    def uploads(self) -> UploadStore:
        ground = self._engines.ground(self._bucket)
        return ClusterUploads(ground, Objects(ground), usual=SMALLEST_PART, longest=64 * 1024 * 1024)

    def unlinked_files(self) -> UnlinkedFiles:
        ground = self._engines.ground(self._bucket)
        return ClusterUnlinkedFiles(ground, Objects(ground))

    def inbox(self) -> Inbox:
        ground = self._engines.ground(self._bucket)
        signer = self._bucket.download_signer(None)
        return ClusterInbox(ground, Objects(ground), Ways(signer, signer))

    def together(self, count: int, work: Callable[[int], Any]) -> list[Any]:
        return together(count, work)


KINDS: dict[str, Callable[[Path], Stores]] = {
    "disk, in-place": lambda folder: DiskStores(folder, staged=False, durability=Durability.COMPLETE),
    "disk, indexed": lambda folder: DiskStores(folder, staged=True, durability=Durability.COMPLETE),
    "disk, each chunk synced": lambda folder: DiskStores(folder, staged=False, durability=Durability.CHUNK),
    "memory": lambda _: MemoryStores(readable=True),
    "cluster": lambda _: ClusterStores(),
    "memory, unreadable while it grows": lambda _: MemoryStores(readable=False),
}


def session(size: int = 1000, upload_id: str = ID, path: str = "dir/日本語 ü.bin") -> UploadSession:
    return UploadSession(
        upload_id=upload_id,
        request_hash="request-0123456789",
        path=RelPath.parse(path),
        size=size,
        opened_at=1.25,
        active_at=1.25,
        sender=Sender("Ada", "ada@example.org"),
        client="192.0.2.7",
        last_modified=99.5,
        sample=f"s1:{'5' * 64}",
        declared_sha256="0" * 64,
    )


def body(data: bytes) -> StreamBody:
    return StreamBody(io.BytesIO(data))


def take(store: UploadStore, span: Span, data: bytes | None = None, at: float = 2.0, upload_id: str = ID) -> Recorded:
    """Bring one chunk as the server does; without ``data`` some bytes or other."""
    with store.open(upload_id).claim(span) as claimed:
        claimed.receive(body(bytes(span.length) if data is None else data), None)
        return claimed.record(at)


def delivered(stores: Stores, folder: RelPath, path: str, data: bytes, upload_id: str = ID) -> Any:
    """The delivery of an upload that came whole and is forgotten afterwards."""
    store, inbox = stores.uploads(), stores.inbox()
    store.create(session(len(data), upload_id, path))
    if data:
        take(store, Span(0, len(data)), data, upload_id=upload_id)
    delivery = store.open(upload_id).finish(inbox, folder, 3.0)
    store.delete(upload_id)
    return delivery
