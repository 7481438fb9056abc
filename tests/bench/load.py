"""The load client in C from Python: builds it, words the requests, reads the results."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.files import MIB, spans

SOURCE_CODE = Path(__file__).with_name("load.c")
LIMIT_SECONDS = 600
STAMP_BYTES = 16


class LoadFailed(Exception):
    """An upload did not go through, or what arrived is not what was sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request whose body is ``length`` bytes of the source from ``offset``; ``lane`` names its connection."""

    method: str
    target: str
    offset: int
    length: int
    headers: dict[str, str] = field(default_factory=dict)
    lane: int = -1
    wait: bool = False

    def line(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {self.length}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        return b"%d %d %d %d %d\n%s" % (self.lane, self.wait, self.offset, self.length, len(head), head)


@dataclass(frozen=True, slots=True)
class Answered:
    """One request's times in seconds since the start: first byte out, last byte out, answer read."""

    status: int
    start: float
    sent: float
    done: float

    @property
    def latency(self) -> float:
        return self.done - self.start


@dataclass(frozen=True, slots=True)
class Sent:
    """What one run of the client came to. ``visible`` is when the watched file stood there, below 0 for never."""

    seconds: float
    client_cpu: float
    visible: float
    requests: list[Answered]
    answer: str

    def percentile(self, percent: float) -> float:
        """Of the requests' latencies, in seconds."""
        return percentile([each.latency for each in self.requests], percent)


@dataclass(frozen=True, slots=True)
class Source:
    """What is sent: a file in memory, every 4 KiB of which begin with their own position."""

    path: Path
    size: int

    def matches(self, file: Path, offset: int, length: int, *, stamps: Sequence[int] = ()) -> bool:
        """Whether ``file`` holds ``length`` bytes of the source from ``offset``, with stamps at these places of it."""
        if file.stat().st_size != length:
            return False
        marks = sorted(stamps)
        with self.path.open("rb", buffering=0) as ours, file.open("rb", buffering=0) as theirs:
            for start, stop in spans(length, MIB):
                at = (offset + start) % self.size
                ours.seek(at)
                wanted = bytearray(_read(ours, stop - start, self.size - at))
                for mark in marks[bisect_left(marks, start) : bisect_left(marks, stop)]:
                    wanted[mark - start : mark - start + STAMP_BYTES] = b"%016x" % (offset + mark)
                if theirs.read(stop - start) != wanted:
                    return False
        return True


def _read(file: Any, count: int, left: int) -> bytes:
    """``count`` bytes; where the file ends after ``left`` of them it begins again."""
    data: bytes = file.read(min(count, left))
    if count > left:
        file.seek(0)
        data += file.read(count - left)
    return data


def make_source(path: Path, size: int) -> Source:
    """A file of ``size`` bytes that no compression and no misplacement gets by."""
    block = bytearray(random.Random(size).randbytes(MIB))
    with path.open("wb") as file:
        for start, stop in spans(size, MIB):
            for at in range(0, stop - start, 4096):
                block[at : at + 8] = (start + at).to_bytes(8, "little")
            file.write(block[: stop - start])
    return Source(path, size)


class LoadClient:
    """The compiled client. ``folder`` takes the program and its plans."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.program = folder / "load"
        if not self.program.exists() or self.program.stat().st_mtime < SOURCE_CODE.stat().st_mtime:
            command = ["cc", "-O2", "-Wall", "-pthread", "-o", str(self.program), str(SOURCE_CODE)]
            subprocess.run(command, check=True)

    def send(
        self,
        address: str | int,
        source: Source,
        requests: Sequence[Request],
        connections: int,
        *,
        watched: tuple[Path, int] | None = None,
        stamp: bool = False,
        timeout: float = LIMIT_SECONDS,
    ) -> Sent:
        """Send them all. Raises LoadFailed when one is answered with anything but 2xx, or it takes too long."""
        plan = self.plan(requests)
        command = [self.program, "send", address, source.path, plan, connections, int(stamp), *(watched or ())]
        done = _run([str(part) for part in command], timeout)
        if done.returncode > 1:
            raise LoadFailed(done.stderr)
        result = json.loads(done.stdout)
        if done.returncode:
            raise LoadFailed(
                f"{result['refused']} of {len(requests)} requests were refused; one was: {result['answer']}"
            )
        answered = [Answered(*each) for each in result["requests"]]
        return Sent(result["seconds"], result["cpu"], result["visible"], answered, result["answer"])

    def trickle(
        self, address: str | int, source: Source, requests: Sequence[Request], rate: int, seconds: float
    ) -> subprocess.Popen[str]:
        """Start sending each on a connection of its own at ``rate`` bytes a second; returns once all are connected."""
        plan = self.plan(requests, "trickle.plan")
        command = [self.program, "trickle", address, source.path, plan, rate, seconds]
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            process.wait()
            raise LoadFailed("the slow connections were not accepted")
        return process

    def plan(self, requests: Iterable[Request], name: str = "send.plan") -> Path:
        path = self._folder / name
        path.write_bytes(b"".join(each.line() for each in requests))
        return path


def _run(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"not done after {timeout:.0f} seconds") from None


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values: Iterable[float]) -> float:
    return statistics.median(values)
