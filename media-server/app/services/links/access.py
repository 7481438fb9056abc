"""Whether a sender may open an upload on a link: failures so far, captcha, password, in this order.

Four rules keep thousands of files from paying thousands of times, and strangers from making the server pay; none of them
weakens the check:

- A password that was right is remembered for some minutes as a keyed digest, in this process only. The key is random
  and dies with the process; the digest covers link and password hash, so a changed password is unknown again.
- On links that always ask for a captcha, who solved one and got in opens further uploads without a token for some
  hours. This pass is kept in Attempts: it holds for one client on one link, in all workers. A token that is sent all
  the same is judged all the same.
- Openings of one client on one link are judged one after the other, in all workers. So a burst of files waits for one
  hash instead of computing one each, and a burst of guesses cannot slip past the count of failures. What is known
  without a hash waits for nobody, and only so many threads wait at all.
- Wrong passwords count for a link as a whole, too, whoever sent them. Where they are many, whoever sends one that is not
  remembered solves a captcha first; where the owner wants none, only so many are judged.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.actors import Credentials
from app.core.errors import (
    Busy,
    CaptchaRequired,
    PasswordInvalid,
    PasswordRequired,
    RequestNotFound,
    TooManyAttempts,
)
from app.core.links import RequestLink
from app.core.ports.guards import Attempts, CaptchaProvider, Clock, Hasher
from app.core.terms import MAX_PASSWORD_LENGTH, CaptchaMode
from app.core.waiting_room import WaitingRoom, WaitingThreads

CAPTCHA_PASS_LIMIT = "1 per 6 hour"
REMEMBER_SECONDS = 900
MAX_REMEMBERED = 4096
CLIENTS_WORTH = 4
"""Wrong passwords on one link, of as many clients as it would take that were all wrong as often as one may be."""
ATTACK_LIMIT = "1 per 2 second"
"""Passwords that are judged on a link with many wrong ones and without a captcha."""


@dataclass(frozen=True, slots=True)
class AccessRules:
    """How many wrong passwords a client may send to one link within ``failure_window`` seconds, and from which
    failure on the captcha is asked for."""

    failure_max: int
    failure_window: int
    captcha_threshold: int

    @property
    def limit(self) -> str:
        return f"{self.failure_max} per {self.failure_window} second"

    @property
    def link_max(self) -> int:
        """How many wrong passwords of all clients make a link one that is under attack."""
        return CLIENTS_WORTH * self.failure_max

    @property
    def link_limit(self) -> str:
        return f"{self.link_max} per {self.failure_window} second"


class Access:
    """The judge of openings. Failures count per link and client, in all workers and across restarts."""

    def __init__(
        self,
        *,
        attempts: Attempts,
        captcha: CaptchaProvider,
        hasher: Hasher,
        clock: Clock,
        rules: AccessRules,
        waiting: WaitingRoom,
    ) -> None:
        self._attempts = attempts
        self._captcha = captcha
        self._hasher = hasher
        self._rules = rules
        self._waiting = waiting
        self._remembered = RememberedPasswords(clock)

    def authorize(self, link: RequestLink, credentials: Credentials) -> None:
        """Return if the upload may be opened.

        Raises TooManyAttempts, CaptchaRequired, PasswordRequired or PasswordInvalid; Busy when the captcha's provider
        is away or too many wait for an answer. A captcha token is used up only where one was needed and no password was
        missing.
        """
        if credentials.actor.rules(link.owner) or (
            not link.terms.requires_password and link.terms.captcha is not CaptchaMode.ALWAYS
        ):
            return
        if self._knows(link, credentials):
            return
        self._check_completeness(link, credentials, self._failures(link, credentials.actor.address))
        with self._waiting.place(link.hash), self._attempts.turn(_failure_key(link, credentials.actor.address)):
            if self._knows(link, credentials):
                return
            failures = self._failures(link, credentials.actor.address)
            proves = self._check_captcha(link, credentials, failures)
            self._check_password(link, credentials, failures)
            if proves:
                self._attempts.hit(_pass_key(link, credentials.actor.address), CAPTCHA_PASS_LIMIT)

    def guessed(self, client: str, find: Callable[[], str]) -> str:
        """What ``find`` returns to a client who has guessed wrong less often than one may; what raises RequestNotFound is counted.
        Raises TooManyAttempts; Busy where too many wait for their turn."""
        key = f"alias:{client}"
        with self._waiting.place(key), self._attempts.turn(key):
            if self._attempts.count(key, self._rules.limit) >= self._rules.failure_max:
                wait = self._attempts.retry_after(key, self._rules.limit)
                raise TooManyAttempts(
                    "Too many addresses were tried that there are not. Wait, then try again.", retry_after=wait
                )
            try:
                return find()
            except RequestNotFound:
                self._attempts.hit(key, self._rules.limit)
                raise

    def captcha_required(self, link: RequestLink, client: str) -> bool:
        """Whether this client's next opening needs a captcha."""
        return self._captcha_needed(link, client, self._count_failures(link, client))

    def _knows(self, link: RequestLink, credentials: Credentials) -> bool:
        """Whether the password is remembered and nothing else has to be looked at. Raises TooManyAttempts."""
        password = credentials.password or ""
        if (
            link.terms.password_hash is None
            or link.terms.captcha is CaptchaMode.ALWAYS
            or len(password) > MAX_PASSWORD_LENGTH
        ):
            return False
        if not self._remembered.holds(link.hash, link.terms.password_hash, password):
            return False
        failures = self._failures(link, credentials.actor.address)
        if failures >= self._rules.captcha_threshold and link.terms.captcha is not CaptchaMode.NEVER:
            return False
        if failures:
            self._attempts.clear(_failure_key(link, credentials.actor.address), self._rules.limit)
        return True

    def _check_completeness(self, link: RequestLink, credentials: Credentials, failures: int) -> bool:
        """Whether a captcha is needed. Raises CaptchaRequired where one is and there is no token, PasswordRequired
        before a token is used up for nothing."""
        needed = self._captcha_needed(link, credentials.actor.address, failures)
        if needed and not credentials.captcha_token:
            raise CaptchaRequired(**self._captcha_details(True))
        if link.terms.requires_password and not credentials.password:
            raise PasswordRequired(**self._captcha_details(needed))
        return needed

    def _check_captcha(self, link: RequestLink, credentials: Credentials, failures: int) -> bool:
        """Whether a captcha was solved. Raises CaptchaRequired where one was needed and was not."""
        needed = self._check_completeness(link, credentials, failures)
        token = credentials.captcha_token
        if not token or not (needed or link.terms.captcha is CaptchaMode.ALWAYS):
            return False
        if not self._captcha.verify(token):
            sentence = "The captcha was not solved, or was solved too long ago or used before. Try again."
            raise CaptchaRequired(sentence, **self._captcha_details(True))
        return True

    def _captcha_needed(self, link: RequestLink, client: str, failures: int) -> bool:
        if link.terms.captcha is CaptchaMode.NEVER:
            return False
        if failures >= self._rules.captcha_threshold or self._is_under_attack(link):
            return True
        return link.terms.captcha is CaptchaMode.ALWAYS and not self._attempts.count(
            _pass_key(link, client), CAPTCHA_PASS_LIMIT
        )

    def _captcha_details(self, needed: bool) -> dict[str, Any]:
        return {
            "captcha_required": needed,
            "captcha_provider": self._captcha.name,
            "captcha_site_key": self._captcha.site_key,
        }

    def _failures(self, link: RequestLink, client: str) -> int:
        """How often this client was wrong of late. Raises TooManyAttempts."""
        failures = self._count_failures(link, client)
        if failures >= self._rules.failure_max:
            key = _failure_key(link, client)
            raise TooManyAttempts(retry_after=self._attempts.retry_after(key, self._rules.limit))
        return failures

    def _count_failures(self, link: RequestLink, client: str) -> int:
        if not link.terms.requires_password:
            return 0
        return self._attempts.count(_failure_key(link, client), self._rules.limit)

    def _is_under_attack(self, link: RequestLink) -> bool:
        if not link.terms.requires_password:
            return False
        return self._attempts.count(_link_key(link), self._rules.link_limit) >= self._rules.link_max

    def _check_password(self, link: RequestLink, credentials: Credentials, failures: int) -> None:
        if link.terms.password_hash is None:
            return
        self._keep_pace(link)
        key = _failure_key(link, credentials.actor.address)
        if self._is_right(link, link.terms.password_hash, credentials.password or ""):
            if failures:
                self._attempts.clear(key, self._rules.limit)
            return
        self._attempts.hit(key, self._rules.limit)
        self._attempts.hit(_link_key(link), self._rules.link_limit)
        needed = self._captcha_needed(link, credentials.actor.address, failures + 1)
        raise PasswordInvalid(**self._captcha_details(needed))

    def _keep_pace(self, link: RequestLink) -> None:
        """Raises Busy where a captcha should hold back whoever sends so many wrong passwords, and the owner wants none."""
        slowed = link.terms.captcha is CaptchaMode.NEVER and self._is_under_attack(link)
        if slowed and not self._attempts.hit(f"under-attack:{link.hash}", ATTACK_LIMIT):
            raise Busy("Many wrong passwords are being sent to this link. Try again in a moment.", retry_after=2)

    def _is_right(self, link: RequestLink, password_hash: str, password: str) -> bool:
        if len(password) > MAX_PASSWORD_LENGTH:
            return False
        if self._remembered.holds(link.hash, password_hash, password):
            return True
        if not self._hasher.verify(password_hash, password):
            return False
        self._remembered.add(link.hash, password_hash, password)
        return True


def waiting_for_passwords(threads: int, waiting: WaitingThreads) -> WaitingRoom:
    """How many of a process's threads may wait for a password or a captcha to be judged, and how many for one link."""
    sentence = "Too many passwords are being checked. Try again in a moment."
    return WaitingRoom(max(1, threads * 3 // 8), max(1, threads // 4), sentence, waiting)


class RememberedPasswords:
    """Passwords that were right a short while ago, as digests that mean nothing outside this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def holds(self, *parts: str) -> bool:
        with self._lock:
            # A time that lies too far ahead dates from before the clock was set back.
            return 0 < self._until.get(self._digest(parts), 0) - self._clock() <= REMEMBER_SECONDS

    def add(self, *parts: str) -> None:
        with self._lock:
            self._until[self._digest(parts)] = self._clock() + REMEMBER_SECONDS
            if len(self._until) > MAX_REMEMBERED:
                self._until.popitem(last=False)

    def _digest(self, parts: tuple[str, ...]) -> bytes:
        message = b"\x00".join(part.encode(errors="surrogatepass") for part in parts)
        return hmac.digest(self._key, message, hashlib.sha256)


def _failure_key(link: RequestLink, client: str) -> str:
    return f"password:{link.hash}:{client}"


def _pass_key(link: RequestLink, client: str) -> str:
    return f"captcha-pass:{link.hash}:{client}"


def _link_key(link: RequestLink) -> str:
    return f"passwords:{link.hash}"
