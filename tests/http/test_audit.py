"""Who did what: noted by whatever owners and senders do, listed, exported and erased."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.support.client import Client, Link
from tests.support.command import Terminal
from tests.support.live import LiveServer

AUDIT = "/api/droppr/audit"


@pytest.fixture
def client(client: Client) -> Client:
    return client.elsewhere()


def entries(client: Client, **asked: object) -> list[dict[str, Any]]:
    """The newest first."""
    reply = client.call("GET", f"{AUDIT}?{urlencode({'limit': 200, **asked})}", owner=True).expect(200)
    found: list[dict[str, Any]] = reply.json["entries"]
    return found


def acts(client: Client, **asked: object) -> list[str]:
    """The oldest first."""
    return [each["act"] for each in reversed(entries(client, **asked))]


def test_the_life_of_a_link_is_told_with_who_and_from_where(client: Client) -> None:
    link = client.make_link(title="Films", password="a secret of the link")
    link.change(password=None, max_files=3).expect(200)
    link.close().expect(204)
    link.change(active=True).expect(200)
    link.close().expect(204)
    client.call("DELETE", f"{link.path}?forget=true", owner=True).expect(204)
    found = entries(client, link=link.hash)
    assert [each["act"] for each in reversed(found)] == [
        "link_made",
        "link_changed",
        "link_closed",
        "link_reopened",
        "link_closed",
        "link_deleted",
    ]
    assert {(each["actor"], each["address"], each["way"]) for each in found} == {("owner", client.source, "header")}
    assert found[-1]["facts"] == {
        "folder": link.folder,
        "title": "Films",
        "set": ["expires_hours", "password", "title"],
    }
    assert found[-2]["facts"]["changed"] == ["max_files", "password"]
    assert "a secret of the link" not in json.dumps(found)


def test_files_that_are_taken_away_and_deleted_are_told(client: Client, link: Link) -> None:
    link = link.seen_by(client)
    for name in ("a.txt", "b.txt", "c.txt"):
        link.form(name, name.encode() * 100)
    [first, second, third] = sorted(link.files(), key=lambda each: str(each["path"]))
    link.download("a.txt").expect(200)
    for start in (100, 200, 300):
        assert link.download("a.txt", headers={"Range": f"bytes={start}-"}).status == 206
    link.download("b.txt", method="HEAD")
    for part in ("0-99", "100-199", "200-"):
        assert link.download("b.txt", headers={"Range": f"bytes={part}"}).status == 206
    assert link.download("c.txt", headers={"Range": "bytes=9999-"}).status == 416
    client.call("GET", f"{link.path}/archive", owner=True).expect(200)
    client.call("GET", f"{link.path}/archive", owner=True, headers={"Range": "bytes=10-"}).expect(206)
    look = f"{link.path}/looks/{third['upload_id']}/content"
    for _ in range(2):
        client.call("GET", look, owner=True).expect(200)
    client.call("DELETE", f"{link.path}/files/a.txt", owner=True).expect(200)
    client.call("POST", f"{link.path}/bin/{first['upload_id']}/restore", owner=True).expect(200)
    client.call("DELETE", f"{link.path}/files/a.txt", owner=True).expect(200)
    client.call("DELETE", f"{link.path}/bin/{first['upload_id']}", owner=True).expect(204)
    client.call("DELETE", f"{link.path}/uploads/{second['upload_id']}").expect(204)
    found = list(reversed(entries(client, link=link.hash, since=first["received_at"])))
    told = [(each["act"], each["actor"], each["facts"].get("path")) for each in found if each["act"] != "link_made"]
    assert told == [
        ("file_downloaded", "owner", "a.txt"),
        ("file_downloaded", "owner", "b.txt"),
        ("archive_downloaded", "owner", None),
        ("file_looked_at", "owner", "c.txt"),
        ("file_deleted", "owner", "a.txt"),
        ("file_restored", "owner", "a.txt"),
        ("file_deleted", "owner", "a.txt"),
        ("file_removed", "owner", "a.txt"),
        ("file_taken_back", "sender", "b.txt"),
    ]
    archive = next(each for each in found if each["act"] == "archive_downloaded")
    assert (archive["facts"]["files"], found[-1]["address"]) == (3, client.source)
    assert acts(client, link=link.hash, q="B.TXT") == ["file_downloaded", "file_taken_back"]
    assert acts(client, link=link.hash, actor="sender") == ["file_taken_back"]


def test_log_ins_are_told_and_those_that_fail(live: Callable[..., LiveServer]) -> None:
    # Not one that is shared: of all failed tries of a quarter of an hour a server writes down 40, whoever's they are.
    client = Client.of(live(workers=1)).elsewhere()
    login = client.call("POST", "/api/droppr/session", json={"token": client.token}).expect(204)
    session = {"Cookie": login.headers["Set-Cookie"].partition(";")[0]}
    for _ in range(12):
        client.call("POST", "/api/droppr/session", json={"token": "a-wrong-token"})
    client.call("DELETE", "/api/droppr/session", headers=session).expect(204)
    client.call("DELETE", "/api/droppr/session", headers=session).expect(204)
    found = entries(client.elsewhere(), q=client.source)
    assert [(each["act"], each["actor"], each["way"]) for each in (found[-1], found[0])] == [
        ("logged_in", "owner", "login"),
        ("logged_out", "owner", "session"),
    ]
    failed = found[1:-1]
    assert {(each["act"], each["actor"], each["way"]) for each in failed} == {("log_in_failed", "stranger", "login")}
    assert len(failed) == 10
    assert "a-wrong-token" not in json.dumps(found)


def test_it_is_the_owners_alone_and_what_is_asked_wrongly_is_told(client: Client, link: Link) -> None:
    client.call("GET", AUDIT).expect(401, "unauthorized")
    client.call("GET", f"{AUDIT}?format=csv").expect(401, "unauthorized")
    client.call("POST", f"{AUDIT}/erasures", json={"name": "Ann"}).expect(401, "unauthorized")
    for wrong in ("actor=nobody", "act=made_up", "since=yesterday", "format=xml", "limit=0", "limit=10&cursor=x"):
        client.call("GET", f"{AUDIT}?{wrong}", owner=True).expect(400, "invalid_request")
    client.call("GET", f"{AUDIT}?limit=1&cursor={quote('WzEuMCwiLTUiXQ')}", owner=True).expect(400, "invalid_request")
    for body in ({}, {"name": "x"}, {"name": "Ann", "email": "a@example.org"}):
        client.call("POST", f"{AUDIT}/erasures", json=body, owner=True).expect(400, "invalid_request")
    for method in ("DELETE", "PUT", "PATCH"):
        client.call(method, AUDIT, owner=True).expect(405, "method_not_allowed")
    assert entries(client, link="\0\ud800".encode(errors="replace").decode()) == []


def test_pages_go_on_where_the_one_before_ended(client: Client) -> None:
    link = client.make_link()
    for title in ("a", "b", "c", "d"):
        link.change(title=title).expect(200)
    seen, cursor = [], ""
    while True:
        asked = urlencode({"link": link.hash, "limit": 2, "cursor": cursor})
        page = client.call("GET", f"{AUDIT}?{asked}", owner=True).expect(200).json
        seen += [each["facts"].get("title") for each in page["entries"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["d", "c", "b", "a", None]


def test_all_of_it_comes_as_a_file_in_which_nothing_opens_anything(client: Client) -> None:
    link = client.make_link(title="=HYPERLINK(0)")
    link.form("=cmd.txt", b"x")
    link.download("=cmd.txt").expect(200)
    [file] = link.files()
    reply = client.call("GET", f"{AUDIT}?{urlencode({'link': link.hash, 'format': 'csv'})}", owner=True).expect(200)
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="droppr-audit.csv"'
    rows = list(csv.DictReader(io.StringIO(reply.body.decode())))
    assert [each["act"] for each in rows] == ["file_downloaded", "link_made"]
    assert json.loads(rows[0]["facts"]) == {"path": "=cmd.txt", "size": 1}
    lines = client.call("GET", f"{AUDIT}?{urlencode({'link': link.hash, 'format': 'jsonl'})}", owner=True)
    assert [json.loads(each)["act"] for each in lines.body.splitlines()] == ["file_downloaded", "link_made"]
    for text in (reply.body.decode(), lines.body.decode()):
        assert link.hash not in text
        assert file["upload_id"] not in text
    assert acts(client, act="audit_exported", q=client.source) == ["audit_exported"] * 2


def test_a_name_is_erased_on_request_and_that_it_was_is_told(client: Client, link: Link) -> None:
    name = f"Zacharias Q{link.hash[:8].replace('-', 'x').replace('_', 'x')}"
    made = client.make_link(title=f"For {name}")
    assert len(entries(client, q=name)) == 1
    reply = client.call("POST", f"{AUDIT}/erasures", json={"name": name.upper()}, owner=True).expect(200)
    assert reply.json == {"rows": 1}
    assert entries(client, q=name) == []
    [told, *_] = entries(client, act="audit_erased")
    assert (told["facts"], told["address"]) == ({"kind": "name", "rows": 1}, client.source)
    assert entries(client, link=made.hash)[0]["facts"]["title"] == "For erased"


def test_commands_are_told_and_tell(live: Callable[..., LiveServer], tmp_path: Path) -> None:
    server = live(workers=1, DROPPR_AUDIT_DAYS=30)
    terminal, owner = Terminal(tmp_path, server.environment), Client.of(server)
    link = owner.make_link(title="Ann's")
    link.form("from ann.txt", b"x")
    link.download("from ann.txt").expect(200)
    terminal.run("cleanup")
    terminal.run("backup", str(tmp_path / "copy"))
    listed = terminal.run("audit", "list")
    for told in ("purge_ran", "backup_made", "file_downloaded", "from ann.txt", f"{link.hash[:6]}…"):
        assert told in listed
    assert link.hash not in listed
    found = json.loads(terminal.run("audit", "list", "--act", "backup_made", "--json"))["entries"]
    assert [each["facts"]["folder"] for each in found] == [str(tmp_path / "copy")]
    assert found[0]["actor"].startswith("owner:")
    assert found[0]["way"] == "command"
    lines = terminal.run("audit", "list", "--format", "jsonl", "--link", link.hash).splitlines()
    assert [json.loads(each)["act"] for each in lines] == ["file_downloaded", "link_made"]
    assert terminal.run("audit", "list", "--format", "csv", "--since", "2999-01-01").splitlines() == [
        "time,act,actor,address,way,link,upload_id,facts"
    ]
    assert "Erased" not in terminal.run("audit", "erase", "--name", "Ann", typed="n\n", code=1)
    terminal.run("audit", "erase", "--name", "Ann", "--email", "a@example.org", code=2)
    assert "Erased in 2 rows." in terminal.run("audit", "erase", "--name", "Ann", "--yes")
    # Letters of a hash may be those of a name.
    assert "ann" not in terminal.run("audit", "list", "--link", link.hash).replace(link.hash[:6], "").lower()
    assert "unknown" not in terminal.run("audit", "list", "--act", "made_up", code=1)
