"""What an archive of very many files takes of memory: as much as one of a few."""

from __future__ import annotations

import os
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

FILES = 15_000
MOST_BYTES = 8 * 1024 * 1024
"""Rows of that many files in Python's own objects take about a kilobyte each."""


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    services = build(Settings(data_dir=tmp_path / "data", durability="none", _env_file=None))  # type: ignore[call-arg]
    link = services.links.file_requests.create(RelPath.parse("in"), {}, OWNER)
    folder = tmp_path / "data" / "files" / "in"
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
    tracemalloc.stop()
    archive.close()
    assert sent == archive.size > FILES * 100
    assert peak < MOST_BYTES
