"""What open desks cost while nothing arrives: `python -m tests.bench.open_desks [DESKS]`.

One worker of four threads. Prints milliseconds of the server's processors in a minute: with no desk, with desks that ask every two
seconds, and with as many that are told by streams; and what a stream takes of memory.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from app.core.accounts import Account, Role
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.migrate import opened
from tests.support.actors import OWNER
from tests.support.client import Client
from tests.support.live import GENEROUS, LiveServer

SECONDS = 20.0
ASKED_EVERY = 2.0
OF_ONE = 8
PASSWORD = "a right password"


def people(server: LiveServer, client: Client, count: int) -> list[dict[str, str]]:
    """So many members who are logged in, as the headers of their calls."""
    store, hashed = SQLAccounts(opened(server.data_dir, None), clock=time.time), Argon2Hasher().hash(PASSWORD)
    found = []
    for number in range(count):
        store.add(Account(f"person-{number}", Role.MEMBER, ()), hashed, OWNER)
        said = {"name": f"person-{number}", "password": PASSWORD}
        reply = client.elsewhere().call("POST", "/api/droppr/session", json=said).expect(204)
        found.append({"Cookie": reply.headers["Set-Cookie"].partition(";")[0]})
    return found


def in_a_minute(server: LiveServer, work: Callable[[], object]) -> float:
    """Milliseconds of the workers' processors that a minute of ``work`` takes, which is done for ``SECONDS``."""
    begun, until = _used(server), time.monotonic() + SECONDS
    work()
    time.sleep(max(0.0, until - time.monotonic()))
    return (_used(server) - begun) * 60 / SECONDS


def _used(server: LiveServer) -> float:
    ticks = 0
    for pid in server.worker_pids():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def main(desks: int) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(LiveServer(Path(folder), workers=1, DROPPR_THREADS=4, **GENEROUS))
        client = Client.of(server)
        logged_in = people(server, client, -(-desks // OF_ONE))
        who = [logged_in[number // OF_ONE] for number in range(desks)]

        def ask() -> None:
            for _ in range(int(SECONDS / ASKED_EVERY)):
                until = time.monotonic() + ASKED_EVERY
                for each in who:
                    client.call("GET", "/api/droppr/news", headers=each).expect(200)
                time.sleep(max(0.0, until - time.monotonic()))

        for each in who:
            client.call("GET", "/api/droppr/requests", headers=each).expect(200)
        nobody = in_a_minute(server, lambda: None)
        asking = in_a_minute(server, ask)
        before = server.memory()
        streams: list[Any] = []
        for each in who:
            address = "/api/droppr/news/stream"
            reply = client.pool.request("GET", address, headers=each, preload_content=False, retries=False)
            assert reply.status == 200, reply.data
            stack.callback(reply.close)
            streams.append(reply)
        time.sleep(1)
        each_takes = (server.memory() - before) / desks / 1024
        told = in_a_minute(server, lambda: None)
        print(f"no desk           {nobody:8.0f} ms a minute")
        print(f"{desks} that ask       {asking:8.0f} ms a minute")
        print(f"{desks} that are told  {told:8.0f} ms a minute, {each_takes:.1f} KiB each")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
