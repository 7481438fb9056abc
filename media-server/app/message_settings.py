"""The settings about messages, a part of Settings."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from limits import parse as parse_limit
from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from app.core.addresses import address_list, named_address
from app.core.quiet import QuietHours

_SCHEMES = ("smtps", "smtp", "smtp+plain")
_HERE = ("localhost", "127.0.0.1", "::1")


class MessageSettings(BaseSettings):
    """Who is told what, how soon, and by which way."""

    smtp_url: str | None = Field(None, repr=False)
    mail_from: str | None = None
    language: Literal["ar", "de", "en", "es", "fr", "ja", "pl"] = "en"
    notify_mail: Annotated[tuple[str, ...], NoDecode] = ()
    notify_after_seconds: float = Field(60, gt=0, le=86_400)
    notify_at_most_minutes: float = Field(15, gt=0, le=1440)
    quiet_hours: str | None = None
    rate_limit_confirmations: str = "60 per hour"
    webhook_after_seconds: float = Field(5, gt=0, le=86_400)
    webhook_allow_private: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    messages_kept_days: float = Field(30, ge=1, le=3650)

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str | None) -> str | None:
        if value is None:
            return None
        wrong = "Write it as smtps://user:password@mail.example.org, special characters percent-encoded; smtp:// for STARTTLS."
        try:
            parts = urlsplit(value)
            sound = parts.scheme in _SCHEMES and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            raise ValueError(wrong) from None
        if not sound or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(wrong)
        if parts.scheme == "smtp+plain" and parts.username and parts.hostname not in _HERE:
            raise ValueError("With smtp+plain:// user and password could be read on the way: take smtps:// or smtp://.")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is not None:
            named_address(value)
        return value

    @field_validator("notify_mail", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        return address_list([value]) if isinstance(value, str) else value

    @field_validator("quiet_hours")
    @classmethod
    def _quiet(cls, value: str | None) -> str | None:
        if value is not None:
            QuietHours.of(value)
        return value

    @field_validator("rate_limit_confirmations")
    @classmethod
    def _confirmations(cls, value: str) -> str:
        parse_limit(value)
        return value

    @field_validator("webhook_allow_private", mode="before")
    @classmethod
    def _private(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(text.strip(), strict=False) for text in value.split(",") if text.strip())

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("DROPPR_SMTP_URL needs DROPPR_MAIL_FROM beside it, such as 'Droppr <droppr@example.org>'.")
        if self.notify_mail and self.smtp_url is None:
            raise ValueError("DROPPR_NOTIFY_MAIL needs DROPPR_SMTP_URL: the mail server that mails go by.")
        return self

    @property
    def quiet(self) -> QuietHours | None:
        return None if self.quiet_hours is None else QuietHours.of(self.quiet_hours)
