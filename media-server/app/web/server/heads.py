"""What can be told of a request from its first bytes, before anybody parses it: whether its headers are there, and its body."""

from __future__ import annotations

import re

MAX_HEAD_BYTES = 64 * 1024
"""The most that is read of a request before its headers have ended."""
UNKNOWN_LENGTH = 2**63
"""What is missing of a body whose end alone will tell its length."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CODED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_BARE_LF = re.compile(rb"(?<!\r)\n")


def is_complete(head: bytes, seen: int = 0) -> bool:
    """Whether headers are there, or what can become none. The first ``seen`` bytes were looked at before."""
    tail = head[max(0, seen - 3) :]
    return b"\r\n\r\n" in tail or _BARE_LF.search(tail, 1 if seen else 0) is not None


def missing(head: bytes) -> int:
    """How many bytes of its body are not there yet, of a request whose headers are; 0 for one that makes no sense."""
    end = head.find(b"\r\n\r\n")
    if end < 0:
        return 0
    fields = head[: end + 2]
    if _CODED.search(fields):
        return UNKNOWN_LENGTH
    length = _LENGTH.search(fields)
    return max(0, int(length[1]) - (len(head) - end - 4)) if length else 0
