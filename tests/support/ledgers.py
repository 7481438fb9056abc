"""Ledgers as they were before the catalogue: an append-only file of events for each link, folded by the rules that still judge.

What the catalogue is compared with, in what it decides and in what it costs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Any

from app.core.errors import UploadError
from app.core.ledger import Ledger
from app.core.links import DeliveryIntent, ReceivedFile, RequestLink, Usage, as_event
from app.core.paths import RelPath
from app.storage.disk.append_log import AppendLog, JSONLines

Event = dict[str, Any]


class FileLedgers:
    """Ledgers below ``folder``, each on the disk itself before a file is announced or received. Links are not kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._logs: dict[str, AppendLog[Event, Ledger]] = {}
        self._lock = threading.Lock()

    def create(self, link: RequestLink) -> None:
        self._path(link.hash).touch()

    def reserve(
        self,
        link: RequestLink,
        upload_id: str,
        size: int,
        at: float = 0.0,
        until: float = inf,
        folders: Sequence[str] = (),
    ) -> None:
        self._log(link.hash).append(lambda ledger: ledger.reserve(link, upload_id, size, at, until, folders))

    def renew(self, link: RequestLink, upload_id: str, now: float, until: float, again: float) -> float:
        ledger = self._log(link.hash).append(lambda ledger: ledger.renew(link, upload_id, now, until, again))
        opening = ledger.open.get(upload_id)
        return opening.until if opening else until

    def announce(self, link: RequestLink, files: Sequence[DeliveryIntent], now: float = 0.0) -> dict[str, UploadError]:
        full: dict[str, UploadError] = {}

        def decide(ledger: Ledger) -> list[Event]:
            nonlocal full
            events, full = ledger.announce(link, files, now)
            return events

        self._log(link.hash).append_all(decide, sync=True)
        return full

    def receive(self, hash: str, *files: ReceivedFile) -> None:
        def decide(ledger: Ledger) -> list[Event]:
            new = (
                each for each in files if each.upload_id not in ledger.received and each.upload_id not in ledger.removed
            )
            return [{"event": "received", "upload_id": file.upload_id, "file": as_event(file)} for file in new]

        self._log(hash).append_all(decide)
        self._log(hash).sync()

    def release(self, hash: str, upload_id: str, why: str) -> bool:
        event = {"event": "released", "upload_id": upload_id, "why": why}
        return self._noted(hash, event, lambda ledger: upload_id in ledger.open or upload_id in ledger.announced)

    def remove(self, hash: str, upload_id: str) -> bool:
        return self._noted(
            hash, {"event": "removed", "upload_id": upload_id}, lambda ledger: upload_id in ledger.received
        )

    def note_folders(self, link: RequestLink, paths: Sequence[RelPath], now: float = 0.0) -> None:
        self._log(link.hash).append(lambda ledger: ledger.add_folders(link, paths, now))

    def file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        found: ReceivedFile | None = self._log(hash).read(lambda ledger: ledger.received.get(upload_id))
        return found

    def usage(self, hash: str) -> Usage:
        found: Usage = self._log(hash).read(
            lambda ledger: Usage(
                tuple(ledger.received.values()),
                ledger.bytes_received,
                frozenset(ledger.open),
                tuple(ledger.removed.values()),
            )
        )
        return found

    def _noted(self, hash: str, event: Event, wanted: Callable[[Ledger], bool]) -> bool:
        noted = False

        def decide(ledger: Ledger) -> Event | None:
            nonlocal noted
            noted = wanted(ledger)
            return event if noted else None

        self._log(hash).append(decide)
        return noted

    def _log(self, hash: str) -> AppendLog[Event, Ledger]:
        with self._lock:
            return self._logs.setdefault(hash, AppendLog(self._path(hash), JSONLines(), Ledger, _folded))

    def _path(self, hash: str) -> Path:
        return self._folder / f"{hash}.log"


def _folded(ledger: Ledger, events: Sequence[Event]) -> Ledger:
    for event in events:
        ledger.apply(event)
    return ledger
