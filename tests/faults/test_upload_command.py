"""`droppr upload` when everything goes wrong: kill -9 of client and server at random moments, a full disk, files that
cannot be read; and what it needs in memory."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client, Link
from tests.support.files import MIB, content, file_sha256, files_below
from tests.support.live import GENEROUS, LiveServer
from tests.support.processes import peak_memory
from tests.support.program import DROPPR
from tests.support.proxy import BadLine

GIB = 1024 * MIB
CHUNK = 256 * 1024
LARGER_CHUNK = 1024 * 1024
WORKERS = 4
PACK = 4 * MIB
TORTURE_GIB = float(os.environ.get("DROPPR_TORTURE_GIB") or 50)
MOST_MEMORY = 200 * MIB


def upload(link: Link, url: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """`droppr upload tree` in ``folder``, with a state file of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DROPPR_")}
    with (folder / "client.log").open("ab") as log:
        return subprocess.Popen(
            [DROPPR, "upload", "tree", "--to", f"{url}/request/{link.hash}", *more],
            cwd=folder,
            env=environment | {"XDG_CONFIG_HOME": str(folder / "config")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def made(folder: Path, chance: random.Random, large: int) -> dict[str, str]:
    """A tree of two large files, some of a few chunks and many small ones; their digests by path."""
    sizes = [large, large // 2 + 1, *(chance.randrange(2 * MIB) for _ in range(4)), *[5000] * 60, 0]
    digests = {}
    for number, size in enumerate(sizes):
        path = folder / "tree" / str(number % 7) / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_unlike(path, size, chance.randrange(2**30))
        digests[str(path.relative_to(folder))] = file_sha256(path)
    return digests


def write_unlike(path: Path, size: int, seed: int) -> None:
    """A file in which no two chunks are alike, so that one in a wrong place does not pass."""
    block = bytearray(content(min(size, 8 * MIB), seed))
    with path.open("wb") as file:
        for at in range(0, size, 8 * MIB):
            for place in range(0, len(block) - 8, CHUNK):
                block[place : place + 8] = (at + place).to_bytes(8, "little")
            file.write(block[: size - at])


class Round:
    """One tree, sent through a line that counts, with client or server killed again and again until it is there."""

    def __init__(
        self, server: LiveServer, line: BadLine, folder: Path, chance: random.Random, tally: Counter[str], chunk: int
    ):
        self.server, self.line, self.folder, self.chunk = server, line, folder, chunk
        self.chance, self.tally = chance, tally
        self.link = Client.of(server).make_link()
        self.kills = 0

    def run(self, large: int, kills: int) -> int:
        """Returns how many bytes the files have."""
        digests = made(self.folder, self.chance, large)
        size = sum(path.stat().st_size for path in files_below(self.folder / "tree").values())
        before = self.line.carried
        began = time.monotonic()
        code = self._once(size, kills)
        while code != 0 and code != 3:
            assert code in (1, 130, -signal.SIGKILL), (self.folder / "client.log").read_text()[-3000:]
            assert time.monotonic() - began < 600, "it never arrives"
            code = self._once(size, kills)
        there = {name: file_sha256(path) for name, path in files_below(self.link.disk).items()}
        assert there == digests, (self.folder / "client.log").read_text()[-3000:]
        assert len(self.link.files()) == len(digests)
        again = self.line.carried - before - size
        # What is on its way when somebody dies, and what surrounds the bytes: headers, notes, questions.
        assert again <= self.kills * (WORKERS * self.chunk + PACK) + 2 * MIB, (
            f"{again} bytes too many in {self.kills} kills"
        )
        return size

    def _once(self, size: int, kills: int) -> int:
        """Begin or go on; the exit code of the client."""
        more = ["--workers", str(WORKERS), "--chunk-size", str(self.chunk)]
        more += ["--limit-rate", str(max(8 * MIB, size // 4))]
        client = upload(self.link, self.line.url, self.folder, *more)
        try:
            while self.kills < kills and client.poll() is None:
                time.sleep(self.chance.uniform(0.05, 0.7))  # the random moment itself
                self.kills += 1
                self.tally["kills of client or server"] += 1
                if self.chance.random() < 0.5:
                    client.kill()
                else:
                    self.server.kill()
                    self.server.start()
            return client.wait(300)
        finally:
            client.kill()
            client.wait()


def test_whoever_is_killed_every_file_arrives_once_and_little_is_sent_twice(
    tmp_path: Path, chance: random.Random, torture: bool, tally: Counter[str]
) -> None:
    wanted = TORTURE_GIB * GIB if torture else 1
    sent = number = 0
    (tmp_path / "server").mkdir()
    with LiveServer(tmp_path / "server", **GENEROUS) as server, BadLine(server.port) as line:
        while sent < wanted:
            number += 1
            folder = tmp_path / f"round-{number}"
            folder.mkdir()
            one = Round(server, line, folder, chance, tally, LARGER_CHUNK if torture else CHUNK)
            sent += one.run(large=chance.randrange(600, 2400) * MIB if torture else 6 * MIB, kills=16 if torture else 3)
            shutil.rmtree(folder)
            shutil.rmtree(one.link.disk)
    tally["MiB that arrived under kills"] += sent // MIB


def test_memory_does_not_grow_with_the_number_of_files(
    tmp_path: Path, server: LiveServer, torture: bool, tally: Counter[str]
) -> None:
    count = 100_000 if torture else 1_500
    for number in range(count):
        place = tmp_path / "tree" / str(number // 1000)
        if number % 1000 == 0:
            place.mkdir(parents=True)
        (place / f"a file with a name of usual length {number:06}.dat").write_bytes(b"%d" % number)
    link = Client.of(server).make_link()
    client = upload(link, server.url, tmp_path, "--quiet")
    peak = peak_memory(client)
    assert client.returncode == 0, (tmp_path / "client.log").read_text()[-2000:]
    assert peak < MOST_MEMORY, f"{peak // MIB} MiB"
    assert len(files_below(link.disk)) == count
    tally["small files of one tree"] += count
    shutil.rmtree(link.disk)


def test_a_file_that_may_not_be_read_fails_alone(tmp_path: Path, server: LiveServer) -> None:
    (tmp_path / "tree").mkdir()
    for name in ("small", "large", "fine"):
        (tmp_path / "tree" / name).write_bytes(content(3 * MIB if name == "large" else 10))
    link = Client.of(server).make_link()
    watched = [flag for name in ("small", "large") for flag in ("-P", str(tmp_path / "tree" / name))]
    refusing = ["strace", "-f", "-qq", "-o", "/dev/null", *watched, "-e", "inject=openat:error=EACCES"]
    done = subprocess.run(
        [*refusing, DROPPR, "upload", "tree", "--to", f"{server.url}/request/{link.hash}", "--no-resume"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 1, done.stderr
    assert "tree/large: It cannot be read: Permission denied." in done.stderr
    assert "tree/small: It cannot be read: Permission denied." in done.stderr
    assert list(files_below(link.disk)) == ["tree/fine"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32M", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_and_once_there_is_room_the_same_command_goes_on(tmp_path: Path, small_disk: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "large").write_bytes(content(20 * MIB))
    (tmp_path / "tree" / "small").write_bytes(content(1000))
    (tmp_path / "server").mkdir()
    with LiveServer(tmp_path / "server", workers=1, DROPPR_DATA_DIR=small_disk / "data", **GENEROUS) as server:
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"\1" * 20 * MIB)
        link = Client.of(server).make_link()
        client = upload(link, server.url, tmp_path)
        assert client.wait(110) == 1
        told = (tmp_path / "client.log").read_text()
        assert "tree/large" in told
        assert "make room, then run the same command again" in told
        assert list(files_below(link.disk)) == ["tree/small"]
        ballast.unlink()
        assert upload(link, server.url, tmp_path).wait(110) == 0
        assert file_sha256(link.disk / "tree" / "large") == file_sha256(tmp_path / "tree" / "large")
        assert len(link.files()) == 2
