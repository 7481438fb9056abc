"""What a server says, read with doubt: no reply is larger, deeper or stranger than the program can bear.

A server is trusted with the files it is sent and with nothing else. Numbers come out of here as numbers within bounds,
texts as texts, and what is neither as None: nothing is looped over, waited for or allocated because a server said so.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

JSON = dict[str, Any]

MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Bytes of a reply's JSON. A page of a list and a pack's answers are a tenth of it at most."""
MAX_PIECES = 1_000_000
"""Brackets and commas in it. A small list is a few bytes on the line and a hundred in memory."""
MAX_DEPTH = 32
MAX_SENTENCE_LENGTH = 500
MAX_WAIT_SECONDS = 3600.0
"""Seconds that a server may ask us to wait: its limits are by the hour."""
ANSWER_SECONDS = 300.0
"""How long a whole answer may take, however steadily it drips."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def document(raw: bytes) -> JSON | None:
    """The JSON object that ``raw`` is; None where it is none, or one that nobody means well with. Its numbers are finite:
    NaN and the infinities are None."""
    if len(raw) > MAX_ANSWER_BYTES or sum(map(raw.count, (b"[", b"{", b","))) > MAX_PIECES:
        return None
    try:
        value = json.loads(raw, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _is_shallow(value) else None


def whole(value: object, least: int, most: int) -> int | None:
    """A number of JSON between two bounds, both included."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    return None


def clamped(value: object, least: int, most: int) -> int | None:
    """A number of JSON that is above 0, brought within bounds."""
    number = whole(value, 1, 2**63)
    return None if number is None else max(least, min(number, most))


def text(value: object) -> str | None:
    """A text of JSON that is valid Unicode."""
    return value if isinstance(value, str) and is_unicode(value) else None


def sentence(value: object) -> str | None:
    """What a server has to say to a person, of a length that a person reads."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value if len(value) <= MAX_SENTENCE_LENGTH else f"{value[:MAX_SENTENCE_LENGTH]}…"


def upload_id(value: object) -> str | None:
    """An id that can be put into a header or an address."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def sha256(value: object) -> str | None:
    return value if isinstance(value, str) and _SHA256.fullmatch(value) else None


def seconds(header: str | None) -> float | None:
    """Of a Retry-After header; a date there says nothing to us."""
    digits = (header or "").strip()
    if not digits.isascii() or not digits.isdigit():
        return None
    return min(float(digits), MAX_WAIT_SECONDS)


def is_unicode(value: str) -> bool:
    """Whether it holds no half of a character, which can neither be sent nor be a name."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = [each for outer in level for each in (outer.values() if isinstance(outer, dict) else outer)]  # type: ignore[attr-defined]
        level = [each for each in inside if isinstance(each, dict | list)]
        if not level:
            return True
    return False
