"""The upload library as others get it: packed, installed into an empty folder, used from Node."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.live import PROJECT

NGINX = PROJECT / "nginx"
SECONDS = 120
"""How long Node may take before something is wrong."""


class Library:
    """An empty folder with nothing but the package in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # Packing builds it anew in one place; other processes of this run do the same.
        with (NGINX / "package.json").open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._command(["node", "scripts/pack-lib.mjs", str(folder)], NGINX, {})
        (self.archive,) = folder.glob("*.tgz")
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        self._npm("install", "--offline", "--no-audit", "--no-fund", f"./{self.archive.name}", cwd=folder)

    @property
    def package(self) -> Path:
        return self.folder / "node_modules" / "@droppr" / "upload"

    def run(self, script: str, **variables: object) -> str:
        """What a module prints. Raises AssertionError, with what it said, when it fails."""
        path = self.folder / "script.mjs"
        path.write_text(script)
        return self._command(["node", str(path)], self.folder, {name: str(value) for name, value in variables.items()})

    def _npm(self, *arguments: str, cwd: Path) -> None:
        self._command(["npm", "--loglevel=error", *arguments], cwd, {})

    @staticmethod
    def _command(command: list[str], cwd: Path, variables: Mapping[str, str]) -> str:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout
