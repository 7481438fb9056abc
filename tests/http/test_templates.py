"""Templates over HTTP: saved from a link, used for others, seen by those whose they are."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, Link, Reply
from tests.support.command import Terminal
from tests.support.live import LiveServer

ASKED = {
    "items": [{"title": "Passport", "required": True}],
    "questions": [{"label": "When?", "kind": "text"}],
}


def call(client: Client, method: str, path: str = "", **body: Any) -> Reply:
    return client.call(method, f"/api/templates{path}", json=body or None, owner=True)


def saved(client: Client, **terms: Any) -> tuple[Link, dict[str, Any]]:
    link = client.make_link(**ASKED, **terms)
    name = f"Papers {secrets.token_hex(4)}"
    return link, call(client, "POST", name=name, link=link.hash).expect(201).json


def test_a_link_is_made_by_a_template_with_items_of_its_own(client: Client) -> None:
    link, made = saved(client, title="Papers", password="secret", max_files=9, note="of Anna")
    terms = made["terms"]
    assert (terms["title"], terms["max_files"], terms["note"], made["owner"]) == ("Papers", 9, "", "owner")
    assert "password_hash" not in terms
    assert made["id"] in {each["id"] for each in call(client, "GET").json["templates"]}
    assert call(client, "GET", f"/{made['id']}").expect(200).json == made
    copy = client.make_link(template=made["id"], max_files=3)
    shown = client.call("GET", f"{copy.path}?as=owner", owner=True).json
    assert (shown["title"], shown["max_files"], shown["requires_password"]) == ("Papers", 3, False)
    assert [each["title"] for each in shown["items"]] == ["Passport"]
    before = client.call("GET", f"{link.path}?as=owner", owner=True).json
    assert shown["items"][0]["id"] not in {"", before["items"][0]["id"]}
    # What a link has become changes nothing in the template, nor the other way around.
    client.call("PATCH", link.path, json={"title": "Else"}, owner=True).expect(200)
    assert call(client, "GET", f"/{made['id']}").json["terms"]["title"] == "Papers"
    renamed = call(client, "PATCH", f"/{made['id']}", name="  Other   name ").expect(200).json
    assert renamed["name"] == "Other name"
    call(client, "DELETE", f"/{made['id']}").expect(204)
    call(client, "GET", f"/{made['id']}").expect(404, "template_not_found")
    body = {"folder": "x", "template": made["id"]}
    client.call("POST", "/api/droppr/requests", json=body, owner=True).expect(404, "template_not_found")


def test_what_is_wrong_is_said_at_its_field(client: Client) -> None:
    link, made = saved(client)
    for name in ("", "  ", "x" * 101, made["name"], "\ud800"):
        refused = call(client, "POST", name=name, link=link.hash).expect(400, "invalid_request")
        assert "name" in refused.json["fields"]
    call(client, "POST", name="new", link="missing-0123456789abcdef").expect(404, "request_not_found")
    call(client, "POST", name="new", link=link.hash, owner="team:nobody-here").expect(400, "invalid_request")


@pytest.fixture
def terminal(server: LiveServer, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, server.environment)


def test_the_command_line_names_templates(client: Client, terminal: Terminal) -> None:
    link = client.make_link(title="Papers", max_files=9)
    name = f"Papers {secrets.token_hex(4)}"
    terminal.run("template", "save", link.hash, name)
    assert name in terminal.run("template", "list")
    made = terminal.json("request", "create", f"t-{secrets.token_hex(4)}", "--template", name, "--max-files", "2")
    assert (made["title"], made["max_files"]) == ("Papers", 2)
    terminal.run("template", "rename", name, f"{name} too")
    assert terminal.run("template", "remove", f"{name} too") == "Deleted.\n"
    assert name not in terminal.run("template", "list")
