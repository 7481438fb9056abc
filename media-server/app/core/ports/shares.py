"""Shares of received files, and who is downloading them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from app.core.actors import Actor
from app.core.shares import Share, Visit


class Full(Enum):
    """Why a client may not begin to download."""

    USED_UP = "used up"
    """It was downloaded as often as it may be."""
    TAKEN = "taken"
    """Others are at the last downloads, and it may be that they get no further."""


class ShareStore(Protocol):
    """What the catalogue keeps of shares; they go with their link. Safe from any number of threads and processes; raises Busy, and where it
    writes StorageFull."""

    def add(self, share: Share, by: Actor) -> None:
        """Keep a new one, durably. Raises RequestNotFound."""
        ...

    def load(self, hash: str) -> Share | None:
        """The share, whether it has expired or not. Any text may be asked for."""
        ...

    def of_link(self, link: str, most: int) -> list[Share]:
        """Up to ``most`` shares of a link, the newest first. Raises RequestNotFound."""
        ...

    def change(self, hash: str, change: Callable[[Share], Share], by: Actor) -> Share | None:
        """Change one; None where there is none. What it shares and how often it was downloaded stay."""
        ...

    def remove(self, hash: str, by: Actor) -> bool:
        """Remove one; true for the one call that did it."""
        ...

    def begin(self, hash: str, client: str, now: float) -> Visit | Full | None:
        """A client begins to download, or goes on: its visit, which is kept a place for; None where there is no such share. Nobody gets a
        place where as many downloads as may be have been counted, or may still be by the visits that are going on."""
        ...

    def sent(self, hash: str, client: str, item: str, sent: int, size: int, now: float) -> Visit | None:
        """Note that ``sent`` bytes of an item of ``size`` went out to a client. The visit as it is then; None where nothing was to be noted:
        it had been counted before, or there is no such share. Of all calls for one visit one makes it count."""
        ...
