"""The direct path: parts of uploads that senders put straight into the store, by addresses signed for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.ports.claims import Recorded
from app.core.ranges import Span
from app.core.session import UploadSession


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A part that a sender wants to put, and the SHA-256 of its bytes as 64 lower-case hex digits."""

    span: Span
    sha256: str


@dataclass(frozen=True, slots=True)
class SignedPart:
    """What a sender is to do with a part that it wants to put."""

    span: Span
    number: int | None = None
    """The part's own, by which it is confirmed."""
    url: str | None = None
    """Where its very bytes can be put, and nothing else; None where nothing is to be put."""
    is_there: bool = False
    """Whether it is recorded. A part that is not, and has no URL, goes through a node."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An answer to whoever wants to put parts, in the order in which they were named."""

    session: UploadSession
    parts: Sequence[SignedPart]
    recorded: Recorded | None = None
    """What recording those did that the store had already; None where it had none."""


class DirectParts(Protocol):
    """Parts of uploads in a store that senders reach themselves. Safe from any number of threads and processes at once.

    A store that counts compares what comes with the digest and the length that are signed. What senders say of it counts for nothing: a part
    is recorded by what the store itself lists. Calls raise UploadNotFound, StorageFull, Busy.
    """

    seconds: int
    """For how long a URL can be used."""

    @property
    def origin(self) -> str | None:
        """The store as senders reach it: scheme, host and port; None while it is not known to refuse other bytes than were signed
        for. Then all of every file goes through nodes."""
        ...

    def part_size(self, size: int) -> int | None:
        """How long the parts of a file of ``size`` bytes are, but for the last one; None where all of it goes through nodes."""
        ...

    def sign(self, upload_id: str, wanted: Sequence[WantedPart], at: float) -> Signed:
        """URLs for those parts of which nothing is recorded. The same part again, of the same bytes, keeps its number; where the store
        has it meanwhile it is recorded instead. Raises InvalidRange where one is no part of the upload."""
        ...

    def confirm(self, upload_id: str, numbers: Sequence[int], at: float) -> Recorded:
        """Record those of the parts with these numbers that the store has, and that were signed for this upload; the rest stays
        missing."""
        ...
