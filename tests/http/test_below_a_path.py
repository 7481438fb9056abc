"""A server at `https://host/drop/`: alone and behind its own nginx, with a proxy in front that takes the path off or leaves it."""

from __future__ import annotations

import http.client
import json
import os
import re
import struct
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from simple_websocket import Client as Socket
from simple_websocket import ConnectionClosed

from tests.support.below import Below, below
from tests.support.client import Client, Link, Reply
from tests.support.command import Sender, address
from tests.support.files import MIB, PNG, content, eventually, file_sha256, sha256
from tests.support.library import Library
from tests.support.program import Droppr

PATH = "/drop"
SESSION = "/api/droppr/session"
WAYS = [(behind_nginx, strips) for behind_nginx in (False, True) for strips in (False, True)]


def named(way: tuple[bool, bool]) -> str:
    return f"{'through nginx' if way[0] else 'alone'}, path {'taken off' if way[1] else 'left on'}"


@pytest.fixture(scope="module", params=WAYS, ids=named)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Below]:
    behind_nginx, strips = request.param
    folder = tmp_path_factory.mktemp("below")
    logo = folder / "logo.png"
    logo.write_bytes(PNG)
    with below(folder, behind_nginx=behind_nginx, strips=strips, DROPPR_LOGO=logo) as running:
        yield running


@pytest.fixture
def link(site: Below) -> Link:
    return site.client.make_link()


def get(site: Below, path: str, **headers: str) -> Reply:
    return site.client.call("GET", path, headers=headers)


def leads_to(reply: Reply, asked: str) -> str:
    """Where a browser goes that has asked for ``asked``."""
    assert reply.status in (301, 308), reply.status
    return urljoin(asked, reply.headers["Location"])


def test_files_arrive_are_listed_and_come_back(link: Link) -> None:
    large, small = content(3 * MIB + 7), content(1000, seed=1)
    name = "day 1/日本語 100% + ?#;&.bin"
    link.deliver(name, large)
    link.form("small.bin", small).expect(200)
    assert {file_sha256(path) for path in link.disk.rglob("*.bin")} == {sha256(large), sha256(small)}
    assert [file["path"] for file in link.files()] == [name, "small.bin"]
    assert link.download(name).expect(200).body == large
    part = link.download(name, headers={"Range": "bytes=5-9"})
    assert (part.status, part.body) == (206, large[5:10])


def test_all_that_a_page_names_is_there(site: Below, link: Link) -> None:
    named_by_pages = set()
    for page in (
        "/",
        "/admin",
        "/admin/audit",
        "/admin/settings",
        "/admin/document",
        f"/admin/links/{link.hash}",
        f"/request/{link.hash}",
    ):
        reply = get(site, page).expect(200)
        found = re.findall(r'(?:src|href)="([^"#][^"]*)"', reply.body.decode())
        named_by_pages |= {urljoin(site.url + page, each) for each in found}
    assert f"{site.url}/admin" in named_by_pages
    assert len([each for each in named_by_pages if each.startswith(f"{site.url}/assets/")]) > 5
    for each in named_by_pages:
        reply = get(site, urlsplit(each).path.removeprefix(PATH)).expect(200)
        if "/assets/" in each:
            assert "text/html" not in reply.headers["Content-Type"]
            assert "immutable" in reply.headers["Cache-Control"] or "max-age=31536000" in reply.headers["Cache-Control"]
    assert get(site, link.info().json["logo_url"]).expect(200).body == PNG


def test_every_page_has_one_address_to_which_others_lead(site: Below, link: Link) -> None:
    for page in (
        "/admin",
        "/admin/audit",
        "/admin/settings",
        "/admin/document",
        f"/admin/links/{link.hash}",
        f"/request/{link.hash}",
    ):
        assert leads_to(get(site, f"{page}/"), f"{site.url}{page}/") == site.url + page
    assert leads_to(get(site, ""), site.url) == f"{site.url}/"
    # Without the proxy's help, too.
    within = site.inside.call("GET", PATH)
    assert leads_to(within, site.inner + PATH) == f"{site.inner}{PATH}/"


def test_doubled_slashes_are_one(site: Below, link: Link) -> None:
    for path in (f"//request/{link.hash}", f"//api/droppr/requests/{link.hash}"):
        get(site, path).expect(200)
        site.inside.call("GET", path).expect(200)
        site.inside.call("GET", f"/{PATH}{path}").expect(200)


def test_every_address_answers_with_the_path_and_without_it(site: Below, link: Link) -> None:
    for path in ("/healthz", "/readyz", "/admin", f"/admin/links/{link.hash}", f"/request/{link.hash}", link.path):
        for client in (site.client, site.inside):
            client.call("GET", path).expect(200)
        site.inside.call("GET", PATH + path).expect(200)
        site.inside.call("GET", PATH + PATH + path).expect(404, "not_found")
    site.inside.call("GET", "/dropped/healthz").expect(404, "not_found")
    data = content(300_000)
    within = link.seen_by(site.inside)
    within.deliver("within.bin", data)
    assert file_sha256(link.disk / "within.bin") == sha256(data)


def logged_in(client: Client, **headers: str) -> tuple[Morsel[str], str]:
    """The cookie that a login gives, and how it is sent."""
    reply = client.call("POST", SESSION, json={"token": client.token}, headers=headers).expect(204)
    [cookie] = SimpleCookie(reply.headers["Set-Cookie"]).values()
    return cookie, f"{cookie.key}={cookie.value}"


def test_the_session_is_for_this_path_alone(site: Below) -> None:
    cookie, sent = logged_in(site.client)
    assert (cookie.key, cookie["path"], cookie["secure"]) == ("droppr_owner.drop", PATH, "")
    get(site, SESSION, Cookie=sent).expect(200)
    # Below another path somebody else may be; theirs are not taken for ours.
    other = "droppr_owner=made-elsewhere; droppr_owner.other=made-elsewhere; "
    get(site, SESSION, Cookie=other + sent).expect(200)
    ended = site.client.call("DELETE", SESSION, headers={"Cookie": sent}).expect(204)
    assert f"Path={PATH}" in ended.headers["Set-Cookie"].split("; ")
    get(site, SESSION, Cookie=sent).expect(401, "unauthorized")


def test_over_https_the_session_is_for_https_alone(site: Below) -> None:
    host = urlsplit(site.url).netloc
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "Host": host}
    for client in (site.inside, Client.of(site.server, url=site.inner + PATH)):
        cookie, sent = logged_in(client, **told)
        assert (cookie.key, cookie["path"], cookie["secure"]) == ("__Secure-droppr_owner.drop", PATH, True)
        client.call("GET", SESSION, headers={**told, "Cookie": sent}).expect(200)


def test_who_comes_by_another_address_and_no_path_has_a_session_there(site: Below) -> None:
    cookie, sent = logged_in(site.inside)
    assert (cookie.key, cookie["path"]) == ("droppr_owner", "/")
    site.inside.call("GET", SESSION, headers={"Cookie": sent}).expect(200)


def test_what_others_say_of_a_path_is_not_believed(site: Below, link: Link) -> None:
    told = {"X-Forwarded-Prefix": "/evil", "X-Script-Name": "/evil", "Script-Name": "/evil", "SCRIPT_NAME": "/evil"}
    for client in (site.client, site.inside):
        cookie, _ = logged_in(client, **told)
        assert cookie["path"] in (PATH, "/")
        for path in (f"/request/{link.hash}/", "/admin/", link.path):
            reply = client.call("GET", path, headers=told)
            assert "evil" not in f"{reply.headers} {reply.body!r}"
    assert leads_to(site.inside.call("GET", PATH, headers=told), site.inner) == f"{site.inner}{PATH}/"


def test_receipts_and_codes_name_the_address_as_people_know_it(site: Below, link: Link) -> None:
    upload_id = link.deliver("a.bin", b"x")["upload_id"]
    receipt = site.client.call("POST", f"{link.path}/receipts", json={"uploads": [upload_id]}).expect(200).json
    assert receipt["server"] == site.url
    half = link.opened("b.bin", 10)
    made = site.client.call("POST", f"{link.path}/handoffs", json={"uploads": [half]})
    assert made.status == 201
    handoff = made.json
    assert handoff["url"].startswith(f"/request/{link.hash}#")
    get(site, urlsplit(handoff["url"]).path).expect(200)


def test_links_name_the_address_as_people_know_it(site: Below) -> None:
    for client in (site.client, site.inside):
        made = client.call("POST", "/api/droppr/requests", json={"folder": "named"}, owner=True).expect(201).json
        assert made["link"] == f"{site.url}{made['url']}"


def test_pages_of_others_may_send_there_too(site: Below, link: Link) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    question = {**foreign, "Access-Control-Request-Method": "POST"}
    for client, below_it in ((site.client, ""), (site.inside, PATH), (site.inside, "")):
        may = client.call("OPTIONS", f"{below_it}{link.path}/upload-chunk", headers=question)
        assert (may.status, may.headers["Access-Control-Allow-Methods"]) == (204, "POST")
        told = client.call("GET", below_it + link.path, headers=foreign).expect(200)
        assert told.headers["Access-Control-Allow-Origin"] == "*"
        owners = client.call("GET", f"{below_it}/api/droppr/requests", headers=foreign, owner=True).expect(200)
        assert "Access-Control-Allow-Origin" not in owners.headers


def test_there_too_a_person_is_told_in_a_page_that_there_is_nothing(site: Below) -> None:
    for path in ("/nothing", "/assets/nothing.js"):
        reply = get(site, path, Accept="text/html")
        assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    unknown = get(site, f"/request/{'x' * 32}", Accept="text/html")
    assert unknown.status == 404
    assert b"../assets/" in unknown.body


@pytest.mark.parametrize("page", ["/admin", "/admin/links/none"])
def test_the_owners_page_is_an_app_and_the_senders_is_none(site: Below, page: str) -> None:
    """All addresses are looked for as a browser does, from where it found them."""

    def fetched(url: str, kind: str) -> Reply:
        assert url.startswith(f"{site.url}/")
        reply = get(site, url.removeprefix(site.url)).expect(200)
        assert reply.headers["Content-Type"].partition(";")[0] == kind
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        return reply

    here = site.url + page
    html = fetched(here, "text/html").body.decode()
    [address] = re.findall(r'<link rel="manifest" href="([^"]+)"', html)
    manifest_url = urljoin(here, address)
    manifest = json.loads(fetched(manifest_url, "application/manifest+json").body)
    for name in ("start_url", "scope"):
        assert urljoin(manifest_url, manifest[name]) == f"{site.url}/admin"
    for icon in manifest["icons"]:
        body = fetched(urljoin(manifest_url, icon["src"]), icon["type"]).body
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", body[16:24])
            assert icon["sizes"] == f"{width}x{height}"
    assert {icon.get("purpose") for icon in manifest["icons"]} == {"any", "maskable", None}
    # Of the policy that comes with it: it may be loaded, and may speak to this server alone.
    worker = fetched(f"{site.url}/admin/push-worker.js", "text/javascript")
    assert "default-src 'self'" in worker.headers["Content-Security-Policy"]
    assert "max-age" not in worker.headers["Cache-Control"] or "max-age=0" in worker.headers["Cache-Control"]
    for name in ("192", "badge"):
        fetched(f"{site.url}/icon-{name}.png", "image/png")
    assert get(site, "/icon-none.png").status == 404
    senders = get(site, f"/request/{'x' * 32}", Accept="text/html").body.decode()
    assert "manifest" not in senders
    assert "serviceWorker" not in senders


def test_figures_come_as_they_change(site: Below) -> None:
    parts = urlsplit(site.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    headers = {"Authorization": f"Bearer {site.server.token}"}
    connection.request("GET", f"{PATH}/api/v1/system/upload-events", headers=headers)
    reply = connection.getresponse()
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    lines = [reply.readline() for _ in range(3)]
    assert any(line.startswith(b"data: {") for line in lines), lines
    connection.close()


def test_a_socket_takes_a_file(site: Below, link: Link) -> None:
    data = content(200_000)
    url = f"{site.url.replace('http', 'ws', 1)}/ws_api/upload_parallel/{'k' * 32}"
    socket = Socket.connect(url)
    socket.send(json.dumps({"type": "start", "request": link.hash, "path": "socket.bin", "size": len(data)}))
    assert json.loads(socket.receive(timeout=20) or "{}")["type"] == "ready"
    socket.send((0).to_bytes(8, "big") + data)
    eventually(link.files, what="the file")
    with suppress(ConnectionClosed, OSError):  # The server has said its last word, too.
        socket.close()
    assert file_sha256(link.disk / "socket.bin") == sha256(data)


def owners(site: Below, folder: Path, *arguments: str) -> str:
    """What a command of the owner's prints, who names the server as everybody does."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DROPPR_")}
    done = Droppr.run(
        arguments,
        cwd=folder,
        env=own | {"DROPPR_URL": f"{site.url}/", "DROPPR_ADMIN_TOKEN": site.server.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return str(done.stdout)


def test_the_command_line_makes_a_link_sends_to_it_and_fetches(site: Below, tmp_path: Path) -> None:
    made = owners(site, tmp_path, "request", "create", "by-command", "--title", "Photos").strip()
    assert made.startswith(f"{site.url}/request/")
    desk = tmp_path / "desk"
    desk.mkdir()
    large, small = content(2 * MIB, seed=2), content(500, seed=3)
    (desk / "large.bin").write_bytes(large)
    (desk / "small.bin").write_bytes(small)
    Sender(desk).run("large.bin", "small.bin", "--to", made)
    arrived = site.server.files_dir / "by-command"
    assert {path.name: file_sha256(path) for path in arrived.iterdir()} == {
        "large.bin": sha256(large),
        "small.bin": sha256(small),
    }
    owners(site, tmp_path, "request", "fetch", made, "inbox")
    assert file_sha256(tmp_path / "inbox" / "large.bin") == sha256(large)
    assert "small.bin" in owners(site, tmp_path, "request", "watch", made, "--all", "--count", "2")
    assert "large.bin" in owners(site, tmp_path, "request", "files", made)
    assert made in owners(site, tmp_path, "request", "show", made)
    assert "ready" in owners(site, tmp_path, "status")


def test_the_command_line_solves_captchas_there(site: Below, tmp_path: Path) -> None:
    link = site.client.make_link(captcha="always")
    (tmp_path / "a.bin").write_bytes(b"x" * 1000)
    Sender(tmp_path).run("a.bin", "--to", address(link))
    assert (link.disk / "a.bin").read_bytes() == b"x" * 1000


LIBRARY = """
    import { FetchTransport, fetchLinkInfo, ParallelUploader, parseLink, systemClock } from "@droppr/upload";
    import { openFile } from "@droppr/upload/node";
    const { origin, hash, uploadUrl } = parseLink(process.env.LINK);
    const transport = new FetchTransport();
    const info = await fetchLinkInfo({ transport, clock: systemClock }, hash, AbortSignal.timeout(9000), origin);
    const file = await openFile(process.env.FILE);
    const { name } = await new ParallelUploader({ file, uploadUrl, transport }).start();
    console.log(JSON.stringify({ origin, title: info.title, name }));
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("library"))


def test_the_library_finds_the_server_by_the_address_of_a_link(site: Below, tmp_path: Path, library: Library) -> None:
    link = site.client.make_link(title="Photos")
    data = content(2 * MIB, seed=4)
    (tmp_path / "by-library.bin").write_bytes(data)
    said = json.loads(library.run(LIBRARY, LINK=address(link), FILE=tmp_path / "by-library.bin"))
    assert said == {"origin": site.url, "title": "Photos", "name": "by-library.bin"}
    assert file_sha256(link.disk / "by-library.bin") == sha256(data)
