"""What a download says about its file: under which name it is to be saved."""

from __future__ import annotations

import re
from urllib.parse import quote

# What every reader of headers takes for the same name, and what may not even stand between quotes.
_HARMLESS = re.compile(r"[A-Za-z0-9 ._()-]+")
_NOT_QUOTABLE = re.compile(r"[^ !#-$&-\[\]-~]")


def content_disposition(name: str, how: str = "attachment") -> str:
    """RFC 6266: the exact name for browsers of today, one of plain ASCII for everything else."""
    if _HARMLESS.fullmatch(name):
        return f'{how}; filename="{name}"'
    plain = _NOT_QUOTABLE.sub("_", name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
