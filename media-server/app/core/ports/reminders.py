"""What is kept of reminding people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from app.core.messages import Message


class ReminderStore(Protocol):
    """Whom a link was mailed to, when its people are reminded, and who wants no reminders. Safe from any number of threads and
    processes at once. Reads raise Busy, writes StorageFull or Busy; then nothing has changed."""

    def due(self, now: float, most: int) -> list[tuple[str, float]]:
        """Links whose people have to be reminded, by their hashes, with the time at which: those that wait longest first."""
        ...

    def remind(self, hash: str, at: float, next_at: float | None, messages: Sequence[Message]) -> bool:
        """Durably add messages and note when the link's people are reminded next; false, and nothing changes, where that is not due
        ``at`` any more. A message whose id is there already changes nothing."""
        ...

    def invite(self, hash: str, messages: Sequence[Message]) -> None:
        """Durably add messages by which a link is mailed, and note to whom. Nothing is noted where the link is deleted."""
        ...

    def invited(self, hash: str, most: int) -> list[str]:
        """To whom a link was mailed, up to ``most`` addresses, the first first."""
        ...

    def mailed(self, hash: str) -> dict[str, float]:
        """When each address was last mailed by this link: invited or reminded, and not given up."""
        ...

    def senders(self, hash: str) -> set[str]:
        """The e-mail addresses that came with files which are there."""
        ...

    def stop(self, mailbox: str, now: float) -> None:
        """Durably note that a mailbox, by its digest, gets no reminders."""
        ...

    def stopped(self, mailboxes: Iterable[str]) -> set[str]:
        """Which of these get none."""
        ...
