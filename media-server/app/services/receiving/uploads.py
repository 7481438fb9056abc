"""Uploads: what happens to a file on its way. Every protocol parses, calls one method here, and renders."""

from __future__ import annotations

from collections.abc import Callable

from app.services.receiving.ending import Ender
from app.services.receiving.finding import Finder
from app.services.receiving.opening import Opener
from app.services.receiving.receiving import Receiver


class Uploads:
    """The face of four rooms: opening, receiving, finding and ending. Safe from any number of threads and processes at once.

    Its methods are theirs, which say what each does and raises: a chunk takes no call more for having one face.
    """

    def __init__(
        self, opener: Opener, receiver: Receiver, finder: Finder, ender: Ender, *, chunk_size: Callable[[int], int]
    ) -> None:
        """``chunk_size`` tells the chunk size that suits a file of so many bytes."""
        self.open = opener.open
        self.begin = opener.begin
        self.receive = receiver.receive
        self.is_begun = finder.exists
        self.status = finder.status
        self.arrived = finder.arrived
        self.cancel = ender.cancel
        self.sweep = ender.sweep
        self.chunk_size = chunk_size
