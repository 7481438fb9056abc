"""Owners and senders are told what arrived: by a real SMTP server and a receiver of webhooks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from droppr_client.proof import read_receipt
from tests.http.conftest import NOTIFIED as OWNER
from tests.http.conftest import PUBLIC
from tests.support.client import Client, Link
from tests.support.clock import MovedClock
from tests.support.command import Terminal
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.receivers import HookReceiver, Mailbox, mails_about, text_of


@pytest.fixture
def client(told: LiveServer) -> Client:
    return Client.of(told).elsewhere()


def messages(client: Client, link: Link) -> list[dict[str, Any]]:
    reply = client.call("GET", f"/api/messages?link={link.hash}&limit=100", owner=True).expect(200)
    found: list[dict[str, Any]] = reply.json["messages"]
    return found


def settled(client: Client, link: Link, state: str = "sent", count: int = 1) -> list[dict[str, Any]]:
    def there() -> bool:
        return len([each for each in messages(client, link) if each["state"] == state]) >= count

    eventually(there, seconds=60, what=f"{count} messages that are {state}")
    return messages(client, link)


def make_endpoint(client: Client, hooks: HookReceiver, **body: object) -> dict[str, Any]:
    made: dict[str, Any] = (
        client.call("POST", "/api/endpoints", json={"url": hooks.url, **body}, owner=True).expect(201).json
    )
    return made


def verified(hooks: HookReceiver, secret: str, at: int = -1) -> dict[str, Any]:
    hook = hooks.hooks[at]
    found: dict[str, Any] = Webhook(secret).verify(hook.body, hook.headers)
    return found


def test_an_owner_gets_one_mail_for_files_that_come_together(client: Client, mail: Mailbox) -> None:
    link = client.make_link(title="Wedding <b>2026</b>", ask_name="optional")
    # In one request: on a busy machine more than the second after which a mail goes may lie between two.
    lines = [{"path": f"day/{number}.jpg", "size": 1500, "sender_name": "Anna"} for number in range(3)]
    pack = b"".join(json.dumps(line).encode() + b"\n" + b"x" * 1500 for line in lines)
    client.call("POST", f"{link.path}/pack", body=pack).expect(200)
    (found,) = mails_about(mail, "Wedding")
    assert found["Subject"] == "3 files have arrived: Wedding <b>2026</b>"
    assert found["To"] == found["X-Envelope-To"] == OWNER
    assert found["From"] == "Droppr <droppr@example.org>"
    assert found["Auto-Submitted"] == "auto-generated"
    text, page = text_of(found), found.get_body(("html",)).get_content()
    assert "day/\u20600." in text
    assert "4.4 kB" in text
    assert "From Anna." in text
    assert f"{PUBLIC}/admin/links/{link.hash}" in text
    assert "Wedding &lt;b&gt;2026&lt;/b&gt;" in page
    assert f'href="{PUBLIC}/admin/links/{link.hash}"' in page
    (said,) = settled(client, link)
    assert found["Message-ID"] == f"<{said['id']}@example.org>"
    assert (said["kind"], said["channel"], said["recipient"], said["files"], said["bytes"]) == (
        "files.received",
        "mail",
        OWNER,
        3,
        4500,
    )
    assert said["next_at"] is None
    assert said["done_at"] >= said["created_at"]


def test_a_link_names_whom_it_tells(client: Client, mail: Mailbox) -> None:
    link = client.make_link(title="Named", notify="anna@example.org, ben@example.org")
    assert link.change(title="Named again").expect(200).json["notify"] == ["anna@example.org", "ben@example.org"]
    silent = client.make_link(title="Silent", notify="none")
    silent.deliver("a", b"a")
    link.deliver("a", b"a")
    found = mails_about(mail, "Named again", 2)
    # One mail each: nobody learns who else is told.
    assert sorted(each["To"] for each in found) == ["anna@example.org", "ben@example.org"]
    assert len({each["Message-ID"] for each in found}) == 2
    settled(client, link, count=2)
    assert messages(client, silent) == []


@pytest.mark.parametrize("wrong", ["anna", "a@b\nBcc: c@d", "a@b>,<c@d", '"a b"@example.org', 5, [["a@b.c"]]])
def test_whom_a_link_tells_has_to_be_addresses(client: Client, wrong: object) -> None:
    reply = client.call("POST", "/api/droppr/requests", json={"folder": "x", "notify": wrong}, owner=True)
    assert reply.expect(400, "invalid_request").json["fields"].keys() == {"notify"}


def test_a_sender_gets_the_receipt_by_mail(client: Client, mail: Mailbox) -> None:
    link = client.make_link(title="Taxes", ask_email="required", confirm=True, notify="none")
    link.deliver("one.pdf", b"one", sender_email="carla@example.org")
    link.deliver("two.pdf", b"two", sender_email="Carla@Example.org")
    found = mails_about(mail, "Taxes")
    assert {each["X-Envelope-To"].casefold() for each in found} == {"carla@example.org"}
    told = {name: text for each in found for name, text in [(each["X-Envelope-To"], text_of(each))]}
    assert any("one.\u2060pdf" in text for text in told.values())
    receipt = next(each for each in found[0].iter_attachments())
    assert receipt.get_filename() == "receipt.json"
    content = receipt.get_payload(decode=True)
    document = json.loads(content)
    assert document["server"] == PUBLIC
    assert {file["path"] for file in document["files"]} <= {"one.pdf", "two.pdf"}
    assert len(read_receipt(content).entries) == len(document["files"])


def test_what_was_taken_back_before_is_not_confirmed(
    live: Callable[..., LiveServer], mail: Mailbox, tmp_path: Path
) -> None:
    clock = MovedClock(tmp_path / "clock")
    confirming = {
        "DROPPR_SMTP_URL": f"smtp+plain://127.0.0.1:{mail.port}",
        "DROPPR_MAIL_FROM": "droppr@example.org",
        "DROPPR_NOTIFY_AFTER_SECONDS": 600,
    }
    client = Client.of(live(workers=1, **confirming, **clock.environment))
    link = client.make_link(title="Taken back", ask_email="required", confirm=True, notify="none")
    dora, erin = (f"{name}-{uuid4().hex}@example.org" for name in ("dora", "erin"))
    opened = link.opened("a.txt", 1, sender_email=dora)
    link.send(opened, b"a")
    link.cancel(opened).expect(204)
    link.deliver("b.txt", b"b", sender_email=erin)

    def later() -> list[EmailMessage]:
        # From when the server has noted what came, which may be a moment after it said so.
        clock.forward(0.2)
        return [each for each in mail.mails if each["To"] == erin]

    # Hers is due after the other would have been.
    eventually(later, what="the mail to who took nothing back")

    def is_over() -> bool:
        states = {each["recipient"]: each["state"] for each in messages(client, link) if each["recipient"] != erin}
        return states in ({}, {dora: "given_up"})

    eventually(is_over, what="the end")
    assert not [each for each in mail.mails if each["To"] == dora]


def test_a_webhook_is_signed_and_tells_what_arrived(client: Client, hooks: HookReceiver) -> None:
    link = client.make_link(title="Hooked", notify="none")
    made = make_endpoint(client, hooks, kinds=["files.received", "files.removed"], link=link.hash)
    assert made["secret"].startswith("whsec_")
    upload = link.opened("a.txt", 3)
    link.send(upload, b"abc")
    hooks.wait(1)
    told = verified(hooks, made["secret"])
    assert told["type"] == "files.received"
    data = told["data"]
    assert (data["link"], data["title"], data["count"], data["bytes"], data["more"]) == (link.hash, "Hooked", 1, 3, 0)
    assert (data["files"][0]["path"], data["files"][0]["upload_id"]) == ("a.txt", upload)
    link.cancel(upload).expect(204)
    hooks.wait(2)
    assert verified(hooks, made["secret"])["type"] == "files.removed"
    ids = {each.headers["webhook-id"] for each in hooks.hooks}
    settled(client, link, count=2)
    assert ids == {each["id"] for each in messages(client, link)}
    client.call("DELETE", f"/api/endpoints/{made['id']}", owner=True).expect(204)


def test_what_happens_to_links_is_told_to_who_wants_it(client: Client, hooks: HookReceiver) -> None:
    made = make_endpoint(client, hooks, kinds=["link.made", "link.closed"])
    link = client.make_link(title="Told of")
    link.change(title="Changed").expect(200)
    link.close().expect(204)

    def about_it() -> list[int]:
        # A link that was made just before the endpoint may be told of, too.
        return [at for at, each in enumerate(list(hooks.hooks)) if link.hash.encode() in each.body]

    eventually(lambda: len(about_it()) == 2, what="both")
    told = [verified(hooks, made["secret"], at) for at in about_it()]
    assert [each["type"] for each in told] == ["link.made", "link.closed"]
    assert all(each["data"] == {"link": link.hash, "actor": "owner"} for each in told)
    client.call("DELETE", f"/api/endpoints/{made['id']}", owner=True).expect(204)


def test_what_is_sent_back_is_told_to_its_sender_and_to_programs(
    client: Client, hooks: HookReceiver, mail: Mailbox
) -> None:
    made = make_endpoint(client, hooks, kinds=["item.accepted", "item.returned"])
    link = client.make_link(title="Papers", notify="none", ask_email="optional", items=[{"title": "Tax return"}])
    [item] = client.call("GET", link.path).expect(200).json["items"]
    opening = {"path": "a.pdf", "size": 0, "item": item["id"], "sender_email": "fay@example.org"}
    client.call("POST", f"{link.path}/uploads", json=opening, headers={"X-Sender-Key": "k" * 22}).expect(201)
    [party] = client.call("GET", f"{link.path}/parties", owner=True).expect(200).json["parties"]
    judged = f"{link.path}/parties/{party['id']}/items/{item['id']}"
    said = "Page 2 is missing.\n\n<b>Send it</b> & page 3."
    client.call("PUT", judged, json={"state": "returned", "note": said}, owner=True).expect(200)
    (told,) = mails_about(mail, "Page 2 is missing.")
    assert told["X-Envelope-To"] == "fay@example.org"
    assert told["Subject"] == "Please send again: Tax return"
    text = text_of(told).replace("\r\n", "\n")
    assert "\n\nPage 2 is missing.\n\n<b>Send it</b> & page 3.\n" in text
    assert f"{PUBLIC}/request/{link.hash}" in text
    html = told.get_body(("html",)).get_content()
    assert "&lt;b&gt;Send it&lt;/b&gt; &amp; page 3." in html
    client.call("PUT", judged, json={"state": "accepted"}, owner=True).expect(200)
    hooks.wait(2)
    told_hooks = [verified(hooks, made["secret"], at) for at in range(2)]
    assert [each["type"] for each in told_hooks] == ["item.returned", "item.accepted"]
    assert told_hooks[0]["data"] == {
        "link": link.hash,
        "title": "Papers",
        "item": item["id"],
        "item_title": "Tax return",
        "party": party["id"],
        "note": said,
        "actor": "owner",
    }
    settled(client, link, count=3)
    client.call("DELETE", f"/api/endpoints/{made['id']}", owner=True).expect(204)


def test_a_failed_webhook_is_tried_again_under_its_id_and_sent_again_on_demand(
    client: Client, hooks: HookReceiver
) -> None:
    link = client.make_link(notify="none")
    made = make_endpoint(client, hooks, link=link.hash, kinds=["files.received"])
    # It may be tried once more by itself before its owner says so: that is answered alike.
    hooks.answer = lambda request: 500
    link.deliver("a", b"a")
    (failed,) = settled(client, link, "failed")
    assert failed["answer"].startswith("500")
    assert failed["next_at"] > failed["created_at"]
    again = f"/api/messages/{failed['id']}/redelivery"
    hooks.answer = lambda request: (302, {"Location": hooks.url})
    assert client.call("POST", again, owner=True).expect(202).json["state"] == "waiting"
    eventually(lambda: "Redirects" in (messages(client, link)[0]["answer"] or ""), what="the redirect")
    hooks.answer = lambda request: 204
    client.call("POST", again, owner=True).expect(202)
    settled(client, link)
    # Also what was taken is sent again when its owner says so.
    until_now = len(hooks.hooks)
    assert until_now >= 3
    client.call("POST", again, owner=True).expect(202)
    hooks.wait(until_now + 1)
    assert {each.headers["webhook-id"] for each in hooks.hooks} == {failed["id"]}
    figures = client.call("GET", "/metrics", owner=True).expect(200).body.decode()
    for outcome, least in (("later", 2), ("taken", 1)):
        (count,) = re.findall(rf'droppr_messages_total{{channel="webhook",outcome="{outcome}"}} (\S+)', figures)
        assert float(count) >= least
    assert len({each.body for each in hooks.hooks}) == 1
    client.call("DELETE", f"/api/endpoints/{made['id']}", owner=True).expect(204)


def test_an_endpoint_that_is_gone_is_left_alone(client: Client, hooks: HookReceiver) -> None:
    made = make_endpoint(client, hooks)
    hooks.answer = lambda request: 410
    client.call("POST", "/api/messages/test", json={"endpoint": made["id"]}, owner=True).expect(202)

    def mine() -> dict[str, Any]:
        listed = client.call("GET", "/api/endpoints", owner=True).expect(200).json["endpoints"]
        found: dict[str, Any] = next(each for each in listed if each["id"] == made["id"])
        return found

    eventually(lambda: not mine()["active"], what="an endpoint that is switched off")
    assert "410" in mine()["trouble"]
    assert "secret" not in mine()
    path = f"/api/endpoints/{made['id']}"
    assert client.call("PATCH", path, json={"active": True}, owner=True).expect(200).json["trouble"] is None
    renewed = client.call("POST", f"{path}/secret", owner=True).expect(200).json["secret"]
    assert renewed != made["secret"]
    hooks.answer = lambda request: 200
    client.call("POST", "/api/messages/test", json={"endpoint": made["id"]}, owner=True).expect(202)
    hooks.wait(2)
    assert verified(hooks, renewed) == {**verified(hooks, renewed), "type": "test", "data": {}}
    client.call("DELETE", path, owner=True).expect(204)
    client.call("DELETE", path, owner=True).expect(404, "endpoint_not_found")
    client.call("PATCH", path, json={"active": True}, owner=True).expect(404, "endpoint_not_found")
    client.call("POST", "/api/messages/test", json={"endpoint": made["id"]}, owner=True).expect(
        404, "endpoint_not_found"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/hook",
        "https://192.168.1.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[64:ff9b::10.0.0.1]/",
        "https://user:secret@example.org/",
        "ftp://example.org/",
        "https://",
        "gopher",
        "https://0x7f.1:99999/",
    ],
)
def test_no_webhook_goes_where_it_must_not(client: Client, url: str) -> None:
    client.call("POST", "/api/endpoints", json={"url": url}, owner=True).expect(400, "endpoint_not_allowed")


def test_what_is_no_endpoint_is_told_field_by_field(client: Client, hooks: HookReceiver) -> None:
    wrong = [{"url": 5}, {"url": hooks.url, "kinds": ["confirmation"]}, {"url": hooks.url, "kinds": []}]
    for body in wrong:
        client.call("POST", "/api/endpoints", json=body, owner=True).expect(400, "invalid_request")
    unknown = {"url": hooks.url, "link": "no-such-link-0123456789"}
    client.call("POST", "/api/endpoints", json=unknown, owner=True).expect(404, "request_not_found")


def test_a_test_mail_goes_to_who_is_told(client: Client, mail: Mailbox) -> None:
    made = client.call("POST", "/api/messages/test", json={}, owner=True).expect(202).json["messages"]
    assert [each["recipient"] for each in made] == [OWNER]
    other = client.call("POST", "/api/messages/test", json={"mail": "eve@example.org"}, owner=True).expect(202)
    (message,) = other.json["messages"]
    path = f"/api/messages/{message['id']}"
    eventually(lambda: client.call("GET", path, owner=True).expect(200).json["state"] == "sent", what="the mail")
    assert any(each["Message-ID"] == f"<{message['id']}@example.org>" for each in mail.mails)
    for body in ({"mail": "a@b, c@d"}, {"mail": 5}):
        client.call("POST", "/api/messages/test", json=body, owner=True).expect(400, "invalid_request")


def test_a_refused_recipient_is_given_up_and_others_get_theirs(client: Client, mail: Mailbox) -> None:
    mail.answer = lambda step, about: "550 No such user" if (step, about) == ("RCPT", "nobody@example.org") else None
    link = client.make_link(title="Refused", notify="nobody@example.org, somebody@example.org")
    link.deliver("a", b"a")
    mails_about(mail, "Refused")
    settled(client, link, "given_up")
    found = settled(client, link)
    states = {each["recipient"]: (each["state"], each["answer"]) for each in found}
    assert states["nobody@example.org"] == ("given_up", "550 No such user")
    whys = {each["recipient"]: (each["reason"], each["said"]) for each in found}
    assert whys == {"nobody@example.org": ("no_such", "550 No such user"), "somebody@example.org": (None, None)}
    assert states["somebody@example.org"][0] == "sent"


def test_only_the_owner_sees_messages(client: Client) -> None:
    for method, path in (
        ("GET", "/api/messages"),
        ("GET", "/api/messages/msg_1"),
        ("POST", "/api/messages/msg_1/redelivery"),
        ("POST", "/api/messages/test"),
        ("GET", "/api/endpoints"),
        ("POST", "/api/endpoints"),
        ("DELETE", "/api/endpoints/ep_1"),
    ):
        client.call(method, path).expect(401, "unauthorized")
    client.call("GET", "/api/messages/msg_1", owner=True).expect(404, "message_not_found")
    client.call("POST", "/api/messages/msg_1/redelivery", owner=True).expect(404, "message_not_found")


def test_the_log_is_read_in_pages(client: Client, hooks: HookReceiver) -> None:
    made = make_endpoint(client, hooks, kinds=["link.changed"])
    link = client.make_link(notify="none")
    for number in range(3):
        link.change(title=f"Title {number}").expect(200)
    settled(client, link, count=3)
    seen, cursor = [], ""
    while True:
        reply = client.call("GET", f"/api/messages?limit=2&state=sent&link={link.hash}{cursor}", owner=True).expect(200)
        seen += [each["id"] for each in reply.json["messages"]]
        if reply.json["next_cursor"] is None:
            break
        cursor = f"&cursor={reply.json['next_cursor']}"
    assert seen == [each["id"] for each in messages(client, link)]
    assert len(set(seen)) == 3
    client.call("GET", "/api/messages?state=lost", owner=True).expect(400, "invalid_request")
    client.call("DELETE", f"/api/endpoints/{made['id']}", owner=True).expect(204)


def test_without_a_mail_server_nothing_can_ask_for_mail(server: LiveServer) -> None:
    plain = Client.of(server).elsewhere()
    for terms in ({"notify": "a@example.org"}, {"confirm": True}):
        body = {"folder": "x", **terms}
        reply = plain.call("POST", "/api/droppr/requests", json=body, owner=True).expect(400, "mail_not_ready")
        assert reply.json["fields"].keys() == terms.keys()
    assert plain.make_link(notify="none", confirm=False).info().status == 200
    plain.call("POST", "/api/messages/test", json={}, owner=True).expect(400, "mail_not_ready")


def test_from_the_command_line(told_terminal: Terminal, client: Client, hooks: HookReceiver, mail: Mailbox) -> None:
    link = client.make_link(notify="none")
    said = told_terminal.run("endpoint", "create", hooks.url, "--kind", "files.received", "--link", link.hash)
    id, secret = re.findall(r"(ep_\w+|whsec_\S+)", said)
    assert told_terminal.run("message", "test", "--endpoint", id) == f"{id}: sent. 204 No Content\n"
    assert verified(hooks, secret)["type"] == "test"
    link.deliver("a", b"a")
    hooks.wait(2)
    settled(client, link)
    assert re.search(r"files.received +ep_\w+ +sent +1 +204", told_terminal.run("message", "list", "--link", link.hash))
    # The test is one of the link's, too, as its endpoint is.
    listed = told_terminal.json("message", "list", "--link", link.hash)["messages"]
    (told,) = [each for each in listed if each["kind"] != "test"]
    assert "It is sent now" in told_terminal.run("message", "resend", told["id"])
    hooks.wait(3)
    hooks.answer = lambda request: 500
    assert "failed. 500" in told_terminal.run("message", "test", "--endpoint", id, code=1)
    told_terminal.run("endpoint", "edit", id, "--inactive", "--kind", "test")
    told_terminal.run("endpoint", "edit", id, code=2)
    assert re.search(rf"{id} +webhook +off +test +{link.hash} +{hooks.url}", told_terminal.run("endpoint", "list"))
    assert told_terminal.json("endpoint", "secret", id)["secret"] not in (None, secret)
    told_terminal.run("endpoint", "remove", id)
    assert "no such endpoint" in told_terminal.run("endpoint", "remove", id, code=1)
    assert told_terminal.run("message", "test") == f"{OWNER}: sent. The mail server has it.\n"
    assert "no public address" in told_terminal.run("endpoint", "create", "https://10.0.0.1/", code=1)
    assert "no such message" in told_terminal.run("message", "resend", "msg_1", code=1)
    told_terminal.run("message", "test", "--mail", "a@b.org", "--endpoint", "x", code=2)
