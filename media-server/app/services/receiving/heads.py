"""Heads: whether what a file begins with fits its name."""

from __future__ import annotations

from app.core.links import RequestLink
from app.core.policy import Policy
from app.core.ports.guards import HeadReader
from app.core.ports.settings import Current


class HeadJudge:
    """Judges the first bytes of a file by the types that its link and the server take."""

    def __init__(self, policy: Current[Policy], reader: HeadReader) -> None:
        self._policy = policy
        self._reader = reader

    def looks_inside(self, link: RequestLink) -> bool:
        """Whether what its files begin with is looked at."""
        return self._policy().looks_inside(link)

    def check(self, link: RequestLink, name: str, head: bytes) -> None:
        """Raises TypeNotAllowed unless a file called ``name`` may begin with these bytes."""
        self._policy().check_head(link, name, self._reader.mime(head))
