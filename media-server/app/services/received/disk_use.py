"""DiskUse: what received files take, and those in the bin."""

from __future__ import annotations

import threading
import time

from app.core.ports.bins import BinStore
from app.core.ports.links import LinkStore

FRESH_SECONDS = 10.0


class DiskUse:
    """Bytes by what the catalogue says of them, so that no folder is walked; as of some seconds ago. Safe from any thread."""

    def __init__(self, links: LinkStore, deleted: BinStore) -> None:
        self._links = links
        self._deleted = deleted
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._known: dict[str, int] = {}

    def figures(self) -> dict[str, int]:
        """``received_bytes`` of all links together, ``bin_bytes`` and ``bin_files``. Raises Busy."""
        with self._lock:
            now = time.monotonic()
            if now - self._asked_at >= FRESH_SECONDS:
                files, bytes = self._deleted.total()
                self._known = {
                    "received_bytes": self._links.bytes_received(),
                    "bin_bytes": bytes,
                    "bin_files": files,
                }
                self._asked_at = now
            return dict(self._known)
