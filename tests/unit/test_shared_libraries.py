"""What gunicorn's master loads for all its workers is such that it may be inherited."""

import subprocess
import sys

from tests.support.live import MEDIA_SERVER

LOOK = """
import os, runpy, sys, threading
config = runpy.run_path("gunicorn.conf.py")
files = os.listdir("/proc/self/fd")
config["on_starting"](None)
assert os.listdir("/proc/self/fd") == files
assert threading.active_count() == 1
config["on_exit"](None)
print(*{name.partition(".")[0] for name in sys.modules})
"""

FORKED = """
import gc, runpy
config = runpy.run_path("gunicorn.conf.py")
config["post_fork"](None, None)
assert not gc.isenabled()
config["post_worker_init"](None)
assert gc.isenabled()
print(gc.get_freeze_count())
"""


def test_the_master_loads_nothing_of_ours_starts_no_thread_and_keeps_no_file_open(tmp_path):
    environment = {"DROPPR_DATA_DIR": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=MEDIA_SERVER, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    # A reload must bring new code, and counters are of a kind that is chosen when they are loaded.
    assert loaded.isdisjoint({"app", "droppr_client", "prometheus_client"})
    assert {"flask", "cryptography", "wsproto"} <= loaded


def test_what_a_worker_has_loaded_is_not_looked_through_for_garbage(tmp_path):
    environment = {"DROPPR_DATA_DIR": str(tmp_path), "PATH": ""}
    command = [sys.executable, "-c", FORKED]
    done = subprocess.run(command, cwd=MEDIA_SERVER, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 1000
