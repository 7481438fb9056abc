"""One upload's slot among those that are received at once, and what keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ports.bodies import Body
from app.services.memory_monitor import Reservation

WINDOW_SECONDS = 4.0
"""Seconds over which the pace of an upload is judged."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Who may be received at once, and for how long."""

    slots: int
    """Uploads at once, in all."""
    per_user: int
    """Uploads of one user at once."""
    turn: float
    """Seconds for which an upload keeps its slot while others wait."""
    idle: float
    """Seconds for which an upload keeps its slot while nothing comes of it."""
    memory: int
    """Bytes of memory that each upload needs."""
    small: int
    """Files up to this many bytes need no slot."""
    when_opened: bool = False
    """Take the slot at opening. Needed behind nginx, which shows us a chunk only after it has received all of it."""
    floor: int = 0
    """Bytes a second below which an upload loses its slot while others wait; 0 for no such limit."""


@dataclass(slots=True)
class UploadSlot:
    """One upload's slot, as this process holds it. ``index`` is None for one that was let in beside the limit."""

    upload_id: str
    index: int | None
    since: float
    reservation: Reservation | None = None
    active: int = 0
    chunks: int = 0
    used_at: float = 0.0
    is_over: bool = False
    """Its turn is over: who is inside may finish, nobody else enters."""
    is_done: bool = False
    """Nothing will come any more."""
    received: int = 0
    """Bytes that have come since it has its slot."""
    is_slow: bool = False
    """Whether less than the floor came when it was last judged."""
    _judged: tuple[float, int] | None = None

    def judge(self, now: float, floor: int) -> None:
        """Compare what came over the last ``WINDOW_SECONDS`` seconds with ``floor`` bytes a second."""
        since, before = self._judged or (self.since, 0)
        if now - since >= WINDOW_SECONDS:
            self.is_slow = self.received - before < floor * (now - since)
            self._judged = now, self.received

    def counting(self, body: Body) -> Body:
        """The same body, counted as it comes."""
        return _Counted(body, self)


class _Counted:
    """A body that tells a slot how much of it has come. Two chunks that count at once may lose a piece: it is a measure."""

    def __init__(self, body: Body, slot: UploadSlot) -> None:
        self._body = body
        self._slot = slot

    def readinto(self, buffer: memoryview) -> int:
        count = self._body.readinto(buffer)
        self._slot.received += count
        return count

    def move(self, descriptor: int, offset: int, most: int) -> int:
        count = self._body.move(descriptor, offset, most)
        self._slot.received += count
        return count
