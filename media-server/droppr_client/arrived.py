"""A file at the server, and the name that it may have here. The server, and whoever sent the file, chose both."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from app.core.paths import MAX_DEPTH, MAX_PATH_BYTES, fitted
from droppr_client.upload import wire
from droppr_client.upload.problems import FileRefused

NOTES = ".droppr-fetch"
"""The folder inside the destination in which it is noted what was fetched, and where files grow."""
LATEST = 253_402_300_799
"""The last second of the year 9999, since the epoch."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file at the server, as the owner's list tells it. ``local`` is where it goes, relative to the destination."""

    upload_id: str
    path: str
    size: int
    sha256: str | None
    changed_at: float
    """When its content was last changed, as its sender said; else when it arrived."""
    local: PurePosixPath

    @classmethod
    def of(cls, said: wire.JSON) -> Arrived:
        """Raises FileRefused where the entry makes no sense, or its name leads out of the folder."""
        upload_id, path = wire.upload_id(said.get("upload_id")), wire.text(said.get("path"))
        size = wire.whole(said.get("size"), 0, 2**63 - 1)
        digest, at = said.get("sha256"), said.get("received_at")
        if path is None:
            raise _odd("path")
        if upload_id is None:
            raise _odd("upload_id")
        if size is None:
            raise _odd("size")
        if digest is not None and wire.sha256(digest) is None:
            raise _odd("sha256")
        if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at <= LATEST:
            raise _odd("received_at")
        changed = said.get("last_modified")
        if isinstance(changed, bool) or not isinstance(changed, int | float) or not -LATEST <= changed <= LATEST:
            changed = at
        return cls(upload_id, path, size, digest, float(changed), safe_path(path))


def safe_path(path: str) -> PurePosixPath:
    """Where a file of this name may lie below the destination. Raises FileRefused where it would lie outside.

    Senders choose names; what could deceive whoever lists the folder is written as ``%``, and what thereby becomes too
    long for a disk is cut.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise FileRefused("Its name leads out of the folder.", "invalid_path")
    named = [fitted("".join(map(_harmless, part)), "") for part in parts]
    if len(named) > MAX_DEPTH or len("/".join(named).encode()) > MAX_PATH_BYTES:
        named = [fitted("_".join(named[-2:]), "")]
    if _means_notes(named[0]):
        named[0] = f"%2E{named[0][1:]}"
    return PurePosixPath(*named)


def _harmless(character: str) -> str:
    if character.isprintable() and character != "\\":
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _means_notes(name: str) -> bool:
    """Whether any disk takes this for the folder of notes: some know no case, some drop dots and spaces at the end."""
    return unicodedata.normalize("NFKC", name).rstrip(". ").casefold() == NOTES


def _odd(field: str) -> FileRefused:
    return FileRefused(f"The server tells its '{field}' in a way that makes no sense.", "invalid_answer")
