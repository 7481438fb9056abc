"""Invitations to have an account go by mail: kept together, sent again as they were, and not sent once they are over."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.core.accounts import Role
from app.core.audit import ALL
from app.core.messages import Message, MessageKind
from app.services.messages import account_invitations
from app.services.messages.mails import Mails
from tests.support.actors import OWNER
from tests.support.searched import House

INVITATIONS = "/api/accounts/invitations"
ANN = "ann@example.org"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(
        tmp_path_factory.mktemp("data"),
        smtp_url="smtp+plain://127.0.0.1:1",
        mail_from="droppr@example.org",
        public_url="https://files.example.org/in",
        brand_name="Kanzlei <Roth>",
    )


@pytest.fixture
def house(shared: House) -> Iterator[House]:
    """Without invitations of earlier tests."""
    yield shared
    for each in shared.services.accounts.people.invitations():
        shared.services.accounts.people.withdraw(each.id, OWNER)


def invited(house: House, **body: Any) -> Any:
    status, told = house.ask(INVITATIONS, "POST", json={"email": ANN, "mail": True, **body})
    assert status == 201, told
    return told


def listed(house: House) -> list[str | None]:
    return [each["mail"] for each in house.ask(INVITATIONS)[1]["invitations"]]


def mail_of(house: House, id: str) -> Message:
    found = house.services.messages.log.one(account_invitations._mail_of(id))
    assert found.kind is MessageKind.ACCOUNT_INVITATION
    return found


def text(message: Message) -> Any:
    found = message_from_bytes(Mails("droppr@example.org", None).of(message), policy=policy.default)
    assert isinstance(found, EmailMessage)
    body = found.get_body(("plain",))
    assert body
    return found, body.get_content()


def test_one_is_mailed_with_its_address_and_sent_again_as_it_was(house: House) -> None:
    made = invited(house, language="de")
    message = mail_of(house, made["id"])
    assert (message.recipient, message.link, listed(house)) == (ANN, None, ["waiting"])
    mail, said = text(message)
    assert made["address"].startswith("https://files.example.org/in/join/")
    assert made["address"] in said
    assert (mail["To"], mail["Content-Language"]) == (ANN, "de")
    assert mail["From"].addresses[0].display_name == "Kanzlei <Roth>"
    assert "Kanzlei <Roth>" in mail["Subject"]
    house.services.ground.catalogue.sync()
    status, told = house.ask(f"{INVITATIONS}/{made['id']}/mail", "POST")
    assert (status, [each["id"] for each in told["messages"]]) == (202, [message.id])
    assert text(mail_of(house, made["id"]))[0].as_bytes() == mail.as_bytes()
    acts = [(str(each.act), each.facts.get("mailed")) for each in house.services.audit.log.page(9, None, ALL)]
    assert acts[:2] == [("message_asked_again", None), ("invitation_made", True)]


def test_what_people_call_themselves_leads_nowhere_in_a_mail(house: House) -> None:
    people = house.services.accounts.people
    people.add("eve", Role.ADMIN, "a right password", OWNER, display_name="<b>https://evil.example</b>")
    login = {"name": "eve", "password": "a right password"}
    own = {"Sec-Fetch-Site": "same-origin"}
    assert house.client.post("/api/droppr/session", json=login, headers=own).status_code == 204
    made = house.client.post(INVITATIONS, json={"email": ANN, "mail": True}, headers=own).json
    mail, said = text(mail_of(house, made["id"]))  # type: ignore[index]
    assert "https://evil.example" not in said
    page = mail.get_body(("html",)).get_content()
    assert "<b>" not in page
    assert page.count("href=") == 1
    house.client.delete("/api/droppr/session", headers=own)


@pytest.mark.parametrize("way", ["taken back", "used", "over"])
def test_a_mail_of_one_that_is_over_is_not_sent(house: House, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = invited(house)
    message, mails = mail_of(house, made["id"]), house.services.messages.account_invitations
    judge = house.services.messages.worker._delivery._why_not
    assert judge(message) is None
    if way == "taken back":
        assert house.ask(f"{INVITATIONS}/{made['id']}", "DELETE")[0] == 204
    elif way == "used":
        code = urlsplit(made["address"]).path.rpartition("/")[2]
        house.services.accounts.people.join(code, f"ann-{way}", "a right password", "", "192.0.2.1")
    else:
        monkeypatch.setattr(mails, "_clock", lambda: made["expires_at"])
    assert judge(message) == account_invitations.OVER
    if way != "over":
        assert house.ask(f"{INVITATIONS}/{made['id']}/mail", "POST")[1]["code"] == "invitation_not_found"


def test_what_cannot_be_mailed_is_not_made(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_invitations, "MAILS_LIMIT", "3 per hour")
    house.services.ground.attempts.clear("invitation mails", "60 per hour")
    status, told = house.ask(INVITATIONS, "POST", json={"mail": True})
    assert (status, told["fields"].keys()) == (400, {"email"})
    assert house.ask(INVITATIONS, "POST", json={"mail": True, "email": "no address"})[0] == 400
    assert house.ask(INVITATIONS, "POST", json={"mail": True, "email": ANN, "language": "xx"})[0] == 400
    assert listed(house) == []
    for _ in range(2):
        invited(house)
    status, told = house.ask(INVITATIONS, "POST", json={"mail": True, "email": ANN})
    assert (status, told["code"]) == (429, "rate_limited")
    assert house.ask(INVITATIONS, "POST", json={"email": ANN})[0] == 201, "without a mail"
    assert listed(house) == [None, "waiting", "waiting"]
    unmailed = house.ask(INVITATIONS)[1]["invitations"][0]["id"]
    assert house.ask(f"{INVITATIONS}/{unmailed}/mail", "POST")[1]["code"] == "invalid_request"
    assert house.ask(f"{INVITATIONS}/nothing/mail", "POST")[1]["code"] == "invitation_not_found"
    without = House(tmp_path)
    status, told = without.ask(INVITATIONS, "POST", json={"mail": True, "email": ANN})
    assert (status, told["code"]) == (400, "mail_not_ready")
    assert not without.ask(INVITATIONS)[1]["mailing"]
    assert listed(without) == []
