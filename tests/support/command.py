"""`droppr` as people run it: `droppr upload` as a sender, and all of it as an owner."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.support.client import Link
from tests.support.files import files_below
from tests.support.program import Droppr


class Sender:
    """Runs ``droppr upload`` in a folder of its own, with a state file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = {name: value for name, value in os.environ.items() if not name.startswith("DROPPR_")}
        self.environment = own | {"XDG_CONFIG_HOME": str(folder.parent / "config")}

    def start(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        return Droppr(
            ["upload", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=more.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **more,
        )

    def run(self, *arguments: str, code: int = 0, typed: bytes = b"") -> str:
        """What it printed, errors included, once it ended with ``code``."""
        done = Droppr.run(
            ["upload", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=90,
            check=False,
        )
        text: str = done.stdout.decode()
        assert "Traceback" not in text, text
        assert done.returncode == code, text
        return text

    def events(self, *arguments: str, code: int = 0, typed: bytes = b"") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*arguments, "--json", code=code, typed=typed).splitlines()]


class Terminal:
    """Runs ``droppr`` as on the server's own machine, with an environment of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def run(self, *arguments: str, code: int = 0, typed: str | None = None) -> str:
        """What it printed, errors included, once it ended with ``code``."""
        done = Droppr.run(
            arguments,
            env=self.environment,
            cwd=self.folder,
            input=typed or "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout, done.stdout
        assert done.returncode == code, done.stdout
        return str(done.stdout)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))


def address(link: Link) -> str:
    return f"{link.client.url}/request/{link.hash}"


def arrived(link: Link) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_below(link.disk).items()}
