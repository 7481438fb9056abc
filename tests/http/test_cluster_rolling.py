"""A new version takes the place of the old one, node by node, while people send."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.schema import REVISION
from tests.support.client import Client, Link
from tests.support.command import Sender
from tests.support.files import MIB, content, write
from tests.support.live import GENEROUS, LiveServer
from tests.support.newer import newer_version
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer
from tests.support.tcp_balancer import TcpBalancer

SIZE = 11 * MIB + 5

pytestmark = pytest.mark.many_nodes


@dataclass
class People:
    """Who send one file after the other by ``droppr upload``, until they are told to stop."""

    folder: Path
    to: str
    over: threading.Event = field(default_factory=threading.Event)
    sent: dict[str, str] = field(default_factory=dict)
    """The digest of each file that went, by its name."""
    failed: list[str] = field(default_factory=list)

    def run(self, number: int) -> None:
        sender, done = Sender(self.folder / f"sender{number}"), 0
        while not self.over.is_set():
            name, data = f"{number}-{done}.bin", content(SIZE, 100 * number + done)
            write(sender.folder / name, data)
            try:
                sender.run(name, "--to", self.to)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                self.failed.append(f"{name}: {error}")
                return
            self.sent[name] = hashlib.sha256(data).hexdigest()
            (sender.folder / name).unlink()
            done += 1


@dataclass
class Rolling:
    """Three nodes, and what it takes to start one of either version."""

    tmp_path: Path
    options: dict[str, Any]
    newer: Path
    nodes: list[LiveServer] = field(default_factory=list)
    made: int = 0

    def node(self, project: Path | None = None) -> LiveServer:
        self.made += 1
        folder = self.tmp_path / f"node{self.made}"
        folder.mkdir()
        return LiveServer(folder, project=project, **self.options)

    def migrated(self, *arguments: str, newer: bool, code: int = 0) -> str:
        """What `droppr migrate` of one of the versions says."""
        environment = self.node(self.newer if newer else None).environment
        command = [sys.executable, "-m", "droppr_client", "migrate", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said


@pytest.mark.timeout(300)
def test_three_nodes_are_replaced_one_by_one_and_no_upload_fails(
    postgresql: PostgreSQLServer, seaweed: SeaweedServer, tmp_path: Path
) -> None:
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    options: dict[str, Any] = {
        **GENEROUS,
        **seaweed.settings,
        "DROPPR_DATABASE_URL": url,
        "DROPPR_STORE": f"s3://{bucket}/droppr",
        "DROPPR_CHUNK_SIZE_MB": 5,
        "workers": 1,
    }
    rolling = Rolling(tmp_path, options, newer_version(tmp_path / "newer"))
    nodes = rolling.nodes
    nodes += [rolling.node().start() for _ in range(3)]
    try:
        made = Client.of(nodes[0]).make_link()
        with TcpBalancer([node.port for node in nodes]) as balancer:
            people = People(tmp_path, f"{balancer.url}/request/{made.hash}")
            senders = [threading.Thread(target=people.run, args=(number,)) for number in range(1)]
            for each in senders:
                each.start()
            _rolled(rolling, balancer)
            people.over.set()
            for each in senders:
                each.join()
        assert people.failed == []
        _judge(Link(Client.of(nodes[0]), made.hash, made.folder), people)
    finally:
        for node in nodes:
            node.stop()


def _rolled(rolling: Rolling, balancer: TcpBalancer) -> None:
    said = rolling.migrated(newer=True)
    assert "Step 9001 (expand)" in said
    assert "Waiting: 9002" in said
    # Whoever has to go back can: an old node starts on it.
    for number in range(3):
        if number == 2:
            said = rolling.migrated("--contract", newer=True, code=1)
            assert (
                f"Step 9002 takes away what programs of an earlier version need, and there are some at work on this database: those of schema {REVISION} at 127.0.0.1."
                in said
            )
            assert "up to date" in rolling.migrated(newer=False)
        fresh = rolling.node(rolling.newer).start()
        old, rolling.nodes[number] = rolling.nodes[number], fresh
        balancer.ports = [node.port for node in rolling.nodes]
        old.stop()
    assert "Step 9002 (contract)" in rolling.migrated("--contract", newer=True)
    assert "schema 9002, which a newer Droppr has made" in rolling.migrated(newer=False, code=1)
    late = rolling.node()
    with pytest.raises(RuntimeError, match="schema 9002, which a newer Droppr has made"):
        late.start()


def _judge(link: Link, people: People) -> None:
    files = link.files()
    assert sorted(file["path"] for file in files) == sorted(people.sent)
    assert len(files) >= 4, "there was something on its way all the time"
    for file in files:
        found = urllib3.request("GET", link.download(file["path"]).expect(302).headers["Location"], redirect=False)
        assert hashlib.sha256(found.data).hexdigest() == people.sent[file["path"]]
