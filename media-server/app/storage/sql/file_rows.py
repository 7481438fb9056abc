"""Rows of ledgers as the values that they stand for, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from app.core.ledger import folder_mark
from app.core.links import DeliveryIntent, Fate, Known, ReceivedFile
from app.core.remotes import RemoteTarget
from app.storage.sql.database import Row
from app.storage.sql.schema import State, ledger

_FATES = {
    State.OPEN: Fate.OPEN,
    State.ANNOUNCED: Fate.ANNOUNCED,
    State.RECEIVED: Fate.RECEIVED,
    State.REMOVED: Fate.REMOVED,
    State.GONE: Fate.GONE,
    State.DELETED: Fate.DELETED,
}
# In the order of ReceivedFile's fields, and after those what is not one of them.
FILE = [
    ledger.c.upload_id,
    ledger.c.path,
    ledger.c.disk_path,
    ledger.c.size,
    ledger.c.at,
    ledger.c.sha256,
    ledger.c.sender_name,
    ledger.c.sender_email,
    ledger.c.file_identity,
    ledger.c.destination,
    ledger.c.passed_on_to,
    ledger.c.last_modified,
    ledger.c.crc32,
    ledger.c.item,
    ledger.c.party,
    ledger.c.lead,
    ledger.c.sent_name,
    ledger.c.language,
]
KNOWN = [ledger.c.state, ledger.c.why, ledger.c.until, *FILE]
HEAD = len(KNOWN) - len(FILE)
_DESTINATION = 9


def known_of(row: Row) -> Known:
    fate = _FATES[State(row[0])]
    match fate:
        case Fate.RECEIVED | Fate.REMOVED | Fate.DELETED:
            return Known(fate, file=file_of(row))
        case Fate.ANNOUNCED:
            return Known(fate, announced=announced_of(row))
    return Known(fate, why=row[1])


def file_of(row: Row, head: int = HEAD) -> ReceivedFile:
    """The file of a row in which ``head`` columns stand before those of the file."""
    file = ReceivedFile(*row[head:])
    if file.destination is None:
        return file
    return replace(file, destination=RemoteTarget.of(json.loads(row[head + _DESTINATION])))


def announced_of(row: Row) -> DeliveryIntent:
    upload_id, path, _, size, _, sha256, name, email, identity, _, _, *rest = row[HEAD:]
    return DeliveryIntent(upload_id, path, size, sha256, identity, name, email, *rest)


def intent_row(file: DeliveryIntent) -> dict[str, Any]:
    """A file that is about to get its name, as its row has it."""
    return {
        "size": file.size,
        "path": file.path,
        "sha256": file.sha256,
        "file_identity": file.file_identity,
        "sender_name": file.sender_name,
        "sender_email": file.sender_email,
        "last_modified": file.last_modified,
        "crc32": file.crc32,
        "item": file.item,
        "party": file.party,
        "lead": file.lead,
        "sent_name": file.sent_name,
        "language": file.language,
    }


def file_row(file: ReceivedFile) -> dict[str, Any]:
    """A received file as its row has it."""
    target = file.destination
    return {
        "at": file.received_at,
        "size": file.size,
        "path": file.path,
        "path_mark": signed(folder_mark(file.path)),
        "disk_path": file.disk_path,
        "sha256": file.sha256,
        "file_identity": file.file_identity,
        "sender_name": file.sender_name,
        "sender_email": file.sender_email,
        "last_modified": file.last_modified,
        "destination": None if target is None else json.dumps(asdict(target), allow_nan=False),
        "passed_on_to": file.passed_on_to,
        "crc32": file.crc32,
        "item": file.item,
        "party": file.party,
        "lead": file.lead,
        "sent_name": file.sent_name,
        "language": file.language,
    }


def signed(mark: int) -> int:
    """A folder's mark as databases keep it: 64 bits with a sign."""
    return mark - 2**64 if mark >= 2**63 else mark


def unsigned(mark: int) -> int:
    return mark + 2**64 if mark < 0 else mark
