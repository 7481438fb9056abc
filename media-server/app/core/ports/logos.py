"""Pictures of those who ask, one for a link."""

from __future__ import annotations

from typing import Protocol


class LogoStore(Protocol):
    """Logos of links, known by their SHA-256. Raises RequestNotFound where there is no such link, Busy; writes StorageFull, too."""

    def put(self, hash: str, digest: str, content: bytes) -> None:
        """Keep a picture of a link, beside those that it has."""
        ...

    def find(self, hash: str, digest: str) -> bytes | None:
        """The picture, None where the link has none of this digest."""
        ...

    def keep_only(self, hash: str, digest: str | None) -> None:
        """Remove all pictures of a link but this one."""
        ...
