"""Giving a file its name in one step, without ever taking another's: also on disks that know no hard links, or not
every name."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress
from pathlib import PurePosixPath

from app.core.paths import disk_folder

_NO_REPLACE = 1
_AT_CWD = -100
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
"""What link(2) answers on exFAT, FAT, many shares and FUSE file systems."""
_NO_FLAGS = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_NO_SUCH_NAME = {errno.EINVAL, errno.ENOENT, errno.EILSEQ}
ODD_NAME = '.droppr-tries"*:<>?|\\'
"""Is there for a moment only, where the disk takes it."""


def takes_any_name(folder: str = "", *, folder_fd: int | None = None) -> bool:
    """Whether the disk of this folder, named or open, takes names that Windows does not: exFAT, FAT and many shares refuse them.
    Tried out, as no system tells it."""
    name = os.path.join(folder, ODD_NAME)
    try:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder_fd))
    except OSError as error:
        return error.errno not in _NO_SUCH_NAME
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder_fd)
    return True


def for_any_disk(path: PurePosixPath) -> PurePosixPath:
    """The same path in names that every disk takes, with ``%3A`` for a colon; one that is so already stays as it is."""
    return PurePosixPath(*map(disk_folder, path.parts))


def give_name(source: str, name: str, *, source_folder: int | None = None, folder: int | None = None) -> None:
    """Give ``source`` the name ``name``, each relative to an open folder where one is given. ``source`` may keep its own
    name or lose it.

    Raises FileExistsError where the name is taken, OSError.
    """
    try:
        os.link(source, name, src_dir_fd=source_folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename(source, name, source_folder, folder)


def _rename(source: str, name: str, source_folder: int | None, folder: int | None) -> None:
    try:
        _rename_if_free(source, name, source_folder, folder)
    except OSError as error:
        if error.errno not in _NO_FLAGS:
            raise
        # The name is taken by a file of our own, which the rename then replaces.
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder))
        os.rename(source, name, src_dir_fd=source_folder, dst_dir_fd=folder)


def _rename_if_free(source: str, name: str, source_folder: int | None, folder: int | None) -> None:
    """renameat2(2), which Python does not have. Raises OSError, ENOSYS where the system does not have it either."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    places = [_AT_CWD if each is None else each for each in (source_folder, folder)]
    if call(places[0], os.fsencode(source), places[1], os.fsencode(name), _NO_REPLACE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), source, None, name)
