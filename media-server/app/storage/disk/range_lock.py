"""Byte-range locks that belong to an open file: the kernel drops them when it is closed, however its process ends."""

from __future__ import annotations

import fcntl
import os
import struct


def ask(descriptor: int, command: int, kind: int, start: int, length: int = 1) -> int:
    """Lock, unlock or ask about ``length`` bytes from ``start``, whether the file has them or not; 0 is all that follow.

    ``command`` is F_OFD_SETLK, F_OFD_SETLKW (which waits) or F_OFD_GETLK of ``fcntl``, ``kind`` F_RDLCK, F_WRLCK or F_UNLCK. For F_OFD_GETLK
    returns the kind of a lock that another open file has there, F_UNLCK where there is none. F_OFD_SETLK raises BlockingIOError
    or PermissionError where another has a lock that excludes this one.
    """
    request = struct.pack("@hhqqi4x", kind, os.SEEK_SET, start, length, 0)
    reply: bytes = fcntl.fcntl(descriptor, command, request)
    found: int = struct.unpack_from("@h", reply)[0]
    return found
