"""Processes that work only when nothing else wants a processor."""

from __future__ import annotations

import os
from contextlib import suppress


def give_way(process_id: int) -> None:
    """Let a process have a processor only while nobody else wants it (SCHED_IDLE), as far as the system lets us."""
    with suppress(OSError):
        os.sched_setscheduler(process_id, os.SCHED_IDLE, os.sched_param(0))
