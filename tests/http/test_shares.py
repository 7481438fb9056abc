"""Shares over HTTP: what receivers are told and given, what counts as a download, and what strangers get."""

from __future__ import annotations

import io
import re
import zipfile
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
import urllib3

from tests.http.test_bin import dying
from tests.support.client import Client, Link, Reply
from tests.support.command import Terminal
from tests.support.files import content, eventually
from tests.support.live import GENEROUS, LiveServer

SHARES = "/api/droppr/shares"
MIB = 1024 * 1024


class Shared:
    """A share as a receiver has it: by its hash alone."""

    def __init__(self, client: Client, hash: str) -> None:
        self.client = client
        self.hash = hash
        self.path = f"{SHARES}/{hash}"

    def show(self, **headers: str) -> Reply:
        return self.client.call("GET", self.path, headers=headers)

    def page(self, **headers: str) -> Reply:
        return self.client.call("GET", f"/download/{self.hash}", headers={"Accept": "text/html", **headers})

    def names(self) -> dict[str, str]:
        return {each["path"]: each["id"] for each in self.show().expect(200).json["files"]}

    def fetch(self, name: str, method: str = "GET", **headers: str) -> Reply:
        return self.client.call(method, f"{self.path}/files/{name}", headers=headers)

    def archive(self, **headers: str) -> Reply:
        return self.client.call("GET", f"{self.path}/archive", headers=headers)

    def downloads(self) -> int:
        return int(self.client.call("PATCH", self.path, json={}, owner=True).expect(200).json["downloads"])


def share(link: Link, *uploads: str, **terms: object) -> Shared:
    body = {"link": link.hash, **({"uploads": list(uploads)} if uploads else {}), **terms}
    made = link.client.call("POST", SHARES, json=body, owner=True).expect(201).json
    assert len(made["hash"]) == 32
    assert made["address"].endswith(f"/download/{made['hash']}")
    return Shared(link.client.elsewhere(), made["hash"])


def test_a_share_opens_its_files_and_no_others(way_in: Client) -> None:
    link = way_in.make_link(title="Nobody else's business")
    names = ["a.txt", "dir/日本語 100% + ?#&;.bin", '<b>\n&".txt']
    ids = [link.deliver(name, name.encode())["upload_id"] for name in names]
    other = link.deliver("secret.txt", b"secret")["upload_id"]
    found = share(link, *ids, title="For <you>", sharer="Ada & Co")
    told = found.show().expect(200)
    assert (told.json["title"], told.json["sharer"], told.json["more"]) == ("For <you>", "Ada & Co", False)
    assert 0 < told.json["expires_in"] <= 7 * 24 * 3600
    assert {each["path"]: each["size"] for each in told.json["files"]} == {name: len(name.encode()) for name in names}
    # Nothing that opens anything else is said.
    for said in (told, found.page().expect(200)):
        assert not any(each.encode() in said.body for each in (link.hash, link.folder, other, *ids, "Nobody"))
    for name, id in found.names().items():
        reply = found.fetch(id).expect(200)
        assert reply.body == name.encode()
        assert reply.headers["Content-Type"] == "application/octet-stream"
        assert reply.headers["Content-Disposition"].startswith("attachment;")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in reply.headers["X-Robots-Tag"]
        assert found.fetch(id, Range="bytes=1-2").expect(206).body == name.encode()[1:3]
        # The same name is none on another share of the same file.
        share(link).fetch(id).expect(404, "file_not_found")
    for wrong in (other, ids[0], "x", "A" * 64, "ä", "AA=="):
        found.fetch(quote(wrong)).expect(404, "file_not_found")
    everything = found.archive().expect(200)
    assert "filename*" in everything.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(everything.body)) as file:
        assert len(file.namelist()) == 3
    half = found.archive(Range="bytes=100-", **{"If-Range": everything.headers["ETag"]}).expect(206)
    assert half.body == everything.body[100:]


def test_what_is_taken_away_or_comes_later_is_not_shared(client: Client) -> None:
    link = client.make_link()
    first = link.deliver("first.txt", b"1")["upload_id"]
    link.deliver("second.txt", b"2")
    found = share(link)
    names = found.names()
    assert sorted(names) == ["first.txt", "second.txt"]
    link.deliver("third.txt", b"3")
    assert sorted(found.names()) == ["first.txt", "second.txt"]
    client.call("DELETE", f"{link.path}/files/first.txt", owner=True).expect(200)
    assert sorted(found.names()) == ["second.txt"]
    assert "no longer here" in found.fetch(names["first.txt"]).expect(404, "file_not_found").json["error"]
    client.call("POST", f"{link.path}/bin/{first}/restore", owner=True).expect(200)
    found.fetch(names["first.txt"]).expect(200)
    (link.disk / "second.txt").unlink()
    found.fetch(names["second.txt"]).expect(404, "file_not_found")
    # A closed link goes on being what files are shared of; one that is deleted takes all along.
    client.call("DELETE", link.path, owner=True).expect(204)
    found.fetch(names["first.txt"]).expect(200)
    client.call("DELETE", f"{link.path}?forget=true", owner=True).expect(204)
    found.show().expect(404, "share_not_found")
    found.fetch(names["first.txt"]).expect(404, "share_not_found")
    assert found.page().status == 404


def test_an_owner_lists_changes_and_ends_shares(client: Client) -> None:
    link = client.make_link()
    client.call("POST", SHARES, json={"link": link.hash}, owner=True).expect(404, "file_not_found")
    link.deliver("a.txt", b"1")
    found = share(link, title="One", password="pw")
    [listed] = client.call("GET", f"{link.path}/shares", owner=True).expect(200).json["shares"]
    assert (listed["hash"], listed["title"], listed["requires_password"]) == (found.hash, "One", True)
    assert (listed["files"], listed["downloads"], listed["max_downloads"]) == (None, 0, 0)
    changed = client.call("PATCH", found.path, json={"password": None, "expires_hours": 0}, owner=True)
    assert (changed.expect(200).json["requires_password"], changed.json["expires_at"]) == (False, None)
    assert changed.json["title"] == "One"
    found.show().expect(200)
    for wrong in ({"title": "x" * 201}, {"max_downloads": -1}, {"expires_hours": "soon"}, {"title": "\ud800"}):
        client.call("PATCH", found.path, json=wrong, owner=True).expect(400, "invalid_request")
    client.call("POST", SHARES, json={"link": link.hash, "uploads": []}, owner=True).expect(400, "invalid_request")
    client.call("POST", SHARES, json={"link": "x" * 32}, owner=True).expect(404, "request_not_found")
    for method, path in (
        ("POST", SHARES),
        ("GET", f"{link.path}/shares"),
        ("PATCH", found.path),
        ("DELETE", found.path),
    ):
        client.call(method, path, json={}).expect(401, "unauthorized")
    client.call("PATCH", found.path, json={"expires_hours": 0.00001}, owner=True).expect(200)
    eventually(lambda: found.show().code == "share_expired")
    assert found.page().status == 410
    client.call("DELETE", found.path, owner=True).expect(204)
    client.call("DELETE", found.path, owner=True).expect(404, "share_not_found")
    acts = client.call("GET", f"/api/droppr/audit?link={link.hash}", owner=True).expect(200).json["entries"]
    assert {"share_made", "share_changed", "share_removed"} <= {each["act"] for each in acts}


def test_nothing_is_told_before_the_password(way_in: Client) -> None:
    link = way_in.make_link()
    link.deliver("plans.txt", b"1")
    found = share(link, title="Plans", sharer="Ada", password="schön & gut")
    id = share(link).names()["plans.txt"]
    for reply in (found.show(), found.fetch(id), found.archive()):
        reply.expect(401, "password_required")
    assert found.page().expect(200).body.count(b'type="password"') == 1
    for reply in (found.show(), found.page(), found.archive()):
        assert not any(word in reply.body for word in (b"plans", b"Plans", b"Ada", b"txt"))
    by_header = {"X-Share-Password": quote("schön & gut")}
    name = found.show(**by_header).expect(200).json["files"][0]["id"]
    assert found.fetch(name, **by_header).expect(200).body == b"1"

    def send(password: str) -> Reply:
        body = f"password={quote(password)}".encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return found.client.call("POST", f"/download/{found.hash}", body=body, headers=kind)

    wrong = send("guess")
    assert (wrong.status, b"Plans" in wrong.body, "Set-Cookie" in wrong.headers) == (401, False, False)
    right = send("schön & gut")
    assert (right.status, right.headers["Location"]) == (303, found.hash)
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert found.hash not in cookie
    key = {"Cookie": cookie.split(";")[0]}
    assert b"plans.txt" in found.page(**key).expect(200).body
    assert found.fetch(name, **key).expect(200).body == b"1"
    found.archive(**key).expect(200)
    # It opens this share and no other, and no longer once the password is another.
    second = share(link, password="schön & gut")
    name_of_second = second_key(second)
    value = key["Cookie"].partition("=")[2]
    second.show(Cookie=f"{name_of_second}={value}").expect(401, "password_required")
    own = key["Cookie"].partition("=")[0]
    for forged in (value[:-1] + "g", "9" * 10 + value[10:], ".", "x.y", ""):
        found.show(Cookie=f"{own}={forged}").expect(401, "password_required")
    way_in.call("PATCH", found.path, json={"password": "new"}, owner=True).expect(200)
    found.show(**key).expect(401, "password_required")


def second_key(found: Shared) -> str:
    """What the key of a share is called."""
    body = f"password={quote('schön & gut')}".encode()
    reply = found.client.call("POST", f"/download/{found.hash}", body=body)
    return reply.headers["Set-Cookie"].partition("=")[0]


def test_wrong_passwords_are_counted_and_bodies_bounded(client: Client) -> None:
    link = client.make_link()
    link.deliver("a.txt", b"1")
    found = share(link, password="right")
    codes = [found.show(**{"X-Share-Password": f"guess-{number}"}).code for number in range(60)]
    limit = codes.index("too_many_attempts")
    assert set(codes[:limit]) == {"password_invalid"}
    assert set(codes[limit:]) == {"too_many_attempts"}
    found.show(**{"X-Share-Password": "right"}).expect(429, "too_many_attempts")
    assert found.client.call("POST", f"/download/{found.hash}", body=b"password=right").status == 429
    elsewhere = Shared(found.client.elsewhere(), found.hash)
    elsewhere.show(**{"X-Share-Password": "right"}).expect(200)
    assert elsewhere.client.call("POST", f"/download/{found.hash}", body=b"a=b&" * 99).status == 400
    assert elsewhere.client.call("POST", f"/download/{found.hash}", body=b"x" * 100_000).status == 413
    elsewhere.client.call("POST", f"/download/{'x' * 32}", body=b"password=x").expect(404, "share_not_found")


def read_some(found: Shared, path: str, count: int, **headers: str) -> None:
    """Ask for something, take so many bytes of it and go."""
    pool = urllib3.HTTPConnectionPool(
        found.client.pool.host, found.client.pool.port, source_address=(found.client.source, 0)
    )
    reply = pool.request("GET", path, headers=headers, preload_content=False, retries=False)
    assert reply.status in (200, 206)
    reply.read(count)
    reply.close()
    pool.close()


def test_an_empty_file_is_one_as_well(client: Client) -> None:
    link = client.make_link()
    link.deliver("empty.txt", b"")
    found = share(link, max_downloads=2)
    reply = found.fetch(found.names()["empty.txt"]).expect(200)
    assert (reply.body, reply.headers["Content-Length"]) == (b"", "0")
    found.fetch(found.names()["empty.txt"], Range="bytes=0-").expect(416, "invalid_range")


def test_only_what_is_taken_uses_a_download_up(way_in: Client) -> None:
    link = way_in.make_link()
    data = content(40 * MIB)
    link.deliver("big.bin", data)
    link.deliver("small.bin", b"small")
    found = share(link, max_downloads=1)
    names = found.names()
    big = f"{found.path}/files/{names['big.bin']}"
    head = found.fetch(names["big.bin"], "HEAD").expect(200)
    assert (head.headers["Content-Length"], head.body) == (str(len(data)), b"")
    read_some(found, big, MIB)
    read_some(found, f"{found.path}/archive", MIB)
    assert found.downloads() == 0
    assert (
        found.fetch(names["big.bin"], Range=f"bytes=0-{len(data) // 4}").expect(206).body == data[: len(data) // 4 + 1]
    )
    assert found.downloads() == 0
    # Nobody else has the last place as long as this one may use it up.
    other = Shared(way_in.elsewhere(), found.hash)
    other.fetch(names["small.bin"]).expect(503, "busy")
    # It goes on where it was, and with the rest more than half went out.
    etag = head.headers["ETag"]
    rest = found.fetch(names["big.bin"], Range=f"bytes={len(data) // 4 + 1}-", **{"If-Range": etag}).expect(206)
    assert rest.body == data[len(data) // 4 + 1 :]
    eventually(lambda: found.downloads() == 1)
    assert found.fetch(names["big.bin"], **{"If-None-Match": etag}).expect(304).body == b""
    found.fetch(names["small.bin"]).expect(200)
    found.archive().expect(200)
    eventually(lambda: found.downloads() == 1)
    for reply in (other.fetch(names["small.bin"]), other.archive(), other.fetch(names["big.bin"], Range="bytes=9-")):
        reply.expect(410, "share_used_up")
    assert other.show().expect(200).json["used_up"] is True
    assert other.fetch(names["small.bin"], Range="bytes=99-").status in (410, 416)
    # More of them are allowed: the same client is the same download, another one is another.
    way_in.call("PATCH", found.path, json={"max_downloads": 2}, owner=True).expect(200)
    other.fetch(names["small.bin"]).expect(200)
    eventually(lambda: found.downloads() == 2)


def test_without_a_limit_whoever_begins_is_counted(way_in: Client) -> None:
    link = way_in.make_link()
    link.deliver("a.bin", b"0123456789")
    found = share(link)
    [name] = found.names().values()
    found.fetch(name, "HEAD").expect(200)
    found.fetch(name, Range="bytes=5-").expect(206)
    assert found.downloads() == 0
    for _ in range(3):
        found.fetch(name).expect(200)
    eventually(lambda: found.downloads() == 1)


@pytest.mark.parametrize(
    ("accepted", "said", "direction"),
    [("de-CH, en", "Alle herunterladen", "ltr"), ("xx", "Download all", "ltr"), ("ar", "تنزيل الكل", "rtl")],
)
def test_the_page_speaks_the_browsers_language_and_holds_no_script(
    way_in: Client, accepted: str, said: str, direction: str
) -> None:
    link = way_in.make_link()
    for name in ("a.txt", "<script>alert(1)</script>.txt"):
        link.deliver(name, b"1")
    found = share(link, title="{x} <i>", sharer="{name} <b>")
    page = found.page(**{"Accept-Language": accepted}).expect(200)
    text = page.body.decode()
    assert said in text
    assert f'dir="{direction}"' in text
    assert "<script" not in text
    assert "<i>" not in text
    assert "<b>" not in text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    # It names nothing but what it is made of and what can be downloaded, from where it stands.
    for address in re.findall(r'href="([^"]*)"', text):
        assert address.startswith((f"../api/droppr/shares/{found.hash}/", "data:"))
    assert way_in.call("GET", f"/download/{found.hash}/").headers["Location"] == f"../{found.hash}"


def test_no_log_holds_an_address_that_opens_a_share(server: LiveServer, client: Client) -> None:
    link = client.make_link()
    link.deliver("a.txt", b"1")
    found = share(link)
    found.page().expect(200)
    found.archive().expect(200)
    log: Path = server.log
    assert found.hash not in log.read_text()


def test_the_command_line_shares_lists_renames_and_ends(server: LiveServer, client: Client, tmp_path: Path) -> None:
    terminal, link = Terminal(tmp_path, server.environment), client.make_link()
    for name in ("a.txt", "dir/b c.txt"):
        link.deliver(name, name.encode())
    made = ("share", "create", link.hash, "dir/b c.txt", "--title", "One", "--max-downloads", "2")
    address = terminal.run(*made, "--password-file", "-", typed="pw\n").strip()
    found = Shared(client.elsewhere(), address.rsplit("/", 1)[1])
    password = {"X-Share-Password": "pw"}
    [file] = found.show(**password).expect(200).json["files"]
    assert file["path"] == "dir/b c.txt"
    listed = terminal.run("share", "list", link.hash)
    assert all(word in listed for word in (found.hash, "One", "0 of 2"))
    assert "no file none.txt" in terminal.run("share", "create", link.hash, "none.txt", code=1)
    assert terminal.run("request", "rename", link.hash, "dir/b c.txt", "new.txt").strip() == "new.txt"
    assert [each["path"] for each in found.show(**password).json["files"]] == ["new.txt"]
    assert "has that name" in terminal.run("request", "rename", link.hash, "new.txt", "a.txt", code=1)
    terminal.run("share", "end", address)
    found.show(**password).expect(404, "share_not_found")


def test_it_dies_while_it_sends_and_counts_none_twice_and_forgets_none(tmp_path: Path) -> None:
    with LiveServer(tmp_path, workers=1, **GENEROUS) as server:
        owner = Client.of(server)
        link = owner.make_link()
        link.deliver("a.bin", content(300_000, 1))
        made = owner.call("POST", SHARES, json={"link": link.hash, "max_downloads": 50}, owner=True).expect(201)
        [name] = Shared(owner, made.json["hash"]).names().values()
        for number in range(10):
            found = Shared(owner.elsewhere(), made.json["hash"])
            got = 0
            with dying(server, 3 * number):
                got = len(found.fetch(name).expect(200).body)
            now = found.downloads()
            # Each round is another client: it counts once, or not at all where the server died before that was noted.
            assert number <= now <= number + 1, got
            assert found.fetch(name).expect(200).body == content(300_000, 1)
            eventually(partial(has_counted, found, number + 1))


def has_counted(found: Shared, count: int) -> bool:
    return found.downloads() == count
