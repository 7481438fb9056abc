"""Challenges for passkeys: random bytes that a browser keeps signed, so that nobody can have the server keep any.

Only that one was used is kept, and only once what answered it was right.
"""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous import BadData, URLSafeSerializer

from app.core.passkeys import CHALLENGE_SECONDS, url_bytes, url_text
from app.core.ports.guards import Attempts, Clock


class Challenges:
    """Each is for one purpose, for five minutes, and counts once."""

    def __init__(self, secret: str, attempts: Attempts, clock: Clock) -> None:
        self._signer = URLSafeSerializer(
            secret, salt="droppr.passkey.challenge", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._attempts = attempts
        self._clock = clock

    def new(self, purpose: str) -> tuple[bytes, str]:
        """A challenge, and what the browser is to keep of it."""
        challenge, ends_at = secrets.token_bytes(32), self._clock() + CHALLENGE_SECONDS
        return challenge, str(self._signer.dumps([purpose, ends_at, url_text(challenge)]))

    def read(self, kept: str | None, purpose: str) -> bytes | None:
        """The challenge that a browser has kept, if it is one for this and not over."""
        try:
            said_for, ends_at, challenge = self._signer.loads(kept or "")
        except (BadData, ValueError, UnicodeError):
            return None
        # One that ends later than any begun now dates from before the clock was set back.
        goes_on = 0 < ends_at - self._clock() <= CHALLENGE_SECONDS
        return url_bytes(challenge) if goes_on and said_for == purpose else None

    def use(self, challenge: bytes) -> bool:
        """Whether it counts, which it then does no more."""
        return self._attempts.first_use(f"passkey challenge {url_text(challenge)}", CHALLENGE_SECONDS)
