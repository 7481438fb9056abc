"""What is to be known of a term of a link, and of which kinds terms are. The terms themselves stand in ``core.terms``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class CaptchaMode(StrEnum):
    NEVER = "never"
    AFTER_FAILURES = "after_failures"
    ALWAYS = "always"


class Ask(StrEnum):
    """Whether a link asks senders for something about themselves."""

    NO = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Language(StrEnum):
    """In which language people are mailed about a link."""

    AUTO = "auto"
    AR = "ar"
    DE = "de"
    EN = "en"
    ES = "es"
    FR = "fr"
    JA = "ja"
    PL = "pl"

    def known(self, said: str | None) -> str | None:
        """The one that counts, for somebody whose browser ``said`` one; None for the server's."""
        return said if self is Language.AUTO else self.value


class ChatPreview(StrEnum):
    """Whether chats that are sent the address may show what it is for."""

    SERVER = "server"
    """As the server's settings say."""
    YES = "yes"
    NO = "no"


class Kind(StrEnum):
    """What a term is. Whatever reads, writes or describes terms has one rule for each kind, and none for a single term."""

    TEXT = "text"
    SECRET = "secret"
    """Given as text, kept as a hash, never shown."""
    HOURS = "hours"
    """Given in hours from now, kept and shown as a time; 0 is never."""
    SIZE = "size"
    """Bytes; 0 is no limit."""
    COUNT = "count"
    """0 is no limit."""
    CHOICE = "choice"
    EXTENSIONS = "extensions"
    ORIGINS = "origins"
    ADDRESSES = "addresses"
    """E-mail addresses."""
    ADDRESS = "address"
    """One e-mail address, or none."""
    ITEMS = "items"
    """What is asked for by name."""
    QUESTIONS = "questions"
    DESTINATION = "destination"
    SWITCH = "switch"
    TIME = "time"
    """Given as seconds since the epoch, or in ISO 8601 with a zone; None is none."""
    DAYS = "days"
    """Whole days before a time, those after it negative."""
    SUBFOLDER = "subfolder"
    NAMING = "naming"
    """A rule by which files get their names."""
    """A rule by which folders are made, or empty."""
    COLOUR = "colour"
    """As `#rrggbb`, or empty."""
    ALIAS = "alias"
    """A word that stands in an address and belongs to one link, or empty."""


class Audience(StrEnum):
    """Who is shown a term. What senders see, the owner sees as well."""

    NOBODY = "nobody"
    OWNER = "owner"
    SENDERS = "senders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What is to be known of one term. What bodies and options call it is ``name``, what ``Terms`` and replies do ``field``."""

    kind: Kind
    label: str
    """What people are shown it as."""
    help: str
    """One sentence, for the command line and the docs."""
    more: str = ""
    """Further sentences, for the docs."""
    most: int | None = None
    """The longest text in characters, the largest number; None where the kind has bounds of its own."""
    audience: Audience = Audience.SENDERS
    name: str = ""
    """Where it is not that of the field."""
    option: str = ""
    """What the command line calls it, where that is not its name."""
    spellings: tuple[str, ...] = ()
    """Other names that bodies may use."""
    field: str = ""
    needs: str = ""
    """What the installation has to have before it can be switched on: an extra of this name; ``mail``, a mail server; ``reminders``, that and an address of its own."""
    default: Any = None
    choices: type[StrEnum] | None = None
