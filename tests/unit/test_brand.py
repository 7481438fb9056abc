"""Who asks, in what senders are told."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

from app.core.brand import Brand
from app.core.messages import Channel, Message, MessageKind
from app.core.terms import Terms
from app.services.messages.mails import Mails

SERVER = Brand("Kanzlei Roth", "#7a1f5c")


def test_a_link_says_it_before_its_server():
    assert (SERVER.asker(Terms()), SERVER.accent_of(Terms())) == ("Kanzlei Roth", "#7a1f5c")
    named = Terms(asker="Anna", accent="#0b6f66")
    assert (SERVER.asker(named), SERVER.accent_of(named)) == ("Anna", "#0b6f66")
    assert (Brand().asker(Terms()), Brand().accent_of(Terms())) == ("", "")


def mail(**facts: object) -> Any:
    said = {"title": "Papers", "text": "", "address": "https://d.example/request/x", "until": None, "password": False}
    message = Message("msg_1", MessageKind.INVITATION, Channel.MAIL, "b@x.example", "x", said | facts, 0.0, 0.0)
    made = Mails("Droppr <droppr@d.example>", "https://d.example").of(message)
    return message_from_bytes(made, policy=policy.default)


def test_mails_to_senders_come_from_whoever_asks_by_the_servers_address():
    made = mail(asker="Roth & Söhne, <boss@bank.example>\r\nBcc: x@y.example")
    [sender] = made["From"].addresses
    assert sender.addr_spec == "droppr@d.example"
    assert sender.display_name.startswith("Roth & Söhne, <boss@bank.example>")
    assert made["Bcc"] is None
    assert "The files are for Roth & Söhne" in made.get_body(["plain"]).get_content()
    assert "Roth &amp; Söhne, &lt;boss" in made.get_body(["html"]).get_content()


def test_who_is_asked_is_told_when_it_is_due():
    due = {"due": 1_796_515_200.0, "late": False, "takes_late": False}
    text = mail(**due).get_body(["plain"]).get_content()
    assert "They are due on 2026-12-06 00:00 UTC." in text
    assert "After that no more files are taken." in text
    text = mail(**due | {"late": True, "takes_late": True}).get_body(["plain"]).get_content()
    assert "They were due on 2026-12-06 00:00 UTC." in text
    assert "no more files" not in text
    assert " due " not in mail(due=None).get_body(["plain"]).get_content()


def test_where_nobody_says_so_mails_are_as_they_were():
    for made in (mail(), mail(asker="")):
        assert made["From"].addresses[0].display_name == "Droppr"
        assert "The files are for" not in made.as_string()
