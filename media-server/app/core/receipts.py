"""Receipts: what a server says in writing that it received, in the one form in which it is signed.

A receipt is a JSON object. What is signed is the object without its ``signature``, written as RFC 8785 has it:
keys sorted, no white space, UTF-8. It holds texts, whole numbers and null only, so that every JSON library that can
sort keys writes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.links import ReceivedFile, RequestLink

TYPE = "droppr-receipt"
VERSION = 1


def receipt(
    *,
    server: str | None,
    hash: str,
    title: str,
    asker: str = "",
    files: Sequence[ReceivedFile],
    issued_at: float,
    public_key: str,
    key: str,
) -> dict[str, Any]:
    """A receipt that is not signed yet. Times become whole seconds since the epoch, sizes are bytes.

    ``server`` is its address, None where its owner has not named it. Every file's SHA-256 is known. The link and its
    uploads are capabilities and do not appear themselves.
    """
    return {
        "type": TYPE,
        "version": VERSION,
        "server": server,
        "link": link_fingerprint(hash),
        "title": title,
        **({"asker": asker} if asker else {}),
        "files": [_entry(file) for file in files],
        "issued_at": int(issued_at),
        "public_key": public_key,
        "key": key,
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """What of a receipt is signed: all of it but the signature."""
    signed = {name: value for name, value in document.items() if name != "signature"}
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def link_fingerprint(hash: str) -> str:
    """64 bits that tell a link from others to whoever has it, and give it to nobody who has not."""
    return hashlib.sha256(f"droppr link {hash}".encode()).hexdigest()[:16]


def entity_of(link: RequestLink) -> str:
    """The id of the entity whose documents a link receives."""
    return link.entity or link_fingerprint(link.hash)


def key_fingerprint(public_key: bytes) -> str:
    """The SHA-256 of the 32 bytes of an Ed25519 public key, as 64 hex digits."""
    return hashlib.sha256(public_key).hexdigest()


def _entry(file: ReceivedFile) -> dict[str, Any]:
    return {
        "path": file.sent_path,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "received_at": int(file.received_at),
        "sender_name": file.sender_name,
        "sender_email": file.sender_email,
    }
