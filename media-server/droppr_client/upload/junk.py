"""What systems leave in folders for themselves, and nobody means to send."""

from __future__ import annotations

import os
import stat

_NAMES = {".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"}
_APPLE_DOUBLE = (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00")
"""How a file begins in which macOS keeps what a foreign disk cannot say of ``1.jpg``, as ``._1.jpg``."""


def is_of_a_system(place: str, status: os.stat_result) -> bool:
    """Whether the file there is a system's own note: by its name, or where a name may be anybody's by its head, too."""
    name = os.path.basename(place)
    if not stat.S_ISREG(status.st_mode):
        return False
    return name.casefold() in _NAMES or (name.startswith("._") and _begins_as_one(place))


def _begins_as_one(place: str) -> bool:
    try:
        with open(place, "rb", buffering=0) as file:
            return file.read(4) in _APPLE_DOUBLE
    except OSError:
        return False
