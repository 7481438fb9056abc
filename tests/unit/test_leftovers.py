"""What tests forget to end is found, whoever its parent is by then."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest

from tests.support.files import eventually
from tests.support.leftovers import leftovers
from tests.support.live import MEDIA_SERVER, PROJECT, LiveServer

# Becomes nobody's child: it forks, tells the new process's number, and ends.
ORPHAN = "import os, signal\nif pid := os.fork(): print(pid)\nelse: os.setsid(); os.close(1); signal.pause()"


@contextmanager
def orphan():
    pid = int(subprocess.run([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, check=True).stdout)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)


def test_processes_and_orphans_are_found_and_what_is_known_is_not_told_again(tmp_path):
    before = leftovers(tmp_path, seconds=0)
    with orphan() as pid:
        # Others that earlier tests have left may have begun something meanwhile.
        found = [each for each in leftovers(tmp_path, before, seconds=0) if each.startswith(f"process {pid}: ")]
        assert len(found) == 1
        assert not any(each in found for each in leftovers(tmp_path, [*before, *found], seconds=0))
    assert leftovers(tmp_path, before) == []


def test_sockets_and_counters_are_found(tmp_path):
    before = leftovers(tmp_path, seconds=0)
    counters = LiveServer(tmp_path).metrics_dir
    with socket.create_server(("127.0.0.1", 0)) as listener:
        counters.mkdir()
        found = leftovers(tmp_path, before, seconds=0)
        assert f"counters in {counters}" in found
        assert [f"port={listener.getsockname()[1]})" in each for each in found].count(True) == 1
        counters.rmdir()
    assert leftovers(tmp_path, before) == []


# Starts a server, tells its process group's members, and dies without a word.
ABRUPT = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from tests.support.files import eventually
from tests.support.live import LiveServer
server = LiveServer(Path(sys.argv[1]), workers=2, DROPPR_LOG_LEVEL="ERROR", **({"TZ": "UTC"} if "TZ" in os.environ else {}))
server.start()
def both():
    # What a worker has just started counts, too.
    pids = server.worker_pids()
    return pids if len(pids) == 2 else None
print(server._process.pid, *eventually(both, seconds=30, what="both workers"), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("environment", [{}, {"TZ": "UTC"}], ids=["forked", "executed"])
def test_servers_end_with_whoever_started_them(tmp_path, environment):
    done = subprocess.run(
        [sys.executable, "-c", ABRUPT, str(tmp_path), str(PROJECT), str(MEDIA_SERVER)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=False,
    )
    pids = done.stdout.split()
    assert len(pids) == 3
    # A worker that is told to end before it listens to signals is killed once the time for that is over: half a minute.
    eventually(lambda: not any(psutil.pid_exists(int(pid)) for pid in pids), seconds=60, what="their end")


# The same with a database server.
ABRUPT_DATABASE = """
import os, signal, sys
sys.path[:0] = sys.argv[1:]
from tests.support.postgresql import PostgreSQLServer
server = PostgreSQLServer().__enter__()
print(server.folder, server.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_databases_end_with_whoever_started_them():
    done = subprocess.run(
        [sys.executable, "-c", ABRUPT_DATABASE, str(PROJECT), str(MEDIA_SERVER)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    folder, pid = done.stdout.split()
    eventually(lambda: not psutil.pid_exists(int(pid)), seconds=60, what="its end")
    shutil.rmtree(folder)
