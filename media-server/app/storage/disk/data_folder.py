"""The data folder's own folders, and who may look into them: of received files whomever the umask lets, of all else
nobody but the server's own user.

That goes for locks above all: whoever can open a file can hold its lock, and keep the purge or every upload waiting.
"""

from __future__ import annotations

import errno
import os
import re
import select
import stat
import threading
from contextlib import suppress
from pathlib import Path

from app.core.errors import Busy, StorageFull
from app.storage.disk.atomic import replace_file
from app.storage.disk.moved import MovedSign

FORMAT = 3
"""The format of what this code writes into a data folder. docs/architecture.md says when it has to be raised."""
_MARKER = "format"
FILES = "files"
"""The folder of delivered files, in which the folders of links lie."""
BIN = "bin"
"""The folder of files that were deleted and can be restored."""
PREVIEWS = "previews"
"""The folder of pictures of received files, all of which can be made again."""
_PRIVATE_FOLDERS = (
    "uploads",
    "spool",
    "run",
    "metrics",
    "catalogue",
    "before-catalogue",
    "requests",
    "outbox",
    "handoffs",
    "search",
    "bin",
    "previews",
)
_PRIVATE_FILES = ("*.lock", "*.turn", "attempts.db*", "promises.db*")


OTHER_DISK = (
    "'files' lies on another file system than 'uploads', or is mounted by itself: a received file gets its name by a hard link, "
    "which leads into no other. Keep the whole data folder on one file system, or mount it as a whole."
)
_NO_LINKS = (
    "The file system of the data folder knows no hard links, by which received files get their names: use another, such as "
    "ext4, XFS or Btrfs, not exFAT or FAT."
)


class UnusableDataFolder(Exception):
    """The data folder cannot be used by this code. Its text says why, and what the owner can do."""


def why_not_linked(error: OSError) -> str | None:
    """The sentence for an OSError of ``link(2)`` that stays until somebody moves the folder; None for any other error."""
    if error.errno == errno.EXDEV:
        return OTHER_DISK
    return _NO_LINKS if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS) else None


def mount_of(descriptor: int) -> int:
    """A number that is the same for two open folders if a file of one can get a hard link in the other: that of the mount, as even one
    disk that is mounted twice is two; where the system does not tell it, that of the disk."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}") as lines:
            return next(int(line.partition(":")[2]) for line in lines if line.startswith("mnt_id:"))
    except (OSError, StopIteration, ValueError):
        return os.fstat(descriptor).st_dev


class Mounts:
    """Counts how often anything was mounted or unmounted, which costs less than to look at folders again and again. Safe from any
    thread; to be made in the process that asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: select.poll | None = None
        self._changes = 0
        with suppress(OSError):
            table = os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
            self._watched = select.poll()
            self._watched.register(table, select.POLLPRI)

    def changes(self) -> int:
        """A number that is another one after each change; where the system does not tell changes, another one with each call."""
        with self._lock:
            # The kernel says so once for each change.
            if self._watched is None or self._watched.poll(0):
                self._changes += 1
            return self._changes


def make_data_folder(data: Path, umask: int) -> None:
    """Make the folders in ``data`` that everything else relies on, and take from older ones, and from locks, what
    nobody else may do there. Nothing is opened further, and the data folder itself stays as it was found.

    ``umask`` says who may see received files; it must be the process' own already. Raises UnusableDataFolder, before
    anything is touched, where the folder is of a newer format than this code knows, or what was in it is elsewhere.
    """
    sign = MovedSign.read(data)
    if sign is not None:
        raise UnusableDataFolder(sign.sentence())
    known = _format_of(data)
    # Whoever may write here could put a token of their own in the place of the owner's: a matter of no umask.
    data.mkdir(mode=0o755, parents=True, exist_ok=True)
    (data / FILES).mkdir(mode=0o777, exist_ok=True)
    for name in ("uploads", "spool", "run"):
        (data / name).mkdir(mode=0o700, exist_ok=True)
    _close(data / FILES, umask)
    for name in _PRIVATE_FOLDERS:
        _close(data / name, 0o077)
    for pattern in _PRIVATE_FILES:
        for path in data.glob(pattern):
            _close(path, 0o077)
    if known != FORMAT:
        # On a disk that is full the owner can do without; the next start tries again.
        with suppress(StorageFull, Busy):
            replace_file(data / _MARKER, f"{FORMAT}\n".encode())


def _format_of(data: Path) -> int | None:
    """The format that the folder is marked with; None where it is not, as all were that are older than the marker, which
    are of format 1. Raises UnusableDataFolder where this code does not know it."""
    try:
        text = (data / _MARKER).read_text(errors="replace")
    except FileNotFoundError:
        return None
    if not re.fullmatch(r"[0-9]{1,9}\n?", text):
        raise UnusableDataFolder(
            f"The file '{_MARKER}' in it holds no number. Put it back from a backup; if no newer Droppr has run here, delete it."
        )
    if int(text) > FORMAT:
        raise UnusableDataFolder(
            f"It is of format {int(text)}, which a newer Droppr has written, and this one knows none after {FORMAT}. Start the newer "
            "version, or restore a backup from before it."
        )
    return int(text)


def _close(path: Path, umask: int) -> None:
    # One that is gone meanwhile, or somebody else's, is not ours to close.
    with suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & umask:
            path.chmod(stat.S_IMODE(mode) & ~umask)
