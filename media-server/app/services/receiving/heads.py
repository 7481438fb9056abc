"""Heads: whether what a file begins with fits its name."""

from __future__ import annotations

from app.core.links import RequestLink
from app.core.policy import Policy
from app.core.ports.guards import HeadReader


class HeadJudge:
    """Judges the first bytes of a file by the types that its link and the server take."""

    def __init__(self, policy: Policy, reader: HeadReader) -> None:
        # The policy's own: asked with the first chunk of every upload, where a call more would only pass it on.
        self.looks_inside = policy.looks_inside
        self._policy = policy
        self._reader = reader

    def check(self, link: RequestLink, name: str, head: bytes) -> None:
        """Raises TypeNotAllowed unless a file called ``name`` may begin with these bytes."""
        self._policy.check_head(link, name, self._reader.mime(head))
