"""The identity of a file, a text that differs for every other file that ever lies in its place, and after every change: the
inode's number, the size, the time of the last change, and the inode's generation.

A file system gives the inode number of a deleted file to the next one. Senders choose sizes and, as files get the time that
their sender declared, times as well: a file that is taken back and sent again can be the same in all three. So the
generation, which is new for each use of a number, is part of the identity where the file system tells it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

_GET_GENERATION = 0x80087601
"""``FS_IOC_GETVERSION`` of Linux, known to ext4, XFS, Btrfs and F2FS."""


def identity_of(descriptor: int) -> str:
    """The identity of an open file as it is now. Raises OSError."""
    seen, generation = _seen(os.fstat(descriptor)), _generation(descriptor)
    return seen if generation is None else f"{seen}-{generation}"


def is_same(parent: int, name: str, status: os.stat_result, file_identity: str) -> bool:
    """Whether the file ``name`` in the open folder ``parent``, whose status is ``status``, has this identity. A file that cannot be
    opened is judged by its status alone."""
    seen = _seen(status)
    if file_identity == seen:
        return True  # Noted before there were generations, or where there are none.
    if not file_identity.startswith(f"{seen}-"):
        return False
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return True  # Its owner keeps it from us, or it has just gone; all that can be seen of it is the same.
    try:
        return identity_of(descriptor) in (seen, file_identity)
    finally:
        os.close(descriptor)


def is_version(file_identity: str, status: os.stat_result) -> bool:
    """Whether a file with this status has the size and the time that the identity names. A copy may, on whichever disk."""
    _, _, rest = file_identity.partition("-")
    return f"{rest}-".startswith(f"{status.st_size}-{status.st_mtime_ns}-")


def _seen(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _generation(descriptor: int) -> int | None:
    with suppress(OSError):
        return int.from_bytes(fcntl.ioctl(descriptor, _GET_GENERATION, bytes(8))[:4], "little")
    return None
