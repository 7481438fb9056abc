"""Logging in at a provider: from here there, and back.

What has to be known until the browser comes back lies in the browser, signed: so strangers who begin leave nothing here, and what was
begun in one browser ends in no other. Each beginning counts once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from itsdangerous import BadSignature, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode

from app.core.access_errors import LogInOver, NotVouched
from app.core.errors import InvalidRequest
from app.core.identities import Vouched
from app.core.ports.guards import Attempts, Clock
from app.core.ports.identities import Provider, Round
from app.services.accounts.wrong_tokens import WrongTokens

BEGUN_SECONDS = 600
"""For so long somebody may take at the provider."""
WAY = "oidc"
_PLACE = re.compile(r"admin(/(audit|settings|links/[\w-]{1,128}))?")
"""Pages of ours that a log-in may lead to, and no others."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a browser keeps of a log-in that it has begun."""

    round: Round
    place: str
    """The page that it leads to."""
    account: str = ""
    """Who is logged in and wants to be known by it, too; empty for a log-in."""
    session: str = ""
    """The id of that one's session."""
    invitation: str = ""
    """The code of an invitation that whoever it is wants to take."""


class ProviderLogIns:
    """Log-ins at one provider."""

    def __init__(
        self,
        provider: Provider,
        *,
        secret: str,
        attempts: Attempts,
        wrong: WrongTokens,
        clock: Clock,
    ) -> None:
        """``secret`` is what beginnings are signed with; ``wrong`` counts what strangers make up."""
        self._provider = provider
        self._attempts = attempts
        self._wrong = wrong
        self._signer = _ClockedSigner(secret, clock)

    @property
    def host(self) -> str:
        """Where the provider is, as people would call it who have no other name for it."""
        return urlsplit(self._provider.issuer).hostname or self._provider.issuer

    def begin(self, redirect: str, place: str, **wants: str) -> tuple[str, str]:
        """Where the browser goes, and what it is to keep until it comes back; ``wants`` is what else ``Begun`` has. Raises InvalidRequest, ProviderAway, Busy."""
        if _PLACE.fullmatch(place) is None:
            sentence = "A log-in leads to a page of this server, such as admin."
            raise InvalidRequest(sentence, fields={"page": sentence})
        round = Round(redirect, secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        with self._provider.turn():
            address = self._provider.address(round)
        return address, self._signed(Begun(round, place, **wants))

    def check(self, client: str) -> None:
        """Raises TooManyAttempts for whoever has made up too much."""
        self._wrong.check(client)

    def begun(self, kept: str | None, state: str | None, client: str) -> Begun:
        """What this browser has begun, where it is what ``state`` names. Raises LogInOver, TooManyAttempts."""
        self._wrong.check(client)
        found = self._read(kept)
        if found is None or not hmac.compare_digest(_bytes(found.round.state), _bytes(state or "")):
            self._wrong.note(client, WAY)
            raise LogInOver()
        return found

    def finish(self, begun: Begun, said: Mapping[str, str], client: str) -> Vouched:
        """Whom the provider vouches for, by what it has led back with. Raises LogInOver, NotVouched, ProviderAway, Busy, TooManyAttempts."""
        if "code" not in said:
            # Given up there, or not let in: nothing was used.
            raise NotVouched()
        with self._provider.turn():
            if not self._attempts.first_use(f"{WAY} {begun.round.state}", BEGUN_SECONDS):
                self._wrong.note(client, WAY)
                raise LogInOver()
            try:
                return self._provider.vouched(said["code"], said.get("iss"), begun.round)
            except NotVouched:
                self._wrong.note(client, WAY)
                raise

    def refused(self, client: str) -> None:
        """Count somebody whom the provider knows, and nobody here. Raises TooManyAttempts."""
        self._wrong.note(client, WAY)

    def _signed(self, begun: Begun) -> str:
        return self._signer.sign(base64_encode(json.dumps(asdict(begun), allow_nan=False))).decode()

    def _read(self, kept: str | None) -> Begun | None:
        try:
            signed = self._signer.unsign(_bytes(kept or ""), max_age=BEGUN_SECONDS)
        except BadSignature:
            return None
        found = json.loads(base64_decode(signed))
        return Begun(**{**found, "round": Round(**found["round"])})


class _ClockedSigner(TimestampSigner):
    """Signs with a clock from outside."""

    def __init__(self, key: str, clock: Clock) -> None:
        super().__init__(key, salt="droppr.provider.log-in", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
