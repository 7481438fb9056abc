"""HeadReader on libmagic."""

from __future__ import annotations

import threading

import pylibmagic  # noqa: F401  brings the library and its database along and tells python-magic where they are

# isort: split
import magic


class LibMagic:
    """Tells MIME types. One libmagic handle for each thread, since a handle is not safe to share."""

    def __init__(self) -> None:
        self._local = threading.local()

    def mime(self, head: bytes) -> str:
        handle = getattr(self._local, "handle", None)
        if handle is None:
            handle = self._local.handle = magic.Magic(mime=True)
        return str(handle.from_buffer(head))
