"""How many connections ``droppr upload`` has and when it makes them, and how many chunks of a file go at once."""

from __future__ import annotations

import math
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import MIB, Settings
from app.wiring.bounds import build_bounds
from droppr_client.upload import DropprLink, Options, UploadManager
from droppr_client.upload.connection import Connections
from droppr_client.upload.items import Item
from droppr_client.upload.manager import AHEAD
from droppr_client.upload.pace import FIRST_WIDTH
from droppr_client.upload.rates import BandwidthMonitor, RateLimit
from droppr_client.upload.sockets import PACING_BYTES_PER_SECOND, SO_MAX_PACING_RATE
from droppr_client.upload.targets import UploadStatus
from droppr_client.upload.throttle import Cancellation, Chunk, Throttle
from tests.support.between import Between
from tests.support.certificates import self_signed
from tests.support.client import Client, Link
from tests.support.files import content, eventually, write
from tests.support.hostile import Answer, Asked
from tests.support.live import LiveServer
from tests.support.proxy import BadLine

SLOW = 0.03
"""Seconds for every 16 KiB of a connection, so that twice the connections carry twice as much."""


class Counting(DropprLink):
    """Counts the chunks that are on their way."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._counting = threading.Lock()
        self.now = self.most = 0

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus:
        with self._counting:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return super().send(item, ticket, chunk)
        finally:
            with self._counting:
                self.now -= 1


def sent_by(target: DropprLink, path: Path, **options: Any) -> None:
    [result] = UploadManager(target, Options(**options)).upload_files([path])
    assert result.success, result.error


class Door(Between):
    """Counts connections, and lets requests in whose path ends with ``opens`` when there are as many as are needed."""

    def __init__(self, *arguments: Any, opens: str, needed: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.connections = 0
        self._opens, self._needed = opens, needed
        self.when_opened: list[int] = []
        accept = self._server.get_request

        def counted() -> Any:
            taken = accept()
            self.connections += 1
            return taken

        self._server.get_request = counted  # type: ignore[method-assign]
        self.instead = self._wait

    def _wait(self, asked: Asked) -> Answer | None:
        if asked.path.endswith(self._opens):
            deadline = time.monotonic() + 60
            while self.connections < self._needed and time.monotonic() < deadline:
                time.sleep(0.01)
            self.when_opened.append(self.connections)
        return None


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("named", [True, False], ids=["file", "folder"])
def test_connections_are_made_while_the_link_is_asked_for_or_the_upload_is_opened(
    tls: bool, named: bool, link: Link, server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in a folder is known only when the link has been asked for."""
    trusted, context = self_signed(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    file = write(tmp_path / "folder" / "a.bin", content(8 * MIB))
    # Of those that are made ahead, where one is there in time, one takes the question about the link.
    most = AHEAD * FIRST_WIDTH if named else FIRST_WIDTH
    opens, needed = (f"/{link.hash}", most - 1) if named else ("/uploads", most)
    with Door(server.port, opens=opens, needed=needed, tls=context if tls else None) as door:
        address = f"{'https' if tls else 'http'}://localhost:{door.port}/request/{link.hash}"
        sent_by(DropprLink(address), file if named else file.parent)
    assert needed <= door.when_opened[0] <= most
    assert (link.disk / ("a.bin" if named else "folder/a.bin")).read_bytes() == file.read_bytes()


@pytest.fixture
def farewell() -> Iterator[tuple[str, list[threading.Event]]]:
    """A server that answers once on each connection and closes it, without having said that it will."""
    closed: list[threading.Event] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                over = threading.Event()
                closed.append(over)
                with peer, peer.makefile("rb") as lines:
                    while lines.readline().strip():
                        pass
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                over.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", closed
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_connection_that_was_closed_while_it_was_idle_costs_no_chunk_an_attempt(
    farewell: tuple[str, list[threading.Event]],
) -> None:
    url, closed = farewell
    connections = Connections(url)
    assert connections.call("GET", "/").status == 200
    assert closed[0].wait(60)
    chunk = Chunk(
        (0, 0),
        Throttle(RateLimit(None, None, time.monotonic), BandwidthMonitor(time.monotonic), Cancellation()),
        data=b"",
    )
    assert connections.send("POST", "/", {}, chunk).status == 200
    connections.close()


def test_each_thread_goes_on_with_the_connection_that_it_had(server: LiveServer) -> None:
    with Door(server.port, opens="/nothing", needed=0) as door:
        connections = Connections(f"http://127.0.0.1:{door.port}")
        both, went = threading.Barrier(2), threading.Lock()
        sockets: dict[int, list[object]] = {}
        taken = connections._give_back

        def noted(connection: Any, **options: Any) -> None:
            with went:
                sockets.setdefault(threading.get_ident(), []).append(connection)
            both.wait(60)  # so that both are idle when the next is looked for
            taken(connection, **options)
            both.wait(60)

        connections._give_back = noted  # type: ignore[method-assign]

        def ask() -> None:
            for _ in range(4):
                assert connections.call("GET", "/healthz").status == 200

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        connections.close()
    assert door.connections == 2
    assert [len({*each}) for each in sockets.values()] == [1, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can")
@pytest.mark.parametrize("far", [True, False])
def test_what_follows_a_pause_leaves_spread_out_where_the_way_is_long(
    far: bool, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("droppr_client.upload.connection.PACED_FROM_SECONDS", 0 if far else math.inf)
    connections = Connections(f"http://127.0.0.1:{server.port}")
    assert connections.call("GET", "/healthz").status == 200
    [connection] = connections._idle
    limit = connection.sock.getsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE)
    connections.close()
    assert limit == (PACING_BYTES_PER_SECOND if far else -1)


@pytest.mark.parametrize(
    ("settings", "options", "most"),
    [
        ({}, {}, 16),
        ({"DROPPR_MOST_PARALLEL_CHUNKS": 8}, {}, 8),
        ({}, {"adaptive": False, "workers": 16}, 8),
        ({}, {"chunks": 6}, 6),
    ],
    ids=["while it helps", "the owner says 8", "fixed", "the sender says 6"],
)
def test_of_one_file_as_many_chunks_go_at_once_as_the_server_takes_of_who_measures(
    settings: dict[str, Any], options: dict[str, Any], most: int, live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    server = live(workers=1, DROPPR_THREADS=64, **settings)
    link = Client.of(server).make_link()
    file = write(tmp_path / "a.bin", content(32 * MIB))
    with BadLine(server.port, delay=SLOW) as line:
        target = Counting(f"{line.url}/request/{link.hash}")
        sent_by(target, file, **options)
    assert most / 2 < target.most <= most
    assert (link.disk / "a.bin").read_bytes() == file.read_bytes()


def test_sixteen_chunks_of_one_sender_leave_the_next_one_a_slot(
    live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    """Eight threads receive four bodies at once, two of one address."""
    server = live(workers=1, DROPPR_THREADS=8)
    link = Client.of(server).make_link()
    file = write(tmp_path / "a.bin", content(16 * MIB))
    with BadLine(server.port, delay=SLOW) as line:
        target = Counting(f"{line.url}/request/{link.hash}")
        sending = threading.Thread(target=sent_by, args=(target, file))
        sending.start()
        eventually(lambda: target.now >= FIRST_WIDTH, seconds=60, what="as many chunks as it begins with")
        link.seen_by(Client.of(server, source="127.0.0.2")).deliver("small.bin", b"small")
        sending.join(120)
    assert (link.disk / "a.bin").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(("threads", "most"), [(32, 16), (8, 4), (256, 16)])
def test_an_upload_reserves_memory_for_the_chunks_that_can_be_received_at_once(
    threads: int, most: int, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, threads=threads, _env_file=None)  # type: ignore[call-arg]
    (tmp_path / "run").mkdir()
    assert build_bounds(settings).concurrency.limits.memory == most * MIB
