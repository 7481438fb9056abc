"""Archives of what a link has received: for its owner alone, whole or in part, and going on where they broke off."""

from __future__ import annotations

import http.client
import io
import subprocess
import threading
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.support.catalogues import asked, have
from tests.support.client import Client, Link, Reply
from tests.support.files import MIB, content, eventually
from tests.support.live import GENEROUS, LiveServer

FILES = {
    "a.txt": b"first",
    "letters/ä b.txt": "für dich".encode(),
    "letters/2/c.bin": content(300_000, 3),
    "empty.bin": b"",
    "a|b:c.txt": b"odd",
}


def taken(link: Link, method: str = "GET", headers: dict[str, str] | None = None, **query: Any) -> Reply:
    address = f"{link.path}/archive" + (f"?{urlencode(query)}" if query else "")
    return link.client.call(method, address, headers=headers, owner=True)


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


@pytest.fixture
def full(way_in: Client) -> Link:
    link = way_in.make_link(title="Fotos für Ümit")
    for path, data in FILES.items():
        link.deliver(path, data)
    return link


def test_everything_comes_in_one_file_of_a_known_size(full: Link, tmp_path: Path) -> None:
    reply = taken(full).expect(200)
    named = {path.replace("|", "%7C").replace(":", "%3A"): data for path, data in FILES.items()}
    assert unpacked(reply.body) == named
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.headers["Content-Type"] == "application/zip"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    assert quote("Fotos für Ümit.zip") in reply.headers["Content-Disposition"]
    (tmp_path / "a.zip").write_bytes(reply.body)
    subprocess.run(["unzip", "-tq", tmp_path / "a.zip"], check=True, capture_output=True)


def test_it_goes_on_from_any_byte_while_the_files_are_the_same(full: Link) -> None:
    whole = taken(full)
    tag = whole.headers["ETag"]
    size = len(whole.body)
    assert not tag.startswith("W/")
    for start in (0, 1, 100, size // 2, size - 300_100, size - 23, size - 1):
        part = taken(full, headers={"Range": f"bytes={start}-", "If-Range": tag}).expect(206)
        assert part.body == whole.body[start:]
        assert part.headers["Content-Range"] == f"bytes {start}-{size - 1}/{size}"
    middle = taken(full, headers={"Range": "bytes=10-400000"}).expect(206)
    assert middle.body == whole.body[10:400_001]
    assert taken(full, headers={"Range": "bytes=-30"}).expect(206).body == whole.body[-30:]
    assert taken(full, headers={"If-None-Match": tag}).status == 304
    beyond = taken(full, headers={"Range": f"bytes={size}-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert beyond.code == "invalid_range"
    head = taken(full, "HEAD").expect(200)
    assert (head.body, head.headers["Content-Length"], head.headers["ETag"]) == (b"", str(size), tag)
    full.deliver("more.txt", b"more")
    again = taken(full, headers={"Range": "bytes=10-", "If-Range": tag}).expect(200)
    assert len(again.body) > size
    assert again.headers["ETag"] != tag


@pytest.mark.parametrize("asked", ["bytes=0-1,5-9", "bytes=x", "bytes=9-5", "lines=1-2", "bytes=-"])
def test_a_range_that_is_not_understood_gives_all_of_it(full: Link, asked: str) -> None:
    assert taken(full, headers={"Range": asked}).expect(200).body == taken(full).body


def test_a_folder_a_selection_and_what_is_new(full: Link) -> None:
    assert unpacked(taken(full, folder="letters").body) == {
        "letters/ä b.txt": FILES["letters/ä b.txt"],
        "letters/2/c.bin": FILES["letters/2/c.bin"],
    }
    assert unpacked(taken(full, folder="letters/2").body) == {"2/c.bin": FILES["letters/2/c.bin"]}
    listed = {each["path"]: each for each in full.files()}
    chosen = f"{listed['a.txt']['upload_id']},{listed['empty.bin']['upload_id']},nonsense"
    assert unpacked(taken(full, files=chosen).body) == {"a.txt": b"first", "empty.bin": b""}
    assert "a.txt" in unpacked(taken(full, until=listed["a.txt"]["received_at"]).body)
    full.change(ask_name="optional").expect(200)
    full.deliver("go.txt", b"go", sender_name="Anna")
    assert unpacked(taken(full, sender="Anna", until=9e9).body) == {"go.txt": b"go"}
    assert len(unpacked(taken(full, sender="").body)) == len(FILES)
    taken(full, sender="Anna", until=listed["a.txt"]["received_at"]).expect(404, "file_not_found")
    full.cancel({each["path"]: each for each in full.files()}["go.txt"]["upload_id"]).expect(204)
    newest = max(each["received_at"] for each in listed.values())
    taken(full, since=newest).expect(404, "file_not_found")
    full.deliver("later.txt", b"later")
    assert unpacked(taken(full, since=newest).body) == {"later.txt": b"later"}


@pytest.mark.parametrize(
    "query", [{"folder": "../x"}, {"folder": "a//b"}, {"since": "x"}, {"since": "nan"}, {"since": "-1"}]
)
def test_what_cannot_be_meant_is_refused(full: Link, query: dict[str, Any]) -> None:
    taken(full, **query).expect(400, "invalid_request")


@pytest.mark.parametrize("query", [{"folder": "letter"}, {"files": ""}, {"files": "x"}, {"since": "99999999999"}])
def test_where_there_is_nothing_that_is_said(full: Link, query: dict[str, Any]) -> None:
    taken(full, **query).expect(404, "file_not_found")


def test_nobody_else_gets_it(full: Link) -> None:
    full.client.call("GET", f"{full.path}/archive").expect(401, "unauthorized")
    full.client.call("GET", "/api/droppr/requests/nosuchlinknosuchlink/archive", owner=True).expect(
        404, "request_not_found"
    )


def test_what_the_owner_took_away_is_left_out_and_what_was_changed_is_as_it_is(client: Client) -> None:
    link = client.make_link()
    for name in ("gone", "changed", "same", "again"):
        link.deliver(name, name.encode())
    tag = taken(link).headers["ETag"]
    (link.disk / "gone").unlink()
    (link.disk / "changed").write_bytes(b"by its owner, and longer")
    (link.disk / "again").unlink()
    link.deliver("again", b"another")
    reply = taken(link, headers={"Range": "bytes=5-", "If-Range": tag}).expect(200)
    assert unpacked(reply.body) == {"changed": b"by its owner, and longer", "same": b"same", "again": b"another"}


def test_nothing_that_lies_elsewhere_gets_into_it(client: Client) -> None:
    link = client.make_link()
    link.deliver("dir/a.bin", b"received")
    link.deliver("b.bin", b"received")
    secret = client.files_dir.parent / "format"
    (link.disk / "b.bin").unlink()
    (link.disk / "b.bin").hardlink_to(secret)
    (link.disk / "dir").rename(link.disk / "was")
    (link.disk / "dir").symlink_to(link.disk / "was")
    taken(link).expect(404, "file_not_found")


def test_a_file_of_before_there_were_sums_comes_whole_and_the_archive_stays_the_same(
    server: LiveServer, client: Client
) -> None:
    link = client.make_link()
    for name in ("a", "b"):
        link.deliver(name, content(200_000, ord(name)))
    have(server.data_dir, "UPDATE ledger SET crc32 = NULL WHERE path IN ('a', 'b')")
    first = taken(link, headers={"Range": "bytes=1000-250000"}).expect(206)
    tag = first.headers["ETag"]
    whole = taken(link).expect(200)
    assert whole.headers["ETag"] == tag
    assert whole.body[1000:250_001] == first.body
    assert unpacked(whole.body) == {name: content(200_000, ord(name)) for name in "ab"}
    kept: dict[str, int] = dict(
        asked(server.data_dir, "SELECT path, crc32 FROM ledger WHERE path IN ('a', 'b') AND crc32 IS NOT NULL")
    )
    assert {name: crc % 2**32 for name, crc in kept.items()} == {
        name: zlib.crc32(content(200_000, ord(name))) for name in kept
    }
    assert "a" in kept
    again = taken(link).expect(200)
    assert (again.body, again.headers["ETag"]) == (whole.body, tag)


def begun(client: Client, link: Link) -> http.client.HTTPResponse:
    """An archive of which the head has come, and that nobody reads on."""
    address = urlsplit(client.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request("GET", f"{link.path}/archive", headers={"Authorization": f"Bearer {client.token}"})
    reply = connection.getresponse()
    reply.connection = connection  # type: ignore[attr-defined]
    return reply


def large(link: Link, size: int = 32 * MIB) -> None:
    link.send(link.opened("large.bin", size), content(size, 1), step=8 * MIB)


def test_only_so_many_at_once_and_the_next_is_told_when_to_come(tmp_path: Path) -> None:
    with LiveServer(tmp_path, workers=1, DROPPR_ARCHIVES_AT_ONCE=2, **GENEROUS) as server:
        client = Client.of(server)
        link = client.make_link()
        large(link)
        held = [begun(client, link) for _ in range(2)]
        assert [each.status for each in held] == [200, 200]
        refused = taken(link)
        assert (refused.status, refused.code) == (503, "busy")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.call("GET", "/healthz").status == 200
        link.deliver("meanwhile.txt", b"still received")
        held[0].connection.close()  # type: ignore[attr-defined]
        held[0].close()
        eventually(lambda: taken(link).status == 200, what="a place")
        assert zlib.crc32(held[1].read()) != 0


def test_it_ends_before_its_end_where_a_file_is_changed_while_it_is_sent(tmp_path: Path) -> None:
    with LiveServer(tmp_path, workers=1, **GENEROUS) as server:
        client = Client.of(server)
        link = client.make_link()
        link.deliver("first.txt", b"first")
        large(link)
        reply = begun(client, link)
        with (link.disk / "large.bin").open("r+b") as file:
            file.seek(31 * MIB)
            file.write(b"changed under way")
        with pytest.raises(http.client.IncompleteRead):
            reply.read()
        assert "a download ends early" in server.log.read_text()
        assert client.call("GET", "/healthz").status == 200


def test_a_hundred_at_once_and_all_kinds_of_ranges_leave_the_server_as_it_was(tmp_path: Path) -> None:
    with LiveServer(tmp_path, workers=2, **GENEROUS) as server:
        client = Client.of(server)
        link = client.make_link()
        large(link, 8 * MIB)
        for number in range(50):
            link.deliver(f"{number}.txt", b"x" * number)
        whole = taken(link).body
        wrong: list[object] = []

        def abuse(number: int) -> None:
            with suppress(OSError, http.client.HTTPException):
                start = number * 7919 % len(whole)
                reply = taken(link.seen_by(client.elsewhere()), headers={"Range": f"bytes={start}-"})
                if reply.status not in (206, 503) or (reply.status == 206 and reply.body != whole[start:]):
                    wrong.append((start, reply.status))

        threads = [threading.Thread(target=abuse, args=(number,)) for number in range(100)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert wrong == []
        # The place of the last one is given back a moment after its last byte.
        eventually(lambda: taken(link).status == 200, what="a place")
        assert taken(link).expect(200).body == whole


def test_several_links_come_in_one_file_each_in_a_folder_of_its_own(way_in: Client) -> None:
    base = f"clients-{content(4, 9).hex()}"
    anna = way_in.make_link(folder=f"{base}/Anna")
    ben = way_in.make_link(folder=f"{base}/Ben", subfolder="{date}")
    empty = way_in.make_link(folder=f"{base}/Cara")
    anna.deliver("tax.pdf", b"%PDF anna")
    anna.deliver("d/pass.pdf", b"%PDF pass")
    ben.deliver("tax.pdf", b"%PDF ben")
    [bens] = [each["path"] for each in ben.files()]

    def of(*links: str, headers: dict[str, str] | None = None) -> Reply:
        address = f"/api/droppr/archive?links={','.join(links)}"
        return way_in.call("GET", address, headers=headers, owner=True)

    whole = of(anna.hash, ben.hash, empty.hash, anna.hash).expect(200)
    assert unpacked(whole.body) == {
        "Anna/tax.pdf": b"%PDF anna",
        "Anna/d/pass.pdf": b"%PDF pass",
        f"Ben/{bens}": b"%PDF ben",
    }
    part = of(anna.hash, ben.hash, empty.hash, headers={"Range": "bytes=20-", "If-Range": whole.headers["ETag"]})
    assert part.expect(206).body == whole.body[20:]
    assert list(unpacked(of(anna.hash).expect(200).body)) == ["Anna/d/pass.pdf", "Anna/tax.pdf"]
    of(empty.hash).expect(404, "file_not_found")
    of(anna.hash, "h" * 32).expect(404, "request_not_found")
    of().expect(400, "invalid_request")
    of(*(f"{n:032}" for n in range(201))).expect(400, "invalid_request")
    acts = way_in.call("GET", f"/api/droppr/audit?link={ben.hash}&act=archive_downloaded", owner=True).expect(200).json
    assert acts["entries"], "each of them tells that it was taken away"


def test_what_was_taken_to_its_end_is_no_longer_new_to_whoever_took_it(client: Client, link: Link) -> None:
    def taken(query: str = "", **asked: Any) -> float | None:
        client.call("GET", f"{link.path}/archive{query}", owner=True, **asked)
        until: float | None = client.call("GET", f"{link.path}?as=owner", owner=True).expect(200).json["taken_until"]
        return until

    def newest() -> float:
        return max(float(each["received_at"]) for each in link.files())

    link.deliver("a.txt", b"a" * 1000)
    first = newest()
    assert taken("?q=a") is None
    assert taken("?since=5") is None
    assert taken(headers={"Range": "bytes=0-9"}) is None
    assert taken(headers={"Range": "bytes=10-"}) == first
    link.deliver("b.txt", b"b")
    second = newest()
    link.deliver("c.txt", b"c")
    # Leaves a file out that was not taken before.
    assert taken(f"?since={second}") == first
    # A browser counts in milliseconds.
    assert taken(f"?since={first * 1000 / 1000 + 1e-6}&until={second}") == second
    assert taken(f"?since={second}") == newest()
    # Somebody who goes back to what is older has it all the same.
    assert taken(f"?until={first}") == newest()
