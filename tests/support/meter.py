"""What a call costs, in things that can be counted: lines of Python, system calls, looks at ledgers, bytes of reply.

Counts are the same on a busy machine as on an idle one. What happens inside one function written in C is one call here;
that is what the processor's time is for, which is compared with other times of the same process only.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from app.storage.sql.sqlite import SQLiteDatabase

_LOOKS = {SQLiteDatabase.read.__code__, SQLiteDatabase.write.__code__}


@dataclass
class Cost:
    """``seconds`` are the processor's, of a run that was not counted."""

    lines: int = 0
    calls: int = 0
    system_calls: int = 0
    ledger_looks: int = 0
    reply_bytes: int = 0
    seconds: float = 0.0

    @property
    def work(self) -> int:
        return self.lines + self.calls


def cost_of(call: Callable[[], Any]) -> Cost:
    """What ``call`` costs in this thread; whatever it returns with a ``data`` counts as its reply."""
    cost = Cost()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            cost.lines += 1
        elif event == "call":
            cost.calls += 1
            cost.ledger_looks += frame.f_code in _LOOKS
        return trace

    def profile(_: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            cost.calls += 1
            cost.system_calls += getattr(argument, "__module__", None) in ("posix", "fcntl")

    begun = time.thread_time()
    call()
    cost.seconds = time.thread_time() - begun
    traced, profiled = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        reply = call()
    finally:
        sys.setprofile(profiled)
        sys.settrace(traced)
    cost.reply_bytes = len(getattr(reply, "data", b""))
    return cost


def usual_cost(call: Callable[[], Any], tries: int = 5) -> Cost:
    """The median of each that several runs cost, the first of all left out: it may find nothing in memory. In one or the other
    the interpreter clears up, or loses what counts."""
    call()
    found = [cost_of(call) for _ in range(tries)]
    return Cost(
        **{name: statistics.median(getattr(each, name) for each in found) for name in Cost.__dataclass_fields__}
    )
