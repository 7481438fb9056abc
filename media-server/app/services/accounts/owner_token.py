"""The admin token where the settings name none: made on first start and kept in the data folder."""

from __future__ import annotations

import re

FILE_NAME = "admin_token"
_MADE = re.compile(r"[A-Za-z0-9_-]{43}")


def looks_made(token: str) -> bool:
    """Whether a token from the file is one that was made: its owner may have put another in its place."""
    return _MADE.fullmatch(token) is not None
