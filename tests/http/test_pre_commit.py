"""scripts/pre-commit judges what is about to be committed, whatever else lies in the folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.live import PROJECT

GOOD = {
    "setup.cfg": "",
    "ruff.toml": "",
    "code.py": "NUMBER = 1\n",
    "nginx/biome.json": "{}\n",
    "nginx/code.ts": "export const number = 1;\n",
    "tests/unit/test_architecture.py": "from code_of import NUMBER\n\n\ndef test_it():\n    assert NUMBER == 1\n",
    "tests/unit/code_of.py": "NUMBER = 1\n",
}
BAD = {
    "code.py": ("NUMBER = undefined\n", "F821"),
    "nginx/code.ts": ("export const number = 1\n", "code.ts"),
    "tests/unit/code_of.py": ("NUMBER = 2\n", "test_it"),
}


class Repository:
    """A small one with the hook in it, beside the tools of this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet")
        (folder / "scripts").mkdir()
        shutil.copy2(PROJECT / "scripts" / "pre-commit", folder / "scripts")
        for name, text in GOOD.items():
            self.write(name, text)
        self.git("add", "--all")
        (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
        (folder / "nginx" / "node_modules").symlink_to(PROJECT / "nginx" / "node_modules")
        self.git("config", "core.hooksPath", "scripts")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        who = {
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@a",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@a",
        }
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **who}, capture_output=True, text=True, check=check
        )

    def commit(self) -> subprocess.CompletedProcess[str]:
        return self.git("commit", "--quiet", "--message", "A change", check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "repository").mkdir()
    return Repository(tmp_path / "repository")


def test_what_is_right_is_committed_also_where_the_folder_holds_what_is_not(repository: Repository) -> None:
    for name, (text, _) in BAD.items():
        repository.write(name, text)
    done = repository.commit()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_not_committed_also_where_it_was_put_right_since(repository: Repository, name: str) -> None:
    text, said = BAD[name]
    repository.write(name, text)
    repository.git("add", name)
    repository.write(name, GOOD[name])
    done = repository.commit()
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert repository.git("log", check=False).returncode != 0, "nothing was committed"


def test_a_further_worktree_uses_what_the_first_one_has(repository: Repository) -> None:
    assert repository.commit().returncode == 0
    further = repository.folder.parent / "further"
    repository.git("worktree", "add", "--quiet", str(further))
    (further / "code.py").write_text(BAD["code.py"][0])
    refused = repository.git("-C", str(further), "commit", "--all", "--message", "Wrong", check=False)
    assert refused.returncode != 0
    assert "F821" in refused.stdout + refused.stderr
    (further / "code.py").write_text("NUMBER = 3\n")
    done = repository.git("-C", str(further), "commit", "--all", "--quiet", "--message", "Right", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
