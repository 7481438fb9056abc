"""What an upload answers when its session has gone but its file has not."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from tests.support.client import Client
from tests.support.files import content
from tests.support.live import LiveServer


def test_a_delivered_upload_is_complete_for_good(live: Callable[..., LiveServer]) -> None:
    server = live(workers=1)
    link = Client.of(server).make_link()
    data = content(50_000)
    upload_id = link.opened("a.bin", len(data))
    link.chunk(upload_id, 0, data, len(data)).expect(200)
    shutil.rmtree(server.data_dir / "uploads" / upload_id)
    assert link.status(upload_id).expect(200).json["complete"] is True
    assert link.chunk(upload_id, 0, data[:100], len(data)).expect(200).json["complete"] is True
    link.chunk(upload_id, 0, b"x" * 100, len(data)).expect(409, "chunk_conflict")
    assert [file["path"] for file in link.files()] == ["a.bin"]
