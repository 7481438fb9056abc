"""A passkey as software: makes what a browser and an authenticator send (WebAuthn, 6 and 7), right or wrong as a test wants it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

from app.core.passkeys import url_bytes, url_text
from app.core.ports.guards import Clock
from app.services.accounts.challenges import Challenges
from app.services.accounts.passkeys import Passkeys
from app.services.accounts.second_factors import SecondFactors
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.counts import SQLCounts
from app.storage.sql.database import Database
from app.storage.sql.passkeys import SQLPasskeys
from app.storage.sql.second_factors import SQLSecondFactors

ORIGIN = "https://files.example.org"
PRESENT, VERIFIED, MADE = 0x01, 0x04, 0x40


@dataclass
class SoftPasskey:
    """One that does what it is told. ``origin`` and ``party`` are where it believes to be."""

    origin: str = ORIGIN
    party: str = "files.example.org"
    counter: int = 0
    flags: int = PRESENT | VERIFIED
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    handle: str | None = None

    def made(self, options: Any) -> dict[str, Any]:
        """What ``navigator.credentials.create()`` comes to."""
        self.handle = options["user"]["id"]
        point = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (point.x, point.y))
        public_key = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        about = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public_key
        attested = {"fmt": "none", "attStmt": {}, "authData": self._data(MADE) + about}
        said = {
            "clientDataJSON": url_text(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": url_text(encode_cbor(attested)),
        }
        return self._credential(said)

    def signed(self, options: Any) -> dict[str, Any]:
        """What ``navigator.credentials.get()`` comes to."""
        if self.counter:
            self.counter += 1
        data = self._data()
        client_data = self._client_data("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ECDSA(SHA256()))
        said = {
            "clientDataJSON": url_text(client_data),
            "authenticatorData": url_text(data),
            "signature": url_text(signature),
        }
        return self._credential(said | ({} if self.handle is None else {"userHandle": self.handle}))

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        id = url_text(self.id)
        return {"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}}

    def _data(self, more: int = 0) -> bytes:
        party = hashlib.sha256(self.party.encode()).digest()
        return party + bytes([self.flags | more]) + self.counter.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        assert url_bytes(challenge)
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()


def second_factors(database: Database, clock: Clock) -> SecondFactors:
    """The judge of second factors on a catalogue, for a server at ``ORIGIN``."""
    attempts = SQLCounts(database, clock)
    challenges = Challenges("s" * 43, attempts, clock)
    accounts = SQLAccounts(database, clock=clock)
    passkeys = Passkeys(SQLPasskeys(database, clock=clock), accounts, challenges, clock, lambda: ORIGIN)
    return SecondFactors(SQLSecondFactors(database, clock=clock), attempts, clock, passkeys)
