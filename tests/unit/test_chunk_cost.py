"""A middle chunk goes straight down and back up: how many of our functions are called for it, and in how many files.

Both are the same in every run and on every machine. The chunk comes handed over by nginx, as most do, and the ones before
have settled what is settled once in a while: the slot, the place on the link, the room. Its size changes nothing.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask.testing import FlaskClient

import app
from app import create_app
from app.settings import Settings
from app.wiring import build

CHUNK = 1024 * 1024
SIZE = 40 * CHUNK
KEY = "k" * 40
APP = str(Path(app.__file__).parent)

CALLS = 108
FILES = 41


@pytest.fixture
def send(tmp_path: Path) -> Callable[[int], Any]:
    """Sends the chunk of this number."""
    (tmp_path / "door.key").write_text(f"default {KEY};\n")
    settings = Settings(  # type: ignore[call-arg]
        data_dir=tmp_path / "data", unix_socket=tmp_path / "app.sock", admin_token="t" * 32, _env_file=None
    )
    services = build(settings)
    client: FlaskClient = create_app(settings, services).test_client()
    by_nginx = {"REMOTE_ADDR": "", "HTTP_X_DROPPR_DOOR": KEY, "HTTP_X_REAL_IP": "192.0.2.1"}
    owner = {"Authorization": f"Bearer {'t' * 32}"}
    made = client.post("/api/droppr/requests", json={"folder": "in"}, headers=owner).json
    assert made is not None
    link = f"/api/droppr/requests/{made['hash']}"
    opened = client.post(f"{link}/uploads", json={"path": "big.bin", "size": SIZE}, environ_base=by_nginx).json
    assert opened is not None
    body = settings.data_dir / "spool" / "0000000001"

    def send_one(number: int) -> Any:
        with body.open("wb") as file:
            file.truncate(CHUNK)
        span = f"bytes {number * CHUNK}-{(number + 1) * CHUNK - 1}/{SIZE}"
        headers = {"X-Upload-Id": opened["upload_id"], "Content-Range": span, "X-Body-File": str(body)}
        reply = client.post(f"{link}/upload-chunk", headers=headers, environ_base=by_nginx)
        assert reply.status_code == 200, reply.json
        return reply

    return send_one


def calls_of(work: Callable[[], Any]) -> Counter[str]:
    """How many functions of each of our files ``work`` calls in this thread; going on with a generator counts as well."""
    found: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(APP):
            found[path.removeprefix(f"{APP}/")] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found


def test_a_middle_chunk_takes_few_calls(send: Callable[[int], Any]) -> None:
    # So much has come then that the room for the next few chunks is set aside in one go.
    for number in (*range(8), 13):
        send(number)
    found = calls_of(lambda: send(14))
    told = f"{found.total()} calls in {len(found)} files: {found.most_common()}"
    assert found.total() <= CALLS, told
    assert len(found) <= FILES, told
