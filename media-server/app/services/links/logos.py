"""Logos: the picture of whoever asks, for a single link."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from app.core.actors import Actor
from app.core.errors import InvalidRequest, NotFound
from app.core.images import image_type
from app.core.links import RequestLink
from app.core.ports.links import LinkStore
from app.core.ports.logos import LogoStore

MAX_LOGO_BYTES = 256 * 1024
NO_PICTURE = f"Send a PNG, JPEG, WebP or SVG picture of at most {MAX_LOGO_BYTES // 1024} KiB."


class Logos:
    """A picture is kept before its link names it, and the one before goes after that: whatever dies, a link names one that there is."""

    def __init__(self, *, links: LinkStore, store: LogoStore) -> None:
        self._links = links
        self._store = store

    def put(self, hash: str, content: bytes, actor: Actor) -> RequestLink:
        """Make this the link's logo. Raises RequestNotFound, InvalidRequest where it is no picture."""
        if len(content) > MAX_LOGO_BYTES or image_type(content[:4096]) is None:
            raise InvalidRequest(NO_PICTURE, limit=MAX_LOGO_BYTES)
        digest = hashlib.sha256(content).hexdigest()
        self._store.put(hash, digest, content)
        return self._named(hash, digest, actor)

    def remove(self, hash: str, actor: Actor) -> RequestLink:
        """Have the link show the server's own, where that has one. Raises RequestNotFound."""
        return self._named(hash, None, actor)

    def find(self, hash: str, digest: str) -> tuple[bytes, str]:
        """A picture and its MIME type. Raises NotFound, RequestNotFound."""
        content = self._store.find(hash, digest)
        kind = image_type(content[:4096]) if content else None
        if content is None or kind is None:
            raise NotFound("This link shows no such logo.")
        return content, kind

    def _named(self, hash: str, digest: str | None, actor: Actor) -> RequestLink:
        link = self._links.update(hash, lambda each: replace(each, logo=digest), actor)
        self._store.keep_only(hash, digest)
        return link
