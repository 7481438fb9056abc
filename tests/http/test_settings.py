"""Settings that owners change while the server runs: by call and by command, counted by every process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.command import Terminal
from tests.support.files import PNG, answered_everywhere
from tests.support.live import GENEROUS, LiveServer
from tests.support.receivers import Mailbox, mails_about

SECRET = "pa:ss/w@rd-%41"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("set"), workers=2, DROPPR_KEEP_DAYS=90, **GENEROUS) as server:
        yield server


@pytest.fixture
def client(server: LiveServer) -> Client:
    return Client.of(server)


def patch(client: Client, status: int = 200, **body: object) -> Any:
    return (
        client.call("PATCH", "/api/settings", json=body, owner=True)
        .expect(status, "invalid_request" if status == 400 else None)
        .json
    )


def setting(client: Client, name: str) -> dict[str, Any]:
    found = client.call("GET", "/api/settings", owner=True).expect(200).json["settings"]
    return next(each for each in found if each["name"] == name)


def everywhere(client: Client, name: str) -> None:
    """Wait until both processes have taken up who asks, and so all that was set with it or before. What senders are told is nothing that
    a process would look for anew."""
    link = client.make_link()
    answered_everywhere(lambda: client.elsewhere().call("GET", link.path).json["asker"], name)


def mail_server(mail: Mailbox, **parts: object) -> dict[str, object]:
    return {"secure": "smtp+plain", "host": "127.0.0.1", "port": mail.port, **parts}


def test_only_the_owner_sees_and_changes_them(client: Client) -> None:
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("PUT", "/logo"),
        ("DELETE", "/logo"),
        ("POST", "/test-mail"),
    ):
        reply = client.call(method, f"/api/settings{path}", json={} if method in ("PATCH", "POST") else None)
        assert (reply.status, reply.json["code"]) == (401, "unauthorized")


def test_what_is_set_counts_in_every_process_without_a_restart(client: Client) -> None:
    patch(
        client,
        brand_name="Kanzlei Röth",
        link_expires_hours=2,
        public_url="https://files.example.org",
        chat_preview="yes",
    )
    everywhere(client, "Kanzlei Röth")
    for _ in range(6):
        link = client.elsewhere().make_link(title="Papers")
        assert client.elsewhere().call("GET", link.path).json["asker"] == "Kanzlei Röth"
        seen = client.elsewhere().call("GET", f"{link.path}?as=owner", owner=True).json
        assert seen["link"].startswith("https://files.example.org/request/")
        assert 7100 < seen["expires_at"] - seen["created_at"] < 7300
        page = client.elsewhere().call("GET", f"/request/{link.hash}", headers={"Accept": "text/html"})
        assert b'<meta property="og:title" content="Papers">' in page.expect(200).body
    patch(client, brand_name=None, link_expires_hours=None, public_url=None, chat_preview=None)
    everywhere(client, "")
    assert setting(client, "link_expires_hours")["source"] == "default"


def test_what_is_wrong_changes_nothing_and_each_field_is_told(client: Client) -> None:
    told = patch(client, 400, keep_days=5, bin_hours=-1, brand_accent="#ffff00", brand_name="Anna")
    assert told["code"] == "invalid_request"
    assert told["fields"]["bin_hours"] == "Input should be greater than or equal to 0"
    assert "4.5 : 1" in told["fields"]["brand_accent"]
    assert "DROPPR_KEEP_DAYS" in told["fields"]["keep_days"]
    assert setting(client, "brand_name")["value"] == ""
    assert (setting(client, "keep_days")["value"], setting(client, "keep_days")["source"]) == ("90", "environment")
    assert "data_dir" in patch(client, 400, data_dir="/")["fields"]
    server = {"secure": "smtps", "host": "mail.example.org/x"}
    assert patch(client, 400, smtp_url=server, mail_from="a@example.org")["fields"]


def test_a_mail_server_is_tried_before_it_is_kept_and_mails_go_by_it_after(client: Client, mail: Mailbox) -> None:
    patch(client, smtp_url=None, mail_from=None, notify_mail=None)
    body = {"to": "anna@example.org", "smtp_url": mail_server(mail), "mail_from": "Me <me@example.org>"}
    tested = client.call("POST", "/api/settings/test-mail", json=body, owner=True).expect(200).json
    assert tested == {"taken": True, "answer": "The mail server has it.", "reason": None, "said": None}
    assert setting(client, "smtp_url")["parts"] is None
    nobody = {**body, "smtp_url": mail_server(mail, port=1)}
    found = client.call("POST", "/api/settings/test-mail", json=nobody, owner=True).expect(200).json
    assert not found["taken"]
    assert "cannot be used" in found["answer"]
    assert (found["reason"], found["said"]) == ("unreachable", "Connection refused")
    alone = client.call("POST", "/api/settings/test-mail", json={"to": "a@example.org"}, owner=True)
    assert alone.code == "mail_not_ready"
    patch(
        client,
        smtp_url=mail_server(mail),
        mail_from="Me <me@example.org>",
        notify_mail="anna@example.org",
        notify_after_seconds=1,
        brand_name="Bea",
    )
    everywhere(client, "Bea")
    link = client.make_link(title="Boathouse plans", asker="")
    link.deliver("plan.txt", b"x")
    (found,) = mails_about(mail, "Boathouse")
    assert found["From"] == "Me <me@example.org>"
    assert found["X-Envelope-To"] == "anna@example.org"
    patch(client, brand_name=None)


def test_a_password_is_told_to_nobody_and_goes_on_only_to_its_own_server(client: Client, server: LiveServer) -> None:
    login = {"secure": "smtps", "host": "mail.example.org", "user": "anna@example.org"}
    told = patch(client, smtp_url={**login, "password": SECRET}, mail_from="me@example.org", notify_mail=None)
    parts = next(each for each in told["settings"] if each["name"] == "smtp_url")["parts"]
    assert parts == {**login, "port": 465, "password_set": True}
    patch(client, smtp_url=login)
    assert setting(client, "smtp_url")["parts"]["password_set"]
    assert "password" in patch(client, 400, smtp_url={**login, "host": "evil.example"})["fields"]["smtp_url"].lower()
    stolen = {"to": "a@example.org", "smtp_url": {**login, "host": "127.0.0.1"}}
    client.call("POST", "/api/settings/test-mail", json=stolen, owner=True).expect(400, "invalid_request")
    patch(client, smtp_url={**login, "password": ""})
    assert not setting(client, "smtp_url")["parts"]["password_set"]
    entries = client.call("GET", "/api/droppr/audit?act=settings_changed", owner=True).expect(200).json["entries"]
    assert entries[0]["facts"] == {"settings": ["smtp_url"]}
    assert SECRET not in json.dumps(entries)
    assert SECRET not in server.log.read_text()
    local = server.data_dir / "catalogue"  # A file, where the catalogue is elsewhere.
    for path in (local, *local.glob("*")):
        with suppress(FileNotFoundError):  # A log of the catalogue goes with whoever was the last to use it.
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_picture_is_shown_to_senders_until_it_is_removed(client: Client) -> None:
    def logo(status: int) -> Any:
        return client.elsewhere().call("GET", "/logo").expect(status, "not_found" if status == 404 else None)

    logo(404)
    bad = client.call("PUT", "/api/settings/logo", body=b"<html>", owner=True).expect(400, "invalid_request")
    assert "256 KiB" in bad.json["error"]
    client.call("PUT", "/api/settings/logo", body=PNG, owner=True).expect(200)
    answered_everywhere(lambda: client.elsewhere().call("GET", "/logo").status, 200)
    shown = logo(200)
    assert (shown.body, shown.headers["Content-Type"]) == (PNG, "image/png")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    again = client.call("GET", "/logo", headers={"If-None-Match": shown.headers["ETag"]})
    assert again.status == 304
    assert client.call("GET", client.make_link().path).json["logo_url"] == "/logo"
    client.call("DELETE", "/api/settings/logo", owner=True).expect(200)
    answered_everywhere(lambda: client.elsewhere().call("GET", "/logo").status, 404)


def test_the_command_does_the_same_on_the_data_folder(client: Client, server: LiveServer, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, server.environment)
    terminal.run("settings", "set", "DROPPR_BRAND_NAME", "Anna")
    everywhere(client, "Anna")
    listed = terminal.run("settings", "list")
    assert "Anna" in listed
    assert "DROPPR_KEEP_DAYS" in listed
    refused = terminal.run("settings", "set", "keep_days", "3", code=1)
    assert "DROPPR_KEEP_DAYS" in refused
    terminal.run("settings", "unset", "brand_name")
    everywhere(client, "")
