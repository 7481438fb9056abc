"""The upload library from Node against a live server: packed, installed, and every example of its README run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, Link
from tests.support.files import MIB, content, file_sha256, files_below, sha256
from tests.support.library import NGINX, Library
from tests.support.live import GENEROUS, LiveServer
from tests.support.package import VERSION
from tests.support.proxy import BadLine

README = (NGINX / "README.md").read_text()
EXAMPLES = dict(re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```js\n(.*?)```", README, re.DOTALL | re.MULTILINE))
SMALL = {f"note {number}.txt": f"note {number}".encode() * number for number in range(40)}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("server"), workers=2, DROPPR_CHUNK_SIZE_MB=4, **GENEROUS) as running:
        yield running


@pytest.fixture
def link(server: LiveServer) -> Link:
    return Client.of(server).make_link()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A big file and many small ones, an empty one among them."""
    folder = tmp_path_factory.mktemp("desk") / "files"
    folder.mkdir()
    (folder / "big.bin").write_bytes(content(20 * MIB + 7))
    for name, data in SMALL.items():
        (folder / name).write_bytes(data)
    return folder


def address(link: Link) -> str:
    return f"{link.client.url}/request/{link.hash}"


def hashes(folder: Path) -> dict[str, str]:
    return {name: file_sha256(path) for name, path in files_below(folder).items()}


def test_the_readme_shows_what_it_promises() -> None:
    assert len(EXAMPLES) == README.count("```js") == 5


@pytest.mark.parametrize(
    ("title", "arrived"),
    [
        ("One file", {"one file/big.bin"}),
        ("Many files", {f"many files/{name}" for name in ("big.bin", *SMALL)}),
        ("Pausing, limiting, stopping", {"paused/big.bin"}),
        ("Going on after a crash", {"resumed/big.bin"}),
        ("When something is wrong", set()),
    ],
)
def test_each_example_of_the_readme_runs_and_what_arrives_is_what_was_sent(
    library: Library, link: Link, desk: Path, title: str, arrived: set[str]
) -> None:
    printed = library.run(EXAMPLES[title], LINK=address(link), FOLDER=desk)
    assert printed.strip()
    assert hashes(link.disk) == {path: file_sha256(desk / path.split("/")[1]) for path in arrived}


def test_every_public_name_is_in_the_readme(library: Library) -> None:
    script = """
        import * as library from "@droppr/upload";
        import * as node from "@droppr/upload/node";
        console.log(JSON.stringify([...Object.keys(library), ...Object.keys(node)]));
    """
    names = json.loads(library.run(script))
    types = re.findall(r"\btype (\w+)|^  (\w+),$", (NGINX / "src" / "index.ts").read_text(), re.MULTILINE)
    everything = {*names, *(one or other for one, other in types)}
    assert [name for name in sorted(everything) if f"`{name}" not in README] == []


def test_the_package_depends_on_nothing_and_carries_its_types(library: Library) -> None:
    described = json.loads((library.package / "package.json").read_text())
    assert "dependencies" not in described
    for entrance in described["exports"].values():
        assert (library.package / entrance["types"]).is_file()
        assert (library.package / entrance["default"]).is_file()
    assert not list(library.package.rglob("*.map"))
    assert {path.name for path in library.package.iterdir()} == {"LICENSE", "README.md", "package.json", "dist-lib"}
    assert {"scripts", "devDependencies"}.isdisjoint(described)


def test_the_package_has_the_projects_version_and_the_licences_of_what_is_in_it(library: Library) -> None:
    described = json.loads((library.package / "package.json").read_text())
    assert (described["version"], described["license"]) == (VERSION, "MIT")
    assert library.archive.name == f"droppr-upload-{VERSION}.tgz"
    assert "Droppr contributors" in (library.package / "LICENSE").read_text()
    assert "@noble/hashes" in (library.package / "dist-lib" / "adapters" / "licenses.txt").read_text()


MANY = """
    import { FetchTransport, fetchLinkInfo, parseLink, systemClock, UploadManager } from "@droppr/upload";
    import { openFile } from "@droppr/upload/node";
    const { origin, hash, uploadUrl } = parseLink(process.env.LINK);
    let requests = 0;
    class Counting extends FetchTransport {
      send(request) { requests += 1; return super.send(request); }
    }
    const transport = new Counting();
    const { pack } = await fetchLinkInfo({ transport, clock: systemClock }, hash, AbortSignal.timeout(9000), origin);
    const files = new UploadManager({ options: () => ({ uploadUrl, transport, maxRetries: 20 }), clock: systemClock, pack });
    const chosen = JSON.parse(process.env.NAMES).map((name) => openFile(`${process.env.FOLDER}/${name}`));
    for (const file of await Promise.all(chosen)) files.add(file);
    await files.finished();
    console.log(JSON.stringify({ requests, totals: files.totals() }));
"""


def send_many(library: Library, link: Link, desk: Path, names: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(library.run(MANY, LINK=address(link), FOLDER=desk, NAMES=json.dumps(names)))
    return said


def test_many_small_files_go_in_few_requests(library: Library, link: Link, desk: Path) -> None:
    said = send_many(library, link, desk, list(SMALL))
    assert said["totals"]["done"] == len(SMALL)
    assert said["requests"] == 2  # what the link says, and one pack
    assert hashes(link.disk) == {name: sha256(data) for name, data in SMALL.items()}


def test_on_a_line_that_loses_an_answer_and_cuts_connections_each_file_arrives_once(
    library: Library, link: Link, desk: Path
) -> None:
    names = ["big.bin", *SMALL]
    with BadLine(int(link.client.url.rsplit(":", 1)[1]), cut_after=6 * MIB, keep_answer=b'"files"') as line:
        said = send_many(library, link.seen_by(replace(link.client, url=line.url)), desk, names)
        assert line.kept == 1
    assert said["totals"]["done"] == len(names)
    assert hashes(link.disk) == {name: file_sha256(desk / name) for name in names}


def test_where_chunks_must_come_in_order_they_do(library: Library, live: Callable[..., LiveServer], desk: Path) -> None:
    link = Client.of(live(workers=2, ENABLE_PARALLEL_UPLOADS=False, DROPPR_CHUNK_SIZE_MB=4)).make_link()
    assert send_many(library, link, desk, ["big.bin"])["totals"]["done"] == 1
    assert hashes(link.disk) == {"big.bin": file_sha256(desk / "big.bin")}
