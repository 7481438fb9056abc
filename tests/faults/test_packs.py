"""Small files that come whole fail at every step, and lose their power: each is there once and whole, or not at all.

A sender of small files knows only what was answered; after anything else it sends the same again under the same keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import urllib3

from tests.faults.test_power import Cutter, Machine, Snapshot
from tests.faults.test_steps import (
    CALLS,
    ERRORS,
    KILL,
    SHORT,
    SHORTABLE,
    Bench,
    assert_none,
    clear,
    is_change,
    sample,
)
from tests.support.client import Client, Link, Reply
from tests.support.files import content, files_below
from tests.support.live import GENEROUS, LiveServer
from tests.support.strace import Call

NAMES = ("a.bin", "folder/b.bin", "folder/new/c.bin", "empty")


@dataclass
class SmallFiles:
    """Some small files and their sender: all but the last go in a pack, the last in a request of its own."""

    link: Link
    files: dict[str, bytes]
    keys: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    refusals: list[tuple[int, str] | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = {name: secrets.token_urlsafe(24) for name in self.files}

    def run(self) -> None:
        """Send everything once; what fails is left out."""
        *packed, alone = self.files
        self._note_pack(packed, self._asked("pack", self._pack(packed), {}))
        data = self.files[alone]
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {
            "X-Upload-Path": alone,
            "X-Upload-Key": self.keys[alone],
            "Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}",
            "Content-Digest": f"sha-256=:{digest}:",
        }
        reply = self._asked("upload-chunk", data, headers)
        if reply is not None and reply.status == 200:
            assert reply.json["complete"] is True
            self.acknowledged.add(alone)

    def again(self) -> None:
        """The same once more; now it must go well."""
        self.refusals.clear()
        self.run()
        assert self.refusals == []
        assert self.acknowledged == set(self.files)

    def seen(self, disk: Path) -> dict[str, bytes]:
        return {name: path.read_bytes() for name, path in files_below(disk).items()}

    def _pack(self, names: list[str]) -> bytes:
        lines = {
            name: json.dumps({"path": name, "size": len(self.files[name]), "key": self.keys[name]}) for name in names
        }
        return b"".join(lines[name].encode() + b"\n" + self.files[name] for name in names)

    def _note_pack(self, names: list[str], reply: Reply | None) -> None:
        if reply is None or reply.status != 200:
            return
        for name, entry in zip(names, reply.json["files"], strict=True):
            if entry.get("complete"):
                self.acknowledged.add(name)
            else:
                self.refusals.append((entry["status"], entry["code"]))

    def _asked(self, call: str, body: bytes, headers: dict[str, str]) -> Reply | None:
        try:
            reply = self.link.client.call("POST", f"{self.link.path}/{call}", body=body, headers=headers)
        except urllib3.exceptions.HTTPError:
            self.refusals.append(None)
            return None
        if reply.status != 200:
            self.refusals.append((reply.status, reply.code or ""))
        return reply


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("packs")
    with LiveServer(folder, workers=1, DROPPR_THREADS=1, **GENEROUS) as server:
        yield Bench(server, folder / "strace.log")


def some(bench: Bench) -> SmallFiles:
    number = next(bench.numbers)
    sizes = zip((*NAMES, "alone.bin"), (70_000, 5000, 1, 0, 9000), strict=True)
    return SmallFiles(Client.of(bench.server).make_link(), {name: content(size, number + size) for name, size in sizes})


@pytest.fixture(scope="module")
def steps(bench: Bench) -> list[Call]:
    """The calls with which small files change something below the data folder."""
    files = some(bench)
    with bench.faulty(CALLS) as strace:
        files.run()
    assert files.refusals == []
    calls = [call for call in strace.calls() if call.touches(bench.server.data_dir) and is_change(call)]
    return list({(call.name, call.number): call for call in calls}.values())


def check(bench: Bench, files: SmallFiles) -> None:
    """After the fault, without restarting anything by hand."""
    for name, data in files.seen(files.link.disk).items():
        assert data == files.files.get(name), f"{name} is visible and not whole"
    assert files.acknowledged <= set(files.seen(files.link.disk)), "acknowledged and gone"
    files.again()
    assert files.seen(files.link.disk) == files.files, "twins"
    assert sorted(file["path"] for file in files.link.files()) == sorted(files.files)
    services = bench.purge()
    assert files_below(bench.server.data_dir / "uploads") == {}, "the purge leaves something"
    usage = services.ground.requests.usage(files.link.hash)
    assert (usage.open, services.ground.requests.announced(files.link.hash)) == (frozenset(), ())
    assert files.seen(files.link.disk) == files.files
    assert files.link.deliver("next.bin", b"works")["complete"] is True


def test_a_server_killed_at_any_step_of_small_files_leaves_each_once_or_not(
    bench: Bench, steps: list[Call], torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    problems = []
    for step in sample(steps, 4, torture, chance):
        what = f"kill -9 at {bench.told(step)}"
        files = some(bench)
        with bench.faulty((step.name,), KILL, step.number) as strace:
            files.run()
        bench.wait_for_a_worker()
        tally["kills at a step of small files" if strace.struck else "steps that did not come again"] += 1
        try:
            check(bench, files)
        except AssertionError as error:
            problems.append(f"{what}: {str(error)[:300]}")
            clear(bench)
    assert_none(problems)


def test_a_disk_that_refuses_any_step_of_small_files_is_answered_and_forgotten(
    bench: Bench, steps: list[Call], torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    problems = []
    faults = [(step, fault) for step in steps for fault in ERRORS]
    faults += [(step, SHORT) for step in steps if step.name in SHORTABLE]
    for step, fault in faults if torture else chance.sample(faults, 6):
        what = f"{fault} at {bench.told(step)}"
        files = some(bench)
        with bench.faulty((step.name,), fault, step.number) as strace:
            files.run()
        tally["errors at a step of small files" if strace.struck else "steps that did not come again"] += 1
        if not bench.struck_a_step(strace):
            clear(bench)
            continue
        try:
            assert set(files.refusals) <= {(503, "busy"), (507, "storage_full")}, files.refusals
            check(bench, files)
        except AssertionError as error:
            problems.append(f"{what}: {str(error)[:300]}")
            clear(bench)
    assert_none(problems)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path, "complete", "in-place")
    with machine.running():
        yield machine
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_small_files_that_were_answered_survive_a_power_cut(
    machine: Machine, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    """Cuts right after an answer, and at instants that nobody chose; then everything is sent again."""
    for number in range(40 if torture else 3):
        link = Client.of(machine.server).make_link()
        sizes = [chance.choice([0, 1, 4096, 100_000]) for _ in range(chance.randrange(2, 80))]
        files = SmallFiles(link, {f"{n % 5}/{n}.bin": content(size, n) for n, size in enumerate([*sizes, 10])})
        snapshot = _cut_while_or_after(machine, files, at_once=bool(number % 2), chance=chance)
        _check_after_the_cut(machine, snapshot, files, answered=not number % 2)
        shutil.rmtree(link.disk, ignore_errors=True)
        tally["power cuts of small files"] += 1


def _cut_while_or_after(machine: Machine, files: SmallFiles, *, at_once: bool, chance: random.Random) -> Snapshot:
    cutter = Cutter(machine, chance.uniform(0, 0.05) if at_once else 0)
    if at_once:
        cutter.start()
    files.run()
    machine.write_back(chance)
    if not at_once:
        cutter.start()
    return cutter.result()


def _check_after_the_cut(machine: Machine, snapshot: Snapshot, files: SmallFiles, *, answered: bool) -> None:
    with snapshot.server(machine) as server:
        later = SmallFiles(Link(Client.of(server), files.link.hash, files.link.folder), files.files)
        later.keys = files.keys
        seen = later.seen(later.link.disk)
        assert all(data == files.files.get(name) for name, data in seen.items()), "visible and not whole"
        assert not answered or seen == files.files, "acknowledged and gone after a power cut"
        if later.link.info().status == 404:
            return  # The link itself had not reached the disk: nothing on it was ever answered.
        later.again()
        assert later.seen(later.link.disk) == files.files, "twins after a power cut"
        assert sorted(file["path"] for file in later.link.files()) == sorted(files.files)
