"""Which settings their owner may change while the server runs. What each may be says ``Settings``, wherever it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

from app.settings import Settings


class Group(StrEnum):
    """What settings are about, in the order in which they are shown."""

    MAIL = "mail"
    BRAND = "brand"
    LINKS = "links"
    ACCOUNTS = "accounts"
    KEEPING = "keeping"


class Kind(StrEnum):
    """How a setting is written."""

    TEXT = "text"
    NUMBER = "number"
    COLOUR = "colour"
    CHOICE = "choice"
    """One of a few words."""
    MAIL_SERVER = "mail_server"
    """Where mails go by, with a password, which is told to nobody."""


@dataclass(frozen=True, slots=True)
class Changeable:
    """One setting, by its name in ``Settings``. ``about`` says what it is, to people."""

    name: str
    group: Group
    kind: Kind
    about: str
    unit: str = ""

    @property
    def variable(self) -> str:
        """What the environment calls it."""
        return f"DROPPR_{self.name.upper()}"

    @property
    def is_secret(self) -> bool:
        return self.kind is Kind.MAIL_SERVER

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be, where these are few."""
        return get_args(Settings.model_fields[self.name].annotation) if self.kind is Kind.CHOICE else ()

    @property
    def least(self) -> float | None:
        return _bound(self.name, "ge", "gt")

    @property
    def most(self) -> float | None:
        return _bound(self.name, "le", "lt")

    @property
    def is_whole(self) -> bool:
        """Whether it is a number without a fraction."""
        return Settings.model_fields[self.name].annotation is int

    @property
    def default(self) -> str:
        return text_of(Settings.model_fields[self.name].get_default())


def _bound(name: str, *kinds: str) -> float | None:
    found = (getattr(each, kind, None) for each in Settings.model_fields[name].metadata for kind in kinds)
    return next((float(each) for each in found if each is not None), None)


def text_of(value: Any) -> str:
    """A setting's value as one writes it; empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float) and value.is_integer() and not math.isinf(value):
        return str(int(value))
    return str(value)


_TEXT, _NUMBER = Kind.TEXT, Kind.NUMBER
CHANGEABLE = (
    Changeable("smtp_url", Group.MAIL, Kind.MAIL_SERVER, "The mail server that mails go by."),
    Changeable("mail_from", Group.MAIL, _TEXT, "Whom mails come from, such as Droppr <droppr@example.org>."),
    Changeable("notify_mail", Group.MAIL, _TEXT, "Addresses that are told what arrives on links which name nobody."),
    Changeable(
        "notify_after_seconds", Group.MAIL, _NUMBER, "A mail goes when nothing more has come for so long.", "seconds"
    ),
    Changeable("notify_at_most_minutes", Group.MAIL, _NUMBER, "And so long after the first file at last.", "minutes"),
    Changeable("quiet_hours", Group.MAIL, _TEXT, "When owners get no mail, such as 22:00-07:00 Europe/Berlin."),
    Changeable("brand_name", Group.BRAND, _TEXT, "Who asks for files, where a link does not say so."),
    Changeable("brand_accent", Group.BRAND, Kind.COLOUR, "The colour of senders' pages, such as #0b6f66."),
    Changeable(
        "chat_preview",
        Group.BRAND,
        Kind.CHOICE,
        "Whether chats may show what a link is for that does not say so itself: yes or no.",
    ),
    Changeable("public_url", Group.LINKS, _TEXT, "The address that senders use, such as https://files.example.org."),
    Changeable(
        "link_expires_hours",
        Group.LINKS,
        _NUMBER,
        "How long a link is open that does not say so; 0 is for ever.",
        "hours",
    ),
    Changeable("upload_max_size_mb", Group.LINKS, _NUMBER, "The largest file; 0 is no limit.", "MiB"),
    Changeable("upload_allowed_exts", Group.LINKS, _TEXT, "Which files are taken, such as jpg, png, pdf; none is all."),
    Changeable(
        "rate_limit_uploads", Group.LINKS, _TEXT, "How many uploads one address may open, such as 600 per hour."
    ),
    Changeable(
        "undo_minutes",
        Group.LINKS,
        _NUMBER,
        "How long senders can take back what has arrived; 0 is not at all.",
        "minutes",
    ),
    Changeable(
        "second_factor_required",
        Group.ACCOUNTS,
        Kind.CHOICE,
        "Which accounts set up a second factor before anything else: off is none of them.",
    ),
    Changeable(
        "keep_days", Group.KEEPING, _NUMBER, "Received files go so long after they arrived; 0 is for ever.", "days"
    ),
    Changeable(
        "bin_hours", Group.KEEPING, _NUMBER, "How long a deleted file can be restored; 0 is not at all.", "hours"
    ),
    Changeable("audit_days", Group.KEEPING, _NUMBER, "How long it is known who did what; 0 is for ever.", "days"),
    Changeable("messages_kept_days", Group.KEEPING, _NUMBER, "How long messages that are done are known.", "days"),
)
BY_NAME = {each.name: each for each in CHANGEABLE}
