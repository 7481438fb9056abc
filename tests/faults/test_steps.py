"""Every step of an upload fails once: the process dies at it, or the disk refuses it.

A first run lists the system calls by which an upload touches the data folder. Then each of them is the one that fails,
and afterwards all must be as if nothing had happened: what was acknowledged is there, nothing half is visible, the
same upload goes on and ends as one whole file, the purge leaves no bytes behind, and the next upload works.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, product
from pathlib import Path

import pytest
import urllib3

from app.wiring import Services, build
from tests.support.catalogues import settings_of
from tests.support.client import Client, Link, Reply
from tests.support.files import content, eventually, files_below
from tests.support.live import GENEROUS, LiveServer
from tests.support.strace import Call, Strace

CALLS = (
    "pwrite64", "write", "splice", "copy_file_range", "fsync", "fdatasync", "rename", "link", "linkat", "unlink",
    "unlinkat", "ftruncate", "fallocate", "mkdir", "mkdirat", "rmdir", "openat",
)  # fmt: skip
KILL = "signal=KILL"
ERRORS = ("error=ENOSPC", "error=EIO", "error=EDQUOT")
# The call takes nothing and says so: what a caller sees that forgets to look at the count.
SHORT = "retval=0"
SHORTABLE = ("pwrite64", "write")
NAME = "folder/a.bin"
# More than gunicorn reads ahead, so that the kernel moves the rest; the last one is only read ahead.
SPANS = ((70_000, 140_000), (0, 70_000), (140_000, 146_000))
SIZE = 146_000


@dataclass
class Upload:
    """One upload and its sender, who knows what was acknowledged and does again what was not."""

    link: Link
    data: bytes
    upload_id: str | None = None
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    answers: list[Reply | None] = field(default_factory=list)

    def run(self) -> None:
        """Open and send every chunk, each once; what fails is left out."""
        if self.open():
            for start, stop in SPANS:
                self.send(start, stop)

    def open(self) -> bool:
        reply = self._asked(lambda: self.link.open(NAME, SIZE))
        if reply is not None and reply.status == 201:
            self.upload_id = reply.json["upload_id"]
        return self.upload_id is not None

    def send(self, start: int, stop: int) -> None:
        part = self.data[start:stop]
        headers = {}
        if start == 0:
            # A chunk with a digest takes another way through the server than one without.
            digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
            headers["Content-Digest"] = f"sha-256=:{digest}:"
        reply = self._asked(lambda: self.link.chunk(self.upload_id, start, part, SIZE, headers=headers))
        if reply is not None and reply.status == 200:
            self.acknowledged.append((start, stop))

    def _asked(self, ask: Callable[[], Reply]) -> Reply | None:
        try:
            reply = ask()
        except urllib3.exceptions.HTTPError:
            reply = None
        self.answers.append(reply)
        return reply

    @property
    def refusals(self) -> list[Reply | None]:
        return [reply for reply in self.answers if reply is None or reply.status not in (200, 201)]

    def lost(self) -> list[tuple[int, int]]:
        """What was acknowledged and is reported missing."""
        missing = self.link.status(self.upload_id or "").expect(200).json["missing_ranges"]
        return [(a, b) for a, b in self.acknowledged if any(a <= last and first < b for first, last in missing)]

    def resume(self) -> None:
        """What any client does: ask what is missing, send that and nothing else."""
        if self.upload_id is None:
            assert self.open(), self.answers
        for first, last in self.link.status(self.upload_id or "").expect(200).json["missing_ranges"]:
            part = self.data[first : last + 1]
            self.link.chunk(self.upload_id, first, part, SIZE).expect(200)


@dataclass
class Bench:
    """A server with one worker and one thread, so that a call's number always means the same call."""

    server: LiveServer
    log: Path
    numbers: Iterator[int] = field(default_factory=count)

    def upload(self) -> Upload:
        number = next(self.numbers)
        # A call of a step's number may be another one this time, the one that wakes the server's own thread for instance:
        # then no answer comes, nothing is learned, and the next step must not wait a minute for it.
        client = replace(Client.of(self.server), seconds=15)
        # Its one thread may still wait for a body that a fault has kept from coming.
        made = eventually(lambda: self._link(client), seconds=60, what="a link")
        assert made is not None
        return Upload(made, content(SIZE, number))

    @staticmethod
    def _link(client: Client) -> Link | None:
        with contextlib.suppress(AssertionError):
            return client.make_link()
        return None

    @contextlib.contextmanager
    def faulty(self, names: tuple[str, ...], fault: str = "", number: int = 1) -> Iterator[Strace]:
        (worker,) = self.server.worker_pids()
        with Strace(worker, self.log, names, fault, number) as strace:
            yield strace

    def begin(self) -> None:
        """What only the first of all uploads to a process does is none of an upload's steps."""
        self.upload().run()

    def steps(self) -> list[Call]:
        """The calls with which one upload changes something below the data folder."""
        self.begin()
        upload = self.upload()
        with self.faulty(CALLS) as strace:
            upload.run()
            eventually(lambda: upload.link.files()[0]["sha256"], what="the file's SHA-256")
        assert upload.refusals == []
        found = {
            (call.name, call.number): call
            for call in strace.calls()
            if call.touches(self.server.data_dir) and is_change(call)
        }
        return list(found.values())

    def struck_a_step(self, strace: Strace) -> bool:
        """Whether no other call was struck: by another thread, to read, or to a socket. Their number is not fixed."""
        struck = [call for call in strace.calls() if call.injected]
        return all(call.touches(self.server.data_dir) and is_change(call) for call in struck)

    def told(self, step: Call) -> str:
        """A step for a person, without the part of the paths that all have."""
        return f"{step.name} {step.number} ({step.text.replace(str(self.server.tmp_path), '')})"

    def wait_for_a_worker(self) -> None:
        def ready() -> bool:
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                return (
                    len(self.server.worker_pids()) == 1 and Client.of(self.server).call("GET", "/readyz").status == 200
                )
            return False

        eventually(ready, seconds=90, what="a new worker")

    def purge(self) -> Services:
        """The purge as the command runs it, on the same data, when every upload has been idle for long enough."""
        services = build(settings_of(self.server, session_max_age_hours=1e-9))
        services.receiving.uploads.sweep()
        return services


@pytest.fixture(scope="module", params=["in-place", "indexed"])
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["complete", "chunk"])
def bench(request: pytest.FixtureRequest, layout: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("steps")
    env = {"DROPPR_THREADS": 1, "DROPPR_CHUNK_LAYOUT": layout, "DROPPR_DURABILITY": request.param}
    with LiveServer(folder, workers=1, **env, **GENEROUS) as server:
        yield Bench(server, folder / "strace.log")


@pytest.fixture(scope="module")
def steps(bench: Bench) -> list[Call]:
    return bench.steps()


def is_change(call: Call) -> bool:
    """Whether a call may change something: of all that opens only what makes."""
    return call.name != "openat" or "O_CREAT" in call.text


def sample(steps: list[Call], most: int, torture: bool, chance: random.Random) -> list[Call]:
    return steps if torture else chance.sample(steps, min(most, len(steps)))


def check(bench: Bench, upload: Upload) -> None:
    """After the fault, without restarting anything by hand."""
    for path in files_below(upload.link.disk).values():
        assert path.read_bytes() == upload.data, "half a file is visible"
    upload.resume()
    upload.link.status(upload.upload_id or "").expect(200)
    assert {name: path.read_bytes() == upload.data for name, path in files_below(upload.link.disk).items()} == {
        NAME: True
    }
    assert [file["path"] for file in upload.link.files()] == [NAME]
    services = bench.purge()
    left = files_below(bench.server.data_dir / "uploads")
    told = [path.read_text() for name, path in left.items() if name.endswith("session.json")]
    assert sorted(left) == [], f"the purge leaves something: {told}"
    assert services.ground.requests.usage(upload.link.hash).open == frozenset()
    assert upload.link.deliver("next.bin", b"works")["complete"] is True


def assert_none(problems: list[str]) -> None:
    """All that went wrong at once: one run shows every step that needs attention."""
    assert not problems, f"{len(problems)} steps:\n" + "\n".join(problems)


def test_a_server_killed_at_any_step_loses_nothing_and_leaves_nothing(
    bench: Bench, steps: list[Call], torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    problems = []
    bench.begin()
    for step in sample(steps, 3, torture, chance):
        what = f"kill -9 at {bench.told(step)}"
        upload = bench.upload()
        with bench.faulty((step.name,), KILL, step.number) as strace:
            upload.run()
            # What is done in the background is part of the upload, too.
            eventually(lambda: strace.struck or _hashed(upload), what=what)  # noqa: B023
        bench.wait_for_a_worker()
        tally["kills at a step" if strace.struck else "steps that did not come again"] += 1
        try:
            if upload.upload_id is not None:
                assert upload.lost() == [], f"acknowledged and lost: {upload.lost()}"
            check(bench, upload)
        except AssertionError as error:
            problems.append(f"{what}: {str(error)[:300]}")
            clear(bench)
    assert_none(problems)


def _hashed(upload: Upload) -> bool:
    # A server that dies in the background cannot be asked.
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        files = upload.link.files()
        return bool(files and files[0]["sha256"])
    return False


def clear(bench: Bench) -> None:
    """What one step left behind is not the next one's fault."""
    for path in files_below(bench.server.data_dir / "uploads").values():
        path.unlink()


@pytest.mark.timeout(300)
def test_a_disk_that_refuses_any_step_is_answered_with_503_or_507_and_forgotten(
    bench: Bench, steps: list[Call], torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    problems = []
    bench.begin()
    faults = [(step, fault) for step in steps for fault in ERRORS]
    faults += [(step, SHORT) for step in steps if step.name in SHORTABLE]
    for step, fault in faults if torture else chance.sample(faults, 6):
        what = f"{fault} at {bench.told(step)}"
        upload = bench.upload()
        with bench.faulty((step.name,), fault, step.number) as strace:
            upload.run()
        tally["errors at a step" if strace.struck else "steps that did not come again"] += 1
        if not bench.struck_a_step(strace):
            clear(bench)
            continue
        try:
            for reply in upload.refusals:
                assert reply is not None, "the connection broke"
                assert (reply.status, reply.code) in ((503, "busy"), (507, "storage_full")), (
                    f"{reply.status} {reply.code}"
                )
            if upload.upload_id is not None and "sync" not in step.name:
                assert upload.lost() == [], f"acknowledged and lost: {upload.lost()}"
            check(bench, upload)
        except AssertionError as error:
            problems.append(f"{what}: {str(error)[:300]}")
            clear(bench)
    assert_none(problems)


def test_bytes_whose_sync_failed_are_asked_for_again_and_a_second_sync_is_not_believed(
    bench: Bench, steps: list[Call], tally: Counter[str]
) -> None:
    """After a failed fsync the kernel may have dropped the pages and marked them clean: the next one says nothing."""
    # Where each chunk had a sync of its own, the last one, of the whole file, has nothing left to find.
    names = ("fdatasync",) if bench.server.environment["DROPPR_DURABILITY"] == "chunk" else ("fsync", "fdatasync")
    bench.begin()
    syncs = [step for step in steps if step.name in names and "/data>" in step.text]
    assert syncs, "no sync of the growing file"
    failed = 0
    # The catalogue brings its log to the disk when others write, too, so that one call more or less came before it this time.
    for step, shift in product(syncs, (0, 1, -1, 2, -2, 0, 1, -1)):
        if failed == len(syncs):
            break
        upload = bench.upload()
        with bench.faulty((step.name,), "error=EIO", max(1, step.number + shift)) as strace:
            upload.run()
        if not any("/data>" in call.text for call in strace.calls() if call.injected):
            tally["steps that did not come again"] += 1
            clear(bench)
            continue
        failed += 1
        (refusal,) = upload.refusals
        assert refusal is not None
        refusal.expect(503, "busy")
        status = upload.link.status(upload.upload_id or "").expect(200).json
        assert status["complete"] is False, "delivered on the word of a second sync"
        assert status["missing_ranges"] != [], "bytes whose sync failed still count"
        check(bench, upload)
        tally["failed syncs"] += 1
    assert failed, "no sync was struck"
