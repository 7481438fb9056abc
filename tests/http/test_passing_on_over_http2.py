"""Google is spoken to over HTTP/2: a strict Drive behind a real HTTP/2 server with TLS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.drive import ROOT, Call, FakeDrive, Fault, Kind
from tests.support.files import content, eventually
from tests.support.http2 import Http2Front, http2_front
from tests.support.live import LiveServer

MIB = 1024 * 1024
PART = 8 * MIB
SESSIONS = "/upload/drive/v3/files"
SECONDS = 100.0


@pytest.fixture
def drive() -> Iterator[FakeDrive]:
    with FakeDrive().running() as running:
        yield running
        assert running.violations == []


@pytest.fixture
def front(tmp_path: Path, drive: FakeDrive) -> Iterator[Http2Front]:
    with http2_front(tmp_path / "front", drive.port) as running:
        drive.url = running.url
        yield running


def test_a_whole_transfer_goes_over_one_connection_until_the_server_dies(live, drive, front):
    """From the token on, with refusals and with a part of which less was taken than was sent."""
    server: LiveServer = live(workers=1, SSL_CERT_FILE=front.cafile, **drive.settings)
    link = Client.of(server).make_link(destination={"kind": "drive", "folder_id": ROOT})
    data = content(3 * PART + 7)
    faults = [Fault(429, "rateLimitExceeded"), Fault(take=256 * 1024), Fault(take=0), Fault(503)]
    reached, dead = threading.Event(), threading.Event()

    def fault(call: Call) -> Fault | None:
        if call.first == 2 * PART and not dead.is_set():
            reached.set()
            dead.wait(SECONDS)
        return faults.pop() if faults and call.first and call.first >= PART else None

    drive.fail(Kind.CHUNK, fault)
    link.send(link.opened("x.bin", len(data)), data, step=PART)
    assert reached.wait(SECONDS)
    server.kill()
    dead.set()
    assert faults == []
    seen, calls = front.seen(), len(drive.calls)
    assert len({each.connection for each in seen}) == 1
    assert {"/token", "/drive/v3/files/generateIds", SESSIONS} <= {each.path for each in seen}
    assert {308, 429, 503} <= {each.status for each in seen if each.method == "PUT"}
    server.start()
    eventually(lambda: link.files()[0]["passed_on"]["state"] == "done", seconds=SECONDS, what="the file to go on")
    assert drive.stored() == {"x.bin": data}
    assert min(call.first for call in drive.calls[calls:] if call.first is not None) >= 2 * PART
    assert {each.protocol for each in front.seen()} == {"HTTP/2.0"}
    assert len({each.connection for each in front.seen()}) == 2
