"""Memory that can be reserved, as much of it as a test says."""

from __future__ import annotations

from app.core.errors import Busy
from app.services.memory_monitor import Reservation


class Memory:
    """``left`` bytes; what is reserved beyond them is refused."""

    def __init__(self, left: int = 10**12) -> None:
        self.left = left

    def reserve(self, size: int) -> Reservation:
        if size > self.left:
            raise Busy
        self.left -= size
        return Reservation(size, self._give_back)

    def _give_back(self, size: int) -> None:
        self.left += size
