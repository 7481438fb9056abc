"""Handoffs on local disk: one small document for each.

A document is written whole, once, and never changed until it is removed, so there is nothing to lock. Its name is a
digest of link and code: neither can be read from a listing of the folder.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from app.core.handoffs import Handoff
from app.storage.disk.atomic import replace_file


class LocalHandoffs:
    """HandoffStore in ``folder``. Safe from any number of threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, handoff: Handoff) -> None:
        document = {"upload_ids": handoff.upload_ids, "expires_at": handoff.expires_at}
        replace_file(self._path(handoff.request_hash, handoff.code), json.dumps(document, allow_nan=False).encode())

    def get(self, request_hash: str, code: str) -> Handoff | None:
        try:
            document = json.loads(self._path(request_hash, code).read_bytes())
        except FileNotFoundError:
            return None
        return Handoff(request_hash, code, tuple(document["upload_ids"]), document["expires_at"])

    def remove_expired(self, now: float) -> int:
        due = [path for path in self._folder.glob("*.json") if _expires_at(path) <= now]
        for path in due:
            path.unlink(missing_ok=True)
        return len(due)

    def _path(self, request_hash: str, code: str) -> Path:
        name = hashlib.sha256(f"{request_hash} {code}".encode(errors="surrogatepass")).hexdigest()
        return self._folder / f"{name}.json"


def _expires_at(path: Path) -> float:
    try:
        found: float = json.loads(path.read_bytes())["expires_at"]
    except FileNotFoundError:  # Another purge was faster.
        return 0.0
    return found
