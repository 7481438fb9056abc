"""ALTCHA: the browser proves some work instead of the person solving a puzzle. Needs no other server.

The protocol is version 2 of https://altcha.org. A challenge hides a counter that the browser finds by trying one
after the other; checking it is one derivation. Neither challenges nor solutions are kept, only which were used.
"""

from __future__ import annotations

import binascii
import secrets

from altcha import Payload, create_challenge, verify_solution

from app.core.ports.guards import Attempts, Clock

ALGORITHM = "PBKDF2/SHA-256"
# A derivation takes about 0.3 ms on a server and 1 ms on a phone; the browser needs as many as the hidden counter
# says, a thousand on average. So a phone works for about a second, and nobody for more than one and a half.
ITERATIONS = 1000
MIN_TRIES = 500
MAX_TRIES = 1500
LIFETIME_SECONDS = 20 * 60
# A solution has some 700 characters.
MAX_TOKEN_LENGTH = 8192


class AltchaCaptcha:
    """Challenges signed with ``key``, each of which is good for one opening within ``LIFETIME_SECONDS``."""

    name = "altcha"
    site_key: str | None = None

    def __init__(self, *, key: str, attempts: Attempts, clock: Clock) -> None:
        self._key = key
        self._attempts = attempts
        self._clock = clock

    def challenge(self) -> dict[str, object]:
        made = create_challenge(
            ALGORITHM,
            ITERATIONS,
            counter=MIN_TRIES + secrets.randbelow(MAX_TRIES - MIN_TRIES + 1),
            expires_at=int(self._clock()) + LIFETIME_SECONDS,
            hmac_secret=self._key,
        )
        return dict(made.to_dict())

    def verify(self, token: str) -> bool:
        payload = _parsed(token)
        if payload is None or not verify_solution(payload, self._key).verified:
            return False
        parameters = payload.challenge.parameters
        if not isinstance(parameters.expires_at, int) or parameters.expires_at < self._clock():
            return False
        # The nonce is under our signature, so a solution written in another way is still the same one.
        return self._attempts.first_use(f"altcha:{parameters.nonce}", LIFETIME_SECONDS + 60)


def _parsed(token: str) -> Payload | None:
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    try:
        return Payload.from_base64(token)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return None
