"""How a call of the HTTP interface is declared (``calls.py``)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

JSON = "application/json"
BYTES = "application/octet-stream"
FORM = "multipart/form-data"
FORM_FIELDS = "application/x-www-form-urlencoded"
PACK = "application/vnd.droppr.pack"
HTML = "text/html"
TEXT = "text/plain"
ZIP = "application/zip"
CSV = "text/csv"
JSON_LINES = "application/jsonl"
EVENTS = "text/event-stream"


class Who(StrEnum):
    OWNER = "the owner"
    SENDER = "anyone with the link"
    RECEIVER = "anyone with the share's address"
    INVITED = "anyone with the invitation's address"
    UPLOADER = "anyone who names the upload"
    ANYONE = "anyone"


class Group(StrEnum):
    """The parts of the interface, in the order in which they are told."""

    LINKS = "Links"
    UPLOADS = "Uploads"
    RECEIVED = "What has arrived"
    SHARES = "Sharing files"
    FOUND = "Finding files"
    MESSAGES = "Messages"
    PROOF = "Receipts and handoffs"
    AUDIT = "The audit"
    SESSION = "Logging in"
    ACCOUNTS = "Accounts"
    SETTINGS = "Settings"
    SERVER = "The server"
    PAGES = "Pages"


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a call takes, and may come without."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Messages:
    """What is said over a WebSocket: types of JSON texts, beside which the client sends ``bytes``."""

    from_client: Any
    from_server: Any
    bytes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """``path`` as the docs write it, with ``{hash}``. ``reply`` and ``body`` are types that pydantic knows, None where
    there is nothing in JSON; ``also`` are replies of further statuses that are no errors as all others are."""

    methods: tuple[str, ...]
    path: str
    group: Group
    who: Who
    about: str
    reply: Any = None
    status: int = 200
    answers: str = JSON
    files: tuple[str, ...] = ()
    """Types of files that it can be asked to answer with instead."""
    body: Any = None
    takes: str = JSON
    headers: tuple[Header, ...] = ()
    queries: tuple[Any, ...] = ()
    also: tuple[tuple[int, Any], ...] = ()
    events: Any = None
    """What the ``data`` of each server-sent event is, as JSON."""
    messages: Messages | None = None
