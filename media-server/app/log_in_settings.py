"""The settings about logging in, a part of Settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from app.core.accounts import Role
from app.core.identities import Admission

_HERE = ("localhost", "127.0.0.1", "::1")
_HEADER = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_OWN_HEADERS = (
    "accept",
    "authorization",
    "connection",
    "content-",
    "cookie",
    "forwarded",
    "host",
    "origin",
    "range",
    "sec-",
    "transfer-",
    "upgrade",
    "user-agent",
    "x-accel",
    "x-auth",
    "x-body-file",
    "x-captcha",
    "x-chunk",
    "x-droppr",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request",
    "x-sender",
    "x-upload",
)
"""What begins so means something else."""


_ON_OFF = {
    **dict.fromkeys(("true", "1", "yes", "on", "t", "y"), "everyone"),
    **dict.fromkeys(("false", "0", "no", "f", "n"), "off"),
}


class LogInSettings(BaseSettings):
    """By which ways people come in who have an account, and who gets one by them."""

    password_login: bool = True
    second_factor_required: Literal["off", "admins", "everyone"] = "off"
    oidc_issuer: str | None = None
    oidc_client_id: str = ""
    oidc_client_secret: str = Field("", repr=False)
    oidc_label: str = Field("", max_length=60)
    oidc_scopes: str = Field("openid email profile", pattern=r"^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$", max_length=500)
    oidc_groups_claim: str = Field("groups", max_length=100)
    oidc_new_accounts: bool = False
    oidc_email_domains: Annotated[tuple[str, ...], NoDecode] = ()
    login_header: str | None = None
    login_email_header: str | None = None
    login_groups_header: str | None = None
    login_admin_groups: Annotated[tuple[str, ...], NoDecode] = ()
    login_member_groups: Annotated[tuple[str, ...], NoDecode] = ()
    login_viewer_groups: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("second_factor_required", mode="before")
    @classmethod
    def _asked_of(cls, value: object) -> object:
        # It was on or off once, and is written so in many a file.
        return _ON_OFF.get(str(value).strip().lower(), value)

    @field_validator("login_admin_groups", "login_member_groups", "login_viewer_groups", mode="before")
    @classmethod
    def _groups(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(text.strip() for text in value.split(",") if text.strip())

    @field_validator("oidc_email_domains", mode="before")
    @classmethod
    def _domains(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = tuple(each.lower().lstrip("@") for each in re.split(r"[\s,;]+", value) if each)
        if wrong := [each for each in found if _DOMAIN.fullmatch(each) is None]:
            raise ValueError(f"{wrong[0]} is no domain such as example.org.")
        return found

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        if value is None:
            return None
        wrong = "Write it as the provider calls itself, such as https://login.example.org/realms/main; http:// only on this machine."
        try:
            parts = urlsplit(value)
            sound = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
            sound = sound and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            raise ValueError(wrong) from None
        if not sound or parts.query or parts.fragment or parts.username or not value.isprintable() or " " in value:
            raise ValueError(wrong)
        return value

    @field_validator("login_header", "login_email_header", "login_groups_header")
    @classmethod
    def _header(cls, value: str | None) -> str | None:
        if value is None:
            return None
        # With underscores it could not be told from another one, once it has come as far as here.
        if _HEADER.fullmatch(value) is None:
            raise ValueError("Write it as X-Remote-User: letters and digits with hyphens between them, no underscores.")
        if value.lower().startswith(_OWN_HEADERS):
            raise ValueError(f"{value} means something else: take a name of its own, such as X-Remote-User.")
        return value

    @model_validator(mode="after")
    def _ways(self) -> Self:
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise ValueError("DROPPR_OIDC_ISSUER needs DROPPR_OIDC_CLIENT_ID beside it, as the provider gave it.")
        if self.login_header is None and (self.login_email_header or self.login_groups_header):
            raise ValueError(
                "DROPPR_LOGIN_EMAIL_HEADER and DROPPR_LOGIN_GROUPS_HEADER need DROPPR_LOGIN_HEADER beside them."
            )
        named = [
            each.lower() for each in (self.login_header, self.login_email_header, self.login_groups_header) if each
        ]
        if len({*named}) < len(named):
            raise ValueError("DROPPR_LOGIN_HEADER, …_EMAIL_HEADER and …_GROUPS_HEADER must be different headers.")
        return self

    def check_log_ins(self, public_url: str | None, trusted_proxies: Sequence[object]) -> None:
        """Return where they go with what the rest of the settings says. Raises ValueError."""
        if self.oidc_issuer is not None and public_url is None:
            raise ValueError(
                "DROPPR_OIDC_ISSUER needs DROPPR_PUBLIC_URL beside it: the provider leads people back to there."
            )
        if self.login_header is not None and not trusted_proxies:
            raise ValueError("DROPPR_LOGIN_HEADER needs DROPPR_TRUSTED_PROXIES beside it: nobody else is believed.")

    @property
    def admission(self) -> Admission:
        """Who is let in by others' word."""
        named = {
            Role.ADMIN: self.login_admin_groups,
            Role.MEMBER: self.login_member_groups,
            Role.VIEWER: self.login_viewer_groups,
        }
        groups = {role: frozenset(each) for role, each in named.items() if each}
        return Admission(self.oidc_new_accounts, frozenset(self.oidc_email_domains), groups)
