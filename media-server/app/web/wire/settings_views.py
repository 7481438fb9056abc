"""Settings that owners change, as they are shown them and write them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from typing_extensions import TypedDict

from app.changeable import CHANGEABLE, Changeable, Group, Kind, text_of
from app.core.addresses import mail_address
from app.core.mail_server import PORTS, MailServer
from app.core.reasons import Reason
from app.current import MAX_TEXT, CurrentSettings, shown
from app.services.operations.setting_changes import Change, TypedServer

_HOST = re.compile(r"[\w.:-]+")
Source = Literal["environment", "page", "default"]


class MailServerReply(TypedDict):
    """A mail server. Nobody is told its password."""

    secure: Annotated[str, Field(description="`smtps`, `smtp` (STARTTLS) or `smtp+plain`.")]
    host: str
    port: int
    user: str
    password_set: bool


class SettingReply(TypedDict):
    """One setting, and what it may be."""

    name: str
    variable: Annotated[str, Field(description="What the environment calls it.")]
    group: Group
    kind: Kind
    about: str
    unit: str
    value: Annotated[str | None, Field(description="What counts now, as one writes it; null where it has parts.")]
    parts: Annotated[MailServerReply | None, Field(description="Of a mail server; null where there is none.")]
    default: str
    source: Annotated[
        Source,
        Field(
            description="Who says so. What the `environment` says counts before what is set here, and is changed there."
        ),
    ]
    least: Annotated[float | None, Field(description="Of a number.")]
    most: float | None
    choices: Annotated[list[str], Field(description="The words that it may be; empty where it is no choice.")]
    whole: Annotated[bool, Field(description="Whether it is a number without a fraction.")]


class LogoReply(TypedDict):
    """The picture that senders see where a link has none of its own."""

    shown: bool
    source: Source
    variable: str


class SettingsReply(TypedDict):
    settings: list[SettingReply]
    logo: LogoReply


class TestedMail(TypedDict):
    """What came of a test."""

    taken: Annotated[bool, Field(description="Whether the mail server took it.")]
    answer: Annotated[str, Field(description="What it said, or why it could not be asked.")]
    reason: Annotated[Reason | None, Field(description="The kind of `answer`, where it was not taken.")]
    said: Annotated[str | None, Field(description="Of `answer`, what the mail server or the system said itself.")]


def _host(value: str) -> str:
    host = value.strip()
    if not _HOST.fullmatch(host):
        raise ValueError("Write the server alone, such as mail.example.org.")
    return host


class MailServerBody(BaseModel):
    """A mail server as it is written down."""

    model_config = ConfigDict(extra="forbid")

    secure: Literal["smtps", "smtp", "smtp+plain"]
    host: Annotated[str, Field(max_length=253), AfterValidator(_host)]
    port: Annotated[int | None, Field(ge=1, le=65535, description="465, 587 or 25 if not said.")] = None
    user: Annotated[str, Field(max_length=320)] = ""
    password: Annotated[
        str | None, Field(max_length=1024, description="Null or left out: the one that is kept for this very login.")
    ] = None

    def change(self) -> Change:
        port = self.port or PORTS[self.secure]
        server = MailServer(self.secure, self.host, port, self.user, self.password or "")
        return TypedServer(server) if self.password is None else server.url


_Text = Annotated[str, Field(max_length=MAX_TEXT)]


def _field(each: Changeable) -> Any:
    written = {Kind.MAIL_SERVER: MailServerBody | None, Kind.NUMBER: float | _Text | None}.get(each.kind, _Text | None)
    return (written, Field(None, description=f"{each.about} Null takes away what was set here."))


SettingsBody: Any = create_model(  # The table says which there are.
    "SettingsBody",
    __config__=ConfigDict(extra="forbid"),
    __doc__="What is to be otherwise; what is left out stays as it is.",
    **{each.name: _field(each) for each in CHANGEABLE},
)


class MailTestBody(BaseModel):
    """A mail server to try, which is not kept. What is left out is as it is set."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, AfterValidator(mail_address), Field(description="Who gets the test.")]
    smtp_url: MailServerBody | None = None
    mail_from: _Text | None = None


def changes_of(body: BaseModel) -> dict[str, Change]:
    """What a body names, as the environment would have it."""
    return {name: _change(getattr(body, name)) for name in body.model_fields_set if name != "to"}


def _change(value: Any) -> Change:
    if isinstance(value, MailServerBody):
        return value.change()
    return None if value is None else text_of(value)


def settings_view(current: CurrentSettings) -> SettingsReply:
    return {
        "settings": [_setting(current, each) for each in CHANGEABLE],
        "logo": {
            "shown": current().logo is not None or current.logo is not None,
            "source": "environment" if current.is_fixed("logo") else "page" if current.logo is not None else "default",
            "variable": "DROPPR_LOGO",
        },
    }


def _setting(current: CurrentSettings, each: Changeable) -> SettingReply:
    return {
        "name": each.name,
        "variable": each.variable,
        "group": each.group,
        "kind": each.kind,
        "about": each.about,
        "unit": each.unit,
        "value": None if each.is_secret else shown(current(), each.name),
        "parts": _server(current().smtp_url) if each.kind is Kind.MAIL_SERVER else None,
        "default": each.default,
        "source": "environment" if current.is_fixed(each.name) else "page" if current.is_kept(each.name) else "default",
        "least": each.least,
        "most": each.most,
        "choices": [*each.choices],
        "whole": each.is_whole,
    }


def _server(url: str | None) -> MailServerReply | None:
    if url is None:
        return None
    server = MailServer.of(url)
    return {
        "secure": server.secure,
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password_set": server.password != "",
    }
