"""Passkeys: added, listed, removed, and judged at the log-in.

Whatever is wrong with one is answered alike, and a passkey that nobody has costs the same as one that somebody has. Nothing is counted
before a right one goes through: nobody can guess one, so nobody has to be kept from trying.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

from app.core.access_errors import PasskeyNotFound, WrongPasskey
from app.core.accounts import Account
from app.core.actors import Actor
from app.core.errors import AccountNotFound, InvalidRequest
from app.core.passkeys import (
    MAX_CREDENTIAL,
    Answer,
    Passkey,
    RelyingParty,
    passkey_name,
    relying_party,
    url_bytes,
    user_handle,
)
from app.core.ports.accounts import AccountStore
from app.core.ports.guards import Clock
from app.core.ports.passkeys import PasskeyStore
from app.core.ports.settings import Current
from app.services.accounts.challenges import Challenges

LOGGING_IN = "log in"
NOT_MADE = "That did not work, or took longer than five minutes. Try again."
ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (EDDSA, ES256, RS256)


class Passkeys:
    """The judge of passkeys."""

    def __init__(
        self,
        store: PasskeyStore,
        accounts: AccountStore,
        challenges: Challenges,
        clock: Clock,
        origin: Current[str | None],
    ) -> None:
        """``origin`` is that of the server's own address, as far as it is known."""
        self._store = store
        self._accounts = accounts
        self._challenges = challenges
        self._clock = clock
        self._origin = origin

    def party(self) -> RelyingParty:
        """Raises PasskeysUnavailable."""
        return relying_party(self._origin())

    def all(self, account: str) -> list[Passkey]:
        return self._store.all(account)

    def has_password(self, account: str) -> bool:
        """Whether there is one that somebody can be asked for who adds or removes a passkey."""
        kept = self._accounts.find(account)
        return kept is not None and kept.password_hash is not None

    def ask(self) -> tuple[bytes, str]:
        """A challenge to log in by, and what the browser is to keep of it. Raises PasskeysUnavailable."""
        self.party()
        return self._challenges.new(LOGGING_IN)

    def begin(self, account: str) -> tuple[bytes, str]:
        """A challenge to make a passkey by, and what the browser is to keep. Raises PasskeysUnavailable."""
        self.party()
        return self._challenges.new(_adding(account))

    def add(self, account: str, answer: Answer, name: str, by: Actor) -> Passkey:
        """Keep the one that was made. Raises InvalidRequest, PasskeysUnavailable, AccountNotFound, PasskeyExists, TooManyPasskeys."""
        name, party = passkey_name(name), self.party()
        challenge = self._challenges.read(answer.kept, _adding(account))
        made = None if challenge is None else _made(answer.said, challenge, party)
        if challenge is None or made is None or not self._challenges.use(challenge):
            raise InvalidRequest(NOT_MADE)
        credential, public_key, counter = made
        passkey = Passkey(secrets.token_hex(6), account, name, credential, public_key, counter, self._clock())
        self._store.add(passkey, by)
        return passkey

    def remove(self, account: str, id: str, by: Actor) -> None:
        """Raises PasskeyNotFound, LastWayIn."""
        if not self._store.remove(account, id, by):
            raise PasskeyNotFound()

    def remove_all(self, account: str, by: Actor) -> int:
        return self._store.remove_all(account, by)

    def judge(self, answer: Answer, address: str, of: str | None = None) -> Account:
        """Whose passkey has answered, who is ``of`` where that is said. Raises WrongPasskey, PasskeysUnavailable."""
        party, challenge = self.party(), self._challenges.read(answer.kept, LOGGING_IN)
        credential = url_bytes(answer.said.get("id"))
        if challenge is None or credential is None or len(credential) > MAX_CREDENTIAL:
            raise WrongPasskey()
        passkey = self._store.find(credential)
        counter = _signed(answer.said, challenge, party, passkey.public_key if passkey else _nobodys_key())
        if passkey is None or counter is None or of not in (None, passkey.account):
            raise WrongPasskey()
        account = self._owner(passkey, answer.said)
        by = account.acting(address, "passkey")
        if not self._challenges.use(challenge) or not self._store.use(credential, counter, self._clock(), by):
            raise WrongPasskey()
        return account

    def _owner(self, passkey: Passkey, said: Any) -> Account:
        """The account that it belongs to, which is the one that it takes for its own. Raises WrongPasskey."""
        kept = self._accounts.find(passkey.account)
        called = said["response"].get("userHandle")
        if kept is None or (called is not None and url_bytes(called) != user_handle(kept.account)):
            raise WrongPasskey()
        return kept.account

    def options_for(self, account: str) -> tuple[Account, list[Passkey]]:
        """Who adds one, and those that they have. Raises AccountNotFound."""
        kept = self._accounts.find(account)
        if kept is None:
            raise AccountNotFound()
        return kept.account, self._store.all(account)


def _adding(account: str) -> str:
    return f"add {account}"


def _made(said: Any, challenge: bytes, party: RelyingParty) -> tuple[bytes, bytes, int] | None:
    """What a new passkey is known by, its public key and its counter; None where anything is wrong with it."""
    # The library takes most of a second to load, which no other request shall wait for.
    from webauthn import verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    try:
        done = verify_registration_response(
            credential=dict(said),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(each) for each in ALGORITHMS],
        )
    except Exception:  # noqa: BLE001  what is sent may be anything, and the library does not foresee all of it
        return None
    return done.credential_id, done.credential_public_key, done.sign_count


def _signed(said: Any, challenge: bytes, party: RelyingParty, public_key: bytes) -> int | None:
    """The counter of a passkey that has signed this challenge here; None where anything is wrong with that."""
    from webauthn import verify_authentication_response

    try:
        done = verify_authentication_response(
            credential=dict(said),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            # It is judged where it is kept, where no other can be between.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001  as above
        return None
    return done.new_sign_count


@cache
def _nobodys_key() -> bytes:
    """What is compared with where there is nothing to compare with."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from webauthn.helpers import encode_cbor

    point = generate_private_key(SECP256R1()).public_key().public_numbers()
    x, y = (each.to_bytes(32, "big") for each in (point.x, point.y))
    return encode_cbor({1: 2, 3: ES256, -1: 1, -2: x, -3: y})
