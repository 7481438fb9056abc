"""The Python package as others install it: the wheel, in a virtual environment with nothing but what it asks for.

What it asks for is linked from where the tests have it, so that no network is needed. What only tests have is not there.
"""

from __future__ import annotations

import configparser
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.live import PROJECT

SECONDS = 120
"""How long pip may take before something is wrong."""


def project_version() -> str:
    """What setup.cfg says."""
    setup = configparser.ConfigParser()
    setup.read(PROJECT / "setup.cfg")
    return setup["metadata"]["version"]


VERSION = project_version()


def build_wheel(folder: Path) -> Path:
    """The wheel, built into ``folder`` as ``make dist`` builds it."""
    _pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(PROJECT))
    (wheel,) = folder.glob("*.whl")
    return wheel


class Installed:
    """``wheel`` with ``extras`` in a virtual environment in ``folder``."""

    def __init__(self, folder: Path, wheel: Path, *extras: str) -> None:
        self.bin = folder / "bin"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=SECONDS)
        _pip("--python", str(self.bin / "python"), "install", "--no-index", "--no-deps", str(wheel))
        (self.site,) = folder.glob("lib/python*/site-packages")
        (itself,) = metadata.distributions(name="droppr", path=[str(self.site)])
        for each in _needed(itself, frozenset(extras)):
            for file in each.files or ():
                top = file.parts[0]
                if top not in ("..", "__pycache__") and not (self.site / top).exists():
                    (self.site / top).symlink_to(str(each.locate_file(top)))

    @property
    def shipped(self) -> Path:
        """What lies in the package and is no Python."""
        return self.site / "app" / "shipped"

    def command(self, *arguments: str) -> list[str]:
        """The program ``droppr`` with ``arguments``."""
        return [str(self.bin / "python"), str(self.bin / "droppr"), *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What it says and how it ends, where there is no other program and no setting."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.bin.parent,
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def _needed(distribution: metadata.Distribution, extras: frozenset[str]) -> Iterator[metadata.Distribution]:
    """What it asks for, and what that asks for in turn, each once. Raises PackageNotFoundError where one is not here, and
    AssertionError where another version is wanted."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(distribution, extras)]
    while waiting:
        asking, wanted = waiting.pop()
        for requirement in map(Requirement, asking.requires or ()):
            applies = requirement.marker is None or any(
                requirement.marker.evaluate({"extra": extra}) for extra in wanted | {""}
            )
            key = (requirement.name.lower(), frozenset(requirement.extras))
            if not applies or key in seen:
                continue
            seen.add(key)
            found = metadata.distribution(requirement.name)
            assert requirement.specifier.contains(found.version, prereleases=True), f"{requirement}: {found.version}"
            yield found
            waiting.append((found, key[1]))


def _pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
