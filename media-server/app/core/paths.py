"""Names from strangers: kept as data, made safe for the disk, never able to leave the folder.

The name as sent is what lists, receipts and downloads show, byte for byte. The name on disk is the same wherever
it is harmless; characters and names that break other systems or deceive a reader are written percent-encoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from app.core.errors import InvalidPath

MAX_COMPONENT_UNITS = 255
"""The longest name as sent, in code units of UTF-16, as Windows and macOS count: up to three times as many bytes of UTF-8."""
MAX_COMPONENT_BYTES = 255
"""The longest name on disk, in bytes of UTF-8."""
MAX_PATH_BYTES = 3072
"""The longest path, as sent and as it lies on disk: leaves room for the folders above it in the 4096 of Linux."""
MAX_DEPTH = 64
"""The most parts of a path, its name included."""

# Control characters, the bidirectional controls that let "exe.gpj" read as "jpg.exe", and what Windows and SMB
# shares refuse or read as something else (a backslash there is a separator, a colon a hidden stream).
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\\:*?"<>|]')
_DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))")


@dataclass(frozen=True, slots=True)
class RelPath:
    """A relative path of one or more components, none of which is empty, ``.``, ``..`` or holds ``/`` or NUL."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> RelPath:
        """The path written ``a/b/c``. Raises InvalidPath for anything that is not plainly below a folder."""
        if not text or text.startswith("/"):
            raise InvalidPath("The path must be relative and not empty.")
        path = cls.noted(text)
        if len(path.parts) > MAX_DEPTH:
            raise InvalidPath(f"The path has more than {MAX_DEPTH} folders.")
        on_disk = "/".join([*map(disk_folder, path.folder), disk_name(path.name)])
        if max(len(text.encode()), len(on_disk.encode())) > MAX_PATH_BYTES:
            raise InvalidPath(f"The path is longer than {MAX_PATH_BYTES} bytes.")
        return path

    @classmethod
    def noted(cls, text: str) -> RelPath:
        """A path that a ledger notes, made by a delivery of one that was parsed: numbers may have made it longer than ``parse`` allows.
        Raises InvalidPath for parts that no path can have."""
        path = cls(tuple(text.split("/")))
        for part in path.parts:
            _check_component(part)
        return path

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def folder(self) -> tuple[str, ...]:
        return self.parts[:-1]

    def __str__(self) -> str:
        return "/".join(self.parts)


def as_sent(path: str, lead: int, name: str | None) -> str:
    """A path as its sender knows it: without the first ``lead`` of its folders, and under ``name`` where a rule gave it another one."""
    own = without_lead(path, lead)
    return own if name is None else own[: own.rfind("/") + 1] + name


def without_lead(path: str, lead: int) -> str:
    """A path without the first ``lead`` of its folders."""
    return path.split("/", lead)[lead] if lead else path


def _check_component(part: str) -> None:
    if part.isascii() and part.isalnum() and len(part) <= _SHORT:
        return
    if part in ("", ".", ".."):
        raise InvalidPath("The path has an empty, '.' or '..' part.")
    if "\x00" in part or "/" in part:
        raise InvalidPath("The name holds a character that no file name may hold.")
    try:
        units = _units(part)
    except UnicodeEncodeError:
        raise InvalidPath("The name is not valid Unicode.") from None
    if units > MAX_COMPONENT_UNITS:
        raise InvalidPath(f"The name is longer than {MAX_COMPONENT_UNITS} characters.")


def extension(name: str) -> str:
    """The last extension in lower case without its dot; empty when there is none (``.bashrc`` has none)."""
    stem, dot, ending = name.rpartition(".")
    return ending.casefold() if dot and stem else ""


@lru_cache(maxsize=4096)
def disk_name(part: str) -> str:
    """The name of a file on disk: ``part`` with unsafe characters percent-encoded, cut to 255 bytes. Two names can have the same one on
    disk: the delivery then numbers the second file."""
    return fitted(_safe(part), "")


@lru_cache(maxsize=4096)
def disk_folder(part: str) -> str:
    """The name of a folder on disk: made like that of a file, but one that is cut ends with a digest of ``part``, as two folders with the
    same name on disk would be one."""
    cut = len(part) > _SHORT and len(part.encode()) > MAX_COMPONENT_BYTES
    return fitted(_safe(part), f"~{sha256(part.encode()).hexdigest()[:8]}" if cut else "")


def _safe(part: str) -> str:
    name = _UNSAFE.sub(lambda match: quote(match.group(), safe=""), part)
    name = _DEVICE.sub(lambda match: match.group()[:-1] + _encoded(match.group()[-1]), name)
    if name[-1] in ". ":
        # Windows drops trailing dots and spaces, so the file would change its name when it is copied there.
        name = name[:-1] + _encoded(name[-1])
    return name


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def numbered(name: str, number: int) -> str:
    """``name (1).ext`` for 1, the name itself for 0; shortened in the middle to stay within 255 bytes."""
    return fitted(name, f" ({number})") if number else name


def numbered_as_sent(name: str, number: int) -> str:
    """``name`` with the number that the file has on disk, as people see it: shortened only to stay within 255 units of UTF-16 where it
    has more than 255 bytes."""
    if not number or len(name.encode()) <= MAX_COMPONENT_BYTES:
        return numbered(name, number)
    stem, ending = split_name(name)
    return cut(stem, MAX_COMPONENT_UNITS, f" ({number}){ending}")


def cut(stem: str, most: int, ending: str) -> str:
    """As much of ``stem`` as there is room for before ``ending``, in ``most`` units of UTF-16."""
    room = most - _units(ending)
    return stem.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore") + ending


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


_SHORT = MAX_COMPONENT_BYTES // 4
"""Characters that fit whatever they are."""


def fitted(name: str, suffix: str) -> str:
    """``name`` with ``suffix`` before its extension, the stem cut so that the whole fits in 255 bytes."""
    if not suffix and len(name) <= _SHORT:
        return name
    stem, ending = split_name(name)
    room = MAX_COMPONENT_BYTES - len((suffix + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + suffix + ending


def split_name(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    # An "extension" of more than 32 bytes is part of the name.
    if not dot or not stem or len(ending.encode()) > 32:
        return name, ""
    return stem, dot + ending
