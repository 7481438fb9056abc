"""Where request links live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.core.actors import Actor
from app.core.links import Counts, RequestLink

ListCursor = tuple[float, str]
"""Where something stands in a list: its time, and what tells it from others of that time."""


class LinkStore(Protocol):
    """Where request links live. Safe from any number of threads and processes at once."""

    def create(self, link: RequestLink) -> None: ...

    def load(self, hash: str) -> RequestLink:
        """Raises RequestNotFound."""
        ...

    def update(self, hash: str, change: Callable[[RequestLink], RequestLink], actor: Actor) -> RequestLink:
        """Apply a pure function to the link, alone, as ``actor`` wishes. Raises RequestNotFound."""
        ...

    def all(self) -> list[RequestLink]:
        """Every link, newest first."""
        ...

    def page(
        self, most: int, *, after: ListCursor | None = None, active: bool | None = None, now: float = 0.0
    ) -> list[tuple[RequestLink, Counts]]:
        """Up to ``most`` links with what has been used of each, newest first, behind the one at ``after``; with ``active``
        only those that take uploads ``now``, or only those that do not."""
        ...

    def counts(self, hash: str) -> Counts:
        """What has been used of a link, without a look at its files. Raises RequestNotFound."""
        ...

    def delete(self, hash: str, actor: Actor) -> None:
        """Remove a link, as ``actor`` wishes, and with it, for all who ask, what was noted of it. Nothing happens when there
        is none."""
        ...

    def clear_deleted(self) -> None:
        """Free the room that deleted links take, in many small steps."""
        ...
