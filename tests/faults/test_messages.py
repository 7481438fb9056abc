"""SIGKILL of every process at each step of telling somebody: nobody is told nothing, and twice only where the other side had said
yes already, then under the same id."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.catalogues import asked
from tests.support.client import Client
from tests.support.files import eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.pushes import push_service
from tests.support.receivers import HookReceiver, Mailbox, hook_receiver, mail_server

OWNER, SENDER = "owner@example.org", "anna@example.org"
SECONDS = 60.0


def server_with(folder: Path, box: Mailbox, **env: object) -> LiveServer:
    return LiveServer(
        folder,
        workers=2,
        DROPPR_SMTP_URL=f"smtp+plain://127.0.0.1:{box.port}",
        DROPPR_MAIL_FROM="droppr@example.org",
        DROPPR_NOTIFY_MAIL=OWNER,
        DROPPR_NOTIFY_AFTER_SECONDS=0.5,
        DROPPR_WEBHOOK_AFTER_SECONDS=0.5,
        DROPPR_WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8",
        **{**GENEROUS, **env},
    )


class Kill:
    """Kills a server the first time it is called, but not before its sender has an answer."""

    def __init__(self, server: LiveServer) -> None:
        self._left = [server]
        self._answered = threading.Event()
        self._over = threading.Event()

    def __call__(self) -> None:
        if self._left:
            assert self._answered.wait(SECONDS)
            self._left.pop().kill()
            self._over.set()

    def wait(self) -> None:
        """Until nothing of the server is left, so that the next one answers alone."""
        self._answered.set()
        assert self._over.wait(SECONDS), "waited in vain for the end of the server"


def send(server: LiveServer, hooks: HookReceiver) -> str:
    """A file that the owner, its sender and an endpoint are told of; the link's hash."""
    client = Client.of(server)
    link = client.make_link(title="Killed", ask_email="required", confirm=True)
    body = {"url": hooks.url, "kinds": ["files.received"], "link": link.hash}
    client.call("POST", "/api/endpoints", json=body, owner=True).expect(201)
    link.deliver("a.txt", b"abc", sender_email=SENDER)
    return link.hash


def all_told(server: LiveServer, link: str) -> dict[str, str]:
    """The ids of what was told, by recipient, once it is noted that they have it."""
    client = Client.of(server)

    def sent() -> list[Any]:
        reply = client.call("GET", f"/api/messages?link={link}", owner=True).expect(200)
        return [each for each in reply.json["messages"] if each["state"] == "sent"]

    eventually(lambda: len(sent()) >= 3, seconds=SECONDS, what="three messages that were taken")
    found = {each["recipient"] if each["channel"] == "mail" else "hook": each["id"] for each in sent()}
    assert len(sent()) == len(found) == 3
    return found


def judge(box: Mailbox, hooks: HookReceiver, told: dict[str, str], most: int, posts: int) -> None:
    """``most`` is how often a mail, ``posts`` how often a webhook may have come."""
    mails = {to: [each["Message-ID"] for each in box.mails if each["To"] == to] for to in (OWNER, SENDER)}
    posted = [each.headers["webhook-id"] for each in hooks.hooks]
    assert {to: set(ids) for to, ids in mails.items()} == {to: {f"<{told[to]}@example.org>"} for to in mails}
    assert set(posted) == {told["hook"]}
    assert max(map(len, mails.values())) <= most
    assert len(posted) <= posts
    # The whole mail is the same, receipt and all but the time at which that was signed.
    subjects = {each["Subject"] for each in box.mails if each["To"] == OWNER}
    assert len(subjects) == 1


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("recipient", [OWNER, SENDER])
def test_killed_while_a_mail_is_handed_over(tmp_path: Path, step: str, recipient: str) -> None:
    with mail_server() as box, hook_receiver() as hooks:
        server = server_with(tmp_path, box)
        kill, current = Kill(server), [""]

        def answer(at: str, about: str) -> None:
            if at == "RCPT":
                current[0] = about
            if at == step and (at in ("EHLO", "MAIL") or current[0] == recipient):
                kill()

        with server:
            box.answer = answer
            link = send(server, hooks)
            kill.wait()
            before = len(box.mails)
            server.start()
            told = all_told(server, link)
        # Only a whole mail that the server had said yes to comes again; a webhook may have been answered at that very moment.
        judge(box, hooks, told, most=2 if step == "DATA" else 1, posts=2)
        assert before <= 2


@pytest.mark.parametrize("said", [True, False])
def test_killed_while_a_webhook_is_posted(tmp_path: Path, said: bool) -> None:
    """Before the other side has answered, and after it has."""
    with mail_server() as box, hook_receiver() as hooks:
        server = server_with(tmp_path, box)
        kill = Kill(server)

        def answer(request: Any) -> int | None:
            if said:
                request.wfile.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
            kill()
            return None if said else 204

        with server:
            hooks.answer = answer
            link = send(server, hooks)
            kill.wait()
            hooks.answer = lambda request: 204
            server.start()
            told = all_told(server, link)
        judge(box, hooks, told, most=2, posts=2)


@pytest.mark.parametrize("step", ["a batch", "before the answer", "after the answer"])
def test_killed_while_a_browser_is_told(tmp_path: Path, step: str) -> None:
    """The browser is told all the same, and twice only where its push service had the message already; then in the first one's place."""
    with mail_server() as box, push_service() as service:
        server = server_with(tmp_path, box)
        kill, browser = Kill(server), service.browser()

        def answer(request: Any) -> int | None:
            if step == "after the answer":
                request.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            kill()
            return None if step == "after the answer" else 201

        with server:
            service.answer = (lambda request: 503) if step == "a batch" else answer
            client = Client.of(server)
            key = client.call("GET", "/api/droppr/push", owner=True).expect(200).json["key"]
            client.call("POST", "/api/droppr/push", json=browser.subscription(), owner=True).expect(201)
            link = client.make_link(title="Killed", notify="none")
            link.deliver("a.txt", b"abc")
            if step == "a batch":
                waiting = "SELECT link FROM batches WHERE due_at IS NOT NULL"
                eventually(lambda: asked(server.data_dir, waiting), seconds=SECONDS, what=step)
                server.kill()
                service.receiver.forget()
            else:
                kill.wait()
            service.answer = lambda request: 201
            server.start()

            def log() -> list[Any]:
                reply = Client.of(server).call("GET", f"/api/messages?link={link.hash}", owner=True).expect(200)
                return [each["state"] for each in reply.json["messages"]]

            eventually(lambda: log() == ["sent"], seconds=SECONDS, what="the push that was taken")
            # The key outlives the process, or the browser would have to be asked again.
            assert Client.of(server).call("GET", "/api/droppr/push", owner=True).expect(200).json["key"] == key
        shown = service.shown(browser)
        assert 1 <= len(shown) <= (1 if step == "a batch" else 2)
        assert {(each["title"], each["files"]) for each in shown} == {("Killed", 1)}
        assert len({each.headers["topic"] for each in service.sent(browser)}) == 1


@pytest.mark.parametrize("stage", ["the reply", "a batch", "a message"])
def test_killed_before_anything_is_sent(tmp_path: Path, stage: str) -> None:
    """When the sender was told that the file is there, when its batch waits, and when the message waits to be sent."""
    seen = {
        "the reply": "SELECT 1",
        "a batch": "SELECT link FROM batches WHERE due_at IS NOT NULL",
        "a message": "SELECT id FROM messages",
    }[stage]
    with mail_server() as box, hook_receiver() as hooks:
        if stage == "a message":
            box.answer = lambda at, about: "421 Come back later" if at == "MAIL" else None
            hooks.answer = lambda request: 503
        with server_with(tmp_path, box) as server:
            link = send(server, hooks)
            eventually(lambda: asked(server.data_dir, seen), seconds=SECONDS, what=stage)
            server.kill()
            # What the dead had sent is no answer of the living.
            hooks.forget()
            box.answer = lambda at, about: None
            hooks.answer = lambda request: 204
            server.start()
            told = all_told(server, link)
        judge(box, hooks, told, most=1, posts=1)


def test_receivers_that_hang_hold_no_upload_up(tmp_path: Path) -> None:
    """The mail server and an endpoint say nothing at all, and files arrive all the same; none of it is lost."""
    with mail_server() as box, hook_receiver() as hooks:
        over = threading.Event()
        hooks.answer = lambda request: 204 if over.wait(SECONDS) else 500

        def silent(at: str, about: str) -> None:
            over.wait(SECONDS)

        box.answer = silent
        with server_with(tmp_path, box) as server:
            link = send(server, hooks)
            hooks.wait(1)
            client = Client.of(server)
            other = client.make_link(notify="none")
            for number in range(20):
                other.deliver(f"{number}.txt", b"x")
            assert len(other.files()) == 20
            over.set()
            told = all_told(server, link)
        judge(box, hooks, told, most=2, posts=2)


@pytest.mark.parametrize("step", ["made", "MAIL", "DATA"])
def test_a_reminder_comes_through_a_kill_once(tmp_path: Path, step: str) -> None:
    """Killed when it waits to be sent, and while it is handed over."""
    with mail_server() as box:
        server = server_with(tmp_path, box, DROPPR_PUBLIC_URL="https://files.example.org")
        kill = Kill(server)
        box.answer = lambda at, about: "421 Come back later" if at == "MAIL" else None
        if step != "made":
            box.answer = lambda at, about: kill() if at == step else None
        with server:
            terms = {"recipient_email": SENDER, "due_at": time.time() + 86_400 + 1, "reminders": [1]}
            link = Client.of(server).make_link(title="Killed", **terms)
            if step == "made":
                eventually(lambda: asked(server.data_dir, "SELECT id FROM messages"), seconds=SECONDS, what="the mail")
                server.kill()
            else:
                kill.wait()
            box.answer = lambda at, about: None
            server.start()

            def log() -> list[Any]:
                reply = Client.of(server).call("GET", f"/api/messages?link={link.hash}", owner=True).expect(200)
                return [(each["kind"], each["state"]) for each in reply.json["messages"]]

            eventually(lambda: log() == [("reminder", "sent")], seconds=SECONDS, what="the reminder")
            assert asked(server.data_dir, "SELECT remind_at FROM links") == [(None,)]
        # Only a whole mail that the server had said yes to comes again, under the same id.
        assert 1 <= len(box.mails) <= (2 if step == "DATA" else 1)
        assert len({each["Message-ID"] for each in box.mails}) == 1
