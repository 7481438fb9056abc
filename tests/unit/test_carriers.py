"""Handing messages over: to receivers that are slow, refuse, redirect or never end, and never to where it must not go."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import EndpointNotAllowed
from app.core.mail_server import MailServer
from app.core.messages import Answer, Outcome
from app.core.reasons import Reason
from app.storage.messages import egress
from app.storage.messages.smtp import SMTPMail
from app.storage.messages.webhooks import HTTPHooks
from tests.support.certificates import self_signed
from tests.support.receivers import Mailbox, hook_receiver, mail_server, speaker

HERE = [ip_network("127.0.0.0/8")]
QUICK = 1.0
MAIL = b"Subject: x\r\n\r\nhello\r\n"


def post(url: str, seconds: float = QUICK, allowed: Any = HERE) -> Answer:
    return HTTPHooks(allowed, seconds=seconds).post(url, {"webhook-id": "msg_1"}, b"{}")


def test_a_webhook_is_one_request() -> None:
    with hook_receiver() as receiver:
        assert post(f"{receiver.url}?a=b").outcome is Outcome.TAKEN
    (hook,) = receiver.hooks
    assert (hook.path, hook.body, hook.headers["webhook-id"]) == ("/hook?a=b", b"{}", "msg_1")
    assert hook.headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize(
    ("status", "outcome", "wait", "reason"),
    [
        (200, Outcome.TAKEN, None, None),
        (400, Outcome.LATER, 17.0, Reason.REFUSED),
        (401, Outcome.LATER, 17.0, Reason.LOG_IN),
        (404, Outcome.LATER, 17.0, Reason.NO_SUCH),
        (429, Outcome.LATER, 17.0, Reason.TOO_MANY),
        (500, Outcome.LATER, 17.0, Reason.TROUBLE),
        (507, Outcome.LATER, 17.0, Reason.FULL),
        (410, Outcome.NEVER, None, Reason.NO_SUCH),
    ],
)
def test_what_a_status_means(status: int, outcome: Outcome, wait: float | None, reason: Reason | None) -> None:
    with hook_receiver() as receiver:
        receiver.answer = lambda request: (status, {"Retry-After": "17"})
        answer = post(receiver.url)
    assert (answer.outcome, answer.wait) == (outcome, wait)
    assert answer.text.startswith(str(status))
    assert (answer.reason, answer.said) == (reason, None if reason is None else answer.text)


@pytest.mark.parametrize("wait", ["999999999", "-5", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "1e400", "9" * 400])
def test_nobody_can_put_a_message_off_for_long(wait: str) -> None:
    with hook_receiver() as receiver:
        receiver.answer = lambda request: (503, {"Retry-After": wait})
        assert 0 <= (post(receiver.url).wait or 0.0) <= 3600


def test_a_redirect_leads_nowhere() -> None:
    with hook_receiver() as receiver, hook_receiver() as inside:
        receiver.answer = lambda request: (307, {"Location": inside.url})
        answer = post(receiver.url)
    assert answer.outcome is Outcome.LATER
    assert "Redirects are not followed" in answer.text
    assert (answer.reason, answer.said) == (Reason.MOVED, answer.text.partition(".")[0])
    assert inside.hooks == []


def silent(line: socket.socket) -> None:
    while line.recv(4096):
        pass


def dripping(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 ")
    while True:
        line.sendall(b"a")
        # One byte each time that a tenth of a second has passed without anything from the other side.
        line.settimeout(0.1)
        try:
            if not line.recv(4096):
                return
        except TimeoutError:
            pass


def endless(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        line.sendall(b"x" * 65536)


def forever_continuing(line: socket.socket) -> None:
    line.recv(65536)
    while True:
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def headers_without_end(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        line.sendall(b"X-More: and more\r\n" * 100)


def closing(line: socket.socket) -> None:
    line.recv(65536)


def nonsense(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"\xff\xfe\x00" * 1000 + b"\r\n\r\n")


@pytest.mark.parametrize("speak", [silent, dripping, forever_continuing, headers_without_end, closing, nonsense])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_who_does_not_answer_as_one_should_is_left(speak: Callable[[socket.socket], None], scheme: str) -> None:
    with speaker(speak) as port:
        answer = post(f"{scheme}://127.0.0.1:{port}/")
    assert answer.outcome is Outcome.LATER
    assert answer.of_all
    assert answer.text.isprintable()
    assert len(answer.text) < 300


def test_an_answer_without_end_is_not_read() -> None:
    with speaker(endless) as port:
        assert post(f"http://127.0.0.1:{port}/", seconds=30).outcome is Outcome.TAKEN


def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        answers = [post(f"http://127.0.0.1:{probe.getsockname()[1]}/"), post("https://no-such-host.invalid/")]
    assert {(each.outcome, each.reason) for each in answers} == {(Outcome.LATER, Reason.UNREACHABLE)}
    assert answers[0].said == "Connection refused"
    with speaker(silent) as port:
        assert post(f"http://127.0.0.1:{port}/").reason is Reason.TIMED_OUT
    assert post("http://127.0.0.1:1/", allowed=()).reason is Reason.NOT_ALLOWED


def test_a_certificate_that_nobody_vouches_for_and_a_server_without_tls(tmp_path: Path) -> None:
    _, tls = self_signed(tmp_path, "localhost")
    with mail_server(tls, implicit=True) as box:
        answers = [post(f"https://127.0.0.1:{box.port}/"), sender(box, "smtps").send("anna@example.org", MAIL)]
    with hook_receiver() as receiver:
        answers.append(post(receiver.url.replace("http://", "https://")))
    with mail_server() as box:
        answers.append(sender(box, "smtp").send("anna@example.org", MAIL))
    assert [each.reason for each in answers] == [Reason.CERTIFICATE] * 4
    assert all(each.said for each in answers)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:0a00:0001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_addresses_that_are_not_the_internets(address: str) -> None:
    assert not egress.is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]
)
def test_addresses_that_are(address: str) -> None:
    assert egress.is_public(address)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """What hosts are asked for, which lead to these addresses, one list after the other."""
    asked: list[str] = []
    left = list(answers)

    def found(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr("app.storage.messages.egress.socket.getaddrinfo", found)
    return asked


def test_a_name_that_leads_elsewhere_the_second_time_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is checked, this machine when it is connected to."""
    connected: list[Any] = []

    def connect(address: Any, timeout: float) -> socket.socket:
        connected.append(address)
        raise OSError("as far as it goes")

    monkeypatch.setattr("app.storage.messages.webhooks.socket.create_connection", connect)
    asked = resolving(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    assert post("https://rebinding.example/", allowed=()).outcome is Outcome.LATER
    assert asked == ["rebinding.example"]
    assert connected == [("93.184.216.34", 443)]
    # And the next try judges anew.
    assert "no public address" in post("https://rebinding.example/", allowed=()).text
    assert len(connected) == 1


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(EndpointNotAllowed):
        HTTPHooks(()).check("https://mixed.example/")
    HTTPHooks([ip_network("10.0.0.0/8")]).check("https://mixed.example/")
    with pytest.raises(EndpointNotAllowed, match="https"):
        HTTPHooks([ip_network("10.0.0.0/8")]).check("http://mixed.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1 @evil/",
        "http://a\r\nHost: b/",
        "http://[::1",
        "https://exam ple/",
        "https://ü.example/",
        "http://127.0.0.1/\x00",
        "https://a/#b",
        f"https://a/{'x' * 2100}",
        "",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(EndpointNotAllowed):
        HTTPHooks(HERE).check(url)


# Mail.


def sender(box: Mailbox, scheme: str, login: str = "", seconds: float = 20.0) -> SMTPMail:
    server = MailServer.of(f"{scheme}://{login}{box.host}:{box.port}")
    return SMTPMail(server, "droppr@example.org", seconds)


def test_a_mail_goes_to_its_recipient_alone() -> None:
    with mail_server() as box:
        assert sender(box, "smtp+plain").send("anna@example.org", MAIL) == Answer(
            Outcome.TAKEN, "The mail server has it."
        )
    assert box.mails[0]["X-Envelope-To"] == "anna@example.org"


@pytest.mark.parametrize("implicit", [True, False])
def test_a_mail_goes_over_tls_after_a_login(implicit: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, tls = self_signed(tmp_path, "localhost")
    with mail_server(tls, implicit=implicit, login=True) as box:
        carrier = sender(box, "smtps" if implicit else "smtp", "anna%40x:p%40ss%20word@")
        untrusted = carrier.send("anna@example.org", MAIL)
        assert (untrusted.outcome, untrusted.of_all) == (Outcome.LATER, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        wrong = sender(box, "smtps" if implicit else "smtp", "anna:wrong@").send("anna@example.org", MAIL)
        assert (wrong.outcome, wrong.text[:3]) == (Outcome.LATER, "535"), wrong.text
        assert (wrong.reason, wrong.said) == (Reason.LOG_IN, wrong.text)
        assert carrier.send("anna@example.org", MAIL).outcome is Outcome.TAKEN
    assert box.logins[-1] == (b"anna@x", b"p@ss word")
    assert len(box.mails) == 1
    assert isinstance(tls, ssl.SSLContext)


def test_no_mail_and_no_password_goes_out_where_tls_was_asked_for_and_is_not_offered() -> None:
    with mail_server(login=True) as box:
        answer = sender(box, "smtp", "anna:secret@").send("anna@example.org", MAIL)
    assert (answer.outcome, box.mails, box.logins) == (Outcome.LATER, [], [])
    assert "STARTTLS" in answer.text


@pytest.mark.parametrize(
    ("step", "said", "outcome", "of_all", "reason"),
    [
        ("RCPT", "550 5.1.1 No such user", Outcome.NEVER, False, Reason.NO_SUCH),
        ("RCPT", "450 Greylisted", Outcome.LATER, False, Reason.TROUBLE),
        ("MAIL", "451 Not now", Outcome.LATER, True, Reason.TROUBLE),
        ("DATA", "554 Spam", Outcome.NEVER, False, Reason.REFUSED),
        ("DATA", "452 Full", Outcome.LATER, False, Reason.FULL),
        ("DATA", "421 Bye", Outcome.LATER, False, Reason.TROUBLE),
    ],
)
def test_what_a_mail_server_says(step: str, said: str, outcome: Outcome, of_all: bool, reason: Reason) -> None:
    with mail_server() as box:
        box.answer = lambda at, about: said if at == step else None
        answer = sender(box, "smtp+plain").send("anna@example.org", MAIL)
        assert (answer.outcome, answer.of_all, answer.reason) == (outcome, of_all, reason)
        assert answer.said == answer.text
        assert answer.text.startswith(said[:3])
        box.answer = lambda at, about: None
        assert sender(box, "smtp+plain").send("anna@example.org", MAIL).outcome is Outcome.TAKEN


def after_the_yes(line: socket.socket) -> None:
    """A server that takes the mail, and breaks off before it says good-bye."""
    line.sendall(b"220 here\r\n")
    file = line.makefile("rb")
    while command := file.readline():
        if command.upper().startswith(b"DATA"):
            line.sendall(b"354 go on\r\n")
            while file.readline() != b".\r\n":
                pass
            line.sendall(b"250 mine\r\n")
            line.shutdown(socket.SHUT_RDWR)
            return
        line.sendall(b"250 yes\r\n")


def test_a_mail_that_was_taken_is_taken_whatever_comes_after() -> None:
    with speaker(after_the_yes) as port:
        box = Mailbox(port=port)
        assert sender(box, "smtp+plain").send("anna@example.org", MAIL).outcome is Outcome.TAKEN


def greeting_forever(line: socket.socket) -> None:
    while True:
        line.sendall(b"220-and\r\n" * 1000)


@pytest.mark.parametrize("speak", [silent, dripping, greeting_forever, closing, nonsense])
@pytest.mark.parametrize("scheme", ["smtp", "smtps", "smtp+plain"])
def test_a_mail_server_that_does_not_speak_as_one_should_is_left(
    speak: Callable[[socket.socket], None], scheme: str
) -> None:
    with speaker(speak) as port:
        answer = sender(Mailbox(port=port), scheme, seconds=QUICK).send("anna@example.org", MAIL)
    assert (answer.outcome, answer.of_all) == (Outcome.LATER, True)
    assert answer.text.isprintable()


def test_an_address_that_is_not_ascii() -> None:
    with mail_server() as box:
        assert sender(box, "smtp+plain").send("jörg@example.org", MAIL).outcome is Outcome.TAKEN
    assert box.mails[0]["X-Envelope-To"] == "jörg@example.org"
