"""A server under siege: who attacks it, what an honest sender notices of that, and whether everything is given back."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from app.settings import Settings
from tests.bench import machine
from tests.support.client import Client, Link
from tests.support.disks import Ext4
from tests.support.files import file_sha256
from tests.support.honest import PROBE_PATIENCE, Prober, Sender, Sent, probe, source_file
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.routes import routes
from tests.support.stranger_kinds import PACK, Aim, strangers
from tests.support.strangers import Stranger, Strangers

MIB = 1024 * 1024
OWNER, HONEST, WATCHER, SETTER = "127.0.0.1", "127.9.0.1", "127.9.0.2", "127.9.0.3"
PAGES = Path(__file__).resolve().parents[2] / "nginx" / "dist"
SETTLED = 1.5
"""Seconds until those who attack have said what they say first."""
LEAST_SECONDS = 3.0
"""How long a siege lasts, however fast the honest sender is."""
BACK_SECONDS = 10.0
RUNAWAY = 1024 * MIB
"""So much more memory ends the server: the machine is not this test's alone."""
THREADS = 32
LEAST_DISK = 2048 * MIB
GAPS = 500
"""That there are before anybody makes more."""
CHUNKS_GO_TO = 0.25
"""The part of the upper floor that is the lower one."""


class Fortress:
    """Droppr as it ships, every setting at its default, on a disk of its own: gunicorn alone or behind nginx."""

    def __init__(self, folder: Path, *, behind_nginx: bool, disk: int, **env: object) -> None:
        self._folder = folder
        self._disk = Ext4.made(folder / "disk.img", folder / "disk", disk)
        data = folder / "disk" / "data"
        self.server = LiveServer(
            folder,
            workers=1,
            unix_socket=behind_nginx,
            as_shipped=True,
            DROPPR_DATA_DIR=data,
            DROPPR_LOG_LEVEL="ERROR",
            **env,
        )
        self.nginx: LiveNginx | None = None
        if behind_nginx:
            assert self.server.socket_path is not None
            self.nginx = LiveNginx(self.server.socket_path, data, PAGES, folder)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack:
            self._stack.enter_context(self._disk)
            self._stack.enter_context(self.server)
            if self.nginx:
                self._stack.enter_context(self.nginx)
            self.owner = self.client(OWNER)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()
        (self._folder / "disk.img").unlink()

    @property
    def port(self) -> int:
        return self.nginx.port if self.nginx else self.server.port

    @property
    def data(self) -> Path:
        return self.server.data_dir

    @property
    def roots(self) -> list[int]:
        """The processes that all others of this server descend from."""
        master = machine.processes()[self.server.worker_pids()[0]].parent
        return [master, int((self.nginx.folder / "nginx.pid").read_text())] if self.nginx else [master]

    def client(self, address: str) -> Client:
        return Client.of(self.server, address, self.nginx.url if self.nginx else None)

    def free(self) -> tuple[int, int]:
        """Bytes and inodes that are left on the disk."""
        found = os.statvfs(self._disk.folder)
        return found.f_bavail * found.f_frsize, found.f_favail

    def floor(self) -> tuple[int, int]:
        """What of both must always be left free: the lower floor, to which chunks may go."""
        found, plain = os.statvfs(self._disk.folder), Settings(_env_file=None)  # type: ignore[call-arg]
        part = plain.disk_floor_percent / 100
        room = min(part * found.f_blocks * found.f_frsize, plain.disk_floor_mb * MIB)
        return int(room * CHUNKS_GO_TO), int(min(part * found.f_files, plain.disk_floor_inodes) * CHUNKS_GO_TO)


@dataclass
class Outcome:
    """What was seen of one siege."""

    alone: list[Sent] = field(default_factory=list)
    attacked: list[Sent] = field(default_factory=list)
    equal: bool = True
    """Whether each file was received whole and as it was sent."""
    probes: list[float] = field(default_factory=list)
    owner: dict[str, float | str] = field(default_factory=dict)
    """Seconds that each of the owner's calls took, or what was wrong with it."""
    memory: int = 0
    """Bytes by which all processes of the server grew at most."""
    free: int = 0
    """The least that was left on the disk, in bytes."""
    inodes: int = 0
    """The least that was left of its inodes."""
    kept: dict[str, str] = field(default_factory=dict)
    """What was not given back ten seconds later."""
    others: float = 0.0
    """The part of the machine that went to programs that have nothing to do with it: their noise is in every pace."""
    seen: Counter[str] = field(default_factory=Counter)
    """What became of the attackers' connections."""

    @property
    def ratio(self) -> float:
        """The honest sender's pace, to what it is alone."""
        return statistics.median(s.pace for s in self.attacked) / statistics.median(s.pace for s in self.alone)

    def probed(self, percent: float) -> float:
        ordered = sorted(self.probes)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    def __str__(self) -> str:
        troubles = sum((each.troubles for each in self.attacked), Counter[str]())
        pace = statistics.median(s.pace for s in self.alone) / MIB
        return (
            f"pace × {self.ratio:.2f} of {pace:.0f} MiB/s {dict(troubles)}, "
            f"healthz p50 {self.probed(50):.3f} p95 {self.probed(95):.3f} max {max(self.probes):.3f} s, "
            f"memory +{self.memory // MIB} MiB, least free {self.free // MIB} MiB and {self.inodes} inodes, owner {self.owner}, "
            f"kept {self.kept}, others used {self.others:.0%} of the machine, strangers {dict(self.seen)}"
        )


class Siege:
    """One fortress, one honest sender in it, and the link that is attacked."""

    def __init__(self, fortress: Fortress, source: Path, folder: Path) -> None:
        self.fortress = fortress
        self._source = source
        self._digest = file_sha256(source)
        self._names = itertools.count()
        self._link = fortress.owner.make_link().seen_by(fortress.client(HONEST))
        self._sender = Sender(self._link, source, fortress.port, HONEST)
        self._routes = [
            (method, route.rule)
            for route in routes(folder)
            for method in sorted(route.methods & {"POST", "PUT", "PATCH"})
        ]
        self._before = machine.resident(fortress.roots)[1]

    def run(self, kinds: dict[str, int], *, rounds: int = 2, office: bool = False, most: float = 120) -> Outcome:
        """So many clients of each kind at once. ``most`` seconds are given to the honest sender each time."""
        outcome = Outcome()
        quiet = _Noise()
        victim = self.fortress.owner.make_link()
        aim = self._aim(victim, kinds)
        attackers = [
            each for kind, count in kinds.items() for each in strangers(kind, aim, count, HONEST if office else None)
        ]
        # What a first run makes for good (threads, modules, pools) is no attacker's doing.
        self._once(Outcome().alone, outcome, most)
        for _ in range(rounds):
            self._once(outcome.alone, outcome, most)
        self._before = machine.resident(self.fortress.roots)[1]
        before = _open_connections(self.fortress.port)
        # Whoever has the attackers' address shares what one address may announce: there the sender is under way already.
        begun = [self._begun() if office else None for _ in range(rounds)]
        self._besiege(attackers, victim, outcome, begun, most)
        outcome.kept = self._not_given_back(before)
        self._once(outcome.alone, outcome, most)
        outcome.others = quiet.others()
        return outcome

    def _begun(self) -> tuple[str, str]:
        """An upload that is open: its name and id."""
        name = f"honest-{next(self._names)}.bin"
        return name, self._link.opened(name, self._source.stat().st_size)

    def _besiege(
        self,
        attackers: list[Stranger],
        victim: Link,
        outcome: Outcome,
        begun: list[tuple[str, str] | None],
        most: float,
    ) -> None:
        crowd = Strangers(self.fortress.port, attackers)
        began = time.monotonic()
        with self._watched(outcome), Prober(self.fortress.port, WATCHER) as prober, crowd:
            time.sleep(SETTLED)
            for each in begun:
                self._once(outcome.attacked, outcome, most, each)
            outcome.owner = _owner_acts(self.fortress.owner, self.fortress.port, victim)
            time.sleep(max(0.0, began + LEAST_SECONDS - time.monotonic()))
        outcome.probes, outcome.seen = prober.took, crowd.seen

    def _once(self, sent: list[Sent], outcome: Outcome, most: float, begun: tuple[str, str] | None = None) -> None:
        """Send the file, compare what arrived, and remove it."""
        name, upload_id = begun or (f"honest-{next(self._names)}.bin", None)
        sent.append(self._sender.send(name, most, upload_id))
        arrived = self._link.disk / name
        outcome.equal &= arrived.exists() and file_sha256(arrived) == self._digest
        arrived.unlink(missing_ok=True)

    def _aim(self, victim: Link, kinds: Iterable[str]) -> Aim:
        """What the attackers know, made by the calls that anybody has."""
        client = self.fortress.client(SETTER)
        theirs = victim.seen_by(client)
        size = 64 * MIB
        upload_id = theirs.opened("slow.bin", size)
        ids = [upload_id]
        if "gaps" in kinds:
            for at in range(size - 2 * GAPS, size, 2):
                theirs.chunk(upload_id, at, b"g", size).expect(200)
        if "long lists" in kinds or "deaf" in kinds:
            lines = [json.dumps({"path": f"many-{n}.txt", "size": 0}).encode() + b"\n" for n in range(1000)]
            reply = client.call(
                "POST", f"{theirs.path}/pack", body=b"".join(lines), headers={"Content-Type": PACK}
            ).expect(200)
            ids += [each["upload_id"] for each in reply.json["files"]]
        code = client.call("POST", f"{theirs.path}/handoffs", json={"uploads": ids}).json["code"]
        locked = self.fortress.owner.make_link(password="a good one")
        asset = max((PAGES / "assets").iterdir(), key=lambda file: file.stat().st_size)
        return Aim(victim.hash, locked.hash, upload_id, size, code, f"/assets/{asset.name}", self._routes)

    @contextmanager
    def _watched(self, outcome: Outcome) -> Iterator[None]:
        """Notes the most memory and the least room there is meanwhile."""
        over = threading.Event()
        roots = self.fortress.roots
        outcome.free, outcome.inodes = self.fortress.free()

        def watch() -> None:
            while not over.wait(0.5):
                outcome.memory = max(outcome.memory, machine.resident(roots)[1] - self._before)
                room, inodes = self.fortress.free()
                outcome.free, outcome.inodes = min(outcome.free, room), min(outcome.inodes, inodes)
                if outcome.memory > RUNAWAY:
                    self.fortress.server.kill()
                    return

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(20)

    def _not_given_back(self, connections: int) -> dict[str, str]:
        """What is still taken ten seconds after the last attacker has gone."""
        until = time.monotonic() + BACK_SECONDS
        while True:
            kept = self._kept(connections)
            if not kept or time.monotonic() > until:
                return kept
            time.sleep(0.25)

    def _kept(self, connections: int) -> dict[str, str]:
        kept = {}
        with ThreadPoolExecutor(THREADS) as pool:
            if float("inf") in pool.map(lambda _: probe(self.fortress.port, WATCHER), range(THREADS)):
                return {"threads": "not all of them answer"}
        there = _open_connections(self.fortress.port)
        # One is the owner's, below.
        if there > connections + 1:
            kept["connections"] = f"{there}, {connections} before"
        spool = self.fortress.data / "spool"
        if spool.exists() and (left := sum(1 for _ in spool.iterdir())):
            kept["spool"] = f"{left} files"
        try:
            status = self.fortress.owner.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json
        except urllib3.exceptions.HTTPError as error:
            return {**kept, "status": type(error).__name__}
        # Who was sent away is remembered for a minute in the queue, and holds up nobody: that is no counter here.
        busy = {"places": status["concurrency"]["running_uploads"], "buffers": status["buffer_pool"].get("in_use", 0)}
        kept.update({name: str(value) for name, value in busy.items() if value})
        return kept or self._announced()

    def _announced(self) -> dict[str, str]:
        """Whether nearly all room that is there may be announced again, by somebody who has announced none yet."""
        room = self.fortress.free()[0] - int(self.fortress.floor()[0] / CHUNKS_GO_TO)
        reply = self._link.seen_by(self.fortress.client(WATCHER)).open("all-the-room.bin", int(room * 0.9))
        if reply.status != 201:
            return {"announced room": f"{reply.status} for 90 % of what is free"}
        self._link.cancel(reply.json["upload_id"])
        return {}


class _Noise:
    """What others do on this machine from its making on: the test, its server and its attackers are one family."""

    def __init__(self) -> None:
        self._before = self._used()

    def others(self) -> float:
        before, now = self._before, self._used()
        busy, own, at = (after - earlier for after, earlier in zip(now, before, strict=True))
        return max(0.0, busy - own) / (at * machine.CORES)

    def _used(self) -> tuple[float, float, float]:
        there = machine.processes()
        family = machine.family([os.getpid()], there)
        own = sum(there[pid].seconds for pid in family)
        used = machine.usage(())
        return used.busy, own + used.kernel, used.at


def _owner_acts(owner: Client, port: int, victim: Link) -> dict[str, float | str]:
    """Log in, list, close the link that is attacked: what each took, or what was wrong with the first that failed."""
    took: dict[str, float | str] = {}
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, source_address=(OWNER, 0), timeout=PROBE_PATIENCE)
    rights = {"Authorization": f"Bearer {owner.token}"}
    for name, method, path, body, status in (
        ("log in", "POST", "/api/droppr/session", {"token": owner.token}, 204),
        ("list", "GET", "/api/droppr/requests", None, 200),
        ("close", "DELETE", victim.path, None, 204),
        ("cancel", "DELETE", f"{victim.path}/uploads", None, 200),
    ):
        began = time.monotonic()
        headers = None if name == "log in" else rights
        try:
            reply = pool.request(method, path, json=body, headers=headers, retries=False)
            problem = "" if reply.status == status else f"{reply.status} {reply.data[:200]!r}"
        except urllib3.exceptions.HTTPError as error:
            problem = type(error).__name__
        took[name] = problem or round(time.monotonic() - began, 2)
        if problem:
            break
    return took


def _open_connections(port: int) -> int:
    """TCP connections that the server on ``port`` still holds."""
    count = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        # Local address, state (0A listens), inode: 0 where no process has it any more.
        if fields[1].endswith(f":{port:04X}") and fields[3] != "0A" and fields[9] != "0":
            count += 1
    return count


@contextmanager
def fortress(folder: Path, size: int, *, behind_nginx: bool, **env: object) -> Iterator[Siege]:
    """A fortress and a file of ``size`` bytes to be sent to it; on its disk there is room for six of them, as strangers may
    announce three quarters of it on one link."""
    folder.mkdir(parents=True, exist_ok=True)
    shared = Path("/dev/shm") / f"droppr-honest-{os.getpid()}-{size}"
    source = source_file(shared, size)
    try:
        with Fortress(folder, behind_nginx=behind_nginx, disk=max(LEAST_DISK, 6 * size), **env) as stronghold:
            yield Siege(stronghold, source, folder)
    finally:
        source.unlink()
