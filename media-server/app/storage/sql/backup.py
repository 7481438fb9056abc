"""A consistent copy of a data folder, made while uploads run.

The catalogue is copied first, as it stands at one moment, and the received files after it. So each file that the copy's
catalogue knows is among the copy's files, unless its owner or sender took it away meanwhile; what arrived since is there
without being known. Uploads under way are left out: their senders begin them anew. In a folder that holds an earlier copy only
what is new is copied, and the catalogue is replaced last.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from app.storage.disk.atomic import disk_errors, sync_folder
from app.storage.disk.data_folder import UnusableDataFolder
from app.storage.sql.migrate import FILE, FOLDER
from app.storage.sql.sqlite import SQLiteDatabase

_LEFT_OUT = {"uploads", "spool", "run", "metrics", "search", "previews", FOLDER, "files"}
_COUNTS_NOTHING_LATER = (".turn", ".turns", ".lock", "-wal", "-shm", ".db")


class NoBackup(UnusableDataFolder):
    """Why no copy can be made there, in a sentence."""


def back_up(data: Path, target: Path, catalogue: bool, files: bool = True) -> tuple[int, int]:
    """Copy the data folder into ``target``, with its ``catalogue`` where that is in it, and with received ``files``; how many
    of these were copied, and how many bytes. Raises NoBackup, StorageFull, Busy."""
    if not (data / "format").exists():
        raise NoBackup(f"'{data}' is no data folder of a server. Set DROPPR_DATA_DIR as for the server.")
    if target.resolve().is_relative_to(data.resolve()):
        raise NoBackup("The copy would lie in the data folder itself. Name a folder elsewhere, best on another disk.")
    if target.exists() and any(target.iterdir()) and not (target / "format").exists():
        raise NoBackup(f"There is something in '{target}' that is no copy of a data folder. Name an empty folder.")
    with disk_errors():
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = _catalogue(data / FOLDER / FILE, target / FOLDER) if catalogue else None
        for path in sorted(data.iterdir()):
            if path.is_file() and not path.name.endswith(_COUNTS_NOTHING_LATER):
                _copy(path, target / path.name)
        copied = _copy_all(data / "files", target / "files") if files else []
        if fresh is not None:
            # What a server that once ran on an earlier copy left there belongs to that one.
            for end in ("-wal", "-shm"):
                fresh.with_name(FILE + end).unlink(missing_ok=True)
            os.rename(fresh, fresh.with_name(FILE))
            sync_folder(fresh.parent)
        os.sync()
    return len(copied), sum(copied)


def _catalogue(path: Path, folder: Path) -> Path:
    """A copy of the catalogue under another name than its own. Raises NoBackup where there is none."""
    if not path.exists():
        raise NoBackup("There is no catalogue in the data folder yet: start the server once.")
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"{FILE}.part"
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    SQLiteDatabase(path).copy_to(copy)
    return copy


def _copy_all(source: Path, target: Path) -> list[int]:
    """Copy what is below a folder and is not there yet; the sizes of the files that were copied."""
    copied = []
    for folder, _, names in os.walk(source):
        there = target / Path(folder).relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        shutil.copymode(folder, there)
        for name in names:
            with suppress(FileNotFoundError):  # Its sender or its owner has just taken it away.
                if _copy(Path(folder, name), there / name):
                    copied.append((there / name).lstat().st_size)
    return copied


def _copy(source: Path, target: Path) -> bool:
    """Copy a file with its time and mode, or a link as one, unless that has been done; whether it was."""
    status = source.lstat()
    with suppress(FileNotFoundError):
        known = target.lstat()
        if (known.st_size, known.st_mtime_ns) == (status.st_size, status.st_mtime_ns):
            return False
    temporary = target.with_name(f".{target.name[:200]}.part")
    temporary.unlink(missing_ok=True)
    shutil.copy2(source, temporary, follow_symlinks=False)
    os.rename(temporary, target)
    return True
