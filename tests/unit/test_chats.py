"""What people in chats are told, and where such messages may go."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from app.core.errors import EndpointNotAllowed, InvalidRequest
from app.core.messages import CHAT_KINDS, Answer, Channel, Message, MessageKind, Outcome
from app.core.reasons import Reason
from app.services.accounts.acts import Acts
from app.services.messages.chats import Chats
from app.services.messages.endpoints import Endpoints
from app.storage.messages.chats import AppriseChats
from app.storage.sql.audit import SQLAudit
from app.storage.sql.endpoints import SQLEndpoints
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.receivers import hook_receiver

HERE = AppriseChats([ipaddress.ip_network("127.0.0.0/8")])
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"


class Noted:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def check(self, url: str) -> str:
        return f"{url[:3]}..."

    def send(self, url: str, subject: str, text: str) -> Answer:
        self.said.append((subject, text))
        return Answer(Outcome.TAKEN, "yes")


def told(kind: MessageKind, **facts: Any) -> tuple[str, str]:
    carrier = Noted()
    Chats(carrier, lambda: "https://files.example.org").send(
        "x://y", Message("m", kind, Channel.WEBHOOK, "e", "h", facts, 1.0, 1.0)
    )
    return carrier.said[0]


def arrived(count: int = 2, **more: Any) -> dict[str, Any]:
    named = [{"path": f"day/{n}.jpg", "size": 1500} for n in range(count)]
    facts = {"title": "Wedding", "folder": "w", "files": count, "bytes": 1500 * count, "named": named}
    return {**facts, "senders": ["Anna"], **more}


def test_what_arrived_is_one_message_with_the_files_and_where_to_see_them() -> None:
    subject, text = told(MessageKind.FILES_RECEIVED, **arrived())
    assert subject == "2 files have arrived: Wedding"
    assert text.splitlines()[0] == "From Anna."
    assert "- day/\u20600.\u2060jpg (1.5 kB)" in text
    assert text.endswith("See and fetch them: https://files.example.org/admin")
    assert told(MessageKind.FILES_REMOVED, **arrived(1))[0] == "A file was taken back by its sender: Wedding"
    assert told(MessageKind.TEST)[0] == "Droppr"


@pytest.mark.parametrize(
    "name", ["@everyone", "<!channel>", "<@U012AB3CD>", "<https://evil.example|click>", "[x](https://evil.example)"]
)
def test_a_name_that_a_sender_chose_calls_nobody_and_leads_nowhere(name: str) -> None:
    facts = arrived(1, senders=[name], named=[{"path": name, "size": 1}])
    _, text = told(MessageKind.FILES_RECEIVED, **facts)
    for act in ("@everyone", "<!", "<@", "<http", "https://evil", "evil.example"):
        assert act not in text


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "json://127.0.0.1/",
        "mailto://user:password@example.org",
        "syslog://",
        "exec://touch",
        "workflows://127.0.0.1/a/b?template=/etc/passwd",
        "ntfys://127.0.0.1/topic?attach=http://169.254.169.254/",
        "ntfys://127.0.0.1/topic?verify=no",
        "ntfys://127.0.0.1/topic?%76erify=no",
        "ntfys://10.0.0.1/topic",
        "ntfys://[::1]/topic",
        "gotifys://169.254.169.254/token",
        "matrixs://user:password@192.168.1.1/#room",
        "slack://",
        "://",
        "ntfys://[",
    ],
)
def test_no_message_to_a_chat_goes_where_it_must_not(url: str) -> None:
    with pytest.raises(EndpointNotAllowed):
        HERE.check(url)
    assert HERE.send(url, "s", "t").outcome is Outcome.LATER


def test_a_chat_is_shown_without_its_secrets() -> None:
    shown = HERE.check(SLACK)
    assert shown.startswith("slack://")
    assert not any(part in shown for part in ("A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ"))
    assert "word" not in HERE.check("ntfys://me:password@127.0.0.1/topic")


def test_without_tls_only_where_the_owner_named_the_network() -> None:
    assert HERE.check("ntfy://127.0.0.1:99/topic")
    with pytest.raises(EndpointNotAllowed, match="TLS"):
        AppriseChats([]).check("ntfy://192.0.9.1:99/topic")


def test_a_service_that_refuses_or_leads_elsewhere_is_asked_later() -> None:
    with hook_receiver() as elsewhere, hook_receiver() as receiver:
        url = receiver.url.replace("http://", "ntfy://").replace("/hook", "/topic")
        receiver.answer = lambda request: 200
        assert HERE.send(url, "Subject", "A text.") == Answer(Outcome.TAKEN, "ntfy took it.")
        assert json.loads(receiver.hooks[0].body) == json.loads(receiver.hooks[0].body) | {
            "topic": "topic",
            "title": "Subject",
            "message": "A text.",
        }
        receiver.answer = lambda request: 403
        refused = HERE.send(url, "Subject", "A text.")
        assert refused.outcome is Outcome.LATER
        assert "403" in refused.text
        assert refused.reason is Reason.REFUSED
        assert refused.said is not None
        assert refused.said in refused.text
        receiver.answer = lambda request: (307, {"Location": elsewhere.url})
        assert HERE.send(url, "Subject", "A text.").outcome is Outcome.LATER
        assert elsewhere.hooks == []
    gone = HERE.send(url, "Subject", "A text.")
    assert (gone.outcome, gone.reason) == (Outcome.LATER, Reason.UNREACHABLE)


def test_a_chat_is_told_what_people_read_and_has_no_secret(tmp_path: Any) -> None:
    links: Any = None
    hooks: Any = None
    endpoints = Endpoints(
        store=SQLEndpoints(catalogue(tmp_path)),
        links=links,
        hooks=hooks,
        chats=Chats(Noted(), lambda: None),
        clock=lambda: 1.0,
        acts=Acts(SQLAudit(catalogue(tmp_path)), lambda: 1.0),
    )
    made = endpoints.make(SLACK, None, None, OWNER)
    assert (made.secret, made.kinds, made.shown) == ("", CHAT_KINDS, "sla...")
    assert endpoints.all() == [made]
    with pytest.raises(InvalidRequest):
        endpoints.make(SLACK, [MessageKind.LINK_MADE], None, OWNER)
    with pytest.raises(InvalidRequest):
        endpoints.change(made.id, {"kinds": (MessageKind.LINK_MADE,)}, OWNER)
    with pytest.raises(InvalidRequest):
        endpoints.change(made.id, {"url": "https://example.org/"}, OWNER)
    with pytest.raises(InvalidRequest):
        endpoints.renew_secret(made.id, OWNER)
    assert endpoints.change(made.id, {"url": "ntfys://x/y"}, OWNER).shown == "ntf..."
