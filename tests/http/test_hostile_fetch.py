"""`droppr request fetch` where the server, a sender or somebody else in the folder means no good: nothing is written outside
of it, nothing goes on for ever, and what can arrive does."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from droppr_client.api import Api, ApiError
from droppr_client.arrived import NOTES, Arrived, safe_path
from droppr_client.destination import RANGE_BYTES, Destination, _first_free
from droppr_client.fetch import Fetch
from droppr_client.upload import connection, wire
from droppr_client.upload.items import Outcome, UploadResult
from droppr_client.upload.problems import FileRefused
from tests.support.files import files_below
from tests.support.hostile import Answer, Asked, Hostile, environment
from tests.support.program import DROPPR, Droppr

LINK = "0123456789abcdef"
HUGE = 2**62


def entry(number: int, path: Any, data: bytes = b"", **more: Any) -> dict[str, Any]:
    return {
        "upload_id": f"upload-{number:09}",
        "path": path,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "received_at": 1e9 + number,
        **more,
    }


class Server(Hostile):
    """Has files, tells of them as ``entries`` says, and sends them in order."""

    def __init__(self, entries: list[Any], files: dict[str, bytes] | None = None) -> None:
        super().__init__(self.reply)
        self.entries = entries
        self.files = files or {}
        self.before_sending: Callable[[str], None] = lambda _: None

    def reply(self, asked: Asked) -> Answer | None:
        if asked.path.startswith(f"/api/droppr/requests/{LINK}/files?"):
            return Answer({"files": self.entries, "next_cursor": None})
        path = asked.path.partition("/files/")[2]
        if path not in self.files:
            return Answer({"error": "There is no such file.", "code": "file_not_found"}, 404)
        self.before_sending(path)
        assert asked.span
        start, stop = asked.span
        data = self.files[path][start:stop]
        return Answer(data, 206, {"Content-Range": f"bytes {start}-{stop - 1}/{len(self.files[path])}"})

    def fetched(self, folder: Path, *, again: bool = False) -> dict[str, UploadResult]:
        fetch = Fetch(Api(self.url), LINK, folder, retries=0)
        return {each.path: each for each in fetch.run(fetch.new(again))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "in"


def pulled(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_below(folder).items() if not name.startswith(NOTES)}


def left_over(folder: Path) -> list[str]:
    return [each.name for each in (folder / NOTES).iterdir() if each.name != "fetched.jsonl"]


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in entry(50, "without").items() if name != field}


ODD: dict[str, Any] = {
    "nothing": None,
    "a number": 7,
    "a list": [],
    **{f"no {field}": without(field) for field in ("upload_id", "path", "size", "received_at")},
    **{
        f"path {path!r}": entry(51, path) for path in (None, 7, "", "..", "/etc/x", "a/../b", "a\0b", "a\ud800b", ["a"])
    },
    **{f"size {size!r}": entry(52, "s", size=size) for size in (-1, 2**63, 2**200, True, "1", 1.5, float("nan"))},
    **{
        f"time {at!r}": entry(53, "t", received_at=at)
        for at in (float("inf"), float("-inf"), float("nan"), 1e300, -1, 2**80, True, "now", None)
    },
    **{
        f"id {upload_id!r}": entry(54, "i", upload_id=upload_id) for upload_id in ("", "a/b", "\r\n", "é", "x" * 999, 7)
    },
    **{f"digest {digest!r}": entry(55, "d", sha256=digest) for digest in ("", "x" * 64, 7, "A" * 64)},
    "twice": entry(1, "good"),
}
GOOD = {"good": b"good", "folder/other": b"other"}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_entry_is_told_and_the_others_arrive(name, folder):
    good = [entry(number, path, data) for number, (path, data) in enumerate(GOOD.items(), 1)]
    with Server([ODD[name], *good], GOOD) as server:
        fetch = Fetch(Api(server.url), LINK, folder, retries=0)
        results = list(fetch.run(fetch.new()))
    assert sorted(each.outcome for each in results) == [Outcome.FAILED, Outcome.SENT, Outcome.SENT]
    assert pulled(folder) == GOOD
    assert left_over(folder) == []


def test_all_odd_entries_at_once_end_with_1_and_a_line_each(folder):
    good = [entry(number, path, data) for number, (path, data) in enumerate(GOOD.items(), 1)]
    with Server([*ODD.values(), *good], GOOD) as server:
        command = ["request", "fetch", LINK, str(folder), "--server", server.url, "--json"]
        done = Droppr.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["outcome"] for each in told].count("failed") == len(ODD)
    assert pulled(folder) == GOOD


NAMES = {
    "too long when it is made plain": ("\u202e" * 85, "%E2%80%AE" * 28 + "%E2"),
    "too long, with an ending": ("\u202e" * 80 + ".jpg", "%E2%80%AE" * 27 + "%E2%80%A" + ".jpg"),
    "the notes": (f"{NOTES}/x", "%2Edroppr-fetch/x"),
    "the notes in capitals": (".DROPPR-Fetch/fetched.jsonl", "%2EDROPPR-Fetch/fetched.jsonl"),
    "the notes with a dot": (f"{NOTES}. /x", f"%2E{NOTES[1:]}. /x"),
    "the notes as a file": (NOTES, "%2Edroppr-fetch"),
    "the notes in another folder": (f"a/{NOTES}/x", f"a/{NOTES}/x"),
    "bidi and escapes": ("a\u202ecod.exe/\x1b[2J\\", "a%E2%80%AEcod.exe/%1B[2J%5C"),
    "deep": ("/".join(["d"] * 200), "d_d"),
    "long in all": ("/".join(["\u202e" * 80] * 40), None),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_a_sender_is_fetched_under_one_that_a_disk_takes(name, folder):
    path, wanted = NAMES[name]
    with Server([entry(1, path, b"data")], {path: b"data"}) as server:
        [result] = server.fetched(folder).values()
        assert result.outcome is Outcome.SENT
        found = pulled(folder)
        assert list(found.values()) == [b"data"]
        assert wanted is None or list(found) == [wanted]
        assert server.fetched(folder) == {}
    assert left_over(folder) == []
    assert (folder / NOTES / "fetched.jsonl").is_file()


def test_no_name_is_longer_than_a_disk_takes():
    for path, _ in NAMES.values():
        made = safe_path(path)
        assert all(len(part.encode()) <= 255 for part in made.parts)
        assert len(str(made).encode()) <= 3072


def test_names_that_are_one_to_the_disk_get_numbers(folder):
    paths = ["same.txt", "same.txt", "same.txt", "a", "a/b", "a/c"]
    data = [f"{number}".encode() for number in range(len(paths))]
    entries = [entry(number, path, data[number]) for number, path in enumerate(paths)]
    with Server(entries[::-1]) as server:
        for number, path in enumerate(paths):
            server.files = {path: data[number]}
            server.entries = [entries[number]]
            assert server.fetched(folder)[path].success
    assert pulled(folder) == {
        "same.txt": b"0",
        "same (1).txt": b"1",
        "same (2).txt": b"2",
        "a": b"3",
        "a (1)/b": b"4",
        "a (1)/c": b"5",
    }


@pytest.mark.parametrize("free", [0, 1, 2, 3, 1000, 9_999])
def test_the_next_number_is_found_among_thousands_in_a_few_looks(free):
    looks: list[int] = []

    def taken(number: int) -> bool:
        looks.append(number)
        return bool(number < free)

    assert _first_free(taken) == free
    assert len(looks) <= 30


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("what", ["folder", "folder in a folder", "file", "dangling"])
def test_no_link_in_the_folder_is_followed(when, what, folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "evil").write_bytes(b"mine")
    path = {"folder": "link/new", "folder in a folder": "a/link/new", "file": "evil", "dangling": "link"}[what]
    planted = folder / ("a/link" if what == "folder in a folder" else "evil" if what == "file" else "link")

    def plant(_: str) -> None:
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.symlink_to({"file": outside / "evil", "dangling": outside / "new"}.get(what, outside))

    if when == "before":
        plant("")
    with Server([entry(1, path, b"data")], {path: b"data"}) as server:
        if when == "meanwhile":
            server.before_sending = plant
        assert server.fetched(folder)[path].outcome is Outcome.SENT
    assert {name: each.read_bytes() for name, each in files_below(outside).items()} == {"evil": b"mine"}
    assert [each for each in folder.rglob("*") if each.name == "new" or each.name.startswith(("evil (1", "link (1"))]


def test_links_in_the_place_of_notes_are_not_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (folder / NOTES).mkdir(parents=True)
    with Server([entry(1, "file", b"data")], {"file": b"data"}) as server:
        with Destination(folder, LINK) as destination:
            name = destination._name("upload-000000001")
        for each in ("fetched.jsonl", f"{name}.part", f"{name}.ranges"):
            (folder / NOTES / each).unlink(missing_ok=True)
            (folder / NOTES / each).symlink_to(outside)
        assert server.fetched(folder)["file"].success
        assert outside.read_bytes() == b"mine"
        assert pulled(folder) == {"file": b"data"}
        assert server.fetched(folder) == {}


def test_notes_that_are_a_link_are_refused_in_a_sentence(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    folder.mkdir()
    (folder / NOTES).symlink_to(tmp_path / "outside")
    with Server([entry(1, "file", b"data")], {"file": b"data"}) as server:
        command = ["request", "fetch", LINK, str(folder), "--server", server.url]
        done = Droppr.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "outside").iterdir()) == []


def test_notes_that_were_torn_or_tampered_with_do_not_end_it(folder):
    (folder / NOTES).mkdir(parents=True)
    lines = [
        b'{"upload_id": "upload-000000001", "local": "../../x"}',
        b"\xff",
        b"[1]",
        b"{}",
        b"[" * 5000,
        b'{"upload_id": "torn',
    ]
    (folder / NOTES / "fetched.jsonl").write_bytes(b"\n".join(lines))
    with Server([entry(1, "one", b"1"), entry(2, "two", b"2")], {"one": b"1", "two": b"2"}) as server:
        assert list(server.fetched(folder)) == ["two"]
        assert server.fetched(folder) == {}
        assert server.fetched(folder, again=True)["one"].delivered_path == "one"
    assert pulled(folder) == {"one": b"1", "two": b"2"}


def test_what_has_grown_for_a_file_that_is_gone_is_removed_and_that_of_other_links_stays(folder):
    files = {"here": b"here"}
    with Server([entry(1, "gone", b"gone"), entry(2, "here", b"here")], files) as server:
        assert server.fetched(folder)["gone"].code == "file_not_found"
        with Destination(folder, "another link") as other:
            with other.growing(Arrived.of(entry(3, "other", b"other"))):
                pass
            others = {f"{other._name('upload-000000003')}.{ending}" for ending in ("part", "ranges")}
        server.entries = server.entries[1:]
        assert server.fetched(folder) == {}
    assert set(left_over(folder)) == others


@pytest.mark.parametrize("size", [HUGE, 2**63 - 1, 2**44])
def test_no_size_that_is_announced_costs_memory_or_time(size, folder):
    """Under a limit of memory that a list of all its ranges would not fit in."""
    if os.statvfs(folder.parent).f_bavail * os.statvfs(folder.parent).f_frsize >= size:
        pytest.skip("it would fit")
    with Server(
        [entry(1, "huge", b"", size=size), entry(2, "good", b"good")], {"good": b"good", "huge": b""}
    ) as server:
        command = f"ulimit -v 2000000; exec '{DROPPR}' request fetch {LINK} '{folder}' --server {server.url}"
        done = subprocess.run(
            ["sh", "-c", command], env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert "make room" in done.stderr
    assert pulled(folder) == {"good": b"good"}
    assert not [name for name in left_over(folder) if (folder / NOTES / name).stat().st_size]


def test_ranges_are_counted_one_by_one(folder, monkeypatch):
    with Destination(folder, LINK) as destination:
        monkeypatch.setattr(destination, "_check_room", lambda _: None)
        with destination.growing(Arrived.of(entry(1, "huge", b"", size=HUGE))) as growing:
            growing.got(1)
            missing = growing.missing()
            assert [next(missing), next(missing)] == [0, 2]
            assert growing.ranges == HUGE // RANGE_BYTES


def fetch_by_hand(reply: Callable[[Asked], Answer | None], folder: Path, data: bytes = b"good") -> UploadResult:
    """One file, whose bytes ``reply`` sends."""

    class ByHand(Server):
        def reply(self, asked: Asked) -> Answer | None:
            return reply(asked) if "?" not in asked.path else super().reply(asked)

    with ByHand([entry(1, "file", data)]) as server:
        return server.fetched(folder)["file"]


def endless(asked: Asked) -> None:
    asked.write(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/4\r\nContent-Length: 99999999999\r\n\r\n")
    for _ in range(10_000):
        asked.write(b"good" * 25_000)


def test_no_more_is_taken_than_was_announced(folder):
    assert fetch_by_hand(endless, folder).success
    assert pulled(folder) == {"file": b"good"}


def raw(data: bytes) -> Callable[[Asked], None]:
    def write(asked: Asked) -> None:
        asked.write(data)

    return write


REPLIES: dict[str, Callable[[Asked], Answer | None]] = {
    "compressed": lambda _: Answer(gzip.compress(b"good"), 200, {"Content-Encoding": "gzip"}),
    "another range": lambda _: Answer(b"good", 206, {"Content-Range": "bytes 4-7/8"}),
    "nothing": lambda _: Answer(b"", 204),
    "elsewhere": lambda _: Answer(b"", 302, {"Location": "http://127.0.0.1:9/"}),
    "too short": lambda _: Answer(b"goo", 206, {"Content-Range": "bytes 0-3/4"}),
    "other bytes": lambda _: Answer(b"evil", 206, {"Content-Range": "bytes 0-3/4"}),
    "not for us": lambda _: Answer({"error": "no"}, 403),
    "no HTTP": raw(b"\x00\x01\x02"),
    "no end of heads": raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000),
    "later, in a thousand years": lambda _: Answer(b"", 503, {"Retry-After": "9" * 400}),
    "later, in odd digits": lambda _: Answer(b"", 503, {"Retry-After": "\xb2"}),
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_is_not_the_file_is_told_and_leaves_none(name, folder):
    result = fetch_by_hand(REPLIES[name], folder)
    assert result.outcome is Outcome.FAILED
    assert result.error
    assert pulled(folder) == {}


def test_a_file_that_trickles_is_given_up(folder, monkeypatch):
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 0.3)

    def trickle(asked: Asked) -> None:
        asked.write(
            b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9999/9999\r\nContent-Length: 10000\r\n\r\n"
        )
        for _ in range(100):
            asked.write(b"x")
            time.sleep(0.05)

    assert "too slowly" in str(fetch_by_hand(trickle, folder, b"x" * 10_000).error)


def pages(answer: Callable[[int], Any]) -> Iterator[Any]:
    """What the list of a link's files comes to, where page after page is what ``answer`` says."""
    count = iter(range(10**9))
    with Hostile(lambda _: Answer(answer(next(count)))) as server:
        return iter(Api(server.url).files(LINK))


LISTS: dict[str, Callable[[int], Any]] = {
    "the same page": lambda _: {"files": [entry(1, "a")], "next_cursor": "again"},
    "pages without an end": lambda page: {"files": [], "next_cursor": f"page {page}"},
    "large pages without an end": lambda page: {"files": [entry(page, "x" * 1000)] * 1000, "next_cursor": f"{page}"},
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_without_an_end_has_one(name, monkeypatch):
    monkeypatch.setattr("droppr_client.api.MAX_PAGES", 50)
    monkeypatch.setattr("droppr_client.api.MAX_LIST_BYTES", 5_000_000)
    with pytest.raises(ApiError, match="without an end"):
        pages(LISTS[name])


def test_a_list_in_pages_is_read_whole():
    told = [{"files": [entry(page, f"{page}")], "next_cursor": f"{page}" if page < 3 else None} for page in range(4)]
    assert [each["path"] for each in pages(lambda page: told[page])] == ["0", "1", "2", "3"]


BOMBS: dict[str, bytes] = {
    "deep": b'{"files": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deeper than anybody prints": b'{"files": ' + b"[" * 500 + b"]" * 500 + b"}",
    "many": b'{"files": [' + b"[]," * 1_000_001 + b"[]]}",
    "large": b'{"files": ["' + b"x" * 17_000_000 + b'"]}',
    "a long number": b'{"files": ' + b"9" * 100_000 + b"}",
    "a list": b"[]",
    "other letters": '{"files": []}'.encode("utf-16-be")[:-1],
    "a bomb": gzip.compress(b'{"files": [' + b"[]," * 10_000_000 + b"[]]}"),
    "nothing": b"",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_list_that_is_none_is_told(name):
    headers = {"Content-Encoding": "gzip"} if name == "a bomb" else {}
    with (
        Hostile(lambda _: Answer(BOMBS[name], 200, headers)) as server,
        pytest.raises(ApiError, match="not as a Droppr"),
    ):
        Api(server.url).files(LINK)


@pytest.mark.parametrize("where", ["head", "body", "before the head"])
def test_an_answer_that_trickles_is_given_up(where, monkeypatch):
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.5)

    def trickle(asked: Asked) -> None:
        start = {"head": b"HTTP/1.1 200 OK\r\nA: ", "body": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"}
        asked.write(start.get(where, b""))
        for _ in range(200):
            asked.write(b"HTTP/1.1 100 Continue\r\n\r\n" if where == "before the head" else b"x")
            time.sleep(0.05)

    with Hostile(trickle) as server, pytest.raises(ApiError, match="cannot be reached"):
        Api(server.url).files(LINK)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_goes_to_nobody_else(status):
    with Hostile(lambda _: Answer({"files": []})) as other:
        to = {"Location": f"{other.url}/api/droppr/requests/{LINK}/files"}
        with (
            Hostile(lambda _: Answer({"files": []}, status, to)) as server,
            pytest.raises(ApiError, match="another address"),
        ):
            Api(server.url, "secret").files(LINK)
        assert other.asked == []


def test_a_name_that_leads_out_is_refused():
    for name in ("/etc/passwd", "../up", "a/../../b", "a//b", "", ".", "a\0b"):
        with pytest.raises(FileRefused):
            safe_path(name)
