"""A link's ledger: what the link has reserved and received, and the one judge of its limits. ``Ledger`` folds the events of ledgers
that were kept as files; the catalogue keeps rows and sums, and asks the same ``Left``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from math import inf
from typing import Any

from app.core.errors import RequestFull, UploadError
from app.core.links import DeliveryIntent, Opening, ReceivedFile, RequestLink, as_event, file_of, intent_of
from app.core.paths import RelPath
from app.core.room import NAME_BYTES

MAX_FOLDERS = 10_000
"""How many folders senders may make on one link, by asking for them or by sending files in them."""
MAX_NAMES = 1_000_000
"""How many files one link takes, those that were taken back included: what is remembered of each lies in memory."""
MAX_GONE = 10_000
"""Of so many uploads that ended without a file a link remembers why."""
_NO_ROOM = "The file does not fit in what this link may still receive."
MAX_WEIGHT = 2**62
"""More bytes than this no link takes, as databases count in 64 bits."""

# What is learnt of a file after it was received: its field, and where the event has it.
_LEARNT = {"hashed": ("sha256", "sha256"), "passed_on": ("passed_on_to", "remote")}


@dataclass
class Ledger:
    """What one link has reserved and received, as the sum of its events. Mutable; belongs to one thread.

    An event is a JSON object. Calls that return events change nothing; ``apply`` does."""

    open: dict[str, Opening] = field(default_factory=dict)
    """Every upload that is open, by upload id."""
    announced: dict[str, DeliveryIntent] = field(default_factory=dict)
    """Files on their way from one request straight to their name, by upload id."""
    received: dict[str, ReceivedFile] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    """Why those uploads are gone whose senders did not end them themselves: ``expired`` or ``stopped``, by upload id."""
    removed: dict[str, ReceivedFile] = field(default_factory=dict)
    """Files that their senders took back."""
    leaving: set[str] = field(default_factory=set)
    """Uploads whose files are about to appear elsewhere, and so can no longer be taken back."""
    folders: set[int] = field(default_factory=set)
    """Folders that senders asked for or their files brought, with those above them, each by its ``folder_mark``."""
    bytes_received: int = 0
    brought: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Folders that files on their way will bring, by upload id."""
    _awaited: Counter[int] = field(default_factory=Counter)
    """How many files on their way will bring a folder that is none yet."""
    _weight_open: int = 0
    _weight_received: int = 0

    def reserve(
        self,
        link: RequestLink,
        upload_id: str,
        size: int,
        at: float = 0.0,
        until: float = inf,
        folders: Sequence[str] = (),
    ) -> dict[str, Any]:
        """The event that reserves room for an upload; see ``RequestStore.reserve``. Raises RequestFull when there is none left."""
        brought = self._new_folders(folders)
        self._left(link, at).take(size, brought)
        event = {"event": "opened", "upload_id": upload_id, "size": size, "at": at, "folders": brought}
        return event if until == inf else {**event, "until": until}

    def renew(self, link: RequestLink, upload_id: str, now: float, until: float, again: float) -> dict[str, Any] | None:
        """The event that renews an upload's reservation, None where nothing changes; see ``RequestStore.renew``. Raises RequestFull where
        others have its room."""
        opening = self.open.get(upload_id)
        if opening is None:
            return None
        if opening.until <= now:
            self._left(link, now).take(opening.size, self.brought.get(upload_id, ()))
            until = again
        return {"event": "held", "upload_id": upload_id, "until": until} if until > opening.until else None

    def announce(
        self, link: RequestLink, files: Sequence[DeliveryIntent], now: float = 0.0
    ) -> tuple[list[dict[str, Any]], dict[str, UploadError]]:
        """The events that announce whole files, in their order, and by upload id the RequestFull of those for which there is no room."""
        events: list[dict[str, Any]] = []
        full: dict[str, UploadError] = {}
        left = self._left(link, now)
        for file in files:
            brought = self._new_folders(file.path.split("/")[:-1])
            try:
                left.take(file.size, brought)
            except RequestFull as error:
                full[file.upload_id] = error
            else:
                event = {"event": "announced", "upload_id": file.upload_id, "file": as_event(file)}
                events.append({**event, "folders": brought} if brought else event)
        return events, full

    def add_folders(self, link: RequestLink, paths: Iterable[RelPath], now: float = 0.0) -> dict[str, Any] | None:
        """The event that notes folders and those above them, None where all are known. Raises RequestFull when they are too many."""
        new = sorted({mark for path in paths for mark in self._new_folders(path.parts)})
        self._left(link, now).take_folders(new)
        return {"event": "folders", "marks": new} if new else None

    def apply(self, event: dict[str, Any]) -> None:
        """Fold one event in. Repeating an event changes nothing."""
        upload_id = event.get("upload_id", "")
        match event["event"]:
            case "opened" | "announced":
                self._begin(upload_id, event)
            case "held":
                if upload_id in self.open:
                    self.open[upload_id] = replace(self.open[upload_id], until=event["until"])
            case "released":
                self._free(upload_id)
                self._note_gone(upload_id, event["why"])
            case "received":
                self._keep_folders(self._free(upload_id))
                self._receive(upload_id, event["file"])
            case "hashed" | "passed_on":
                learnt = _LEARNT[event["event"]]
                self.received[upload_id] = replace(self.received[upload_id], **{learnt[0]: event[learnt[1]]})
            case "leaving":
                self.leaving.add(upload_id)
            case "removed":
                # Its folders stay: others may have put files there meanwhile.
                file = self.removed[upload_id] = self.received.pop(upload_id)
                self.bytes_received -= file.size
                self._weight_received -= weight(file.size)
            case "folders":
                self._keep_folders(_marks_of(event))

    def load(self, now: float | None = None) -> Load:
        """What counts against the link's limits; with ``now``, without reservations that have lapsed by then."""
        files = len(self.open) + len(self.announced) + len(self.received)
        weight_now = self._weight_open + self._weight_received
        awaited: Set[int] = self._awaited.keys()
        if now is not None:
            lapsed = {upload_id: each for upload_id, each in self.open.items() if each.until <= now}
            brought = {mark for upload_id, marks in self.brought.items() if upload_id not in lapsed for mark in marks}
            files -= len(lapsed)
            weight_now -= sum(weight(each.size) for each in lapsed.values())
            awaited = brought - self.folders
        return Load(self.names, files, weight_now, len(self.folders) + len(awaited), awaited)

    @property
    def names(self) -> int:
        """How many files a link remembers, those that were taken back included."""
        return len(self.open) + len(self.announced) + len(self.received) + len(self.removed)

    def _new_folders(self, parts: Sequence[str]) -> list[int]:
        return new_folders(parts, self.folders)

    def _left(self, link: RequestLink, now: float) -> Left:
        return Left(link, self.load(), lambda: self.load(now))

    def _begin(self, upload_id: str, event: dict[str, Any]) -> None:
        self._free(upload_id)
        if event["event"] == "announced":
            self.announced[upload_id] = intent_of(event["file"])
            self._weight_open += weight(event["file"]["size"])
        else:
            # Ledgers of before this was noted lack the time, and say nothing of how long a place is kept.
            at, until = event.get("at", 0.0), event.get("until", inf)
            self.open[upload_id] = Opening(upload_id, event["size"], at, until)
            self._weight_open += weight(event["size"])
        brought = tuple(mark for mark in event.get("folders", ()) if mark not in self.folders)
        if brought:
            self.brought[upload_id] = brought
            self._awaited.update(brought)

    def _keep_folders(self, marks: Iterable[int]) -> None:
        for mark in marks:
            self.folders.add(mark)
            self._awaited.pop(mark, None)

    def _note_gone(self, upload_id: str, why: str) -> None:
        if why in ("expired", "stopped"):
            self.gone[upload_id] = why
            if len(self.gone) > MAX_GONE:
                del self.gone[next(iter(self.gone))]

    def _receive(self, upload_id: str, document: dict[str, Any]) -> None:
        if upload_id not in self.received and upload_id not in self.removed:
            self.received[upload_id] = file_of(document)
            self.bytes_received += document["size"]
            self._weight_received += weight(document["size"])

    def _free(self, upload_id: str) -> tuple[int, ...]:
        """Forget that an upload is on its way; the folders it would have brought."""
        found = self.open.pop(upload_id, None) or self.announced.pop(upload_id, None)
        if found is None:
            return ()
        self._weight_open -= weight(found.size)
        brought = self.brought.pop(upload_id, ())
        for mark in brought:
            if mark in self._awaited:
                self._awaited[mark] -= 1
                if not self._awaited[mark]:
                    del self._awaited[mark]
        return brought


@dataclass(frozen=True, slots=True)
class Load:
    """What of a link's limits is used."""

    names: int
    """Files that the link remembers: open, announced, received and removed ones."""
    files: int
    """The same without the removed ones."""
    weight: int
    """Bytes of those files, each by ``weight``."""
    folders: int
    """How many folders exist, or will with open and announced files."""
    awaited: Set[int]
    """Those of ``folders`` that do not exist yet, by their marks; at least those among them that are asked about."""
    room: int | None = None
    """Bytes that the links of its owner may still take together; None for any amount."""


class Left:
    """What a link may still take, judged for one thing after the other: what was taken counts for the next."""

    def __init__(self, link: RequestLink, load: Load, unlapsed: Callable[[], Load]) -> None:
        """``load`` counts every reservation; ``unlapsed`` returns one without those that have lapsed. It is called only where that
        decides, as it may have to look at many."""
        self._link = link
        self._load = load
        self._unlapsed = unlapsed
        self._all_count = True
        self._files = 0
        self._weight = 0
        self._folders: set[int] = set()

    def take(self, size: int, folders: Iterable[int]) -> None:
        """Take a place, ``size`` bytes, and folders by their marks. Raises RequestFull, and then nothing is taken."""
        if self._load.names + self._files >= MAX_NAMES:
            raise RequestFull(f"This link takes {MAX_NAMES} files. Ask its owner for another link.", limit=MAX_NAMES)
        self._take(1, weight(size), folders)

    def take_folders(self, folders: Iterable[int]) -> None:
        """Take folders alone, by their marks. Raises RequestFull, and then nothing is taken."""
        self._take(0, 0, folders)

    def _take(self, more_files: int, more_weight: int, folders: Iterable[int]) -> None:
        wanted = self._folders.union(folders)
        problem = self._problem(more_files, more_weight, wanted)
        if problem and self._all_count:
            self._load = self._unlapsed()
            self._all_count = False
            problem = self._problem(more_files, more_weight, wanted)
        if problem:
            raise problem
        self._files += more_files
        self._weight += more_weight
        self._folders = wanted

    def _problem(self, more_files: int, more_weight: int, wanted: set[int]) -> RequestFull | None:
        link, load = self._link, self._load
        folders = load.folders + sum(mark not in load.awaited for mark in wanted)
        total = load.weight + self._weight + more_weight + folders * NAME_BYTES
        if link.terms.max_files and more_files and load.files + self._files >= link.terms.max_files:
            most = "1 file" if link.terms.max_files == 1 else f"{link.terms.max_files} files"
            return RequestFull(f"This link takes {most} and has no place left.", limit=link.terms.max_files)
        if wanted and folders > MAX_FOLDERS:
            return RequestFull(f"This link takes {MAX_FOLDERS} folders and has no place left.", limit=MAX_FOLDERS)
        most_weight = min(link.terms.max_total_size or MAX_WEIGHT, MAX_WEIGHT)
        if total > most_weight:
            return RequestFull(_NO_ROOM, limit=most_weight)
        more_here = self._weight + more_weight + (folders - load.folders) * NAME_BYTES
        if load.room is not None and more_here > max(load.room, 0):
            # Senders learn nothing of whose links there are, nor of how much those may hold.
            return RequestFull(_NO_ROOM)
        return None


def new_folders(parts: Sequence[str], known: Set[int]) -> list[int]:
    """The marks of those folders of a path that are not among the ``known`` ones, the deepest first. Where a folder is
    known, so are those above it."""
    new = []
    for mark in folder_marks(parts):
        if mark in known:
            break
        new.append(mark)
    return new


def folder_marks(parts: Sequence[str]) -> Iterator[int]:
    """The marks of a folder and of those above it, the deepest first."""
    return (folder_mark("/".join(parts[:depth])) for depth in range(len(parts), 0, -1))


def _marks_of(event: dict[str, Any]) -> list[int]:
    # Ledgers of before folders were counted by their marks name them.
    return [*event.get("marks", ()), *map(folder_mark, event.get("paths", ()))]


def weight(size: int) -> int:
    """The bytes that a file of ``size`` bytes counts for on its link: 4 KiB at least, as a name and a block take room, too."""
    return max(size, NAME_BYTES)


def folder_mark(path: str) -> int:
    """The mark of a folder: a number of 64 bits that stands for its path, so that remembering one costs the same for any name."""
    return int.from_bytes(blake2b(path.encode(errors="surrogatepass"), digest_size=8).digest(), "little")
