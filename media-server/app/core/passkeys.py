"""Passkeys (WebAuthn): keys that a browser, a phone or a security key has, and that know whose face, finger or PIN it was.

One counts as both factors, so each is made for this: known by itself, and with its owner shown to it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from app.core.access_errors import PasskeysUnavailable
from app.core.accounts import Account
from app.core.errors import InvalidRequest

MAX_PASSKEYS = 10
"""Of one account."""
MAX_NAME = 60
MAX_CREDENTIAL = 1023
"""Bytes of what a passkey is known by (WebAuthn, 4)."""
CHALLENGE_SECONDS = 300
NO_ADDRESS = "Passkeys belong to the address of a server, which this one does not know. Set DROPPR_PUBLIC_URL to it, such as https://files.example.org."
NO_HTTPS = "Browsers have passkeys on https alone, and on localhost. Set DROPPR_PUBLIC_URL to an https address."
NO_NAME = "Passkeys belong to a name, not to an IP address. Set DROPPR_PUBLIC_URL to a name, such as https://files.example.org."


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of an account's, as it is kept. ``id`` names it to people and opens nothing."""

    id: str
    account: str
    name: str
    credential: bytes
    """What it is known by, which it chose itself."""
    public_key: bytes
    """As COSE writes it."""
    counter: int
    """How often it has signed, as far as it counts; 0 where it does not."""
    made_at: float
    used_at: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends of a passkey, as WebAuthn writes it in JSON, and what it has kept of the challenge."""

    said: Mapping[str, Any]
    kept: str | None


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whose passkeys they are: this server, by a name that browsers hold them to."""

    id: str
    origin: str


def relying_party(origin: str | None) -> RelyingParty:
    """That of a server at this origin. Raises PasskeysUnavailable, which says what to set."""
    if not origin:
        raise PasskeysUnavailable(NO_ADDRESS)
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if _is_address(host):
        raise PasskeysUnavailable(NO_NAME)
    if parts.scheme != "https" and host != "localhost" and not host.endswith(".localhost"):
        raise PasskeysUnavailable(NO_HTTPS)
    return RelyingParty(host, origin)


def user_handle(account: Account) -> bytes:
    """What passkeys call an account. Another one that has its name later is not it."""
    return hashlib.sha256(f"passkeys of {account.name} {account.created_at!r}".encode()).digest()


def passkey_name(text: str) -> str:
    """What its owner calls one. Raises InvalidRequest."""
    name = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if not 0 < len(name) <= MAX_NAME:
        sentence = f"Give it a name of at most {MAX_NAME} characters, such as where it is kept."
        raise InvalidRequest(sentence, fields={"name": sentence})
    return name


def url_text(data: bytes) -> str:
    """Base64 as WebAuthn has it in JSON."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def url_bytes(text: object) -> bytes | None:
    """The same back; None for what is no such text."""
    if not isinstance(text, str) or not text.isascii():
        return None
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if url_text(found) == text else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
