"""What an archive of very many files takes of memory: as much as one of a few."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

from app.core.links import ReceivedFile
from app.core.paths import RelPath
from app.core.ranges import Span
from app.services.received.archive import FileBytes
from app.services.received.archives import Wanted
from app.settings import Settings
from app.storage.disk.file_identity import identity_of
from app.wiring import build
from tests.support.actors import OWNER

FILES = 8_000
MOST_BYTES = 5 * 1024 * 1024
"""Rows of that many files in Python's own objects take about a kilobyte each."""


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    # Memory is counted for a whole process, and this one has threads and caches of other tests.
    alone = [sys.executable, "-m", "tests.unit.test_archive_cost", str(tmp_path)]
    done = subprocess.run(
        alone, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST_BYTES


def peak_of_an_archive(scratch: Path) -> int:
    """The most bytes of Python objects while an archive of ``FILES`` files is laid out and read."""
    services = build(Settings(data_dir=scratch / "data", durability="none", _env_file=None))  # type: ignore[call-arg]
    link = services.links.file_requests.create(RelPath.parse("in"), {}, OWNER)
    folder = scratch / "data" / "files" / "in"
    folder.mkdir()
    (folder / "0").write_bytes(b"same")
    descriptor = os.open(folder / "0", os.O_RDONLY)
    file = ReceivedFile("u" * 30, "0", "0", 4, 1.0, "0" * 64, file_identity=identity_of(descriptor), crc32=1)
    os.close(descriptor)
    received = []
    for number in range(FILES):
        if number:
            os.link(folder / "0", folder / str(number))
        name = str(number)
        received.append(replace(file, upload_id=f"{number:030}", path=name, disk_path=name))
    services.ground.requests.receive(link.hash, *received)
    del received
    tracemalloc.start()
    archive = services.received.archives.make(link.hash, Wanted())
    sent = 0
    for part in archive.parts(Span(0, archive.size)):
        sent += part.span.length if isinstance(part, FileBytes) else len(part)
    _, peak = tracemalloc.get_traced_memory()
    archive.close()
    assert sent == archive.size > FILES * 100
    return peak


if __name__ == "__main__":
    print(peak_of_an_archive(Path(sys.argv[1])))
