"""Secrets that a server makes for itself and keeps in files: readable by its own user only, the same for all processes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from app.storage.disk.atomic import replace_file

SECRET_MODE = 0o600


class LocalSecrets:
    """Secrets, each in a file of its name in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str:
        return load_or_create(self._folder / name)[0]


def load_or_create(path: Path, form: str = "{}") -> tuple[str, bool]:
    """The secret in the file ``path``, and whether this call made it: 256 random bits as text, put into ``form`` (``str.format``).

    Of several processes that start at once, one makes it and all return the same. A file that other users could read is
    closed to them. Raises StorageFull or Busy where it cannot be written.
    """
    found = _load(path)
    if found:
        return found, False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    replace_file(draft, form.format(secrets.token_urlsafe(32)).encode() + b"\n", mode=SECRET_MODE)
    try:
        made = _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return _load(path) or "", made


def _load(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return ""
    if text and path.stat().st_mode & 0o077:
        path.chmod(SECRET_MODE)
    return text


def _publish(draft: Path, path: Path) -> bool:
    """Give the draft its name unless somebody else was first; an empty file counts as nobody."""
    try:
        os.link(draft, path)
    except FileExistsError:
        if _load(path):
            return False
        draft.replace(path)
    return True
