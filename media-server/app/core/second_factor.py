"""The second factor of an account: codes of an authenticator app (RFC 6238), and recovery codes for who has lost it.

A recovery code is 80 random bits, so that its plain digest is kept: nobody tries all of them. What codes of the app are made of has to be
kept as it is.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass

from app.core.accounts import Account, Role

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How many steps a clock may be before or behind."""
RECOVERY_CODES = 10
ADMINS, EVERYONE = "admins", "everyone"
"""Whom a server may ask to have one."""
_CODE = re.compile(r"\d{6}")


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What is kept of an account's. ``is_on`` from its first right code on; ``last_step`` is of the last code that counted."""

    account: str
    secret: str
    is_on: bool
    last_step: int
    recovery: tuple[str, ...]
    """Digests of recovery codes that were not used yet."""


def lacks_one(account: Account, asked_of: str) -> bool:
    """Whether a server that asks these for one waits for it."""
    is_asked = asked_of == EVERYONE or (asked_of == ADMINS and account.role is Role.ADMIN)
    return is_asked and not account.second_factor


def new_secret() -> str:
    """160 random bits in base32, as authenticator apps read it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def new_recovery_code() -> str:
    """Four groups of four, to be written down."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def plain_code(text: str) -> str:
    """A code as it was typed, without what people put between."""
    return re.sub(r"[\s-]", "", text).lower()


def is_app_code(text: str) -> bool:
    return text.isascii() and _CODE.fullmatch(text) is not None


def recovery_digest(account: str, plain: str) -> str:
    return hashlib.sha256(f"{account} {plain}".encode(errors="surrogatepass")).hexdigest()
