"""How many wrong admin tokens came from where: one count for every way in which a token can be sent, and for passwords of accounts.

It is shared by all workers and outlives a restart, and nobody can make it grow: an address that has reached its limit
is remembered here for as long, and costs neither a row nor a look at the disk until then.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from limits import parse

from app.core.errors import TooManyAttempts
from app.core.ports.guards import Attempts, Clock

log = logging.getLogger("droppr.owner")

# People mistype. A token has 16 characters or more, so that guessing is hopeless at any rate.
CLIENT_LIMIT = "10 per 15 minute"
TOTAL_LIMIT = "5000 per 15 minute"
"""Beyond this somebody has very many addresses, of which each would have ten guesses."""
WINDOW_SECONDS = parse(CLIENT_LIMIT).get_expiry()
_EVERYBODY = "everybody"


class WrongTokens:
    """Counts and logs wrong tokens: a line for each that counts, one for each address that has reached its limit."""

    def __init__(
        self,
        attempts: Attempts,
        clock: Clock,
        failed: Callable[[str, str, bool], None] = lambda *_: None,
        what: str = "admin token",
    ) -> None:
        """``failed`` is told of every wrong token: from where, by which way, and whether it was one too many. ``what`` is the log's word
        for them."""
        self._what = what
        self._failed = failed
        self._attempts = attempts
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        """When who has reached a limit may try again."""

    def check(self, client: str) -> None:
        """Raises TooManyAttempts while ``client``, or everybody together, has sent too many."""
        for name, limit in _limits(client):
            self._refuse_known(name)
            if self._attempts.count(_key(name), limit) >= parse(limit).amount:
                self._refuse(name, limit)

    def note(self, client: str, way: str) -> None:
        """Count a wrong token that came by ``way``. Raises TooManyAttempts where that is one too many."""
        try:
            self._count(client)
        except TooManyAttempts:
            self._failed(client, way, True)
            raise
        log.warning(f"wrong {self._what}", extra={"address": client, "way": way})
        self._failed(client, way, False)

    def _count(self, client: str) -> None:
        for name, _ in _limits(client):
            self._refuse_known(name)
        for name, limit in _limits(client):
            if not self._attempts.hit(_key(name), limit):
                self._refuse(name, limit)

    def _refuse_known(self, name: str) -> None:
        with self._lock:
            left = self._until.get(name, 0.0) - self._clock()
        # A time that lies too far ahead dates from before the clock was set back.
        if 0 < left <= WINDOW_SECONDS:
            raise _too_many(math.ceil(left))

    def _refuse(self, name: str, limit: str) -> None:
        wait = self._attempts.retry_after(_key(name), limit)
        now = self._clock()
        with self._lock:
            # Never many: each stands for ten of those that all addresses together have.
            self._until = {each: until for each, until in self._until.items() if until > now} | {name: now + wait}
        log.warning(f"too many wrong {self._what}s", extra={"address": name, "seconds": wait})
        raise _too_many(wait)


def _limits(client: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (client, CLIENT_LIMIT), (_EVERYBODY, TOTAL_LIMIT)


def _key(name: str) -> str:
    return f"token:{name}"


def _too_many(wait: int) -> TooManyAttempts:
    return TooManyAttempts("Too many wrong tokens or passwords. Wait, then try again.", retry_after=wait)
