"""Second factors: codes, which are set up, asked for and switched off; and passkeys in their place.

A code counts once. Wrong ones are counted by account, whoever sends them: only who knows the password gets so far as to try one. Then
the account waits, and its owner with it; somebody who knows their password is what they have to hear of, and the audit tells it.
"""

from __future__ import annotations

import hmac

import pyotp

from app.core.access_errors import SecondFactorNeeded, WrongCode
from app.core.accounts import Account
from app.core.actors import Actor
from app.core.errors import InvalidRequest, TooManyAttempts
from app.core.passkeys import Answer
from app.core.ports.guards import Attempts, Clock
from app.core.ports.second_factors import SecondFactorStore
from app.core.second_factor import (
    DRIFT_STEPS,
    RECOVERY_CODES,
    STEP_SECONDS,
    SecondFactor,
    is_app_code,
    new_recovery_code,
    new_secret,
    plain_code,
    recovery_digest,
)
from app.services.accounts.passkeys import Passkeys

TRIES_MAX = 10
TRIES_LIMIT = f"{TRIES_MAX} per hour"
ISSUER = "Droppr"
NOT_BEGUN = "Nothing was begun that this code could confirm. Begin again."
CODE, PASSKEY = "code", "passkey"
"""By what somebody can show that it is them, beside a password."""
BY_PASSKEY = "This account asks for its passkey, too. Use it, or have an admin take it away if it is lost."
BY_EITHER = "This account asks for a code or a passkey, too. Send the code that your authenticator app shows, or a recovery code, or use the passkey."
NOT_THE_CODE = "That is not the code of now. Look whether the clocks are right, and try the next one."


class SecondFactors:
    """The judge of codes, and of whether a passkey is there in place of one."""

    def __init__(self, store: SecondFactorStore, attempts: Attempts, clock: Clock, passkeys: Passkeys) -> None:
        self.passkeys = passkeys
        self._store = store
        self._attempts = attempts
        self._clock = clock

    def state(self, account: str) -> SecondFactor | None:
        """That of an account, where it is on."""
        found = self._store.find(account)
        return found if found is not None and found.is_on else None

    def begin(self, account: str) -> tuple[str, str]:
        """A new secret, and the same as an address that apps read from a QR code. Raises SecondFactorOn, AccountNotFound."""
        secret = new_secret()
        self._store.begin(account, secret)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)

    def confirm(self, account: str, code: str, by: Actor) -> list[str]:
        """Switch on what was begun, by a code of it; returns the recovery codes, which are told once. Raises InvalidRequest,
        TooManyAttempts."""
        key = _key(account)
        with self._attempts.turn(key):
            self._check_tries(key)
            begun = self._store.find(account)
            if begun is None or begun.is_on:
                raise InvalidRequest(NOT_BEGUN)
            step = self._step(begun.secret, plain_code(code))
            if step is None:
                self._attempts.hit(key, TRIES_LIMIT)
                raise InvalidRequest(NOT_THE_CODE, fields={"code": NOT_THE_CODE})
        codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        digests = tuple(recovery_digest(account, plain_code(each)) for each in codes)
        if not self._store.confirm(account, begun.secret, step, digests, by):
            raise InvalidRequest(NOT_BEGUN)
        return codes

    def prove(self, account: Account, code: str | None, passkey: Answer | None, address: str) -> None:
        """Return where a passkey of the account, or a code, has come beside its password. Raises as ``check`` does; SecondFactorNeeded
        says in ``ways`` by what it can be; WrongPasskey, PasskeysUnavailable."""
        if passkey is not None:
            self.passkeys.judge(passkey, address, of=account.name)
            return
        if not code or not code.strip():
            raise self._needed(account.name)
        self.check(account.name, code, account.acting(address, "login"))

    def check(self, account: str, code: str | None, by: Actor) -> None:
        """Return where this is a code that counts, which it then does no more. Raises SecondFactorNeeded without one, WrongCode,
        TooManyAttempts after many wrong ones."""
        if not code or not code.strip():
            raise SecondFactorNeeded()
        key = _key(account)
        with self._attempts.turn(key):
            self._check_tries(key)
            if self._counts(account, plain_code(code), by):
                return
            self._attempts.hit(key, TRIES_LIMIT)
        raise WrongCode()

    def switch_off(self, account: str, code: str, by: Actor) -> None:
        """Switch off one's own, by a code. Raises InvalidRequest, TooManyAttempts."""
        try:
            self.check(account, code, by)
        except (WrongCode, SecondFactorNeeded):
            raise InvalidRequest(WrongCode.default, fields={"code": WrongCode.default}) from None
        self._store.remove(account, by)

    def reset(self, account: str, by: Actor) -> bool:
        """Take away all that somebody has of it, passkeys, too; False where there was nothing."""
        removed = self.passkeys.remove_all(account, by)
        return self._store.remove(account, by) or removed > 0

    def _needed(self, account: str) -> SecondFactorNeeded:
        has_codes, has_passkeys = self.state(account) is not None, bool(self.passkeys.all(account))
        if not has_passkeys:
            return SecondFactorNeeded(ways=[CODE])
        return (
            SecondFactorNeeded(BY_EITHER, ways=[CODE, PASSKEY])
            if has_codes
            else SecondFactorNeeded(BY_PASSKEY, ways=[PASSKEY])
        )

    def _counts(self, account: str, plain: str, by: Actor) -> bool:
        kept = self.state(account)
        if kept is None:
            return False
        if not is_app_code(plain):
            digest = recovery_digest(account, plain)
            return digest in kept.recovery and self._store.use_recovery(account, digest, by)
        step = self._step(kept.secret, plain)
        return step is not None and step > kept.last_step and self._store.use_step(account, step)

    def _step(self, secret: str, plain: str) -> int | None:
        """Of which step around now this is the code."""
        codes, now = pyotp.TOTP(secret), int(self._clock() // STEP_SECONDS)
        found = [
            step
            for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
            if hmac.compare_digest(codes.generate_otp(step).encode(), plain.encode(errors="surrogatepass"))
        ]
        return found[-1] if found else None

    def _check_tries(self, key: str) -> None:
        if self._attempts.count(key, TRIES_LIMIT) >= TRIES_MAX:
            raise TooManyAttempts(
                "Too many wrong codes. Wait, then try again.", retry_after=self._attempts.retry_after(key, TRIES_LIMIT)
            )


def _key(account: str) -> str:
    return f"second-factor:{account}"
