"""SIGKILL of every process while people join, change passwords, add passkeys, make keys and log out, and while an archive is downloaded:
what was acknowledged counts, an invitation is used once, and of what was not acknowledged there is all or nothing."""

from __future__ import annotations

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
import urllib3

from tests.faults.test_messages import Kill
from tests.http.test_accounts import PASSWORD, cookies_of, entered, log_in
from tests.support.client import Client
from tests.support.files import MIB, content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.passkeys import ORIGIN, SoftPasskey
from tests.support.receivers import mail_server

SESSION = "/api/droppr/session"
OTHER = "another right password"
STEPS = {"joins": 0.3, "changes_password": 0.4, "makes_key": 0.01, "adds_passkey": 0.15, "logs_out": 0.01}
"""What somebody does one after the other, and about how many seconds each takes."""


def joined(client: Client, code: str, name: str) -> Any:
    form = urlencode({"name": name, "password": PASSWORD, "again": PASSWORD, "display_name": ""})
    return client.call("POST", f"/join/{code}", body=form.encode(), headers={"Sec-Fetch-Site": "same-origin"})


@dataclass
class Person:
    """Somebody who is invited, and what was acknowledged of what they did; ``doing`` is what is under way."""

    code: str
    name: str = field(default_factory=lambda: f"ann-{uuid4().hex[:8]}")
    done: list[str] = field(default_factory=list)
    doing: str = ""
    key: str = ""
    cookie: dict[str, str] = field(default_factory=dict)

    def acts(self, client: Client, begins: Callable[[str], None]) -> None:
        """Everything in a row, each told as it begins, and noted once it is acknowledged."""
        for step in STEPS:
            self.doing = step
            begins(step)
            getattr(self, step)(client)
            self.done.append(step)
        self.doing = ""

    def joins(self, client: Client) -> None:
        self._keep(joined(client, self.code, self.name).expect(303))

    def changes_password(self, client: Client) -> None:
        body = {"old": PASSWORD, "new": OTHER}
        self._keep(client.call("POST", "/api/account/password", json=body, headers=self.cookie).expect(204))

    def makes_key(self, client: Client) -> None:
        body = {"name": "night", "scopes": ["links:read"]}
        self.key = client.call("POST", "/api/keys", json=body, headers=self.cookie).expect(201).json["key"]

    def adds_passkey(self, client: Client) -> None:
        path, body = "/api/account/passkeys", {"password": OTHER}
        asked = client.call("POST", path, json=body, headers=self.cookie).expect(200)
        challenge = cookies_of(asked)["droppr_passkey"]
        both = {"Cookie": f"{self.cookie['Cookie']}; droppr_passkey={challenge}"}
        made = {"name": "phone", "passkey": SoftPasskey().made(asked.json)}
        client.call("POST", f"{path}/confirmation", json=made, headers=both).expect(201)

    def logs_out(self, client: Client) -> None:
        client.call("DELETE", SESSION, headers=self.cookie).expect(204)

    def judge(self, client: Client) -> None:
        """What a server knows that was killed and started again."""
        here = client.elsewhere()
        if "joins" not in self.done:
            # Either of both: the account and no invitation, or the invitation and no account.
            if joined(here, self.code, self.name).status != 303:
                entered(here, self.name)
            joined(here, self.code, f"{self.name}-2").expect(404)
            return
        here.call("GET", f"/join/{self.code}").expect(404)
        self._judge_password(here)
        if self.key:
            here.call("GET", SESSION, headers={"X-Auth": self.key}).expect(200)
        status = here.call("GET", SESSION, headers=self.cookie).status
        if self.doing == "logs_out":
            assert status in (200, 401)
        elif self.doing != "changes_password":
            assert status == (401 if "logs_out" in self.done else 200)

    def _judge_password(self, client: Client) -> None:
        accepted = [each for each in (PASSWORD, OTHER) if self._is_accepted(client, each)]
        if self.doing == "changes_password":
            assert accepted in ([PASSWORD], [OTHER])
        else:
            assert accepted == [OTHER if "changes_password" in self.done else PASSWORD]

    def _is_accepted(self, client: Client, password: str) -> bool:
        reply = log_in(client, self.name, password)
        if self.doing == "adds_passkey":
            return reply.code in (None, "second_factor_needed")
        return reply.code == ("second_factor_needed" if "adds_passkey" in self.done else None)

    def _keep(self, reply: Any) -> None:
        self.cookie = {"Cookie": f"droppr_owner={cookies_of(reply)['droppr_owner']}"}


def invited(client: Client) -> Person:
    made = client.call("POST", "/api/accounts/invitations", json={}, owner=True).expect(201).json
    return Person(urlsplit(made["address"]).path.rpartition("/")[2])


def test_what_people_were_told_is_done_outlives_a_kill(
    tmp_path: Path, chance: random.Random, torture: bool, tally: Counter[str]
) -> None:
    with LiveServer(tmp_path, workers=1, **{**GENEROUS, "DROPPR_PUBLIC_URL": ORIGIN}) as server:
        for step in [*STEPS] * 20 if torture else chance.sample([*STEPS], 3):
            client = Client.of(server)
            person = invited(client)
            killer = threading.Timer(chance.uniform(0, STEPS[step]), server.kill)
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                person.acts(client.elsewhere(), lambda begun: killer.start() if begun == step else None)  # noqa: B023
            killer.join()
            server.start()
            again = Client.of(server)
            person.judge(again)
            tally[f"killed as somebody {person.doing or 'was done'}"] += 1
            told = again.call("GET", "/api/accounts/invitations", owner=True).expect(200).json
            assert told["invitations"] == []


@pytest.mark.parametrize("step", ["MAIL", "DATA"])
def test_the_mail_of_an_invitation_outlives_a_kill(tmp_path: Path, step: str) -> None:
    with mail_server() as box:
        server = LiveServer(
            tmp_path,
            workers=1,
            DROPPR_SMTP_URL=f"smtp+plain://127.0.0.1:{box.port}",
            DROPPR_MAIL_FROM="droppr@example.org",
            **GENEROUS,
        )
        kill = Kill(server)
        box.answer = lambda at, _: kill() if at == step else None
        with server:
            body = {"email": "ben@example.org", "mail": True}
            client = Client.of(server)
            made = client.call("POST", "/api/accounts/invitations", json=body, owner=True).expect(201).json
            kill.wait()
            server.start()

            def sent() -> bool:
                told = client.call("GET", "/api/accounts/invitations", owner=True).expect(200).json["invitations"]
                return [each["mail"] for each in told] == ["sent"]

            eventually(sent, seconds=60, what="the mail to be sent")
            # A mail server that had it already may get it again, and sees by its id that it has.
            assert len({each["Message-ID"] for each in box.mails}) == 1
            assert 1 <= len(box.mails) <= (2 if step == "DATA" else 1)
            body_part = box.mails[-1].get_body(("plain",))
            assert body_part
            assert made["address"] in body_part.get_content()
            assert joined(client, urlsplit(made["address"]).path.rpartition("/")[2], "ben").status == 303


def test_an_archive_goes_on_after_a_kill(tmp_path: Path) -> None:
    with LiveServer(tmp_path, workers=1, **GENEROUS) as server:
        link = Client.of(server).make_link()
        for number in range(3):
            link.deliver(f"{number}.bin", content(MIB, number))
        path = f"{link.path}/archive"
        begun = urllib3.HTTPConnectionPool("127.0.0.1", urlsplit(server.url).port)
        reply = begun.request("GET", path, headers={"X-Auth": server.token}, preload_content=False, retries=False)
        assert reply.status == 200
        first, tag = reply.read(MIB + 77), reply.headers["ETag"]
        server.kill()
        begun.close()
        server.start()
        on = {"Range": f"bytes={len(first)}-", "If-Range": tag}
        rest = link.client.call("GET", path, headers=on, owner=True).expect(206)
        whole = link.client.call("GET", path, owner=True).expect(200)
        assert whole.headers["ETag"] == tag
        assert first + rest.body == whole.body
