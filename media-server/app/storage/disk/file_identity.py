"""What tells a file from any other that ever lies in its place: its number, its size, when it was last written to, and which
of the files that had its number it is.

A disk gives the number of a file that is gone to the next one. Senders choose sizes and, as files get the time that their
sender told, times as well: a file that is taken back and sent again can be the same in all three. So the number's generation
is part of the identity, where the file system tells it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

_GET_GENERATION = 0x80087601
"""``FS_IOC_GETVERSION`` of Linux, known to ext4, XFS, Btrfs and F2FS."""


def identity_of(descriptor: int) -> str:
    """The identity of an open file, as long as nothing is written to it."""
    seen, generation = _seen(os.fstat(descriptor)), _generation(descriptor)
    return seen if generation is None else f"{seen}-{generation}"


def is_same(parent: int, name: str, status: os.stat_result, file_identity: str) -> bool:
    """Whether the file ``name`` in an open folder, which has this status, is the one with this identity."""
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


def _seen(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _generation(descriptor: int) -> int | None:
    with suppress(OSError):
        return int.from_bytes(fcntl.ioctl(descriptor, _GET_GENERATION, bytes(8))[:4], "little")
    return None
