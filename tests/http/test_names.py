"""Names: any Unicode comes back byte for byte, and nothing a stranger writes leads out of the folder."""

from __future__ import annotations

import os
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from tests.support.client import Link, patiently
from tests.support.files import files_below
from tests.support.live import LiveServer

NAMES = [
    "日本語.txt",
    "🎞️ ciné—ma.mov",
    "עברית.txt",
    "two  spaces and 'quotes' \"double\".txt",
    "100%25.txt",
    "a+b&c=d#e?f;g.txt",
    "%2e%2e%2fx",
    "..hidden",
    "...",
    ".bashrc",
    "-rf",
    "~",
    "a\\b\\c.txt",
    "..\\..\\up.txt",
    "C:\\Windows\\x.txt",
    "a:b.txt",
    "what*?<>|.txt",
    "CON",
    "con.txt",
    "nul.tar.gz",
    "COM1.txt",
    "lpt¹",
    "trailing.",
    "trailing ",
    " leading",
    "dots...",
    "tab\there\nand newline\r.txt",
    "bell\x07\x7f\x9f.txt",
    "\u202egpj.exe",
    "a\u2066b\u2069c.txt",
    "zero\u200bwidth\ufeff.txt",
    unicodedata.normalize("NFC", "Ärger é.txt"),
    unicodedata.normalize("NFD", "Ärger é.txt"),
    "n" * 255,
    "n" * 251 + ".txt",
    "日" * 85,
    "日" * 251 + ".txt",
    "🎞" * 125 + ".mov",
    unicodedata.normalize("NFD", "한글파일이름" * 12)[:200] + ".txt",
    "हिन्दी में एक लम्बा नाम " * 9 + "अन्त.pdf",
    "日" * 255 + "/" + "🎞" * 127 + "/" + "日" * 200 + ".txt",
    ":" * 255,
    "\x01" * 255,
    "x." + "e" * 253,
    "folder/日本語/ä b/c.txt",
    "CON/aux.txt/x:y",
    "dir. /file",
    "/".join(["d"] * 64),
    "/".join(["n" * 250] * 12),
    "__proto__",
    "index.html",
    ".part",
    ".droppr",
    ".tmp/upload",
]


def inside(link: Link) -> list[str]:
    """The names on disk; everything below the link's folder and nothing else may be there."""
    assert all(not os.path.islink(path) for path in files_below(link.disk).values())
    return sorted(files_below(link.disk))


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_comes_back_byte_for_byte(link: Link, name: str) -> None:
    data = name.encode()
    delivered = link.deliver(name, data)
    assert (delivered["path"], delivered["name"]) == (name, name.rsplit("/", 1)[-1])
    [listed] = link.files()
    assert (listed["path"], listed["name"]) == (name, name.rsplit("/", 1)[-1])
    assert len(inside(link)) == 1
    got = link.download(name).expect(200)
    assert got.body == data
    starred = re.search(r"filename\*=UTF-8''([^;]+)", got.headers["Content-Disposition"], re.IGNORECASE)
    plain = re.search(r'filename="([^"]+)"', got.headers["Content-Disposition"])
    told = unquote(starred[1]) if starred else plain[1] if plain else ""
    assert told == name.rsplit("/", 1)[-1]
    for part in inside(link)[0].split("/"):
        assert len(part.encode()) <= 255
        assert not re.search(r'[\x00-\x1f\x7f\\:*?"<>|\u202a-\u202e\u2066-\u2069]', part), "harmful on other systems"
        assert part[-1] not in ". ", "Windows would drop it"
        assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", part), "a device on Windows"


@pytest.mark.parametrize("name", NAMES[:40:3], ids=ascii)
def test_a_name_comes_back_the_same_way_from_the_header(link: Link, name: str) -> None:
    headers = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Path": quote(name, safe="/")}
    assert link.raw_chunk(headers, b"x").expect(200).json["path"] == name
    assert link.download(name).expect(200).body == b"x"


def test_long_names_that_are_cut_to_the_same_are_kept_apart(link: Link) -> None:
    names = [f"{'日' * 240}{number}.txt" for number in range(3)]
    folders = [f"{'日' * 240}{number}/a.txt" for number in range(3)]
    for path in [*names, *folders, *names[:1]]:
        link.deliver(path, path.encode())
    paths = [each["path"] for each in link.files()]
    assert paths == [
        names[0],
        *(f"{'日' * 240}{number} ({number}).txt" for number in (1, 2)),
        *folders,
        f"{'日' * 240}0 (3).txt",
    ]
    for path, sent in zip(paths, [*names, *folders, names[0]], strict=True):
        assert link.download(path).expect(200).body == sent.encode()
    assert len({path.parent for path in files_below(link.disk).values()}) == 4
    assert all(len(part.encode()) <= 255 for path in files_below(link.disk) for part in path.split("/"))


@pytest.mark.parametrize("name", ["日" * 255, "日" * 251 + ".txt", "/".join(["n" * 255] * 12)])
def test_the_longest_names_and_paths_can_be_taken_by_several_files(link: Link, name: str) -> None:
    key = {"key": "k" * 24}
    ids = [link.deliver(name, b"%d" % number, **(key if number else {}))["upload_id"] for number in range(2)]
    second = link.files()[1]["path"]
    assert " (1)" in second
    assert link.download(second).expect(200).body == b"1"
    assert link.deliver(name, b"1", **key)["path"] == second  # the same upload, from the ledger
    assert link.status(ids[1]).expect(200).json["path"] == second
    assert link.client.call("POST", f"{link.path}/receipts", json={"uploads": ids}).expect(200).json["files"]
    assert link.cancel(ids[1]).status == 204
    assert len(files_below(link.disk)) == 1


def test_the_longest_path_can_be_sent_in_a_header_and_downloaded(link: Link) -> None:
    name = "/".join(["日" * 85] * 12)  # 3071 bytes, and three times as many in an address
    headers = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Path": quote(name)}
    assert link.raw_chunk(headers, b"x").expect(200).json["path"] == name
    assert link.download(name).expect(200).body == b"x"


IMPOSSIBLE = [
    "",
    "/",
    "/etc/passwd",
    "//host/share",
    ".",
    "..",
    "../up.txt",
    "a/../b.txt",
    "a/..",
    "a/./b",
    "a//b",
    "a/",
    "nul\0byte",
    "lone \ud800 surrogate",
    "n" * 256,
    "日" * 256,
    "🎞" * 128,
    "ok/" + "n" * 256,
    "/".join(["d"] * 200),
    "/".join(["n" * 255] * 17),
    "a/" * 3000 + "b",
]


@pytest.mark.parametrize("name", IMPOSSIBLE, ids=lambda name: ascii(name)[:40])
def test_a_name_that_cannot_be_kept_is_refused(link: Link, name: str) -> None:
    link.open(name, 1).expect(400, "invalid_path")
    assert link.form("x", b"x", relative_path=name or "/").expect(400, "invalid_path") if name.isprintable() else True
    assert inside(link) == []


def test_two_files_of_one_name_get_numbers(link: Link) -> None:
    paths = [link.deliver("dir/name.ext", b"%d" % n)["path"] for n in range(3)]
    assert paths == ["dir/name.ext", "dir/name (1).ext", "dir/name (2).ext"]
    for number, path in enumerate(paths):
        assert (link.disk / path).read_bytes() == b"%d" % number
        assert link.download(path).expect(200).body == b"%d" % number
    assert {each["path"] for each in link.files()} == set(paths)


@pytest.mark.parametrize("name", ["noext", ".bashrc", "a.tar.gz", "n" * 255, "n" * 251 + ".txt", "日" * 85])
def test_numbers_go_before_the_extension_and_within_255_bytes(link: Link, name: str) -> None:
    link.deliver(name, b"first")
    second = link.deliver(name, b"second")["path"]
    assert second != name
    assert "(1)" in second
    assert len(second.encode()) <= 255
    assert second.rpartition(".")[2] == name.rpartition(".")[2] or "." not in name[1:]
    assert link.download(name).expect(200).body == b"first"
    assert link.download(second).expect(200).body == b"second"


def test_twenty_files_of_one_name_at_once_stay_twenty_files(link: Link) -> None:
    def sent(number: int) -> str:
        upload_id = patiently(lambda: link.open("same.bin", 2)).expect(201).json["upload_id"]
        path: str = patiently(lambda: link.chunk(upload_id, 0, b"%02d" % number, 2)).expect(200).json["path"]
        return path

    with ThreadPoolExecutor(20) as pool:
        paths = list(pool.map(sent, range(20)))
    assert len(set(paths)) == 20
    for number, path in enumerate(paths):
        assert link.download(path).expect(200).body == b"%02d" % number
    assert len(inside(link)) == 20


def test_an_owners_own_file_is_never_overwritten(link: Link) -> None:
    link.disk.mkdir(parents=True, exist_ok=True)
    (link.disk / "mine.txt").write_text("the owner's")
    assert link.deliver("mine.txt", b"the sender's")["path"] == "mine (1).txt"
    assert (link.disk / "mine.txt").read_text() == "the owner's"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A.txt", "a.txt"),
        ("STRASSE", "straße"),
        (unicodedata.normalize("NFC", "é.txt"), unicodedata.normalize("NFD", "é.txt")),
        ("a:b", "a%3Ab"),
        ("a%3Ab", "a:b"),
        ("CON", "CO%4E"),
        ("dir:/x", "dir%3A/x"),
        ("DIR/x", "dir/x"),
        ("x.", "x%2E"),
    ],
    ids=ascii,
)
def test_names_that_are_nearly_the_same_stay_two_files(link: Link, first: str, second: str) -> None:
    one = link.deliver(first, b"one")["path"]
    two = link.deliver(second, b"two")["path"]
    assert one != two
    assert link.download(one).expect(200).body == b"one"
    assert link.download(two).expect(200).body == b"two"
    assert len(inside(link)) == 2


def test_a_file_where_a_folder_is_wanted_loses_neither(link: Link) -> None:
    first = link.deliver("thing", b"a file")["path"]
    second = link.deliver("thing/inside.txt", b"in a folder")["path"]
    assert link.download(first).expect(200).body == b"a file"
    assert link.download(second).expect(200).body == b"in a folder"
    assert second.endswith("/inside.txt")
    assert sorted(path.read_bytes() for path in files_below(link.disk).values()) == [b"a file", b"in a folder"]


def test_a_folder_where_a_file_is_wanted_loses_neither(link: Link) -> None:
    first = link.deliver("thing/inside.txt", b"in a folder")["path"]
    second = link.deliver("thing", b"a file")["path"]
    assert link.download(first).expect(200).body == b"in a folder"
    assert link.download(second).expect(200).body == b"a file"


def test_files_and_folders_of_one_name_at_once_all_arrive(link: Link) -> None:
    names = ["n", "n/a", "n/a/b", "n/a/b/c", "n", "n/a"]
    with ThreadPoolExecutor(6) as pool:
        paths = list(pool.map(lambda n: link.deliver(names[n], b"%d" % n)["path"], range(6)))
    for number, path in enumerate(paths):
        assert link.download(path).expect(200).body == b"%d" % number


@pytest.fixture
def outside(server: LiveServer, link: Link) -> Path:
    folder = server.tmp_path / f"outside-{link.hash}"
    folder.mkdir()
    link.disk.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_planted_link_to_a_folder_is_never_followed_by_an_upload(link: Link, outside: Path) -> None:
    (link.disk / "evil").symlink_to(outside)
    (link.disk / "deep").mkdir()
    (link.disk / "deep" / "evil").symlink_to(outside)
    (link.disk / "broken").symlink_to(outside / "nowhere")
    for name in ("evil/a.txt", "deep/evil/sub/b.txt", "broken/c.txt", "evil", "broken"):
        reply = link.open(name, 1)
        if reply.status == 201:
            delivered = link.chunk(reply.json["upload_id"], 0, b"x", 1)
            if delivered.status == 200:
                assert link.download(delivered.json["path"]).expect(200).body == b"x"
        assert list(outside.iterdir()) == []
    assert (link.disk / "evil").is_symlink()


def test_a_planted_link_to_a_file_is_neither_written_through_nor_replaced(link: Link, outside: Path) -> None:
    (outside / "target.txt").write_text("untouched")
    (link.disk / "a.txt").symlink_to(outside / "target.txt")
    assert link.deliver("a.txt", b"x")["path"] == "a (1).txt"
    assert (outside / "target.txt").read_text() == "untouched"
    assert (link.disk / "a.txt").is_symlink()


def test_a_delivered_file_that_was_swapped_for_a_link_is_not_served(link: Link, outside: Path) -> None:
    (outside / "secret").write_text("secret")
    (outside / "b.txt").write_text("secret")
    link.deliver("a.txt", b"x")
    link.deliver("dir/b.txt", b"x")
    (link.disk / "a.txt").unlink()
    (link.disk / "a.txt").symlink_to(outside / "secret")
    (link.disk / "dir" / "b.txt").unlink()
    (link.disk / "dir").rmdir()
    (link.disk / "dir").symlink_to(outside)
    for name in ("a.txt", "dir/b.txt"):
        assert link.download(name).status == 404, name


@pytest.mark.parametrize(
    "path", ["..%2F..%2Fadmin_token", "%2e%2e/%2e%2e/x", "../x", "%2Fetc%2Fpasswd", "a%00", "a/../../x", "", "%FF"]
)
def test_a_download_never_leaves_the_folder(link: Link, path: str) -> None:
    link.deliver("a.txt", b"x")
    reply = link.client.call("GET", f"{link.path}/files/{path}", owner=True)
    assert reply.status in (400, 404, 308), reply
    assert b"root:" not in reply.body


def test_a_file_that_did_not_come_by_this_link_is_not_served(link: Link) -> None:
    link.deliver("a.txt", b"x")
    (link.disk / "private.txt").write_text("the owner put it there")
    link.download("private.txt").expect(404, "file_not_found")
