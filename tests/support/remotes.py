"""A remote in a folder: it keeps what a real one keeps, and can be told to be slow, away, or forgetful."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from app.core.ranges import ByteRanges, Span
from app.core.remotes import OutgoingFile, PartDigests, ReadInto, Taken, TransferLost

MIB = 1024 * 1024


class FolderRemote:
    """A Remote in ``root``. ``before_send`` is called before each part and may raise, wait, or say how many bytes are
    taken of it. ``finished`` has the digests that each ``finish`` was given, which compares every byte nevertheless."""

    def __init__(self, root: Path, *, in_order: bool = False, part: int = MIB) -> None:
        self.root = root
        self.in_order = in_order
        self.part = part
        self.before_send: Callable[[Span], int | None] = lambda _: None
        self.sent: list[Span] = []
        self.finished: list[PartDigests] = []
        self.lock = threading.Lock()
        root.mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        pass

    def part_size(self, size: int) -> int:
        return self.part

    def begin(self, file: OutgoingFile) -> str:
        transfer = uuid4().hex
        (self.root / f".{transfer}").mkdir()
        return json.dumps([transfer, file.path])

    def held(self, transfer: str, file: OutgoingFile) -> ByteRanges:
        folder, target = self._of(transfer)
        if target.exists():
            return ByteRanges([Span(0, file.size)]) if file.size else ByteRanges()
        if not folder.exists():
            raise TransferLost("forgotten")
        return ByteRanges(Span(int(each.name), int(each.name) + each.stat().st_size) for each in folder.iterdir())

    def send(self, transfer: str, file: OutgoingFile, span: Span, read: ReadInto) -> Taken:
        taken = self.before_send(span)
        folder, _ = self._of(transfer)
        if not folder.exists():
            raise TransferLost("forgotten")
        taken = span.length if taken is None else taken
        data = bytearray(taken)
        if taken:
            read(span.start, memoryview(data))
            (folder / str(span.start)).write_bytes(data)
        with self.lock:
            self.sent.append(span)
        return Taken(taken, hashlib.md5(data).hexdigest() if taken else None)

    def finish(self, transfer: str, file: OutgoingFile, read: ReadInto, digests: PartDigests) -> str:
        self.finished.append(dict(digests))
        folder, target = self._of(transfer)
        if target.exists():
            return str(target)
        if not folder.exists():
            raise TransferLost("forgotten")
        parts = sorted(folder.iterdir(), key=lambda each: int(each.name))
        whole = b"".join(each.read_bytes() for each in parts)
        local = bytearray(file.size)
        if file.size:
            read(0, memoryview(local))
        if whole != local:
            self.abort(transfer)
            raise TransferLost("other bytes")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(whole)
        self._clear(folder)
        return str(target)

    def abort(self, transfer: str) -> None:
        folder, _ = self._of(transfer)
        if folder.exists():
            self._clear(folder)

    def _of(self, transfer: str) -> tuple[Path, Path]:
        name, path = json.loads(transfer)
        return self.root / f".{name}", self.root / path

    @staticmethod
    def _clear(folder: Path) -> None:
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()


def reader(data: bytes) -> ReadInto:
    """Reads from bytes in memory as from a local copy."""

    def read(offset: int, buffer: memoryview) -> None:
        buffer[:] = data[offset : offset + len(buffer)]

    return read
