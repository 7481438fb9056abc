"""The direction that stands for several: where a document points as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from app.core.search.documents import Vector

_LONGEST = 127


def centre(vectors: Sequence[Vector]) -> Vector:
    """The middle of directions, whatever their lengths; at least one, and all of one model. Where they cancel each other out it is
    the first of them."""
    sums = [0.0] * len(vectors[0])
    for vector in vectors:
        numbers = memoryview(vector).cast("b")
        length = sqrt(sum(each * each for each in numbers)) or 1.0
        sums = [one + other / length for one, other in zip(sums, numbers, strict=True)]
    largest = max(map(abs, sums))
    if largest < 1e-9:
        return vectors[0]
    return bytes(round(each / largest * _LONGEST) % 256 for each in sums)
