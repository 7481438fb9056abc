"""The vectors of a shard in memory, and which of them point where a query does. NumPy is loaded with the first query, as processes
that are asked nothing have no use for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from app.core.search.documents import Vector

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[Any]]
Row = tuple[Any, ...]
_BLOCK = 4096
"""Vectors that are turned into floats at once, so that they stay near the processor."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Vectors of one length, a row for each passage: its id, the id of its document, its direction, 1 / its length."""

    chunks: Numbers
    owners: Numbers
    rows: Numbers
    scales: Numbers


class VectorCache:
    """What was read of a shard, until its version changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[object, Matrix] | None = None

    def get(self, version: object, dimensions: int, read: Callable[[], Sequence[Row]]) -> Matrix:
        """The vectors of this length, which ``read`` gives as they are at this version or later: the id of each passage and of its
        document, and the vector."""
        known = self._known
        if known is not None and known[0] == (version, dimensions):
            return known[1]
        with self._lock:
            found = _matrix(read(), dimensions)
            self._known = (version, dimensions), found
            return found


@cache
def _numpy() -> ModuleType:
    import numpy
    from threadpoolctl import threadpool_limits

    # Left to itself, NumPy's library spins on all cores for what one does in the same time.
    threadpool_limits(1, "blas")
    return numpy


def _matrix(found: Sequence[Row], dimensions: int) -> Matrix:
    np = _numpy()
    rows = np.frombuffer(b"".join(row[2] for row in found), np.int8).reshape(len(found), dimensions)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float32)) if found else np.zeros(0, np.float32)
    return Matrix(
        np.array([row[0] for row in found], np.int64),
        np.array([row[1] for row in found], np.int64),
        rows,
        1 / np.where(lengths > 0, lengths, 1),
    )


def nearest(matrix: Matrix, vector: Vector, owners: Collection[int], limit: int) -> list[tuple[int, float]]:
    """The passages of these documents that point most alike, the best first, each with its cosine."""
    np = _numpy()
    chosen = np.flatnonzero(np.isin(matrix.owners, np.fromiter(owners, np.int64, len(owners))))
    if not len(chosen):
        return []
    direction = np.frombuffer(vector, np.int8).astype(np.float32)
    direction /= np.linalg.norm(direction) or 1
    parts = (chosen[start : start + _BLOCK] for start in range(0, len(chosen), _BLOCK))
    cosines = np.concatenate([matrix.rows[part].astype(np.float32) @ direction for part in parts])
    cosines *= matrix.scales[chosen]
    if len(chosen) > limit:
        best = np.argpartition(-cosines, limit)[:limit]
        chosen, cosines = chosen[best], cosines[best]
    order = np.lexsort((matrix.chunks[chosen], -cosines))
    return [(int(matrix.chunks[chosen[at]]), float(cosines[at])) for at in order]
