"""Giving a file its name in one step, without ever taking another's: also on disks that know no hard links."""

from __future__ import annotations

import ctypes
import errno
import os
import sys

_NO_REPLACE = 1
_AT_CWD = -100
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
"""What link(2) answers on exFAT, FAT, many shares and FUSE file systems."""
_NO_FLAGS = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}


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
