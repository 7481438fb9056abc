"""Taking: counts what of a share goes out to one client, while it does."""

from __future__ import annotations

from app.core.shares import HELD_SECONDS, Share
from app.web.wire.context import services

ARCHIVE = "archive"
"""What the archive is called among what is downloaded; no upload can have this id."""
RENEWED_SECONDS = HELD_SECONDS / 4
"""How often a slow download is noted, so that its place is kept."""


class Taking:
    """One reply of ``size`` bytes in all, or a part of it. What went out is noted when it makes the download count, now and then, and at
    the end: a few writes for each reply, however large it is."""

    def __init__(self, share: Share, client: str, item: str, size: int) -> None:
        here = services()
        self._shares, self._clock = here.received.shares, here.ground.clock
        self._share = share
        self._client = client
        self._item = item
        self._size = size
        self._pending = 0
        self._counted = False
        self._before = 0
        """What the client had got of it earlier."""
        self._noted_at = self._clock()

    def begin(self) -> None:
        """Raises what ``Shares.begin`` raises."""
        visit = self._shares.begin(self._share, self._client)
        if visit is not None:
            self._counted = visit.counted
            self._before = visit.sent.get(self._item, 0)

    def more(self, count: int) -> None:
        self._pending += count
        due = not self._counted and self._before + self._pending > self._size / 2
        if due or abs(self._clock() - self._noted_at) > RENEWED_SECONDS:
            self._note()

    def over(self) -> None:
        if self._pending or (not self._size and not self._counted):
            self._note()

    def _note(self) -> None:
        visit = self._shares.sent(self._share, self._client, self._item, self._pending, self._size)
        self._before += self._pending
        self._pending = 0
        self._noted_at = self._clock()
        # None where it was counted before, or cannot be noted now.
        self._counted = self._counted or (visit is not None and visit.counted)


def begun(taking: Taking) -> Taking:
    """``taking``, once the client has a place. Raises what ``Shares.begin`` raises."""
    taking.begin()
    return taking
