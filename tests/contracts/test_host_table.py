"""What a table that processes share promises: rows live as long as their holders, and changes are made alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.storage.disk.host_table import HostTable
from tests.support.live import MEDIA_SERVER
from tests.support.processes import together


@pytest.fixture
def make(tmp_path: Path):
    """Opens the same table again, as another process would."""
    return lambda: HostTable(tmp_path / "run" / "table", 4, 8)


def test_rows_are_empty_until_written_and_the_same_for_all(make):
    one, other = make(), make()
    with one.locked():
        assert one.read() == [bytes(8)] * 4
        one.write(2, b"row")
    with other.locked():
        assert other.read()[2] == b"row".ljust(8, b"\0")


def test_a_table_that_is_made_has_all_the_room_it_will_ever_take(make, tmp_path):
    table = make()
    table.make()
    assert (tmp_path / "run" / "table").stat().st_blocks > 0
    assert (tmp_path / "run" / "table").stat().st_size == 4 * 8
    with table.locked():
        table.write(1, b"row")
    table.make()
    with make().locked():
        assert table.read()[1] == b"row".ljust(8, b"\0")


def test_a_row_is_held_until_the_last_holder_lets_go(make):
    one, other = make(), make()
    with one.locked():
        assert not one.is_held(1)
        one.hold(1)
        assert one.is_held(1)
    with other.locked():
        assert other.is_held(1)
        assert not other.is_held(0)
        other.hold(1)
    one.release(1)
    one.release(1)
    assert one.is_held(1)
    other.release(1)
    assert not one.is_held(1)


def test_a_killed_holder_holds_nothing_any_more(make, tmp_path):
    table = make()
    with table.locked():
        pass
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from app.storage.disk.host_table import HostTable\n"
        "table = HostTable(Path(sys.argv[1]), 4, 8)\n"
        "with table.locked():\n"
        "    table.hold(3)\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)\n"
    )
    path = str(tmp_path / "run" / "table")
    with subprocess.Popen(
        [sys.executable, "-c", program, path],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(MEDIA_SERVER)},
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert table.is_held(3)
        holder.send_signal(signal.SIGKILL)
    # It died inside `alone`, too: the next one is not kept out.
    with table.locked():
        assert not table.is_held(3)


def test_changes_are_made_alone(make):
    def count_up(_: int) -> int:
        table = make()
        for _ in range(200):
            with table.locked():
                table.write(0, (int.from_bytes(table.read()[0]) + 1).to_bytes(8))
        return 0

    assert together(4, count_up) == [0] * 4
    table = make()
    with table.locked():
        assert int.from_bytes(table.read()[0]) == 800
