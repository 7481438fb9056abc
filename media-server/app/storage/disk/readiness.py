"""Trying whether the data folder can be used now."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from app.storage.disk.data_folder import UnusableDataFolder, why_not_linked


def problems(data_dir: Path) -> list[str]:
    """What keeps uploads from working now, a sentence for the owner each; empty when all is well.

    Does what every upload does: writes a file, locks it, gives it a second name, and removes both.
    """
    error = _tried(data_dir)
    return [] if error is None else [why_not_linked(error) or f"The data folder cannot be used: {error.strerror}."]


def check_start(data_dir: Path) -> None:
    """Raises UnusableDataFolder where uploads can never work in this folder; trouble that may pass, such as a full disk, is none."""
    error = _tried(data_dir)
    lasting = error and why_not_linked(error)
    if lasting:
        raise UnusableDataFolder(lasting)


def _tried(data_dir: Path) -> OSError | None:
    probe = data_dir / "uploads" / f".probe-{secrets.token_hex(6)}"
    second = data_dir / "files" / probe.name
    try:
        descriptor = os.open(probe, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, b"ready?")
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.link(probe, second)
        finally:
            os.close(descriptor)
    except OSError as error:
        return error
    finally:
        for path in (second, probe):
            _remove(path)
    return None


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # A read-only disk has been reported already.
