"""What tests take for `droppr` does as the program itself does: each claim is held against both."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.hostile import Answer, Asked, Hostile, environment, in_terminal
from tests.support.live import MEDIA_SERVER
from tests.support.program import DROPPR, Droppr

Start = Callable[..., subprocess.Popen[Any]]


def _executed(arguments: list[str], **how: Any) -> subprocess.Popen[Any]:
    return subprocess.Popen([DROPPR, *arguments], start_new_session=True, **how)


@pytest.fixture(params=[Droppr, _executed], ids=["forked", "executed"])
def start(request: pytest.FixtureRequest) -> Start:
    chosen: Start = request.param
    return chosen


def _said(process: subprocess.Popen[Any], typed: bytes = b"") -> tuple[int, bytes, bytes]:
    out, errors = process.communicate(typed, 60)
    return process.returncode, out, errors


PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def test_it_prints_and_ends(start: Start, tmp_path: Path) -> None:
    assert _said(start(["--version"], cwd=tmp_path, env=environment(), **PIPES)) == (0, b"droppr, version 0.1.0\n", b"")
    code, out, errors = _said(start(["nonsense"], cwd=tmp_path, env=environment(), **PIPES))
    assert (code, out) == (2, b"")
    assert errors.endswith(b"Error: No such command 'nonsense'.\n")


def test_it_reads_what_is_typed_in_its_own_folder_and_environment(start: Start, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer({"requests": []}, 200 if asked.headers["authorization"] == "Bearer secret" else 401)

    with Hostile(answer) as server:
        process = start(
            ["request", "list", "--token-file", "-"], cwd=tmp_path, env=environment(DROPPR_URL=server.url), **PIPES
        )
        code, _, errors = _said(process, b"secret\n")
    assert code == 0, errors
    data = tmp_path / "däta"
    process = start(["cleanup"], cwd=tmp_path, env=environment(DROPPR_DATA_DIR="däta"), **PIPES)
    assert _said(process)[0] == 0
    assert data.is_dir()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_signals_reach_it(start: Start, tmp_path: Path, number: signal.Signals, code: int) -> None:
    started = threading.Event()

    def answer(_: Asked) -> Answer:
        # It may ask before whoever started it knows of it.
        assert started.wait(60)
        process.send_signal(number)
        process.wait(60)
        return Answer({"files": []})

    with Hostile(answer) as server:
        process = start(
            ["request", "watch", "x", "--token", "t", "--server", server.url],
            cwd=tmp_path,
            env=environment(),
            **PIPES,
        )
        assert os.getpgid(process.pid) == process.pid
        started.set()
        assert _said(process)[0] == code


def test_nobody_who_reads_is_told_of(start: Start, tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    process = start(["--help"], cwd=tmp_path, env=environment(), stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    assert (_said(process)[0]) in {1, 120}


def test_where_python_is_told_something_it_is_the_program_itself(tmp_path: Path) -> None:
    process = Droppr(["--version"], cwd=tmp_path, env=environment(PYTHONVERBOSE="1"), **PIPES)
    assert b"import 'site'" in _said(process)[2]
    process = Droppr(["--version"], cwd=tmp_path, env=environment(PYTHONPATH=str(MEDIA_SERVER)), **PIPES)
    assert _said(process)[2] == b""


def test_a_terminal_is_one_to_it(tmp_path: Path) -> None:
    code, said = in_terminal(["upload"], environment(TERM="dumb"), tmp_path)
    assert code == 2
    assert "\r\n" in said
