"""What people who join go by is true: one version, the changelog's shape, and every place that CONTRIBUTING.md names."""

from __future__ import annotations

import json
import re
from importlib import metadata

import pytest
from click.testing import CliRunner

from droppr_client.cli import main
from tests.support.live import PROJECT
from tests.support.package import VERSION

CHANGELOG = (PROJECT / "docs" / "changelog.md").read_text()
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text()
WHO = ("For owners", "For senders", "For whoever runs the server", "For developers")
"""Those who notice a change, in the order in which the changelog speaks to them."""


def test_the_version_stands_in_setup_cfg_alone() -> None:
    lock = json.loads((PROJECT / "nginx" / "package-lock.json").read_text())
    described = json.loads((PROJECT / "nginx" / "package.json").read_text())
    assert [part for part in (described, lock, lock["packages"][""]) if "version" in part] == []
    said = CliRunner().invoke(main, ["--version"]).output.split()[-1]
    assert said == metadata.version("droppr") == VERSION, "run 'make setup' after a change of the version"


def test_the_newest_release_in_the_changelog_is_this_version() -> None:
    releases = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    unreleased, *numbered = releases if releases[0] == "Unreleased" else ("", *releases)
    del unreleased
    assert numbered[0].split()[0] == VERSION
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", each) for each in numbered)


def test_each_release_in_the_changelog_speaks_to_those_who_notice() -> None:
    for release in re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)[1:]:
        spoken_to = re.findall(r"^### (.*)$", release, re.MULTILINE)
        assert spoken_to == [each for each in WHO if each in spoken_to], release.splitlines()[0]
        for part in re.split(r"^### ", release, flags=re.MULTILINE)[1:]:
            assert re.search(r"^- ", part, re.MULTILINE), part


def test_every_place_that_contributing_names_is_there() -> None:
    named = set(re.findall(r"`((?:media-server|nginx|tests|scripts|docs|systemd)/[\w./-]*)`", CONTRIBUTING))
    named |= set(re.findall(r"\]\(([\w./-]+)", CONTRIBUTING)) | set(
        re.findall(r"ARGS=(tests/unit/\S+\.py)", CONTRIBUTING)
    )
    assert len(named) > 40
    assert sorted(name for name in named if not (PROJECT / name).exists()) == []


def test_every_name_in_the_code_that_contributing_names_is_there() -> None:
    """A name stands before the file it is in, so that a reader knows where to look."""
    pairs = re.findall(r"`(\w+)` (?:in|of) `([\w./-]+\.(?:py|ts|conf|html))`", CONTRIBUTING)
    assert len(pairs) > 5
    assert [(name, file) for name, file in pairs if name not in (PROJECT / file).read_text()] == []
    tests = re.findall(r"`(test_\w+)`", CONTRIBUTING)
    sources = "\n".join(path.read_text() for path in (PROJECT / "tests" / "unit").glob("test_*.py"))
    assert [name for name in tests if f"def {name}(" not in sources] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "README.md", ".github/pull_request_template.md"])
def test_every_target_of_make_that_is_named_is_there(page: str) -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = {each for line in re.findall(r"^([a-z -]+):.*## ", makefile, re.MULTILINE) for each in line.split()}
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", (PROJECT / page).read_text(), re.MULTILINE))
    assert named
    assert named <= targets
