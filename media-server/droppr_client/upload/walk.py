"""From what was named on the command line to files, one after the other and never all at once."""

from __future__ import annotations

import fnmatch
import glob
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from droppr_client.upload.items import Item, Skipped
from droppr_client.upload.junk import is_of_a_system

Order = Literal["mixed", "size", "name"]


@dataclass(frozen=True, slots=True)
class EmptyFolder:
    """A folder with nothing in it."""

    path: str


Found = Item | Skipped | EmptyFolder


@dataclass(frozen=True)
class Selection:
    """Which files: those that match one of ``include`` (all, where it is empty) and none of ``exclude``.

    Patterns are those of the shell and are matched against the path at the target and against the bare name.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def takes(self, path: str) -> bool:
        name = path.rpartition("/")[2]

        def matches(patterns: Sequence[str]) -> bool:
            return any(fnmatch.fnmatchcase(each, pattern) for pattern in patterns for each in (path, name))

        return (not self.include or matches(self.include)) and not matches(self.exclude)

    def enters(self, folder: str) -> bool:
        """A folder that is excluded by name is not even looked into."""
        return not any(
            fnmatch.fnmatchcase(each, pattern.rstrip("/"))
            for pattern in self.exclude
            for each in (folder, folder.rpartition("/")[2])
        )


@dataclass(frozen=True)
class Walk:
    """All that lies below ``paths``. A folder keeps its name: ``photos`` gives ``photos/…``, ``photos/`` and ``.`` do not."""

    paths: Sequence[str]
    selection: Selection = field(default_factory=Selection)
    order: Order = "mixed"

    def __iter__(self) -> Iterator[Found]:
        found = (each for path in self.paths for each in self._below(path))
        return _by_size(found) if self.order == "size" else found

    def _below(self, path: str) -> Iterator[Found]:
        for start in expanded(path):
            name = "" if start.endswith("/") else os.path.basename(os.path.normpath(start))
            name = "" if name in (".", "..") else name
            try:
                status = os.stat(start)
            except OSError as error:
                yield Skipped(readable(name or start), _reason(error), failed=True)
                continue
            if stat.S_ISDIR(status.st_mode):
                yield from self._folder(start, name)
            else:
                yield from self._file(start, name or os.path.basename(start.rstrip("/")), status)

    def _folder(self, place: str, path: str) -> Iterator[Found]:
        try:
            with os.scandir(place) as entries:
                # Names alone are kept, of one folder at a time on each level.
                names = sorted(entry.name for entry in entries)
        except OSError as error:
            yield Skipped(readable(path or place), _reason(error), failed=True)
            return
        if not names and path:
            yield EmptyFolder(readable(path))
        for name in names:
            yield from self._entry(os.path.join(place, name), f"{path}/{name}" if path else name)

    def _entry(self, place: str, path: str) -> Iterator[Found]:
        try:
            linked = stat.S_ISLNK(os.lstat(place).st_mode)
            status = os.stat(place)
        except OSError as error:
            if self.selection.takes(path):
                yield Skipped(readable(path), _reason(error), failed=True)
            return
        if stat.S_ISDIR(status.st_mode):
            if linked:
                yield Skipped(readable(path), "It is a link to a folder, which is not followed.")
            elif self.selection.enters(path):
                yield from self._folder(place, path)
        elif self.selection.takes(path):
            # Only what was found in a folder: whoever names such a file means it.
            if is_of_a_system(place, status):
                yield Skipped(readable(path), "It is a note of the system's about the folder, not a file of yours.")
            else:
                yield from self._file(place, path, status)

    def _file(self, place: str, path: str, status: os.stat_result) -> Iterator[Found]:
        if stat.S_ISREG(status.st_mode):
            yield Item.of(readable(path), os.path.abspath(place), status)
        else:
            yield Skipped(readable(path), f"It is {_kind(status.st_mode)}, not a file.")


def expanded(path: str) -> list[str]:
    """What a pattern stands for, where the shell has not done so (in a settings file, on Windows)."""
    if os.path.lexists(path) or not glob.has_magic(path):
        return [path]
    return sorted(glob.glob(path, recursive=True)) or [path]


def readable(path: str) -> str:
    """``path`` as valid Unicode: bytes of a name that are not UTF-8 are written as ``%FF``."""
    try:
        path.encode()
        return path
    except UnicodeEncodeError:
        return "".join(f"%{ord(c) & 0xFF:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in path)


def _by_size(found: Iterator[Found]) -> Iterator[Found]:
    """Smallest first. The list waits in a file that has no name, however long it is."""
    with sqlite3.connect("") as db:
        db.execute("CREATE TABLE items (path TEXT, source BLOB, size INTEGER, mtime_ns INTEGER)")
        for each in found:
            if isinstance(each, Item):
                row = (each.path, os.fsencode(each.source), each.size, each.mtime_ns)
                db.execute("INSERT INTO items VALUES (?,?,?,?)", row)
            else:
                yield each
        for path, source, size, mtime_ns in db.execute("SELECT * FROM items ORDER BY size, path"):
            yield Item(path, os.fsdecode(source), size, mtime_ns)
    db.close()


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISCHR, "a device"),
    )
    return next((name for test, name in kinds if test(mode)), "something special")


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "There is no such file."
    return f"It cannot be read: {error.strerror or error}."
