"""Questions to a provider: short ones, with little time and little room for the answers."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import urllib3

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
WHOLE_SECONDS = 8.0
"""For one answer, however slowly it comes."""
MAX_ANSWER_BYTES = 512 * 1024
_PIECE = 16 * 1024
_TYPE = "application/x-www-form-urlencoded"


class NoAnswer(Exception):
    """There was none that makes sense; the text says why, and nothing of what was asked."""


class Asking:
    """HTTP to one provider. Redirects are not followed: what is asked is secret, and goes where its settings say."""

    def __init__(self) -> None:
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._http = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=1)

    def get(self, url: str, *, bearer: str | None = None) -> dict[str, Any]:
        """The JSON object there. Raises NoAnswer."""
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        status, answer = self._ask("GET", url, headers)
        if status != 200:
            raise NoAnswer(f"status {status}")
        return answer

    def post(self, url: str, body: str, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """A status and a JSON object for a form, also where it is refused. Raises NoAnswer."""
        status, answer = self._ask("POST", url, {"Content-Type": _TYPE, **headers}, body)
        if status >= 500:
            raise NoAnswer(f"status {status}")
        return status, answer

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        until = time.monotonic() + WHOLE_SECONDS
        try:
            reply = self._http.urlopen(
                method,
                url,
                body=body,
                headers={"Accept": "application/json", **headers},
                redirect=False,
                preload_content=False,
            )
            try:
                raw = _read(reply, until)
            except BaseException:
                reply.close()
                raise
            reply.release_conn()
            found = json.loads(raw)
        except (urllib3.exceptions.HTTPError, ValueError, OSError, RecursionError) as error:
            raise NoAnswer(type(error).__name__) from error
        if not isinstance(found, dict):
            raise NoAnswer("no JSON object")
        return reply.status, found


def _read(reply: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """All of an answer. Raises NoAnswer where it is long, or comes too slowly."""
    raw = bytearray()
    # What is there, and not a whole piece: each wait is short, and so is the sum of all.
    while piece := reply.read1(_PIECE):
        raw += piece
        if len(raw) > MAX_ANSWER_BYTES:
            raise NoAnswer("a long answer")
        if time.monotonic() > until:
            raise NoAnswer("a slow answer")
    return bytes(raw)
