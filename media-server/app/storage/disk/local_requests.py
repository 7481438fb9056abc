"""RequestStore on local disk: a JSON document for each link, and its ledger as an append-only log of events."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

from app.core.actors import THE_OWNER
from app.core.errors import RequestNotFound, UploadError
from app.core.ledger import Ledger
from app.core.links import DeliveryIntent, Opening, ReceivedFile, RequestLink, Usage, as_event
from app.core.paths import RelPath
from app.core.terms import document_of, terms_of
from app.storage.disk.append_log import AppendLog, JSONLines
from app.storage.disk.atomic import disk_errors, sync_folder
from app.storage.disk.spares import Spares
from app.storage.json_storage import Document, JSONStorage, Version

Event = dict[str, Any]
LedgerLog = AppendLog[Event, Ledger]

# Hashes come out of URLs and become file names.
_HASH = re.compile(r"[A-Za-z0-9_-]{16,64}")
# Folding a ledger anew reads its whole file, so those in use stay in memory; links, too.
_MAX_LEDGERS = 256


class LocalRequests:
    """Links and ledgers below ``folder``. Which of two uploads gets the last place is decided under the ledger's lock."""

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        received: Callable[[str, Sequence[ReceivedFile]], None] = lambda *_: None,
    ) -> None:
        """``received`` is told of files once they stand in their ledger."""
        self._durable = durable
        self._received = received
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._links = JSONStorage(folder / "links", spares=Spares(folder / "spares"))
        self._ledgers = folder / "ledgers"
        self._ledgers.mkdir(mode=0o700, exist_ok=True)
        self._logs: OrderedDict[str, LedgerLog] = OrderedDict()
        self._known_links: dict[str, tuple[Version | None, RequestLink]] = {}
        self._lock = threading.Lock()

    def create(self, link: RequestLink) -> None:
        _check(link.hash)
        # The ledger first: a link that can be found always has one.
        with disk_errors():
            os.close(os.open(self._ledger_path(link.hash), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            sync_folder(self._ledgers)
        self._links.update(link.hash, lambda _: _to_document(link))

    def load(self, hash: str) -> RequestLink:
        _check(hash)
        with self._lock:
            known = self._known_links.get(hash)
        # Asked for with every request and hardly ever changed.
        version = self._links.version(hash)
        if known is None or known[0] != version:
            known = version, _to_link(_existing(self._links.load(hash)))
            with self._lock:
                self._known_links[hash] = known
                if len(self._known_links) > _MAX_LEDGERS:
                    self._known_links.pop(next(iter(self._known_links)))
        return known[1]

    def update(self, hash: str, change: Callable[[RequestLink], RequestLink]) -> RequestLink:
        _check(hash)
        return _to_link(self._links.update(hash, lambda found: _to_document(change(_to_link(_existing(found))))))

    def all(self) -> list[RequestLink]:
        links = [_to_link(document) for document in self._links.documents()]
        return sorted(links, key=lambda link: link.created_at, reverse=True)

    def all_used(self) -> Iterator[tuple[RequestLink, Usage]]:
        for link in self.all():
            with suppress(RequestNotFound):  # Deleted since it was listed.
                yield link, self.usage(link.hash)

    def delete(self, hash: str) -> None:
        _check(hash)
        # The link first: what dies in between leaves a ledger that nothing leads to, never a link without one.
        self._links.delete(hash)
        self._ledger_path(hash).unlink(missing_ok=True)
        with self._lock:
            self._logs.pop(hash, None)

    def reserve(
        self,
        link: RequestLink,
        upload_id: str,
        size: int,
        at: float = 0.0,
        until: float = inf,
        folders: Sequence[str] = (),
    ) -> None:
        with self._ledger(link.hash) as log:
            log.append(lambda ledger: ledger.reserve(link, upload_id, size, at, until, folders))

    def hold(self, link: RequestLink, upload_id: str, now: float, until: float, again: float) -> float:
        with self._ledger(link.hash) as log:
            ledger = log.append(lambda ledger: ledger.hold(link, upload_id, now, until, again))
            opening = ledger.open.get(upload_id)
            return opening.until if opening else until

    def announce(self, link: RequestLink, files: Sequence[DeliveryIntent], now: float = 0.0) -> dict[str, UploadError]:
        full: dict[str, UploadError] = {}

        def decide(ledger: Ledger) -> list[Event]:
            nonlocal full
            events, full = ledger.announce(link, files, now)
            return events

        with self._ledger(link.hash) as log:
            log.append_all(decide, sync=self._durable)
        return full

    def release(self, hash: str, upload_id: str, why: str) -> bool:
        released = False

        def decide(ledger: Ledger) -> Event | None:
            nonlocal released
            released = upload_id in ledger.open or upload_id in ledger.announced
            return {"event": "released", "upload_id": upload_id, "why": why} if released else None

        with self._ledger(hash) as log:
            log.append(decide)
        return released

    def why_gone(self, hash: str, upload_id: str) -> str | None:
        with self._ledger(hash) as log:
            found: str | None = log.read(lambda ledger: ledger.gone.get(upload_id))
            return found

    def openings(self, hash: str) -> tuple[Opening, ...]:
        with self._ledger(hash) as log:
            found: tuple[Opening, ...] = log.read(lambda ledger: tuple(ledger.open.values()))
            return found

    def receive(self, hash: str, *files: ReceivedFile) -> None:
        target = self.load(hash).terms.destination
        if target is not None:
            files = tuple(replace(file, destination=target) for file in files)

        def decide(ledger: Ledger) -> list[Event]:
            return [
                {"event": "received", "upload_id": file.upload_id, "file": as_event(file)}
                for file in files
                if file.upload_id not in ledger.received and file.upload_id not in ledger.removed
            ]

        with self._ledger(hash) as log:
            log.append_all(decide)
            if self._durable:
                log.sync()
        self._received(hash, files)

    def note_sha256(self, hash: str, upload_id: str, sha256: str) -> None:
        def decide(ledger: Ledger) -> Event | None:
            if upload_id not in ledger.received:
                return None
            return {"event": "hashed", "upload_id": upload_id, "sha256": sha256}

        with self._ledger(hash) as log:
            log.append(decide)

    def remove(self, hash: str, upload_id: str) -> bool:
        removed = False

        def decide(ledger: Ledger) -> Event | None:
            nonlocal removed
            file = ledger.received.get(upload_id)
            removed = file is not None and file.passed_on_to is None and upload_id not in ledger.leaving
            return {"event": "removed", "upload_id": upload_id} if removed else None

        with self._ledger(hash) as log:
            log.append(decide)
            if self._durable:
                log.sync()
        return removed

    def note_folders(self, link: RequestLink, paths: Sequence[RelPath]) -> None:
        with self._ledger(link.hash) as log:
            log.append(lambda ledger: ledger.add_folders(link, paths))

    def file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        with self._ledger(hash) as log:
            found: ReceivedFile | None = log.read(lambda ledger: ledger.received.get(upload_id))
            return found

    def files(self, hash: str, upload_ids: Iterable[str]) -> dict[str, ReceivedFile]:
        def look(ledger: Ledger) -> dict[str, ReceivedFile]:
            return {each: ledger.received[each] for each in upload_ids if each in ledger.received}

        with self._ledger(hash) as log:
            found: dict[str, ReceivedFile] = log.read(look)
            return found

    def removed_file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        with self._ledger(hash) as log:
            found: ReceivedFile | None = log.read(lambda ledger: ledger.removed.get(upload_id))
            return found

    def note_leaving(self, hash: str, upload_id: str) -> bool:
        def decide(ledger: Ledger) -> Event | None:
            if upload_id not in ledger.received or upload_id in ledger.leaving:
                return None
            return {"event": "leaving", "upload_id": upload_id}

        with self._ledger(hash) as log:
            log.append(decide, sync=self._durable)
            known: bool = log.read(lambda ledger: upload_id in ledger.leaving)
            return known

    def note_passed_on(self, hash: str, upload_id: str, remote: str) -> None:
        def decide(ledger: Ledger) -> Event | None:
            if upload_id not in ledger.received:
                return None
            return {"event": "passed_on", "upload_id": upload_id, "remote": remote}

        with self._ledger(hash) as log:
            log.append(decide, sync=self._durable)

    def usage(self, hash: str) -> Usage:
        with self._ledger(hash) as log:
            found: Usage = log.read(_usage)
            return found

    def announced(self, hash: str) -> tuple[DeliveryIntent, ...]:
        with self._ledger(hash) as log:
            found: tuple[DeliveryIntent, ...] = log.read(lambda ledger: tuple(ledger.announced.values()))
            return found

    def announced_file(self, hash: str, upload_id: str) -> DeliveryIntent | None:
        with self._ledger(hash) as log:
            found: DeliveryIntent | None = log.read(lambda ledger: ledger.announced.get(upload_id))
            return found

    @contextmanager
    def _ledger(self, hash: str) -> Iterator[LedgerLog]:
        _check(hash)
        try:
            yield self._log(hash)
        except FileNotFoundError:
            raise RequestNotFound() from None

    def _log(self, hash: str) -> LedgerLog:
        with self._lock:
            log = self._logs.pop(hash, None) or AppendLog(self._ledger_path(hash), JSONLines(), Ledger, _fold)
            self._logs[hash] = log
            if len(self._logs) > _MAX_LEDGERS:
                self._logs.popitem(last=False)
            return log

    def _ledger_path(self, hash: str) -> Path:
        return self._ledgers / f"{hash}.log"


def _check(hash: str) -> None:
    if _HASH.fullmatch(hash) is None:
        raise RequestNotFound()


def _existing(document: Document | None) -> Document:
    if document is None:
        raise RequestNotFound()
    return document


def _fold(ledger: Ledger, events: Sequence[Event]) -> Ledger:
    for event in events:
        # What is told of a file that was lost to a damaged record has nothing to belong to.
        if event["event"] not in ("hashed", "removed", "leaving", "passed_on") or event["upload_id"] in ledger.received:
            ledger.apply(event)
    return ledger


def _usage(ledger: Ledger) -> Usage:
    return Usage(
        files=tuple(ledger.received.values()),
        bytes_received=ledger.bytes_received,
        open=frozenset(ledger.open),
        removed=tuple(ledger.removed.values()),
    )


def _to_document(link: RequestLink) -> Document:
    return {
        "hash": link.hash,
        "folder": str(link.folder),
        "created_at": link.created_at,
        "owner": link.owner,
        **document_of(link.terms),
    }


def _to_link(document: Document) -> RequestLink:
    return RequestLink(
        hash=document["hash"],
        folder=RelPath.parse(document["folder"]),
        created_at=document["created_at"],
        owner=document.get("owner", THE_OWNER),
        terms=terms_of(document),
    )
