"""Shares: received files that their owner lets others download, by an address of their own; and when one download of them counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

VISIT_SECONDS = 3600.0
"""What one client downloads within so many seconds, each since the one before, is one download."""
REMEMBERED_SECONDS = 24 * 3600.0
"""How long what a client got of files is remembered that does not count yet."""
HELD_SECONDS = 120.0
"""How long the place of a client is kept of whom nothing is heard."""
MOST_BEGUN = 64
"""Files of which a client may have less than half without that counting."""
MAX_SHARES = 1000
"""Of one link."""
MAX_HOURS = 24 * 365 * 100
MAX_DOWNLOADS = 2**31


@dataclass(frozen=True, slots=True)
class Share:
    """Some received files of one link, for whoever has ``hash``. Times are seconds since the epoch."""

    hash: str
    link: str
    """The hash of the link that the files are of."""
    created_at: float
    made_by: str
    """The name of who made it (``str(Actor)``)."""
    upload_ids: tuple[str, ...] | None = None
    """Which files; None for all that had arrived when it was made."""
    title: str = ""
    sharer: str = ""
    """Who shares, as receivers are told; empty where they are told nothing."""
    password_hash: str | None = None
    expires_at: float | None = None
    max_downloads: int = 0
    """How often it can be downloaded; 0 for no limit."""
    downloads: int = 0
    """How often that was done."""

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def holds(self, upload_id: str, received_at: float) -> bool:
        """Whether a file is one of those that are shared."""
        return received_at <= self.created_at if self.upload_ids is None else upload_id in self.upload_ids


@dataclass(frozen=True, slots=True)
class Visit:
    """What one client has downloaded of a share of late."""

    until: float
    """How long it is remembered."""
    held_until: float = 0.0
    """How long it has a place among the downloads that may still count."""
    counted: bool = False
    """Whether it is one of the share's downloads; until then ``sent`` says how many bytes it got of which file."""
    sent: Mapping[str, int] = field(default_factory=dict)

    def after(self, item: str, sent: int, size: int, now: float) -> Visit:
        """The visit once ``sent`` more bytes of a file of ``size`` went out. It counts with more than half of any of them."""
        if self.counted:
            return replace(self, until=now + VISIT_SECONDS)
        so_far = self.sent.get(item, 0) + sent
        files = {**self.sent, item: so_far} if so_far else dict(self.sent)
        if so_far > size / 2 or len(files) > MOST_BEGUN or (sent >= size == 0):
            return Visit(now + VISIT_SECONDS, counted=True)
        return Visit(now + REMEMBERED_SECONDS, now + HELD_SECONDS, sent=files)
