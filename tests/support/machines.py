"""Some nodes on machines of their own, with a database and a store that can be hurt as much as they can."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.balancer import Balancer
from tests.support.browser import built_pages
from tests.support.files import MIB, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.postgresql import PostgreSQLServer
from tests.support.rooms import Room, Rooms, wait_until_gone
from tests.support.s3_server import S3Server
from tests.support.seaweed import SeaweedServer

CELL = 5 * MIB
# What a node's nginx has to know of a balancer in front.
BEHIND_BALANCER = "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n"
READY_SECONDS = 90.0
"""How long nodes and engines may need to be well again once nothing happens any more."""


class Machines:
    """Nodes, each in a room, that share a database and a bucket on this machine; from ``with`` to the end of the block. With ``direct``
    senders reach the store themselves. ``behind_nginx`` each node has an nginx of its own, and one in front of all balances."""

    def __init__(
        self,
        folder: Path,
        store: type[S3Server] = SeaweedServer,
        count: int = 3,
        *,
        direct: bool = True,
        behind_nginx: bool = False,
        **options: object,
    ) -> None:
        self._folder = folder
        self._store = store
        self._direct = direct
        self._behind_nginx = behind_nginx
        self._options = options
        self._ends = ExitStack()
        self._rooms = Rooms(count)
        self.nodes: list[LiveServer] = []
        self.fronts: list[LiveNginx] = []
        """What each node has in front of it, where it has that."""

    def __enter__(self) -> Self:
        try:
            self._ends.callback(wait_until_gone, self._rooms)
            self._ends.enter_context(self._rooms)
            # Engines end with the thread that has started them: those that come back are its, to the end of the block.
            self._keeper = self._ends.enter_context(ThreadPoolExecutor(1))
            self.postgresql = self._ends.enter_context(PostgreSQLServer(host=self._rooms.back))
            self.seaweed = self._ends.enter_context(self._store(host=self._rooms.back))
            self.url, self.bucket = self.postgresql.new_database(), self.seaweed.new_bucket()
            migrate(PostgreSQLDatabase(self.url))
            for number, room in enumerate(self.rooms):
                self._make(self._folder / f"node{number}", room)
            self._ends.callback(self._kill_all)
            for node in self.nodes:
                node.begin()
            if self._behind_nginx:
                for front in self.fronts:
                    self._ends.enter_context(front)
                ways = [f"127.0.0.1:{front.port}" for front in self.fronts]
                self.balancer = self._ends.enter_context(Balancer(ways, self._folder / "balancer"))
            self.well()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    @property
    def rooms(self) -> list[Room]:
        return self._rooms.all

    def well(self) -> None:
        """Return once all nodes say that they are ready."""
        eventually(self._are_ready, seconds=READY_SECONDS, what="nodes that are all ready")

    def begin_what_has_ended(self) -> int:
        """Begin those nodes anew that have ended by themselves, as an init system does; how many they were."""
        ended = [node for node in self.nodes if node.has_ended]
        for node in ended:
            node.kill()
            node.begin()
        return len(ended)

    def restart_database(self) -> Future[None]:
        """End the database as a crash does, and start it again where it was."""

        def work() -> None:
            self.postgresql.stop(signal.SIGQUIT)
            self.postgresql.start_again()

        return self._keeper.submit(work)

    def restart_store(self, after: float = 0.0) -> Future[None]:
        """Kill the store, and start it again so much later."""

        def work() -> None:
            self.seaweed.stop()
            time.sleep(after)  # So long it is away.
            self.seaweed.start_again()

        return self._keeper.submit(work)

    def pause_store(self, seconds: float) -> Future[None]:
        """Have the store answer nobody for a while, though it takes connections."""

        def work() -> None:
            self.seaweed.send_signal(signal.SIGSTOP)
            time.sleep(seconds)  # So long it is silent.
            self.seaweed.send_signal(signal.SIGCONT)

        return self._keeper.submit(work)

    def _make(self, folder: Path, room: Room) -> None:
        folder.mkdir()
        node = LiveServer(folder, network=room.network, unix_socket=self._behind_nginx, **self._settings(room))
        self.nodes.append(node)
        self._ends.callback(node.forget)
        if node.socket_path:
            store: dict[str, Any] = {"DROPPR_STORE_PUBLIC_URL": self.seaweed.url} if self._direct else {}
            front = LiveNginx(node.socket_path, node.data_dir, built_pages(), folder, extra=BEHIND_BALANCER, **store)
            self.fronts.append(front)

    def _settings(self, room: Room) -> dict[str, Any]:
        return {
            **GENEROUS,
            **self.seaweed.settings,
            "DROPPR_HOST": room.address,
            "DROPPR_DATABASE_URL": self.url,
            "DROPPR_STORE": f"s3://{self.bucket}/droppr",
            "DROPPR_TRUSTED_PROXIES": "127.0.0.1",
            "DROPPR_CHUNK_SIZE_MB": CELL // MIB,
            "workers": 1,
            **({"DROPPR_STORE_PUBLIC_URL": self.seaweed.url} if self._direct else {}),
            **self._options,
        }

    def _are_ready(self) -> bool:
        self.begin_what_has_ended()
        return all(node.is_ready() for node in self.nodes)

    def _kill_all(self) -> None:
        for node in self.nodes:
            node.kill()


class Accidents:
    """What happens to machines, one thing after the other, as chance has it; each kind of it at least once."""

    KINDS = (*["kill"] * 12, "cut", "cut", "database", "store", "pause")

    def __init__(self, machines: Machines, chance: random.Random) -> None:
        self._machines = machines
        self._chance = chance
        self._under_way: list[Future[None]] = []
        self.happened: Counter[str] = Counter()

    def happen(self, seconds: float) -> None:
        """For so long, and then wait until everything is well again."""
        end = time.monotonic() + seconds
        # Whatever comes first, each of the rare ones comes soon.
        coming = self._chance.sample(sorted(set(self.KINDS)), len(set(self.KINDS)))
        with ThreadPoolExecutor(len(self._machines.nodes)) as cutters:
            while time.monotonic() < end or coming:
                time.sleep(self._chance.uniform(0.5, 2))  # The time that people have between two accidents.
                self.happened["begun by themselves"] += self._machines.begin_what_has_ended()
                kind = coming.pop() if coming else self._chance.choice(self.KINDS)
                self.happened[kind] += 1
                self._happen(kind, cutters)
            while not all(each.done() for each in self._under_way):
                time.sleep(0.2)  # Somebody is at it.
                self.happened["begun by themselves"] += self._machines.begin_what_has_ended()
        for each in self._under_way:
            each.result()
        self._machines.well()

    def _happen(self, kind: str, cutters: ThreadPoolExecutor) -> None:
        chance, machines = self._chance, self._machines
        if kind == "kill":
            node = chance.choice(machines.nodes)
            node.kill()
            node.begin()
        elif kind == "cut":
            room, seconds = chance.choice(machines.rooms), chance.uniform(2, 7)
            self._under_way.append(cutters.submit(_cut, room, seconds))
        elif kind == "database":
            self._under_way.append(machines.restart_database())
        elif kind == "store":
            self._under_way.append(machines.restart_store(chance.uniform(0, 2)))
        else:
            self._under_way.append(machines.pause_store(chance.uniform(1, 4)))


def _cut(room: Room, seconds: float) -> None:
    with room.cut():
        time.sleep(seconds)  # So long nothing comes through.
