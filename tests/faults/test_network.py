"""Bad lines and bad people: an upload ends whole over any line that carries anything, and who only wants to be in the
way is not."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import urllib3

from tests.support import raw
from tests.support.attackers import Attackers
from tests.support.client import Client, Link
from tests.support.files import MIB, content, eventually, files_below
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.proxy import BadLine

PATIENCE = 3
"""Seconds the server waits for a sender who says nothing."""
ENOUGH = 100
"""So many requests at least tell how long others have to wait."""
SLOWEST = 60.0
"""Seconds within which so many are made where nobody is held up, however busy the machine."""
P95 = 1.0
"""Seconds within which 95 of 100 requests of others must be answered."""


def resumed_until_whole(link: Link, name: str, data: bytes, most: int, chance: random.Random) -> int:
    """What a patient client does on a bad line; returns how often it had to try again."""
    upload_id, failures = None, 0
    while True:
        assert failures < 2000, "it gets nowhere"
        try:
            upload_id = upload_id or link.opened(name, len(data))
            status = link.status(upload_id).expect(200).json
            if status["complete"]:
                return failures
            first, last = chance.choice(status["missing_ranges"])
            stop = min(last + 1, first + chance.randrange(1, most))
            reply = link.chunk(upload_id, first, data[first:stop], len(data))
            # The same place may still be claimed by a request whose end the server has not seen yet.
            assert reply.status in (200, 503), reply
        except urllib3.exceptions.HTTPError:
            failures += 1


@pytest.mark.parametrize("delay", [0, 0.01], ids=["at once", "delayed"])
def test_an_upload_over_a_line_that_breaks_every_64_kib_ends_whole(
    server: LiveServer, torture: bool, chance: random.Random, tally: Counter[str], delay: float
) -> None:
    size = (16 if torture else 1) * MIB
    with BadLine(server.port, cut_after=64 * 1024, delay=delay) as line:
        link = Client.of(server, url=line.url).make_link()
        data = content(size)
        # Some chunks are larger than what the line carries and can never arrive; most are not.
        failures = resumed_until_whole(link, "a.bin", data, 80 * 1024, chance)
        assert failures > size // (64 * 1024) // 2
    seen = link.seen_by(Client.of(server))
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"a.bin": data}
    assert [file["path"] for file in seen.files()] == ["a.bin"]
    tally["connections cut"] += line.cuts


def test_a_last_reply_that_was_lost_is_found_by_repeating_the_chunk_or_by_the_status(
    server: LiveServer, torture: bool, tally: Counter[str]
) -> None:
    for number in range(60 if torture else 6):
        with BadLine(server.port, keep_answer=b'"complete":true') as line:
            link = Client.of(server, url=line.url).make_link()
            data = content(50_000, number)
            upload_id = link.opened("a.bin", len(data))
            link.chunk(upload_id, 0, data[:30_000], len(data)).expect(200)
            with pytest.raises(urllib3.exceptions.HTTPError):
                link.chunk(upload_id, 30_000, data[30_000:], len(data))
            assert line.kept == 1
            if number % 2:
                assert link.status(upload_id).expect(200).json["complete"] is True
            else:
                again = link.chunk(upload_id, 30_000, data[30_000:], len(data)).expect(200).json
                assert (again["complete"], again["path"]) == (True, "a.bin")
        assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"a.bin": data}
        tally["last replies lost"] += 1


class Others:
    """People who use the server meanwhile, and how long each of their requests took."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.seconds: list[float] = []
        self.failed: list[object] = []

    def use(self, seconds: float, enough: int = ENOUGH) -> None:
        # On new connections: one on which nothing came for a while may be ended by the server in this very moment.
        link = self._link.seen_by(replace(self._link.client))
        begun = time.monotonic()
        for number in range(100_000):
            # On a machine that has much else to do, until enough of them say something.
            if time.monotonic() > begun + (seconds if len(self.seconds) > enough else SLOWEST):
                return
            data = content(20_000, number)
            upload_id = self._timed(lambda: link.open("o.bin", 20_000)).json["upload_id"]
            for start in (0, 10_000):
                self._timed(lambda: link.chunk(upload_id, start, data[start : start + 10_000], 20_000))  # noqa: B023
            self._timed(lambda: link.status(upload_id))  # noqa: B023
            self._timed(link.info)

    def _timed(self, ask: Callable[[], Any]) -> Any:
        begun = time.monotonic()
        reply = ask()
        self.seconds.append(time.monotonic() - begun)
        if reply.status not in (200, 201):
            self.failed.append(reply)
        return reply

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]


class Honest(threading.Thread):
    """Somebody on a slow line: 64 KiB a second, steadily."""

    def __init__(self, link: Link, seconds: int) -> None:
        super().__init__(daemon=True)
        self._link = link
        self.data = content(64 * 1024 * seconds)
        self.complete = False

    def run(self) -> None:
        # Among so many from one address an idle connection may be closed for a new one: clients try again.
        for _ in range(3):
            with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
                self._send()
                return

    def _send(self) -> None:
        upload_id = self._link.opened("slow.bin", len(self.data))
        size = len(self.data)
        headers = {
            "X-Upload-Id": upload_id,
            "Content-Range": f"bytes 0-{size - 1}/{size}",
            "Content-Length": str(size),
        }
        self.complete = self._link.raw_chunk(headers, self._steadily()).expect(200).json["complete"]

    def _steadily(self) -> Iterator[bytes]:
        begun = time.monotonic()
        for at in range(0, len(self.data), 8192):
            # The pace is the point.
            time.sleep(max(0.0, begun + at / 65536 - time.monotonic()))
            yield self.data[at : at + 8192]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """As installed, but for how long it waits."""
    folder = tmp_path_factory.mktemp("patient")
    with LiveServer(folder, workers=2, DROPPR_BODY_TIMEOUT_SECONDS=PATIENCE, **GENEROUS) as server:
        yield server


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, LiveNginx]]:
    """The same behind nginx, which waits as long."""
    folder = tmp_path_factory.mktemp("proxied")
    env = {"DROPPR_BODY_TIMEOUT_SECONDS": PATIENCE, **GENEROUS}
    waits = {
        "client_header_timeout 10s;": f"client_header_timeout {PATIENCE}s;",
        "client_body_timeout 60s;": f"client_body_timeout {PATIENCE}s;",
    }
    with LiveServer(folder, workers=2, unix_socket=True, **env) as server:
        assert server.socket_path is not None
        with LiveNginx(server.socket_path, server.data_dir, folder, folder, replace=waits) as nginx:
            yield server, nginx


KINDS = ["idle", "silent headers", "slow headers", "silent bodies", "bodies at 1 byte/s"]


def attack(kind: str, port: int, link: Link, count: int, source: str = "127.0.0.1") -> Attackers:
    size = 10 * MIB
    body = {
        "Content-Length": str(size),
        "Content-Range": f"bytes 0-{size - 1}/{size}",
        "X-Upload-Id": link.opened("never.bin", size),
    }
    head = raw.head("POST", f"{link.path}/upload-chunk", body)
    opening, drip = {
        "idle": (b"", b""),
        "silent headers": (b"GET /healthz HTTP/1.1\r\nX-A: ", b""),
        "slow headers": (b"GET /healthz HTTP/1.1\r\nX-A: ", b"a"),
        "silent bodies": (head + b"x" * 1000, b""),
        "bodies at 1 byte/s": (head + b"x" * 1000, b"x"),
    }[kind]
    return Attackers(port, count, opening, drip, source=source)


def rounds(torture: bool) -> list[list[str]]:
    """At length one kind after the other, else all of them together."""
    return [[kind] for kind in KINDS] if torture else [KINDS]


def hold_out(server: LiveServer, link: Link, attacks: list[Attackers], silent: list[Attackers], seconds: float) -> None:
    """Others go on for so long under attack as if there was none, and those of the attackers are let go that are ``silent``."""
    others = Others(link)
    others.use(0.5, 0)  # what is loaded on first use counts for nobody
    others.seconds.clear()
    before = server.memory()
    honest = Honest(link, int(seconds))
    with contextlib.ExitStack() as stack:
        for attackers in attacks:
            stack.enter_context(attackers)
        honest.start()
        others.use(seconds)
        honest.join(60)
        more = server.memory() - before
        for attackers in silent:
            eventually(lambda: attackers.left == 0, what="the end of all connections that are silent")  # noqa: B023
    assert others.failed == []
    assert others.p95 < P95, f"p95 is {others.p95:.2f} s"
    assert len(others.seconds) > ENOUGH, f"only {len(others.seconds)} requests"
    assert honest.complete, "an honest sender on a slow line did not finish"
    assert more < 32 * MIB, f"{more / MIB:.0f} MiB more memory"


def test_behind_nginx_500_attackers_hold_up_nobody(
    proxied: tuple[LiveServer, LiveNginx], torture: bool, tally: Counter[str]
) -> None:
    server, nginx = proxied
    for kinds in rounds(torture):
        link = Client.of(server, url=nginx.url).make_link()
        # Of another address than the honest ones, which has a limit of its own on bodies at once.
        attacks = [attack(kind, nginx.port, link, 500 // len(kinds), "127.0.0.9") for kind in kinds]
        silent = [each for kind, each in zip(kinds, attacks, strict=True) if "silent" in kind]
        hold_out(server, link, attacks, silent, 20 if torture else PATIENCE + 2)
        for kind, attackers in zip(kinds, attacks, strict=True):
            assert attackers.statuses() <= {b"408", b"503", b""}, (kind, attackers.statuses())
        tally["attackers behind nginx"] += 500


def test_without_nginx_attackers_fewer_than_threads_hold_up_nobody_and_are_let_go(
    patient: LiveServer, torture: bool, tally: Counter[str]
) -> None:
    """Two workers have 64 threads; a connection that says nothing takes none, so of those there may be any number."""
    for kinds in rounds(torture):
        link = Client.of(patient).make_link()
        counts = [500 if kind == "idle" else 40 // len(kinds) for kind in kinds]
        attacks = [attack(kind, patient.port, link, count) for kind, count in zip(kinds, counts, strict=True)]
        let_go = [each for kind, each in zip(kinds, attacks, strict=True) if kind != "idle"]
        hold_out(patient, link, attacks, let_go, 20 if torture else 3 * PATIENCE)
        for kind, attackers in zip(kinds, attacks, strict=True):
            assert attackers.statuses() <= {b"408", b"503", b""}, (kind, attackers.statuses())
        tally["attackers without nginx"] += sum(counts)


def test_more_attackers_than_threads_hold_up_others_no_longer_than_the_server_waits(patient: LiveServer) -> None:
    link = Client.of(patient).make_link()
    with contextlib.ExitStack() as stack:
        for kind in ("slow headers", "bodies at 1 byte/s"):
            stack.enter_context(attack(kind, patient.port, link, 40))
        begun = time.monotonic()
        eventually(lambda: link.info().status == 200, seconds=60, what="an answer")
        # Eighty on 64 threads are two rounds of waiting, and time to spare on a busy machine.
        assert time.monotonic() - begun < 6 * PATIENCE
