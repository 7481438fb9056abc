"""How a run is measured: warm memory, cases taking turns, disturbed runs repeated, medians of what is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from tests.bench import machine
from tests.bench.load import LoadClient, LoadFailed, Source, make_source, median

MIB = 1024 * 1024
GIB = 1024 * MIB
DISTURBED = 0.15
"""The part of the machine that others may have used during a run that counts."""


class Server(Protocol):
    """What is measured; started for all runs of a suite."""

    @property
    def roots(self) -> list[int]: ...

    def clean(self) -> None:
        """Remove what the last run left behind."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: Any) -> None: ...


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    folder: Path
    rounds: int
    size: int
    warm: int
    retries: int
    everything: bool
    full: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """What a case reports of one run: its seconds, and what else it wants to remember."""

    seconds: float
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One row of a table: ``run`` does the work once and times it, ``check`` says whether what arrived is right."""

    name: str
    server: Server
    run: Callable[[], Timing]
    check: Callable[[], bool]
    size: int


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run. ``later`` is what the server went on to use after its last answer."""

    seconds: float
    cpu: float
    later: float
    peak: int
    others: float
    extra: dict[str, float]


@dataclass
class Outcome:
    """All runs of a case. ``disturbed`` were repeated, or kept for want of better ones."""

    case: Case
    runs: list[Run] = field(default_factory=list)
    disturbed: list[Run] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def best_runs(self, rounds: int) -> list[Run]:
        """The quiet runs, filled up with the least disturbed ones."""
        return (self.runs + sorted(self.disturbed, key=lambda run: run.others))[:rounds]

    def median(self, what: Callable[[Run], float], rounds: int) -> float:
        runs = self.best_runs(rounds)
        return median(map(what, runs)) if runs else float("nan")


class Bench:
    """What all suites share: the folder, the client, the source, the warm memory."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.folder = options.folder
        self.client = LoadClient(options.folder)
        self._warm = machine.WarmMemory(options.warm)
        self._sources: dict[int, Source] = {}
        self._warmed_up: set[int] = set()

    def source(self, size: int) -> Source:
        """A file of this size in memory."""
        if size not in self._sources:
            place = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else self.folder
            self._sources[size] = make_source(place / f"droppr-bench-{os.getpid()}-{size}", size)
        return self._sources[size]

    def close(self) -> None:
        self._warm.free()
        for source in self._sources.values():
            source.path.unlink(missing_ok=True)

    @contextmanager
    def warm_memory(self) -> Iterator[None]:
        """Inside, the machine has memory to give that was in use until now."""
        self._warm.hold()
        os.sync()
        self._warm.free()
        try:
            yield
        finally:
            self._warm.hold()

    @contextmanager
    def looking_for_others(self, *roots: int) -> Iterator[list[float]]:
        """Notes at the end which part of the machine went to processes that are neither these nor the benchmark's."""
        shares: list[float] = []
        before = machine.usage(roots)
        yield shares
        shares.append(machine.others_share(before, machine.usage(roots)))

    def measure(self, case: Case) -> Run:
        """One run of a case. Raises LoadFailed when what arrived is not what was sent."""
        roots = case.server.roots
        machine.settle(roots)
        machine.forget_peaks(roots)
        try:
            with self.warm_memory():
                before = machine.usage(roots)
                timing = case.run()
                after = machine.usage(roots)
            peak = machine.peak_resident(roots)
            machine.settle(roots)
            later = machine.usage(roots)
            if not case.check():
                raise LoadFailed("what arrived is not what was sent")
        finally:
            case.server.clean()
        cpu, more = after.server - before.server, later.server - after.server
        return Run(timing.seconds, cpu, more, peak, machine.others_share(before, after), timing.extra)

    def take_turns(self, cases: Sequence[Case], rounds: int | None = None) -> list[Outcome]:
        """A B C A B C …; a run that others disturbed is taken again at the end, a bounded number of times."""
        rounds = rounds or self.options.rounds
        outcomes = [Outcome(case) for case in cases]
        self._warm_up(cases)
        for _ in range(rounds):
            for outcome in outcomes:
                self._once(outcome)
        for _ in range(self.options.retries):
            for outcome in outcomes:
                if len(outcome.runs) < rounds:
                    self._once(outcome)
        return outcomes

    def _warm_up(self, cases: Sequence[Case]) -> None:
        """One run that does not count for each server: the first one also pays for imports and threads."""
        for case in cases:
            if id(case.server) not in self._warmed_up:
                self._warmed_up.add(id(case.server))
                with suppress(LoadFailed):
                    self.measure(case)

    def _once(self, outcome: Outcome) -> None:
        try:
            run = self.measure(outcome.case)
        except LoadFailed as failure:
            outcome.failures.append(str(failure))
            note(f"{outcome.case.name}: FAILED: {failure}")
            return
        (outcome.runs if run.others <= DISTURBED else outcome.disturbed).append(run)
        speed = outcome.case.size / run.seconds / MIB
        note(f"{outcome.case.name}: {speed:.0f} MiB/s, {run.cpu:.2f} CPU s, others {run.others:.0%}")


def note(text: str) -> None:
    """Progress, for whoever waits."""
    print(text, file=sys.stderr, flush=True)
