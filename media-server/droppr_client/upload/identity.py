"""Who sends to a link, and for which of its items: a key for each link, made of a secret that this machine keeps."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from droppr_client.naming import give_name
from droppr_client.upload import wire
from droppr_client.upload.problems import Refused

SECRET_BYTES = 32
_FILE = "sender.key"


def sender_key(folder: str | os.PathLike[str], hash: str) -> str | None:
    """The key of whoever sends to the link ``hash`` from this machine, the same each time; servers can tell it from no other of theirs. None
    where no secret can be kept: files go without one, too."""
    secret = _secret(Path(folder) / _FILE)
    if secret is None:
        return None
    digest = hmac.digest(secret, hash.encode(errors="replace"), hashlib.sha256)
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def item_named(items: Sequence[dict[str, Any]], text: str) -> str | None:
    """The id of the item that is meant: by its id, or its title without regard to case. None where that is none, or several."""
    ids = [each.get("id") for each in items]
    if text in ids:
        return text
    meant = [each.get("id") for each in items if str(each.get("title")).casefold() == text.strip().casefold()]
    return meant[0] if len(meant) == 1 and isinstance(meant[0], str) else None


def answers_to(questions: object, texts: Sequence[str]) -> dict[str, str | bool]:
    """Answers such as ``Whose?=Ann`` by the ids of the questions that they name, by id or label. Raises Refused."""
    known = [each for each in questions if isinstance(each, dict)] if isinstance(questions, list) else []
    given: dict[str, str | bool] = {}
    for text in texts:
        found = next((each for each in _splits(text) if _question(known, each[0])), None)
        if found is None:
            labels = ", ".join(repr(wire.sentence(each.get("label")) or "?") for each in known)
            asked = f"; it asks {labels}" if labels else " and asks none"
            raise Refused(f"{text!r} answers no question of the link{asked}. Write QUESTION=ANSWER.", "invalid_request")
        question = _question(known, found[0])
        agrees = question.get("kind") == "agree" and found[1].strip().casefold() in ("yes", "true")
        given[str(question.get("id"))] = True if agrees else found[1]
    return given


def _splits(text: str) -> list[tuple[str, str]]:
    """A text parted at each of its equals signs: questions may hold some as well."""
    places = [place for place, each in enumerate(text) if each == "="]
    return [(text[:place], text[place + 1 :]) for place in places]


def _question(known: Sequence[dict[str, Any]], named: str) -> dict[str, Any]:
    """The question that is meant, empty where it is none."""
    wanted = named.strip().casefold()
    return next((each for each in known if wanted in (each.get("id"), str(each.get("label")).casefold())), {})


def _secret(path: Path) -> bytes | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError:
        return None
    return found if len(found) == SECRET_BYTES else None


def _make(path: Path) -> None:
    """Whole, and by the first of those who make it at once."""
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f".{_FILE}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            give_name(new, str(path))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)
