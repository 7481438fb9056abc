"""Settings about messages: what they take, and what they say of anything else."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from app.core.mail_server import MailServer
from app.settings import InvalidSettings, Settings, load_settings

MAIL = {
    "DROPPR_SMTP_URL": "smtps://anna%40x:p%3Ass@mail.example.org",
    "DROPPR_MAIL_FROM": "Droppr, Inc. <d@example.org>",
}


def loaded(monkeypatch: pytest.MonkeyPatch, **env: str) -> Settings:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_a_mail_server_is_named_by_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, **MAIL, DROPPR_NOTIFY_MAIL="a@example.org, b@Example.ORG")
    assert settings.notify_mail == ("a@example.org", "b@example.org")
    assert settings.smtp_url is not None
    assert MailServer.of(settings.smtp_url) == MailServer("smtps", "mail.example.org", 465, "anna@x", "p:ss")
    assert MailServer.of("smtp://mail:2525") == MailServer("smtp", "mail", 2525, "", "")
    assert "p%3Ass" not in repr(settings)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"DROPPR_SMTP_URL": "mail.example.org"}, "Write it as smtps://"),
        ({"DROPPR_SMTP_URL": "http://mail.example.org"}, "Write it as smtps://"),
        ({"DROPPR_SMTP_URL": "smtps://"}, "Write it as smtps://"),
        ({"DROPPR_SMTP_URL": "smtps://a:secret@host:99999"}, "Write it as smtps://"),
        ({"DROPPR_SMTP_URL": "smtps://a:sec/ret@host"}, "Write it as smtps://"),
        ({"DROPPR_SMTP_URL": "smtp+plain://a:secret@mail.example.org"}, "could be read on the way"),
        ({"DROPPR_SMTP_URL": "smtps://mail.example.org"}, "needs DROPPR_MAIL_FROM"),
        ({**MAIL, "DROPPR_MAIL_FROM": "Droppr"}, "no e-mail address"),
        ({**MAIL, "DROPPR_MAIL_FROM": "a <d@example.org>, b <c@example.org>"}, "no e-mail address"),
        ({"DROPPR_NOTIFY_MAIL": "a@example.org"}, "needs DROPPR_SMTP_URL"),
        ({**MAIL, "DROPPR_NOTIFY_MAIL": "a@example.org, b"}, "no e-mail address"),
        ({"DROPPR_QUIET_HOURS": "at night"}, "22:00-07:00"),
        ({"DROPPR_RATE_LIMIT_CONFIRMATIONS": "many"}, "DROPPR_RATE_LIMIT_CONFIRMATIONS"),
        ({"DROPPR_WEBHOOK_ALLOW_PRIVATE": "here"}, "DROPPR_WEBHOOK_ALLOW_PRIVATE"),
        ({"DROPPR_MESSAGES_KEPT_DAYS": "0"}, "DROPPR_MESSAGES_KEPT_DAYS"),
    ],
)
def test_what_makes_no_sense_is_said_and_no_secret_with_it(
    env: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidSettings) as wrong:
        loaded(monkeypatch, **env)
    assert said in str(wrong.value)
    assert "sec" not in str(wrong.value).replace("seconds", "")


def test_networks_and_quiet_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        DROPPR_WEBHOOK_ALLOW_PRIVATE="127.0.0.1, 10.0.0.7/8,::1",
        DROPPR_QUIET_HOURS="22:00-07:00 Europe/Berlin",
    )
    assert settings.webhook_allow_private == tuple(map(ip_network, ("127.0.0.1", "10.0.0.0/8", "::1")))
    assert settings.quiet is not None
