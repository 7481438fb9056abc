"""People without rights, forty at once, while an honest sender sends: it keeps half of its pace, the server answers, the
owner comes in, memory and disk keep their bounds, and when they have gone everything is given back."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.conftest import is_torture
from tests.support.honest import PROBE_PATIENCE
from tests.support.siege import MIB, Outcome, Siege, fortress
from tests.support.stranger_kinds import KINDS

CLIENTS = 40
OF_EVERY_KIND = 5
QUICK = (
    ("slow forms", "alone", "apart"),
    ("sockets", "alone", "apart"),
    ("slow chunks", "alone", "office"),
    ("slow forms", "behind nginx", "apart"),
    ("made-up links", "behind nginx", "apart"),
    ("announcers", "behind nginx", "apart"),
)
PACE, PACE_IN_OFFICE = 0.5, 0.25
GROWTH = 250 * MIB
TRIES = 3
"""So often a pace is measured again before it counts as too low: other work on the machine is not the attackers'."""
OTHERS = 0.6
"""Where other work has more of the machine than this at each of them, nothing can be said of the pace."""

Besieged = Callable[[bool], Siege]


def size_of_file(torture: bool) -> int:
    return int(float(os.environ.get("DROPPR_TORTURE_GIB", "1")) * 1024) * MIB if torture else 64 * MIB


@pytest.fixture
def besieged(tmp_path: Path, torture: bool) -> Iterator[Besieged]:
    with ExitStack() as stack:
        yield lambda behind_nginx: stack.enter_context(
            fortress(tmp_path / "fortress", size_of_file(torture), behind_nginx=behind_nginx)
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        all_kinds = itertools.product(KINDS, ("alone", "behind nginx"), ("apart", "office"))
        metafunc.parametrize(("kind", "way", "where"), list(all_kinds) if is_torture(metafunc.config) else QUICK)


def judge(outcome: Outcome, least: float, floor: tuple[int, int]) -> list[str]:
    """What does not hold of what was promised. ``floor`` is in bytes and inodes."""
    wrong = []
    if outcome.ratio < least and outcome.others < OTHERS:
        wrong.append(f"the honest sender kept {outcome.ratio:.2f} of its pace, not {least}")
    if not outcome.equal:
        wrong.append("a file did not arrive as it was sent")
    if max(outcome.probes) > PROBE_PATIENCE:
        wrong.append(
            f"{sum(each > PROBE_PATIENCE for each in outcome.probes)} of {len(outcome.probes)} probes unanswered"
        )
    wrong += [f"the owner could not {call}: {took}" for call, took in outcome.owner.items() if isinstance(took, str)]
    if outcome.memory > GROWTH:
        wrong.append(f"memory grew by {outcome.memory // MIB} MiB")
    if outcome.free < floor[0] or outcome.inodes < floor[1]:
        wrong.append(f"{outcome.free} bytes and {outcome.inodes} inodes were left, not {floor}")
    wrong += [f"{what} not given back: {found}" for what, found in outcome.kept.items()]
    return wrong


def hold_out(siege: Siege, kinds: dict[str, int], rounds: int, tally: Counter[str], *, office: bool = False) -> None:
    least = PACE_IN_OFFICE if office else PACE
    for left in reversed(range(TRIES)):
        outcome = siege.run(kinds, rounds=rounds, office=office)
        print(f"{', '.join(kinds)}{' in the office' if office else ''}: {outcome}")
        tally["sieges"] += 1
        # Where others have the machine, another time says no more of the pace.
        if outcome.ratio >= least or outcome.others >= OTHERS or left == 0:
            break
    assert not judge(outcome, least, siege.fortress.floor()), str(outcome)


def test_strangers_of_one_kind(
    kind: str, way: str, where: str, besieged: Besieged, torture: bool, tally: Counter[str]
) -> None:
    siege = besieged(way == "behind nginx")
    hold_out(siege, {kind: CLIENTS}, 2 if torture else 1, tally, office=where == "office")


@pytest.mark.parametrize("way", ["alone", "behind nginx"])
def test_a_few_of_every_kind(way: str, besieged: Besieged, torture: bool, tally: Counter[str]) -> None:
    if not torture:
        pytest.skip("at full length only")
    hold_out(besieged(way == "behind nginx"), dict.fromkeys(KINDS, OF_EVERY_KIND), 2, tally)
