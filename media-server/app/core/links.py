"""Request links as values: what the owner allows, and what has been used of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from app.core.errors import RequestFull, UploadError
from app.core.paths import RelPath
from app.core.remotes import Place

MAX_FOLDERS = 10_000
"""How many folders senders may make on one link by asking for them, those above them included."""

# What is learnt of a file after it was received: its field, and where the event has it.
_LEARNT = {"hashed": ("sha256", "sha256"), "passed_on": ("passed_on_to", "remote")}


class CaptchaMode(StrEnum):
    NEVER = "never"
    AFTER_FAILURES = "after_failures"
    ALWAYS = "always"


class Ask(StrEnum):
    """Whether a link asks senders for something about themselves."""

    NO = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class RequestLink:
    """An upload-only link. Sizes are bytes, 0 means no limit of its own; times are seconds since the epoch."""

    hash: str
    folder: RelPath
    created_at: float
    title: str = ""
    message: str = ""
    expires_at: float | None = None
    password_hash: str | None = None
    max_file_size: int = 0
    max_total_size: int = 0
    max_files: int = 0
    allowed_extensions: tuple[str, ...] = ()
    captcha: CaptchaMode = CaptchaMode.AFTER_FAILURES
    ask_name: Ask = Ask.NO
    ask_email: Ask = Ask.NO
    active: bool = True
    destination: Place | None = None
    """Where files go after the link's folder; None for nowhere."""

    @property
    def requires_password(self) -> bool:
        return self.password_hash is not None

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to open an upload, and with what. ``client`` is the sender's address."""

    client: str
    password: str | None = None
    captcha_token: str | None = None
    owner: bool = False
    """Whether it is the owner, whom nobody asks for a password."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that arrived whole. ``path`` is its name as the sender gave it, ``disk_path`` where it lies; both are
    relative to the link's folder and differ only where a name is not safe on disk."""

    upload_id: str
    path: str
    disk_path: str
    size: int
    received_at: float
    sha256: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    mark: str | None = None
    """What tells this very file from any other that may come to lie in its place."""
    destination: Place | None = None
    """Where it has to be passed on to, as its link said when it arrived."""
    passed_on_to: str | None = None
    """Where it stands since it was passed on."""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that arrived whole in one request and is about to get its name: what it takes to find it after a crash."""

    upload_id: str
    path: str
    """As the sender gave it; on the disk it may have got a number."""
    size: int
    sha256: str
    mark: str
    sender_name: str | None = None
    sender_email: str | None = None


def as_event(file: Announced | ReceivedFile) -> dict[str, Any]:
    """A file as an event tells it. By hand, as ``dataclasses.asdict`` copies deeply what cannot change."""
    event = {name: getattr(file, name) for name in _FIELDS[type(file)]}
    if event.get("destination") is not None:
        event["destination"] = asdict(event["destination"])
    return event


@dataclass(frozen=True, slots=True)
class Opening:
    """An upload that is open, as its link's ledger has it: what was announced, in bytes, and when, in seconds since the
    epoch."""

    upload_id: str
    size: int
    at: float


_FIELDS = {kind: [each.name for each in fields(kind)] for kind in (Announced, ReceivedFile)}


@dataclass
class Ledger:
    """What one link has promised and received, as the sum of its events. Mutable; belongs to its reader."""

    open: dict[str, Opening] = field(default_factory=dict)
    """Every upload that is open, by upload id."""
    announced: dict[str, Announced] = field(default_factory=dict)
    """Files on their way from one request straight to their name, by upload id."""
    received: dict[str, ReceivedFile] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    """Why those uploads are gone whose senders did not end them themselves: ``expired`` or ``stopped``, by upload id."""
    removed: dict[str, ReceivedFile] = field(default_factory=dict)
    """Files that their senders took back."""
    leaving: set[str] = field(default_factory=set)
    """Uploads whose files are about to appear elsewhere, and so can no longer be taken back."""
    folders: set[str] = field(default_factory=set)
    """Folders that senders asked for, with those above them."""
    bytes_received: int = 0
    bytes_open: int = 0

    def reserve(self, link: RequestLink, upload_id: str, size: int, at: float = 0.0) -> dict[str, Any]:
        """The event that sets room aside for an upload. Raises RequestFull when there is none left."""
        self._check_room(link, size, 0, 0)
        return {"event": "opened", "upload_id": upload_id, "size": size, "at": at}

    def announce(
        self, link: RequestLink, files: Sequence[Announced]
    ) -> tuple[list[dict[str, Any]], dict[str, UploadError]]:
        """The events that set room aside for whole files in their order; by upload id, why there is none for some."""
        events: list[dict[str, Any]] = []
        full: dict[str, UploadError] = {}
        size = 0
        for file in files:
            try:
                self._check_room(link, file.size, len(events), size)
            except RequestFull as error:
                full[file.upload_id] = error
            else:
                events.append({"event": "announced", "upload_id": file.upload_id, "file": as_event(file)})
                size += file.size
        return events, full

    def _check_room(self, link: RequestLink, size: int, more_files: int, more_bytes: int) -> None:
        files = len(self.open) + len(self.announced) + len(self.received) + more_files
        if link.max_files and files >= link.max_files:
            most = "1 file" if link.max_files == 1 else f"{link.max_files} files"
            raise RequestFull(f"This link takes {most} and has no place left.", limit=link.max_files)
        total = self.bytes_open + self.bytes_received + more_bytes
        if link.max_total_size and total + size > link.max_total_size:
            raise RequestFull("The file does not fit in what this link may still receive.", limit=link.max_total_size)

    def add_folders(self, paths: Iterable[RelPath]) -> dict[str, Any] | None:
        """The event that notes folders, None where all are known. Raises RequestFull when they are too many."""
        wanted = {"/".join(path.parts[:depth]) for path in paths for depth in range(1, len(path.parts) + 1)}
        new = sorted(wanted - self.folders)
        if len(self.folders) + len(new) > MAX_FOLDERS:
            raise RequestFull(f"This link takes {MAX_FOLDERS} folders and has no place left.", limit=MAX_FOLDERS)
        return {"event": "folders", "paths": new} if new else None

    def apply(self, event: dict[str, Any]) -> None:
        """Fold one event in. Repeating an event changes nothing."""
        upload_id = event.get("upload_id", "")
        match event["event"]:
            case "opened":
                self._free(upload_id)
                # Ledgers of before this was noted lack the time.
                self.open[upload_id] = Opening(upload_id, event["size"], event.get("at", 0.0))
                self.bytes_open += event["size"]
            case "announced":
                self._free(upload_id)
                self.announced[upload_id] = Announced(**event["file"])
                self.bytes_open += event["file"]["size"]
            case "released":
                self._free(upload_id)
                if event["why"] in ("expired", "stopped"):
                    self.gone[upload_id] = event["why"]
            case "received":
                self._free(upload_id)
                self._receive(upload_id, event["file"])
            case "hashed" | "passed_on":
                learnt = _LEARNT[event["event"]]
                self.received[upload_id] = replace(self.received[upload_id], **{learnt[0]: event[learnt[1]]})
            case "leaving":
                self.leaving.add(upload_id)
            case "removed":
                file = self.removed[upload_id] = self.received.pop(upload_id)
                self.bytes_received -= file.size
            case "folders":
                self.folders.update(event["paths"])

    def _receive(self, upload_id: str, document: dict[str, Any]) -> None:
        if upload_id not in self.received and upload_id not in self.removed:
            self.received[upload_id] = _file_of(document)
            self.bytes_received += document["size"]

    def _free(self, upload_id: str) -> None:
        opening = self.open.pop(upload_id, None)
        self.bytes_open -= opening.size if opening else 0
        announced = self.announced.pop(upload_id, None)
        self.bytes_open -= announced.size if announced else 0


def _file_of(document: dict[str, Any]) -> ReceivedFile:
    return ReceivedFile(**{**document, "destination": Place.of(document.get("destination"))})
