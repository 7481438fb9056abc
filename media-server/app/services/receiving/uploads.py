"""Uploads: what happens to a file on its way. Every protocol parses, calls one method here, and renders."""

from __future__ import annotations

from collections.abc import Callable

from app.services.receiving.ending import Ender
from app.services.receiving.finding import Finder
from app.services.receiving.opening import Opener
from app.services.receiving.receiving import Receiver


class Uploads:
    """What protocols call: methods of ``Opener`` (``open``, ``open_admitted``), ``Receiver`` (``receive``), ``Finder`` (``has_session``, ``with_sessions``,
    ``opened_under``, ``status``, ``delivered``) and ``Ender`` (``cancel``, ``sweep``). Safe from any number of threads and processes at once.

    They are those methods themselves, documented there, so that a chunk costs no call more.
    """

    def __init__(
        self, opener: Opener, receiver: Receiver, finder: Finder, ender: Ender, *, chunk_size: Callable[[int], int]
    ) -> None:
        """``chunk_size`` returns the chunk size that suits a file of so many bytes."""
        self.open = opener.open
        self.open_admitted = opener.open_admitted
        self.receive = receiver.receive
        self.has_session = finder.has_session
        self.with_sessions = finder.with_sessions
        self.opened_under = finder.opened_under
        self.status = finder.status
        self.delivered = finder.delivered
        self.cancel = ender.cancel
        self.sweep = ender.sweep
        self.chunk_size = chunk_size
