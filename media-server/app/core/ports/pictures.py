"""Small pictures of received files: who makes them, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.core.looks import PictureSize, WhyNone
from app.core.ports.content import Content


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it goes to a browser, without anything that the file says of itself."""

    type: str
    """``image/webp`` or ``image/jpeg``."""
    content: bytes
    pages: int
    """How many pages of the file could be drawn."""


@dataclass(frozen=True, slots=True)
class PictureKey:
    """What a picture is of. ``version`` changes with the file's bytes."""

    link: str
    upload_id: str
    version: str
    size: PictureSize
    page: int


class PictureMaker(Protocol):
    """Makes pictures, safe from whatever is in the file. Any number of threads may."""

    version: int
    """Another one where pictures are made in another way."""

    def make(self, content: Content, reader: str, size: PictureSize, page: int) -> Picture | WhyNone:
        """A picture of one page, counted from 1, no longer and no wider than ``size``, by the ``reader`` of its ``Sort``; or why there
        is none. Raises Busy where it cannot be told now, NotInstalled where this server has nothing to make it with."""
        ...


class PictureStore(Protocol):
    """Keeps pictures, and that there is none; for how long is its own matter. Safe from any number of threads and processes, and
    whatever dies: a picture is there whole or not at all. What cannot be kept is made again."""

    def find(self, key: PictureKey) -> Picture | WhyNone | None:
        """What is kept, None for nothing."""
        ...

    def keep(self, key: PictureKey, found: Picture | WhyNone) -> None:
        """Keep it, in place of what is kept of another version, and let go what was asked for least lately where it is too much."""
        ...

    def tidy(self) -> None:
        """Let go what was not asked for as long as this store keeps such things."""
        ...

    def drop(self, link: str, upload_id: str | None = None) -> None:
        """Let go all of a file, or of a link. Raises Busy where that is not possible now."""
        ...
