"""Captchas of others, Turnstile and hCaptcha: the page's widget makes a token, their server says whether it is good."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from app.core.errors import Busy
from app.core.ports.guards import Attempts

log = logging.getLogger("droppr.captcha")

VERIFY_URLS = {
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
}
CONNECT_SECONDS = 3.0
READ_SECONDS = 7.0
MAX_CALLS_AT_ONCE = 4
"""How many questions one process asks at a time."""
MAX_TOKEN_LENGTH = 8192
MAX_ANSWER_BYTES = 64 * 1024
# Both providers forget a token within minutes, so a day is more than enough to remember that it was used.
REMEMBER_SECONDS = 24 * 3600
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
# What they say when they or our settings are at fault, and not the person.
_OUR_FAULT = {
    "missing-input-secret",
    "invalid-input-secret",
    "sitekey-secret-mismatch",
    "bad-request",
    "internal-error",
    "not-using-dummy-passcode",
}


@dataclass(frozen=True, slots=True)
class SiteVerifyKeys:
    """What the provider gave the owner: one key for the page, one for us alone."""

    site_key: str
    secret_key: str


class SiteVerifyCaptcha:
    """A provider who is asked by HTTP. Each token counts once, whatever the provider says about its second use."""

    def __init__(self, *, name: str, keys: SiteVerifyKeys, attempts: Attempts, verify_url: str | None = None) -> None:
        self.name = name
        self.site_key: str | None = keys.site_key
        self._secret = keys.secret_key
        self._attempts = attempts
        # Each waits for another server on a thread.
        self._turns = threading.BoundedSemaphore(MAX_CALLS_AT_ONCE)
        self._url = verify_url or VERIFY_URLS[name]
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), retries=False
        )

    def challenge(self) -> None:
        """The provider's own script makes them."""

    def verify(self, token: str) -> bool:
        if not token or len(token) > MAX_TOKEN_LENGTH:
            return False
        if not self._turns.acquire(blocking=False):
            raise Busy("Too many captchas are being checked. Try again in a moment.", retry_after=2)
        try:
            answer = self._ask(token)
        finally:
            self._turns.release()
        if answer.get("success") is True:
            return self._attempts.first_use(f"{self.name}:{token}", REMEMBER_SECONDS)
        codes = answer.get("error-codes") or []
        if not isinstance(codes, list) or _OUR_FAULT.intersection(map(str, codes)):
            log.error("captcha provider refused our question", extra={"provider": self.name, "codes": str(codes)})
            raise Busy("The captcha cannot be checked at the moment. Try again in a while.", retry_after=30)
        return False

    def _ask(self, token: str) -> dict[str, Any]:
        """The provider's answer. Raises Busy when there is none that makes sense.

        The sender's address is not passed on: it is optional, and none of the provider's business.
        """
        try:
            reply = self._http.urlopen(
                "POST", self._url, body=self._question(token), headers=_FORM, redirect=False, preload_content=False
            )
            with reply:
                raw = reply.read(MAX_ANSWER_BYTES)
            answer = json.loads(raw)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise self._away(str(error)) from error
        if reply.status >= 500 or not isinstance(answer, dict) or "success" not in answer:
            raise self._away(f"status {reply.status}")
        return answer

    def _question(self, token: str) -> str:
        fields = {"secret": self._secret, "response": token}
        if self.name == "hcaptcha":
            fields["sitekey"] = self.site_key or ""
        return urlencode(fields, errors="replace")

    def _away(self, why: str) -> Busy:
        log.error("captcha provider is away", extra={"provider": self.name, "why": why})
        return Busy("The captcha's provider does not answer. Try again in a while.", retry_after=30)
