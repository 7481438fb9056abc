"""Received files where a program needs them on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from app.core.ports.content import Content
from app.core.ports.inbox import StoredFile
from app.core.ranges import Span


class LocalCopies(Protocol):
    """Received files as files of this machine, for programs that read nothing else."""

    def of(self, stored: StoredFile, spans: Sequence[Span] | None = None) -> AbstractContextManager[Content]:
        """The bytes of ``stored`` until the block ends, which have a descriptor. Where they lie elsewhere they are copied, or ``spans`` of
        them alone, with zeros around these. Raises FileNotFoundError, Busy, and StorageFull where this machine has no room for the copy."""
        ...
