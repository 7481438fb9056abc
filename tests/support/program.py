"""`droppr`, without the time that it takes to load: forked from a process that has done so (template.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.template import MEDIA_SERVER, MOVED_CLOCK, Template

DROPPR = str(Path(sys.executable).with_name("droppr"))
_TO_PYTHON = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_")


class Droppr(subprocess.Popen[Any]):
    """What ``subprocess.Popen([DROPPR, …], …)`` would be, in a session of its own. The program itself is started where the
    environment tells Python, or what loads it, anything else than here."""

    def __init__(self, arguments: Sequence[str | Path], *, env: Mapping[str, str] | None = None, **how: Any) -> None:
        self._environment = dict(os.environ if env is None else env)
        self._is_forked = _to_python(self._environment) == _to_python(os.environ)
        how["start_new_session"] = True
        super().__init__([DROPPR, *map(str, arguments)], env=self._environment, **how)

    def _execute_child(self, args: list[str], *more: Any) -> None:
        """How Popen starts a program, once it has made the pipes to it."""
        if not self._is_forked:
            assert MOVED_CLOCK not in self._environment, (_to_python(self._environment), _to_python(os.environ))
            super()._execute_child(args, *more)  # type: ignore[misc]
            return
        _, _, _, pass_fds, cwd, _, _, _, shell, *rest = more
        assert not pass_fds
        assert not shell
        ours = rest[:6]
        files = [usual if number == -1 else number for usual, number in enumerate((ours[0], ours[3], ours[5]))]
        self.pid = Template.program(
            files, arguments=args, cwd=os.fspath(cwd or os.getcwd()), environment=self._environment
        )
        self._child_created = True
        self._close_pipe_fds(*ours)  # type: ignore[attr-defined]

    @classmethod
    def run(
        cls,
        arguments: Sequence[str | Path],
        *,
        input: str | bytes | None = None,
        capture_output: bool = False,
        timeout: float | None = None,
        check: bool = False,
        **how: Any,
    ) -> subprocess.CompletedProcess[Any]:
        """What ``subprocess.run([DROPPR, …], …)`` would return."""
        if input is not None:
            how["stdin"] = subprocess.PIPE
        if capture_output:
            how["stdout"] = how["stderr"] = subprocess.PIPE
        with cls(arguments, **how) as process:
            try:
                out, errors = process.communicate(input, timeout)
            except BaseException:
                process.kill()
                raise
        done = subprocess.CompletedProcess(process.args, process.returncode, out, errors)
        if check:
            done.check_returncode()
        return done


def _to_python(environment: Mapping[str, str]) -> dict[str, str]:
    told = {name: value for name, value in environment.items() if name.startswith(_TO_PYTHON)}
    # Where it is not told, the code is this copy's as well.
    if os.path.abspath(told.get("PYTHONPATH", MEDIA_SERVER).partition(os.pathsep)[0]) == MEDIA_SERVER:
        told["PYTHONPATH"] = MEDIA_SERVER
    return told
