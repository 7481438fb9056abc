"""What the processes of an installation share besides files: small tables, a queue, facts that were noted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

SECRETS = ("session_key", "captcha_key", "receipt_key", "share_key", "reminder_key", "push_key", "entity_key")
"""The names of all ``Secrets``, for whoever takes an installation elsewhere, but for that of the owner's token."""


class SharedTable(Protocol):
    """A few rows of bytes. A row counts only while at least one process holds it; the kernel ends the hold of a killed one.

    Safe from any number of threads and processes. One object belongs to one process.
    """

    count: int
    """How many rows there are."""

    def locked(self) -> AbstractContextManager[None]:
        """Lock the table among all threads and processes until the block ends. Waits; must not be nested.

        Raises StorageFull where the table must be made and the disk is full, Busy where its file cannot be opened.
        """
        ...

    def make(self) -> None:
        """Make the table now, while the disk has room; nothing happens where it is there. Raises what ``locked`` raises."""
        ...

    def read(self) -> list[bytes]:
        """Every row, held or not. Only inside ``locked``."""
        ...

    def write(self, index: int, row: bytes) -> None:
        """Replace a row, which a crash does not tear. Only inside ``locked``."""
        ...

    def hold(self, index: int) -> None:
        """Hold the row until ``release`` or the end of this process, beside other processes that hold it. With or without
        ``locked``."""
        ...

    def release(self, index: int) -> None:
        """End this process's hold of the row; nothing happens when it has none."""
        ...

    def is_held(self, index: int) -> bool:
        """Whether any process holds the row, this one included."""
        ...


class Leader(Protocol):
    """Chooses the one process that does what only one of the installation has to do."""

    def wait(self) -> None:
        """Wait, perhaps for ever, until this process leads. Called in a thread of its own, the only one that asks ``leads``."""
        ...

    def leads(self, seconds: float = 0.0) -> bool:
        """Whether this process still leads, after so many seconds in which nobody says otherwise; false as soon as it does no more. Another
        may lead by then, so whoever is told so stops, and waits again."""
        ...


class Secrets(Protocol):
    """Secrets that the installation makes for itself, the same for all its processes and over restarts."""

    def get(self, name: str) -> str:
        """256 random bits as text: the same each time for this name, made by the first call of any process. Raises
        StorageFull, Busy."""
        ...


class LastSeen(Protocol):
    """When one thing was seen last, by any process and over restarts. A hint: it may be lost, or some minutes old."""

    def note(self) -> None:
        """Note that it is seen now. Raises nothing."""
        ...

    def seconds_ago(self) -> float:
        """Seconds since it was seen, at least 0; infinity where it never was."""
        ...
