"""``python -m tests.support.pace_cases`` writes tests/fixtures/pace.json: what the rule of how much to send at once decides.

Both languages are held to it. The times are multiples of 125 ms, which are exact in seconds as well.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from droppr_client.upload.pace import Limits, Pace
from tests.support.files import MIB

GOLDEN = Path(__file__).resolve().parents[1] / "fixtures" / "pace.json"
LIMITS = Limits(most=16, largest=8 * MIB)
ROUND_TRIP = 0.06

Event = Callable[[random.Random, int, int], str]
"""What becomes of a request, by chance, its number and its bytes."""


def cases() -> list[dict[str, Any]]:
    return [
        _case("a line of 20 MiB/s, 2 MiB/s each", 2, 20, lambda *_: "accepted", 120),
        _case("a line of 2 MiB/s", 2, 2, lambda *_: "accepted", 60),
        _case("connections break", 4, 12, lambda r, _, size: _either(r.random() < size / (4 * MIB), "lost"), 80),
        _case("nothing gets through for a while", 4, 64, lambda _, at, __: _either(20 <= at < 34, "lost"), 60),
        _case("the server asks for less", 2, 64, _refuses, 90),
        _case("a long way", 2, 20, lambda *_: "accepted", 120, answered=200),
        _case("lanes that are not alike", 2, 20, lambda *_: "accepted", 120, lanes=(1, 0.25, 0.7, 1.5)),
        _case(
            "lanes that nobody can choose",
            2,
            20,
            lambda *_: "accepted",
            120,
            lanes=(1, 0.25, 0.7, 1.5),
            max_share=1,
            left_each=MIB // 8,
        ),
    ]


def _either(happens: bool, event: str) -> str:
    return event if happens else "accepted"


def _refuses(_: random.Random, at: int, __: int) -> str:
    return "limit" if at == 70 else _either(at in (25, 26, 27, 50), "refused")


def _case(
    name: str,
    each: int,
    total: int,
    event_of: Event,
    count: int,
    *,
    answered: int | None = None,
    lanes: tuple[float, ...] = (1,),
    max_share: float | None = None,
    left_each: int = MIB,
) -> dict[str, Any]:
    """So many requests over a line of ``total`` MiB/s, ``each`` for one connection, give or take a tenth. ``answered``:
    milliseconds that a request without a body took before; ``lanes``: what connections carry, in turns, of what is their due;
    ``left_each``: bytes that are left at each step, times the steps to come."""
    chance, pace, now = random.Random(name), Pace(replace(LIMITS, max_share=max_share or math.inf)), 0
    if answered:
        pace.answered(answered / 1000)
    due = itertools.cycle(lanes)
    first = [pace.next_chunk(count * MIB, pace.limit) for _ in range(pace.limit)]
    going = [(now, size, next(due)) for size in first]
    steps = []
    for number in range(count):
        began, size, share = going.pop(0)
        rate = min(each, total / pace.limit) * MIB * share
        round_trip = answered / 1000 if answered else ROUND_TRIP
        now = max(now, began + 125 * max(1, round((size / rate + round_trip) * 8 * chance.uniform(0.9, 1.1))))
        event, running = event_of(chance, number, size), len(going) + 1
        if event == "limit":
            size, running = 3 * MIB, 6
        tell(pace, event, size, (began, now), running)
        left, under_way = (count - number) * left_each, sum(under_way for _, under_way, _ in going)
        next_chunk = pace.next_chunk(left, pace.limit, under_way)
        steps.append(
            {"event": event, "bytes": size, "began": began, "now": now, "in_flight": running, "left": left}
            | {"under_way": under_way, "width": pace.limit, "chunk_size": pace.chunk_size, "next": next_chunk}
        )
        if len(going) < pace.limit:
            going.append((now, next_chunk, share))
        going += [(now, pace.chunk_size, next(due)) for _ in range(pace.limit - len(going))]
    config: dict[str, float | None] = {"width": LIMITS.width, "max_width": LIMITS.most, "chunk_size": LIMITS.chunk_size}
    config |= {"min_chunk_size": LIMITS.smallest, "max_chunk_size": LIMITS.largest, "max_share": max_share}
    return {"name": name, "config": config, "answered": answered, "first": first, "steps": steps}


def tell(pace: Pace, event: str, size: int, times: tuple[int, int], running: int) -> None:
    """``times`` in milliseconds. Of a ``limit``, ``running`` and ``size`` are what the target wants at most."""
    began, now = (each / 1000 for each in times)
    match event:
        case "accepted":
            pace.accepted(size, began, now, running)
        case "lost":
            pace.broke(size, began, now, running)
        case "refused":
            pace.overloaded(began, now)
        case "limit":
            pace.limit_to(running, size)


def text() -> str:
    parts = []
    for case in cases():
        steps = ",\n".join(f"  {json.dumps(step)}" for step in case["steps"])
        parts.append(
            f' {{"name": {json.dumps(case["name"])}, "config": {json.dumps(case["config"])}, '
            f'"answered": {json.dumps(case["answered"])}, "first": {json.dumps(case["first"])}, "steps": [\n{steps}]}}'
        )
    return "[\n" + ",\n".join(parts) + "\n]\n"


if __name__ == "__main__":
    GOLDEN.write_text(text())
