"""The folder that is fetched into. Whoever else may write there, nothing is written outside of it: every folder and
file below is opened from the descriptor of the one above it, and no link on the way is followed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Self

from app.core.paths import numbered
from droppr_client.arrived import NOTES, Arrived
from droppr_client.naming import for_any_disk, give_name, takes_any_name
from droppr_client.output import size_text
from droppr_client.upload import wire
from droppr_client.upload.problems import FileRefused, Refused

RANGE_BYTES = 16 * 1024 * 1024
FETCHED = "fetched.jsonl"
MAX_ATTEMPTS = 100
"""At a name that others take at the same moment."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Destination:
    """Open from ``with`` to the end of the block, and made where it is not there. ``hash`` is the link's: what grows here
    for another link is left alone. Raises Refused where the folder cannot be used."""

    def __init__(self, folder: Path, hash: str) -> None:
        self._path = folder
        self._prefix = _digest_name(hash)[:8]
        self._lock = threading.Lock()
        self._growing: set[Growing] = set()
        self._files = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            # What the owner named may be a link; what lies in it may not.
            self._root = self._opened(os.open(self._path, _FOLDER & ~os.O_NOFOLLOW))
            with suppress(FileExistsError):
                os.mkdir(NOTES, 0o700, dir_fd=self._root)
            self._notes = self._opened(os.open(NOTES, _FOLDER, dir_fd=self._root))
            self._any_name = takes_any_name(folder_fd=self._notes)
            self._fetched = self._opened(_open_file(FETCHED, self._notes, os.O_RDWR | os.O_APPEND))
            if not _ends_a_line(self._fetched):
                os.write(self._fetched, b"\n")
        except OSError as error:
            self._files.close()
            raise _unusable(self._path, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def _opened(self, fd: int) -> int:
        self._files.callback(os.close, fd)
        return fd

    def note(self, file: Arrived, local: str) -> None:
        """It need not be fetched again."""
        line = json.dumps({"upload_id": file.upload_id, "path": file.path, "local": local}) + "\n"
        with self._lock:
            os.write(self._fetched, line.encode())

    def clear(self, wanted: Collection[str]) -> None:
        """Remove what has grown for uploads of this link that are none of these: nobody will go on with it."""
        kept = {self._name(upload_id) for upload_id in wanted}
        for name in os.listdir(self._notes):
            stem, _, ending = name.partition(".")
            if name.startswith(f"{self._prefix}-") and ending in ("part", "ranges") and stem not in kept:
                with suppress(OSError):
                    os.unlink(name, dir_fd=self._notes)

    @contextmanager
    def growing(self, file: Arrived) -> Iterator[Growing]:
        """The file while it is fetched. Raises FileRefused where there is no room for it, OSError."""
        growing = Growing(self._notes, self._name(file.upload_id), file)
        try:
            with self._lock:
                self._check_room(growing)
                self._growing.add(growing)
            yield growing
        finally:
            with self._lock:
                self._growing.discard(growing)
            growing.close()

    def deliver(self, growing: Growing, before: str | None) -> str:
        """Give a whole file its name, and say which it is; ``before`` is the one it had when it was fetched before.

        Raises FileRefused where its bytes are not those that were received, OSError.
        """
        file = growing.file
        digest = growing.digest()
        if file.sha256 not in (None, digest):
            growing.forget()
            raise FileRefused("What was fetched is not what had arrived: fetch it again.", "checksum_mismatch")
        with suppress(OSError, OverflowError):  # a time that this disk cannot note
            nanoseconds = round(file.changed_at * 1e6) * 1000
            os.utime(growing.fd, ns=(nanoseconds, nanoseconds))
        with ExitStack() as opened:
            folder, names = self._root, list[str]()
            *parts, last = (file.local if self._any_name else for_any_disk(file.local)).parts
            for part in parts:
                folder, name = _folder_in(folder, part)
                opened.callback(os.close, folder)
                names.append(name)
            known = PurePosixPath(before or ".")
            twins = [known.name] if known.parent.parts == tuple(names) else []
            names.append(_named(growing, folder, last, digest, twins))
        growing.forget()
        return "/".join(names)

    def _check_room(self, growing: Growing) -> None:
        disk = os.fstatvfs(self._root)
        if not disk.f_blocks:
            return  # Some disks of the network do not know.
        room = disk.f_bavail * disk.f_frsize - sum(each.lacking for each in self._growing)
        if growing.lacking > room:
            needed, free = size_text(growing.lacking), size_text(max(0, room))
            raise FileRefused(
                f"It needs {needed} and there are {free} free: make room and run the command again.", "storage_full"
            )

    def _name(self, upload_id: str) -> str:
        return f"{self._prefix}-{_digest_name(upload_id)}"


class Growing:
    """A file that is being fetched, and a list of the ranges that are whole. Safe from several threads."""

    def __init__(self, notes: int, name: str, file: Arrived) -> None:
        self.file = file
        self.name = f"{name}.part"
        self.notes = notes
        self._ranges_name = f"{name}.ranges"
        self.ranges = -(-file.size // RANGE_BYTES)
        if not _is_file(self.name, notes):
            _remove(self._ranges_name, notes)
        self.fd = _open_file(self.name, notes, os.O_RDWR)
        try:
            self._ranges = _open_file(self._ranges_name, notes, os.O_RDWR | os.O_APPEND)
        except BaseException:
            os.close(self.fd)
            raise

    @property
    def lacking(self) -> int:
        """Bytes that it will still take of the disk."""
        return max(0, self.file.size - os.fstat(self.fd).st_blocks * 512)

    def missing(self) -> Iterator[int]:
        """The numbers of the ranges that are not here, one after the other: a file may be as large as it likes."""
        with open(self._ranges, "rb", closefd=False) as lines:
            lines.seek(0)
            have = set(lines.read().split())
        return (number for number in range(self.ranges) if str(number).encode() not in have)

    def write(self, piece: bytes, at: int) -> None:
        while piece:
            written = os.pwrite(self.fd, piece, at)
            piece, at = piece[written:], at + written

    def got(self, number: int) -> None:
        os.write(self._ranges, f"{number}\n".encode())

    def digest(self) -> str:
        """The SHA-256 of all of it, which is on the disk afterwards."""
        os.ftruncate(self.fd, self.file.size)
        with open(self.fd, "rb", closefd=False) as whole:
            whole.seek(0)
            digest = hashlib.file_digest(whole, "sha256").hexdigest()
        os.fsync(self.fd)
        return digest

    def forget(self) -> None:
        _remove(self.name, self.notes)
        _remove(self._ranges_name, self.notes)

    def close(self) -> None:
        os.close(self.fd)
        os.close(self._ranges)


def fetched_before(folder: Path) -> dict[str, str]:
    """The uploads that were fetched into ``folder``, and the names they got. Raises Refused where that cannot be read."""
    try:
        root = os.open(folder, _FOLDER & ~os.O_NOFOLLOW)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(folder, error) from error
    with ExitStack() as opened:
        opened.callback(os.close, root)
        try:
            notes = os.open(NOTES, _FOLDER, dir_fd=root)
            opened.callback(os.close, notes)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unusable(folder / NOTES, error) from error
        if not _is_file(FETCHED, notes):
            return {}
        fd = os.open(FETCHED, os.O_RDONLY | _FILE, dir_fd=notes)
        with open(fd, "rb") as lines:
            return dict(_noted(lines.read().splitlines()))


def _noted(lines: list[bytes]) -> Iterator[tuple[str, str]]:
    for line in lines:
        try:
            noted = json.loads(line)
            upload_id, local = str(noted["upload_id"]), wire.text(noted.get("local")) or ""
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # A line that a killed run did not finish.
        yield upload_id, "" if "\0" in local else local


def _folder_in(parent: int, wanted: str) -> tuple[int, str]:
    """The folder of this name, open, and its name; where the name is another thing's, a link's above all, the next one.
    Raises OSError."""
    for _ in range(MAX_ATTEMPTS):
        name = numbered(wanted, _first_free(lambda number: _is_no_folder(numbered(wanted, number), parent)))
        try:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=parent)
            return os.open(name, _FOLDER, dir_fd=parent), name
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR, errno.ENOENT):
                raise
    raise FileRefused("Its folder is exchanged while it is being written.", "not_writable")


def _named(growing: Growing, folder: int, wanted: str, digest: str, twins: list[str]) -> str:
    """The file's own name, or the next free one; where the very same file is there already, that one. Raises OSError."""
    for _ in range(MAX_ATTEMPTS):
        number = _first_free(lambda number: _status(numbered(wanted, number), folder) is not None)
        # The last number is what a run that was killed has left; all of them are not read, there may be thousands.
        there = dict.fromkeys([*twins, wanted, numbered(wanted, number - 1)] if number else twins)
        same = next((name for name in there if _is_same(name, folder, growing, digest)), None)
        if same is not None:
            return same
        name = numbered(wanted, number)
        with suppress(FileExistsError):
            give_name(growing.name, name, source_folder=growing.notes, folder=folder)
            if not _is_same(name, folder, growing, digest):
                os.unlink(name, dir_fd=folder)
                raise FileRefused("It was exchanged while it was being fetched.", "not_writable")
            return name
    raise FileRefused("Its name is taken again and again while it is being written.", "not_writable")


def _first_free(taken: Callable[[int], bool]) -> int:
    """A number that is free where the one below it is taken, found in steps that double and then halve: senders may
    give one name to thousands of files."""
    if not taken(0):
        return 0
    high = 1
    while taken(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken(middle) else (low, middle)
    return high


def _is_same(name: str, folder: int, growing: Growing, digest: str) -> bool:
    """Whether what lies there is the file itself, or one of the same content."""
    status, own = _status(name, folder), os.fstat(growing.fd)
    if status is None or not stat.S_ISREG(status.st_mode) or status.st_size != own.st_size:
        return False
    if os.path.samestat(status, own):
        return True
    try:
        with open(os.open(name, os.O_RDONLY | _FILE, dir_fd=folder), "rb") as there:
            return hashlib.file_digest(there, "sha256").hexdigest() == digest
    except OSError:
        return False


def _status(name: str, folder: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _is_no_folder(name: str, parent: int) -> bool:
    status = _status(name, parent)
    return status is not None and not stat.S_ISDIR(status.st_mode)


def _is_file(name: str, folder: int) -> bool:
    status = _status(name, folder)
    return status is not None and stat.S_ISREG(status.st_mode)


def _open_file(name: str, folder: int, flags: int) -> int:
    """A file of our own in the folder of notes; what is no plain file there is removed first. Raises OSError."""
    if not _is_file(name, folder):
        _remove(name, folder)
    return os.open(name, flags | os.O_CREAT | _FILE, 0o644, dir_fd=folder)


def _remove(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _ends_a_line(fd: int) -> bool:
    size = os.fstat(fd).st_size
    return not size or os.pread(fd, 1, size - 1) == b"\n"


def _digest_name(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def _unusable(folder: Path, error: OSError) -> Refused:
    return Refused(f"The folder {folder} cannot be used: {error.strerror or error}.", "unusable_folder")
