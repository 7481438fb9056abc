"""A folder of this machine as a target: what a mounted share or a disk needs.

A file grows under a hidden name beside its place, from front to end, so its length says where to go on; whole, it is
given its name in one step and never takes the place of another.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from app.core.paths import numbered
from droppr_client.naming import for_any_disk, give_name, takes_any_name
from droppr_client.upload.items import Item
from droppr_client.upload.problems import FileRefused, Gone, Refused, Retryable, UploadProblem
from droppr_client.upload.targets import Facts, Packed, Terms, UploadStatus
from droppr_client.upload.throttle import Chunk, Throttle

CHUNK_BYTES = 16 * 1024 * 1024
UNFINISHED = ".droppr-part"
CLOCK_TICK_NS = 2_000_000_000
"""How coarsely disks note times: FAT in steps of two seconds."""


class Folder:
    """Sends to ``root``, which is made where it does not exist."""

    opens_unasked = False

    def __init__(self, root: str | os.PathLike[str]) -> None:
        root = Path(root).absolute()
        # What lies above ``..`` is for the disk to say: there may be links on the way.
        self._root = root.resolve() if ".." in root.parts else root
        self._any_name = True

    @property
    def identity(self) -> str:
        return f"folder:{self._root}"

    def prepare(self) -> Terms:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            self._any_name = takes_any_name(str(self._root))
        except OSError as error:
            raise Refused(f"{self._root} cannot be used: {error.strerror}.", "unusable_folder") from error
        return Terms(chunk_size=CHUNK_BYTES, parallel_chunks=1)

    def ahead(self, count: int) -> None:
        pass

    def send_unopened(self, item: Item, key: str, chunk: Chunk) -> UploadStatus:
        raise NotImplementedError("a folder opens nothing unasked")

    def open(self, item: Item, facts: Facts) -> UploadStatus:
        ticket = f"{Path(item.path).parent.as_posix()}/.{facts.key[:24]}{UNFINISHED}"
        try:
            place = self._place(ticket)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch(exist_ok=True)
        except OSError as error:
            raise _problem(error) from error
        return self.status(item, ticket)

    def status(self, item: Item, ticket: str) -> UploadStatus:
        try:
            length = self._place(ticket).stat().st_size
        except OSError as error:
            raise Gone("What was there of the file has gone.", "upload_not_found") from error
        if length > item.size:
            raise Gone("What is there is another file.", "upload_not_found")
        missing = ((length, item.size),) if length < item.size else ()
        status = UploadStatus(ticket, False, missing)
        return status if missing else self.finish(item, ticket)

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus:
        try:
            with self._place(ticket).open("r+b", buffering=0) as file:
                file.seek(chunk.span[0])
                for piece in chunk.pieces():
                    file.write(piece)
        except OSError as error:
            raise _problem(error) from error
        return UploadStatus(ticket, False)

    def finish(self, item: Item, ticket: str) -> UploadStatus:
        partial = self._place(ticket)
        try:
            if partial.stat().st_size != item.size:
                return UploadStatus(ticket, False, ((min(partial.stat().st_size, item.size), item.size),))
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            os.utime(partial, ns=(item.mtime_ns, item.mtime_ns))
            final = self._named(partial, self._place(item.path))
            partial.unlink(missing_ok=True)
        except OSError as error:
            raise _problem(error) from error
        path = final.relative_to(self._root).as_posix()
        return UploadStatus(path, True, path=path)

    def still_there(self, files: Sequence[tuple[Item, str]]) -> list[bool]:
        return [self._holds(item, path) for item, path in files]

    def send_whole(self, item: Item, facts: Facts, chunk: Chunk) -> UploadStatus | None:
        return None

    def send_pack(self, files: Sequence[Packed], throttle: Throttle) -> list[UploadStatus | UploadProblem]:
        raise NotImplementedError("a folder takes no packs")

    def make_folders(self, paths: Sequence[str]) -> None:
        for path in paths:
            try:
                self._place(path).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _problem(error) from error

    def discard(self, item: Item, ticket: str) -> None:
        if ticket.endswith(UNFINISHED):
            self._place(ticket).unlink(missing_ok=True)

    def abort(self) -> None:
        """Nothing waits here: chunks notice by themselves."""

    def close(self) -> None: ...

    def _place(self, path: str) -> Path:
        place = (self._root / (path if self._any_name else for_any_disk(PurePosixPath(path)))).absolute()
        if not Path(os.path.normpath(place)).is_relative_to(self._root):
            raise FileRefused(f"{path} leads out of the folder.", "invalid_path")
        return place

    def _holds(self, item: Item, path: str) -> bool:
        try:
            status = self._place(path).lstat()
        except OSError:
            return False
        as_sent = status.st_size == item.size and abs(status.st_mtime_ns - item.mtime_ns) <= CLOCK_TICK_NS
        return stat.S_ISREG(status.st_mode) and as_sent

    def _named(self, partial: Path, wanted: Path) -> Path:
        number, place = 0, wanted
        while True:
            try:
                give_name(str(partial), str(place))
                return place
            except FileExistsError:
                if _same(partial, place):
                    return place
                number += 1
                place = wanted.with_name(numbered(wanted.name, number))


def _same(one: Path, other: Path) -> bool:
    """Whether both hold the same bytes: then it arrived before, and only the last word about it was lost."""
    if other.is_dir() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        return hashlib.file_digest(first, "sha256").digest() == hashlib.file_digest(second, "sha256").digest()


def _problem(error: OSError) -> UploadProblem:
    if error.errno in (28, 122):  # ENOSPC, EDQUOT
        return FileRefused("The disk is full: make room and run the command again.", "storage_full")
    if error.errno in (4, 5, 11, 116):  # EINTR, EIO, EAGAIN, ESTALE
        return Retryable(f"The folder does not take it at the moment: {error.strerror}.")
    return FileRefused(f"It cannot be written: {error.strerror}.", "not_writable")
