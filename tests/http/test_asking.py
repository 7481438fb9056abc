"""Links are mailed to those they are for, and people in chats are told what arrived."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.http.conftest import PUBLIC
from tests.http.test_messages import settled
from tests.support.client import Client
from tests.support.command import Terminal
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.receivers import SECONDS, HookReceiver, Mailbox, mails_about, text_of


def told_of(title: bytes, hooks: HookReceiver) -> Any:
    """What the chat was told under this title, None while it was not."""
    return next((json.loads(each.body) for each in list(hooks.hooks) if title in each.body), None)


@pytest.fixture
def client(told: LiveServer) -> Client:
    return Client.of(told).elsewhere()


@pytest.fixture
def terminal(told_terminal: Terminal) -> Terminal:
    return told_terminal


def test_people_in_a_chat_are_told(terminal: Terminal, client: Client, hooks: HookReceiver) -> None:
    link = client.make_link(title="Chatted", ask_name="optional", notify="none")
    address = hooks.url.replace("http://", "ntfy://me:password@").replace("/hook", "/topic")
    said = terminal.run("endpoint", "create", address, "--link", link.hash)
    (id,) = re.findall(r"ep_\w+", said)
    assert "Secret" not in said
    assert "password" not in terminal.run("endpoint", "list")
    hooks.answer = lambda request: 200
    assert terminal.run("message", "test", "--endpoint", id) == f"{id}: sent. ntfy took it.\n"
    hooks.answer = lambda request: 403
    assert "error=403" in terminal.run("message", "test", "--endpoint", id, code=1)
    hooks.answer = lambda request: 200
    link.deliver("a.txt", b"abc", sender_name="Anna")
    # Others have told something there before, and may still do so.
    told = eventually(
        lambda: told_of(b"One file has arrived: Chatted", hooks), seconds=SECONDS, what="the chat to be told"
    )
    assert (told["topic"], told["title"]) == ("topic", "One file has arrived: Chatted")
    assert "From Anna." in told["message"]
    settled(client, link)
    refused = {"url": address, "kinds": ["link.made"]}
    client.call("POST", "/api/endpoints", json=refused, owner=True).expect(400, "invalid_request")
    client.call("POST", f"/api/endpoints/{id}/secret", owner=True).expect(400, "invalid_request")
    terminal.run("endpoint", "remove", id)


def test_a_link_is_mailed_to_those_it_is_for(client: Client, mail: Mailbox) -> None:
    link = client.make_link(title="Papers <1>", password="secret", notify="none")
    path = f"/api/droppr/requests/{link.hash}/invitations"
    text = "Dear Anna,\nplease send it.\n\n<b>Soon</b>, https://example.org/why"
    made = client.call("POST", path, json={"to": "anna@example.net, ben@example.net", "text": text}, owner=True)
    assert [each["kind"] for each in made.expect(202).json["messages"]] == ["invitation"] * 2
    found = mails_about(mail, f"{PUBLIC}/request/{link.hash}", 2)
    assert sorted(each["To"] for each in found) == ["anna@example.net", "ben@example.net"]
    assert {each["Subject"] for each in found} == {"Please send files: Papers <1>"}
    said, page = text_of(found[0]), found[0].get_body(("html",)).get_content()
    assert "Dear Anna, please send it.\n" in said.replace("\r", "")
    assert "UTC." in said
    assert "password" in said
    assert "secret" not in said
    assert "&lt;b&gt;Soon&lt;/b&gt;" in page
    assert f'href="{PUBLIC}/request/{link.hash}"' in page
    wrongs: list[Any] = [{}, {"to": []}, {"to": "anna"}, {"to": "a@b.c", "text": "x" * 5001}, {"to": "none"}, {"to": 5}]
    for wrong in wrongs:
        client.call("POST", path, json=wrong, owner=True).expect(400, "invalid_request")
    client.call("POST", path, json={"to": "a@b.c"}).expect(401, "unauthorized")
    link.close().expect(204)
    client.call("POST", path, json={"to": "a@b.c"}, owner=True).expect(410, "request_closed")


def test_each_of_a_table_gets_a_link_by_mail(terminal: Terminal, client: Client, mail: Mailbox) -> None:
    (terminal.folder / "clients.csv").write_text("name,email\nCarla,carla@example.net\nDora,dora\n")
    make = ("request", "create", "mailed/{name}", "--csv", "clients.csv", "--notify", "none", "--send-to", "{email}")
    printed = terminal.run(*make, "--send-text", "Dear {name},", code=1)
    assert "is made, and not sent" in printed
    links = re.findall(r"(\w+),\S+,(https://\S+)", printed)
    assert [name for name, _ in links] == ["Carla", "Dora"]
    (found,) = mails_about(mail, links[0][1])
    assert (found["To"], "Dear Carla," in text_of(found)) == ("carla@example.net", True)
    said = terminal.run("request", "send", links[1][1], "dora@example.net", "--text", "Dear Dora,")
    assert said.startswith("dora@example.net: sent. ")
    assert mails_about(mail, "Dear Dora,")[0]["To"] == "dora@example.net"
