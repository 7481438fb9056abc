"""`droppr request fetch` and `watch`: the owner pulls what has arrived, once, whole, and wherever it stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from droppr_client.api import Api
from droppr_client.arrived import NOTES, safe_path
from droppr_client.destination import RANGE_BYTES
from droppr_client.fetch import Fetch
from droppr_client.upload.items import Outcome
from droppr_client.upload.problems import FileRefused
from tests.support.client import Client, Link
from tests.support.files import MIB, content, eventually, files_below
from tests.support.program import Droppr
from tests.support.proxy import BadLine


@pytest.fixture
def link(way_in: Client) -> Link:
    return way_in.make_link()


def environment(link: Link) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("DROPPR_")}
    return own | {"DROPPR_URL": link.client.url, "DROPPR_ADMIN_TOKEN": link.client.token}


def run(link: Link, folder: Path, *arguments: str, code: int = 0) -> str:
    done = Droppr.run(
        ["request", *arguments],
        cwd=folder,
        env=environment(link),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    assert done.returncode == code, done.stdout
    return str(done.stdout)


def deliver(link: Link, name: str, data: bytes) -> None:
    """In large chunks."""
    link.send(link.opened(name, len(data)), data, step=8 * MIB)


def pulled(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_below(folder).items() if not name.startswith(NOTES)}


def test_what_arrived_is_pulled_once_and_then_only_what_is_new(link, tmp_path):
    files = {"a/one é.txt": b"one", "empty": b"", "large.bin": content(2 * RANGE_BYTES + 5)}
    for name, data in files.items():
        deliver(link, name, data) if data else link.opened(name, 0)
    assert "3 files" in run(link, tmp_path, "fetch", link.hash, "in")
    assert pulled(tmp_path / "in") == files
    assert [name for name in files_below(tmp_path / "in") if name.endswith((".part", ".ranges"))] == []
    assert "nothing new" in run(link, tmp_path, "fetch", link.hash, "in", code=3)
    (tmp_path / "in" / "empty").unlink()  # moved away, and not wanted again
    link.deliver("a/two", b"2")
    listed = run(link, tmp_path, "fetch", link.hash, "in", "--dry-run")
    assert "a/two" in listed
    assert "large" not in listed
    events = [json.loads(line) for line in run(link, tmp_path, "fetch", link.hash, "in", "--json").splitlines()]
    assert [(each["path"], each["outcome"]) for each in events] == [("a/two", "sent")]
    run(link, tmp_path, "fetch", f"{link.client.url}/request/{link.hash}", "in", "--again", "--quiet")
    assert pulled(tmp_path / "in") == files | {"a/two": b"2"}


def test_nothing_of_the_owners_is_written_over(link, tmp_path):
    link.deliver("file.txt", b"new")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file.txt").write_bytes(b"mine")
    run(link, tmp_path, "fetch", link.hash, "in")
    assert pulled(tmp_path / "in") == {"file.txt": b"mine", "file (1).txt": b"new"}


def test_killed_it_goes_on_with_the_ranges_that_are_missing(link, tmp_path):
    data = content(6 * RANGE_BYTES + 1)
    deliver(link, "large.bin", data)
    eventually(lambda: link.files()[0]["sha256"], what="the digest")
    # On a line that carries a range in a while: at once it might have them all before it is killed.
    with BadLine(urlsplit(link.client.url).port or 0, delay=0.0005) as line:
        command = ["request", "fetch", link.hash, "in", "--workers", "1", "--server", line.url]
        process = Droppr(command, cwd=tmp_path, env=environment(link), stdout=subprocess.DEVNULL)
        notes = tmp_path / "in" / NOTES
        try:
            eventually(
                lambda: any(path.read_text() for path in notes.glob("*.ranges")), seconds=60, what="a first range"
            )
        finally:
            process.kill()
            process.wait()
    fetch = Fetch(Api(link.client.url, link.client.token), link.hash, tmp_path / "in")
    [result] = fetch.run(fetch.new())
    assert result.verified
    assert fetch.fetched_bytes < len(data)
    assert pulled(tmp_path / "in") == {"large.bin": data}


def test_a_line_that_breaks_and_bytes_that_are_not_those_that_arrived(client, tmp_path, server):
    link = client.make_link()
    data = content(2 * MIB)
    deliver(link, "file", data)
    eventually(lambda: link.files()[0]["sha256"], what="the digest")
    with BadLine(server.port, keep_answer=b"Content-Range") as line:
        fetch = Fetch(Api(line.url, client.token), link.hash, tmp_path / "in")
        [result] = fetch.run(fetch.new())
        assert line.kept == 1
    assert result.success
    fetch = Fetch(Api(client.url, client.token), link.hash, tmp_path / "in")
    (link.disk / "file").write_bytes(b"!" + data[1:])
    [result] = fetch.run(fetch.new(again=True))
    assert result.outcome is Outcome.FAILED
    assert pulled(tmp_path / "in") == {"file": data}
    (link.disk / "file").unlink()
    [result] = fetch.run(fetch.new(again=True))
    assert (result.outcome, result.code) == (Outcome.SKIPPED, "file_not_found")


def test_what_the_owner_has_moved_away_is_no_failure_and_comes_when_it_is_put_back(link, tmp_path):
    for name in ("a.txt", "b.txt"):
        link.deliver(name, name.encode())
    kept = (link.disk / "a.txt").rename(tmp_path / "kept")
    told = run(link, tmp_path, "fetch", link.hash, "in")
    assert "gone     a.txt: It is no longer on the server" in told
    assert "Fetched 1 file" in told
    assert "not fetched" not in told
    assert "a.txt" in run(link, tmp_path, "fetch", link.hash, "in", code=3)
    assert run(link, tmp_path, "fetch", link.hash, "in", "--quiet", code=3) == ""
    [event] = [
        json.loads(line) for line in run(link, tmp_path, "fetch", link.hash, "in", "--json", code=3).splitlines()
    ]
    assert (event["outcome"], event["code"]) == ("skipped", "file_not_found")
    assert [name for name in files_below(tmp_path / "in") if name.endswith((".part", ".ranges"))] == []
    kept.rename(link.disk / "a.txt")
    run(link, tmp_path, "fetch", link.hash, "in")
    assert pulled(tmp_path / "in") == {"a.txt": b"a.txt", "b.txt": b"b.txt"}


def test_ctrl_c_ends_it_and_it_can_go_on(client, tmp_path, server):
    link = client.make_link()
    deliver(link, "large.bin", content(2 * RANGE_BYTES))
    with BadLine(server.port, delay=0.01) as line:
        command = ["request", "fetch", link.hash, "in", "--server", line.url]
        process = Droppr(command, cwd=tmp_path, env=environment(link), stdout=subprocess.DEVNULL)
        notes = tmp_path / "in" / NOTES
        eventually(lambda: any(path.stat().st_size for path in notes.glob("*.part")), seconds=60, what="some bytes")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert "large.bin" not in pulled(tmp_path / "in"), "it was over before the signal came"
    run(link, tmp_path, "fetch", link.hash, "in")
    assert pulled(tmp_path / "in") == {"large.bin": content(2 * RANGE_BYTES)}


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../b", "a//b", "", ".", "a\0b"])
def test_no_name_leads_out_of_the_folder(name):
    with pytest.raises(FileRefused):
        safe_path(name)


def test_names_that_deceive_are_made_plain():
    assert str(safe_path("a\u202ecod.exe/\x1b[2J\\")) == "a%E2%80%AEcod.exe/%1B[2J%5C"


def test_arrivals_are_told_one_a_line(client, tmp_path):
    link = client.make_link()
    link.deliver("before", b"0")
    command = ["request", "watch", link.hash, "--all", "--count", "3", "--interval", "0.1"]
    with Droppr(command, cwd=tmp_path, env=environment(link), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline()]
        link.deliver("first", b"1")
        lines.append(process.stdout.readline())
        link.deliver("sec\x1bond", b"22")
        lines += process.stdout.readlines()
    assert process.returncode == 0
    cells = [line.rstrip("\n").split("\t") for line in lines]
    assert [(size, path) for _, size, _, path in cells] == [
        ("1 byte", "before"),
        ("1 byte", "first"),
        ("2 bytes", "sec\ufffdond"),
    ]


def test_without_all_only_what_comes_from_now_on_is_told(client, tmp_path):
    link = client.make_link()
    link.deliver("before", b"0")
    command = ["request", "watch", link.hash, "--count", "1", "--interval", "0.1", "--json"]
    process = Droppr(command, cwd=tmp_path, env=environment(link), stdout=subprocess.PIPE, text=True)
    number = 0
    while process.poll() is None:  # it takes a while until it looks for the first time
        number += 1
        link.deliver(f"file-{number}", b"1")
    told = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    assert json.loads(told)["path"].startswith("file-")


@pytest.mark.parametrize("command", ["fetch", "watch"])
def test_a_link_that_is_none_is_told(client, tmp_path, command):
    link = client.make_link()
    arguments = [command, "nothing-here-0123456789", *(["in"] if command == "fetch" else [])]
    assert "no" in run(link, tmp_path, *arguments, code=1)
