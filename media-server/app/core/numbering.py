"""Which number a name takes where it is taken: senders choose names, so finding one costs a few looks, however many have it already."""

from __future__ import annotations

import secrets
from collections.abc import Callable

NUMBERS_IN_ORDER = 16
"""So many numbers are tried in their order, which fills gaps and finds a folder where it was before."""
_MAX_NUMBER = 2**40
"""More than there are files. Only names that somebody chose for it lead up to it by doubling."""


def next_number(taken: int, is_taken: Callable[[int], bool]) -> int:
    """A number above ``taken`` that is free, right after one that is not: the next few in their order, then by doubling
    and halving. Whoever uses it finds out whether it still is."""
    for number in range(taken + 1, NUMBERS_IN_ORDER + 1):
        if not is_taken(number):
            return number
    low = max(taken, NUMBERS_IN_ORDER)
    high = 2 * low
    while is_taken(high):
        low, high = high, 2 * high
        if high > _MAX_NUMBER:
            return high + secrets.randbelow(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_taken(middle) else (low, middle)
    return high
