"""What the processes of an installation share besides files: small tables, a queue, facts that were noted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class SharedTable(Protocol):
    """A few rows of bytes. A row counts only while some process holds it: what a killed process held is free at once.

    Safe from any number of threads and processes. One object belongs to one process.
    """

    count: int
    """How many rows there are."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else looks at the table or changes it until the block ends. Waits for others; not to be nested.

        Raises StorageFull or Busy when there is no room for the table.
        """
        ...

    def make(self) -> None:
        """Make the table now, while there is room for it. Raises what ``locked`` raises."""
        ...

    def read(self) -> list[bytes]:
        """Every row, held or not. Only inside ``locked``."""
        ...

    def write(self, index: int, row: bytes) -> None:
        """Replace a row, which a crash does not tear. Only inside ``locked``."""
        ...

    def hold(self, index: int) -> None:
        """Keep the row alive for as long as this process lives, or until ``release``."""
        ...

    def release(self, index: int) -> None:
        """Stop holding the row; nothing happens when this process does not."""
        ...

    def is_held(self, index: int) -> bool:
        """Whether any process holds the row, this one included."""
        ...


class Leader(Protocol):
    """Which process does what only one of the installation has to do."""

    def wait(self) -> None:
        """Return once this process leads. It does so until it ends, and then another one may."""
        ...


class Secrets(Protocol):
    """Secrets that the installation makes for itself, the same for all its processes and over restarts."""

    def get(self, name: str) -> str:
        """256 random bits as text, made when they are asked for under this name the first time. Raises StorageFull,
        Busy."""
        ...


class LastSeen(Protocol):
    """When something was seen last, by any process and over restarts. A hint: it may be lost."""

    def note(self) -> None:
        """It is seen now."""
        ...

    def seconds_ago(self) -> float:
        """Infinity where it was never seen."""
        ...
