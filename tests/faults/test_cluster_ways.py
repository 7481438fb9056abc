"""People who send over a balancer while everything behind it fails, one thing after the other: their uploads go on and arrive."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.browser import chromium
from tests.support.client import Client, Link
from tests.support.command import Sender as Command
from tests.support.crowd import Crowd
from tests.support.files import MIB, eventually, file_sha256
from tests.support.machines import Machines
from tests.support.s3_server import S3Server
from tests.support.sender import Sender

SHORT, LONG = 60 * MIB, 1024 * MIB
SECONDS = 30
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def machines(store_kind: type[S3Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with Machines(tmp_path_factory.mktemp("machines"), store_kind, behind_nginx=True) as running:
        yield running


@pytest.fixture
def link(machines: Machines) -> Link:
    """As seen over the balancer."""
    return Client.of(machines.nodes[0], url=machines.balancer.url).make_link()


@pytest.fixture
def file(tmp_path: Path, torture: bool) -> Iterator[Path]:
    """Something large to be sent."""
    path = tmp_path / "sender" / "film.mov"
    path.parent.mkdir()
    left = LONG if torture else SHORT
    with path.open("wb") as out:
        while left:
            left -= out.write(os.urandom(min(left, 8 * MIB)))
    yield path
    shutil.rmtree(path.parent)


class Mishaps:
    """Everything that a cluster is to survive, once, one thing after the other while an upload gets on. ``far`` says how far it is, from
    0 to 1, and ``look`` lets what sends live between two looks."""

    def __init__(self, machines: Machines, far: Callable[[], float], look: Callable[[], object]) -> None:
        self._machines = machines
        self._far = far
        self._look = look
        self.longest_stall = 0.0

    def happen(self) -> None:
        machines = self._machines
        steps: list[Callable[[], Any]] = [
            lambda: self._node(0),
            machines.restart_database,
            lambda: self._node(1),
            lambda: machines.pause_store(4),
            lambda: self._node(2),
        ]
        under_way = []
        for number, step in enumerate(steps, 1):
            self._until(number / (len(steps) + 2))
            under_way.append(step())
        for each in under_way:
            if each is not None:
                each.result()

    def _node(self, number: int) -> None:
        """A node and all that is on its machine, for a few seconds; of the last one only the server."""
        node, front = self._machines.nodes[number], self._machines.fronts[number]
        if number < 2:
            front.stop()
        node.kill()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            self._look()
        node.begin()
        if number < 2:
            front.start()

    def _until(self, wanted: float) -> None:
        last, since = -1.0, time.monotonic()
        while (far := self._far()) < wanted:
            if far > last:
                last, since = far, time.monotonic()
            waited = time.monotonic() - since
            self.longest_stall = max(self.longest_stall, waited)
            assert waited < PATIENCE_SECONDS, f"nothing comes, after {far:.0%}"
            self._machines.begin_what_has_ended()
            self._look()


def acknowledged(link: Link, size: int) -> float:
    """Which part of the one file of a link is there, as a node has it; 0 where none answers."""
    try:
        uploads = link.client.call("GET", f"{link.path}/uploads", owner=True)
        files = link.client.call("GET", f"{link.path}/files", owner=True)
    except urllib3.exceptions.HTTPError:
        return 0
    if (uploads.status, files.status) != (200, 200):
        return 0
    assert not files.json["files"], "it arrived before all was over"
    received: int = sum(each["received_bytes"] for each in uploads.json["uploads"])
    return received / size


def check(link: Link, file: Path) -> None:
    (listed,) = link.files()
    assert (listed["path"], listed["size"]) == (file.name, file.stat().st_size)
    reply = urllib3.request("GET", link.download(file.name).expect(302).headers["Location"], preload_content=False)
    digest = hashlib.sha256()
    for piece in reply.stream(MIB):
        digest.update(piece)
    reply.release_conn()
    assert digest.hexdigest() == file_sha256(file)


@pytest.mark.slow
@pytest.mark.many_nodes
@pytest.mark.timeout(300)
def test_a_browsers_upload_goes_on_while_each_node_dies_and_database_and_store_fail(
    machines: Machines, link: Link, file: Path, torture: bool
) -> None:
    with chromium() as browser, browser.new_context() as context:
        sender = Sender(context, machines.balancer.url, link).visit()
        sender.line(mib_per_second=16 if torture else 3)
        sender.choose(file)
        size = file.stat().st_size
        mishaps = Mishaps(machines, lambda: acknowledged(link, size), lambda: sender.page.wait_for_timeout(50))
        mishaps.happen()
        sender.expect_all_arrived("1 file has arrived", seconds=600 if torture else 120)
        print(f"longest stall {mishaps.longest_stall:.1f} s")
    check(link, file)


@pytest.mark.slow
@pytest.mark.many_nodes
@pytest.mark.timeout(300)
def test_droppr_upload_goes_on_past_the_nodes_while_each_node_dies_and_database_and_store_fail(
    machines: Machines, link: Link, file: Path, torture: bool
) -> None:
    to = f"{machines.balancer.url}/request/{link.hash}"
    sender = Command(file.parent)
    pace = 24 if torture else 3
    process = sender.start(file.name, "--to", to, "--limit-rate", f"{pace}M", "--chunks", "2")
    said: list[str] = []
    listener = threading.Thread(target=lambda: said.append(process.communicate()[0]))
    begun = time.monotonic()
    listener.start()

    def far() -> float:
        """As time goes: the store takes parts all the time, of which no node knows before it is told."""
        assert process.poll() is None, "it ended before all was over"
        return (time.monotonic() - begun) * pace * MIB / file.stat().st_size

    Mishaps(machines, far, lambda: time.sleep(0.05)).happen()
    listener.join(600 if torture else 120)
    assert process.returncode == 0, said
    check(link, file)


@pytest.mark.slow
@pytest.mark.many_nodes
@pytest.mark.timeout(300)
def test_no_upload_fails_while_a_node_is_dead_or_all_are_started_again_one_by_one(
    machines: Machines, link: Link, seed: int, torture: bool
) -> None:
    machines.well()
    crowd = Crowd([link.client], link)
    crowd.begin(seed)
    try:
        node, front = machines.nodes[0], machines.fronts[0]
        front.stop()
        node.kill()
        time.sleep(SECONDS if torture else 3)  # So long it is dead.
        node.begin()
        front.start()
        machines.well()
        for node in random.Random(seed).sample(machines.nodes, len(machines.nodes)):
            node.stop()
            node.start()
            eventually(node.is_ready, seconds=60)
    finally:
        crowd.end()
    print(f"{dict(crowd.counts)}; longest wait {crowd.longest}")
    assert crowd.faults == []
