"""Ports that tests give to programs: no two processes have the same, and none that is in use."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests.support.ports import EACH, FIRST, LAST, free_port, free_ports

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "from tests.support.ports import free_port; print(free_port(), flush=True); input()"


def block_of(port: int) -> int:
    assert FIRST <= port < LAST
    return (port - FIRST) // EACH


def test_the_last_process_has_as_many_as_the_first() -> None:
    assert (LAST - FIRST) % EACH == 0
    assert LAST < 32_768


def test_two_processes_have_none_in_common_while_both_live() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        theirs = int(other.stdout.readline())
        assert block_of(theirs) not in {block_of(port) for port in free_ports(EACH)}
        other.communicate("\n", timeout=60)


def test_one_that_is_in_use_is_passed_over_and_one_that_was_given_comes_late() -> None:
    first = free_port()
    soon = free_ports(EACH // 2)
    assert len({first, *soon}) == 1 + len(soon)
    with socket.socket() as user:
        user.bind(("127.0.0.1", first))
        user.listen()
        # So many are all there are, whichever of them others use.
        assert first not in free_ports(EACH)
    assert first in free_ports(EACH)
