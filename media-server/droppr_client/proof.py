"""Checking a receipt: who signed it, and whether files are those it speaks of. Asks nobody.

Files are found in a receipt by their names, and where a name says nothing, by their content: whoever received a file
may have renamed it, and the server numbers a second file of one name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from app.core.paths import disk_folder, disk_name
from app.core.receipts import TYPE, VERSION, canonical, key_fingerprint

T = TypeVar("T")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class NotVerified(Exception):
    """The receipt cannot be believed, or not be read. Its text is a sentence that says why."""


class Result(StrEnum):
    """What was found out about one file."""

    OK = "ok"
    DIFFERS = "differs"
    """The receipt speaks of another file of this name."""
    MISSING = "missing"
    """The receipt speaks of it, and it is not here; or it was named and is not here."""
    NOT_IN_RECEIPT = "not in the receipt"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as the receipt tells it. The size is in bytes, the SHA-256 in 64 hex digits."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt whose signature is good: what it says was written by the holder of ``key``, a fingerprint."""

    key: str
    server: str | None
    """Its address, where its owner has named it."""
    title: str
    issued_at: int
    """Seconds since the epoch."""
    link: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``file`` is where it lies here, ``path`` its name in the receipt; None where there is no such thing."""

    result: Result
    file: str | None
    path: str | None


def read_receipt(text: bytes) -> Receipt:
    """A receipt whose signature has been checked with the key it names itself. Raises NotVerified."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NotVerified("This is not a receipt: it is not JSON.") from None
    if not isinstance(document, dict) or document.get("type") != TYPE:
        raise NotVerified("This is not a receipt.")
    if document.get("version") != VERSION:
        raise NotVerified(f"This receipt is of a version that is not known here ({document.get('version')}).")
    public = _decoded(document.get("public_key"))
    if len(public) != 32 or document.get("key") != key_fingerprint(public):
        raise NotVerified("The receipt does not name the key it was signed with.")
    _check_signature(public, _decoded(document.get("signature")), document)
    return Receipt(
        key=key_fingerprint(public),
        server=None if document.get("server", "") is None else _told(document, "server", str),
        title=_told(document, "title", str),
        issued_at=_told(document, "issued_at", int),
        link=_told(document, "link", str),
        entries=tuple(_entry(each) for each in _told(document, "files", list)),
    )


def trusted_fingerprint(text: str) -> str:
    """The fingerprint of a key given as one, or as a file with one, with a public key in PEM or base64, or with what
    ``/api/droppr/receipt-key`` answers. Raises NotVerified."""
    spelled = re.sub(r"[\s:]", "", text).lower()
    if _FINGERPRINT.fullmatch(spelled):
        return spelled
    try:
        content = Path(text).read_bytes()
    except (OSError, ValueError) as error:
        raise NotVerified(f"The key '{text}' is neither a fingerprint of 64 digits nor a file: {error}") from None
    found = _fingerprint_in(content)
    if found is None:
        raise NotVerified(f"The file '{text}' holds no Ed25519 public key.")
    return found


def compare(receipt: Receipt, named: Sequence[str], *, some: bool = False) -> Iterator[Verdict]:
    """A verdict on every file that is named or lies in a folder that is named, then on what of the receipt is missing;
    with ``some`` nothing is said of the latter."""
    book = _Book(receipt.entries)
    for name in named:
        path = Path(name)
        if path.is_dir():
            for below in _files_below(path):
                parts = below.relative_to(path).parts
                yield book.judge(below, [parts, (*path.absolute().parts[-1:], *parts)])
        else:
            parts = path.absolute().parts
            yield book.judge(path, [parts[start:] for start in range(1, len(parts))])
    if not some:
        yield from (Verdict(Result.MISSING, None, entry.path) for entry in book.unclaimed())


class _Book:
    """The entries of a receipt, found by name and by content, and which of them have been accounted for."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._claimed: set[int] = set()
        self._by_name: dict[tuple[str, ...], list[int]] = {}
        self._by_content: dict[tuple[int, str], list[int]] = {}
        for number, entry in enumerate(entries):
            parts = entry.path.split("/")
            # As it was sent, and as a server puts it on its disk.
            for spelled in {_same(parts), _same([*map(disk_folder, parts[:-1]), disk_name(parts[-1])])}:
                self._by_name.setdefault(spelled, []).append(number)
            self._by_content.setdefault((entry.size, entry.sha256), []).append(number)
        self._sizes = {entry.size for entry in entries}

    def judge(self, file: Path, names: Sequence[tuple[str, ...]]) -> Verdict:
        """The verdict on a file that goes by any of these names, the likeliest first."""
        called = next((found for name in names if (found := self._by_name.get(_same(name)))), [])
        try:
            size = file.stat().st_size
            digest = _sha256(file) if size in self._sizes else ""
        except FileNotFoundError:
            return self._verdict(Result.MISSING, file, called[:1])
        except OSError:
            return self._verdict(Result.UNREADABLE, file, called[:1])
        alike = self._by_content.get((size, digest), [])
        right = [number for number in alike if number in called] or alike
        if right:
            # Of two files of one content each is accounted for.
            fresh = [number for number in right if number not in self._claimed]
            return self._verdict(Result.OK, file, (fresh or right)[:1])
        return self._verdict(Result.DIFFERS if called else Result.NOT_IN_RECEIPT, file, called[:1])

    def unclaimed(self) -> list[Entry]:
        return [entry for number, entry in enumerate(self._entries) if number not in self._claimed]

    def _verdict(self, result: Result, file: Path, claimed: list[int]) -> Verdict:
        self._claimed.update(claimed)
        return Verdict(result, str(file), self._entries[claimed[0]].path if claimed else None)


def _same(parts: Any) -> tuple[str, ...]:
    """A name whose accents count however they are written: macOS takes them apart."""
    return tuple(unicodedata.normalize("NFC", part) for part in parts)


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(root, name)).is_file())


def _sha256(file: Path) -> str:
    with file.open("rb", buffering=0) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _entry(file: Any) -> Entry:
    if not isinstance(file, dict):
        raise NotVerified("The receipt's list of files cannot be read.")
    entry = Entry(_told(file, "path", str), _told(file, "size", int), _told(file, "sha256", str))
    if not _FINGERPRINT.fullmatch(entry.sha256) or not all(entry.path.split("/")):
        raise NotVerified("The receipt's list of files cannot be read.")
    return entry


def _told(document: dict[str, Any], name: str, kind: type[T]) -> T:
    value = document.get(name)
    if not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, int) and not 0 <= value < 2**63):
        raise NotVerified(f"The receipt does not say its '{name}' in a way that can be read.")
    return value


def _check_signature(public: bytes, signature: bytes, document: dict[str, Any]) -> None:
    # Loaded only where it is needed: every other command starts without it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(document))
    except (InvalidSignature, ValueError, RecursionError):
        raise NotVerified("The signature does not fit: the receipt was changed, or never signed.") from None


def _fingerprint_in(content: bytes) -> str | None:
    text = content.decode(errors="replace").strip()
    if text.startswith("-----BEGIN PUBLIC KEY"):
        return _fingerprint_of_pem(content)
    if text.startswith("{"):
        try:
            text = str(json.loads(text).get("public_key"))
        except ValueError:
            return None
    if _FINGERPRINT.fullmatch(text.lower()):
        return text.lower()
    raw = _decoded(text)
    return key_fingerprint(raw) if len(raw) == 32 else None


def _fingerprint_of_pem(content: bytes) -> str | None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(content)
    except ValueError:
        return None
    return key_fingerprint(key.public_bytes_raw()) if isinstance(key, Ed25519PublicKey) else None


def _decoded(text: Any) -> bytes:
    """What base64 stands for; nothing where it is none."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""
