"""Byte-range locks that belong to an open file: the kernel drops them when it is closed, however its process ends."""

from __future__ import annotations

import fcntl
import os
import struct


def ask(descriptor: int, command: int, kind: int, start: int, length: int = 1) -> int:
    """Lock, unlock or ask about ``length`` bytes, 0 for all after ``start``, whether they exist or not.

    ``command`` is one of ``fcntl.F_OFD_*``. Returns the kind of lock that is, or would be, in the way; raises
    BlockingIOError or PermissionError where one is and ``command`` does not wait.
    """
    request = struct.pack("@hhqqi4x", kind, os.SEEK_SET, start, length, 0)
    reply: bytes = fcntl.fcntl(descriptor, command, request)
    found: int = struct.unpack_from("@h", reply)[0]
    return found
