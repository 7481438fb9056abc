"""Puts what is no Python into the wheel: below ``app/shipped``, laid out as in the repository, so that each file finds the
others there as it does here. All else about the package is in setup.cfg."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError

ROOT = Path(__file__).resolve().parent
SHIPPED = (
    "media-server/gunicorn.conf.py",
    "nginx/dist",
    "nginx/https.conf",
    "nginx/store.conf",
    "nginx/nginx.conf",
    "scripts/keep-certificate",
    "scripts/render-nginx-conf",
    "systemd",
)


class BuildPy(build_py):
    """The package's modules, and what is shipped with them; where the project is only linked to, both stay where they are."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            self._ship(Path(self.build_lib) / "app" / "shipped")

    def _ship(self, folder: Path) -> None:
        if not (ROOT / "nginx/dist/request.html").is_file():
            raise SetupError("The pages have not been built, and the package would have none: run 'make dist'.")
        for name in SHIPPED:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns(".*"))
            else:
                shutil.copy2(ROOT / name, target)


# Nothing is built in the repository: what an earlier build left there would go into the package, too.
with TemporaryDirectory() as scratch:
    setup(cmdclass={"build_py": BuildPy}, options={"build": {"build_base": scratch}, "egg_info": {"egg_base": scratch}})
