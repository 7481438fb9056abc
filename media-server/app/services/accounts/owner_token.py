"""The admin token where the settings name none: made on first start and kept in the data folder."""

from __future__ import annotations

import re
from pathlib import Path

from app.storage.disk import secret_file

FILE_NAME = "admin_token"
_MADE = re.compile(r"[A-Za-z0-9_-]{43}")


def load_or_create(data_dir: Path) -> tuple[str, bool]:
    """The token, and whether it was made just now and has to be shown. Safe among workers that start at once."""
    return secret_file.load_or_create(data_dir / FILE_NAME)


def looks_made(token: str) -> bool:
    """Whether a token from the file is one that was made: its owner may have put another in its place."""
    return _MADE.fullmatch(token) is not None
