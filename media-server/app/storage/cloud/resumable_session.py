"""A Google resumable upload session: one ordered stream of bytes to one address, which is a secret.

The server's Range is the only truth about what it has: it may be less than was sent, and after trouble it is asked for with
an empty request. Chunks are multiples of 256 KiB but for the last.
https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from app.core.ranges import ByteRanges, Span
from app.core.reasons import Reason, reason_of_status
from app.core.remotes import ReadInto, RemoteTrouble, TransferLost
from app.storage.reasons import reason_of_error

UNIT_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=0-([0-9]{1,18})")
_RATE = {
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "sharingRateLimitExceeded",
    "dailyLimitExceeded",
    "backendError",
}
_WORDS = {
    "storageQuotaExceeded": "The Google Drive is full.",
    "teamDriveFileLimitExceeded": "The shared drive has as many files as it may have.",
    "insufficientFilePermissions": "This account may not write to that Drive folder.",
    "insufficientPermissions": "This account was not given the right to write to Google Drive.",
    "accessNotConfigured": "The Drive API is not switched on for this Google Cloud project.",
}
_REASONS = {
    **dict.fromkeys(_RATE, Reason.TOO_MANY),
    "backendError": Reason.TROUBLE,
    "storageQuotaExceeded": Reason.FULL,
    "teamDriveFileLimitExceeded": Reason.FULL,
    "authError": Reason.LOG_IN,
    "insufficientFilePermissions": Reason.REFUSED,
    "insufficientPermissions": Reason.REFUSED,
    "accessNotConfigured": Reason.NOT_SET_UP,
}
DAILY_LIMIT_SECONDS = 3600.0
"""How long to leave Google alone that has had enough for the day: it does not say when that ends."""

Call = Callable[..., Any]
"""``call(method, url, headers=…, content=…)`` → an httpx response, read to its end; raises RemoteTrouble when there is none."""


class ResumableSession:
    """The session at ``uri``, for a file of ``size`` bytes. No error of it names the address."""

    def __init__(self, uri: str, size: int, call: Call) -> None:
        self._uri = uri
        self._size = size
        self._call = call

    def held(self) -> ByteRanges:
        """What the server has: a prefix of the file. Raises TransferLost, RemoteTrouble."""
        prefix, _ = self._put({"Content-Range": f"bytes */{self._size}"}, b"")
        return ByteRanges([Span(0, prefix)] if prefix else ())

    def send(self, span: Span, read: ReadInto) -> int:
        """Send a span; how many bytes of it were taken."""
        headers = {"Content-Range": f"bytes {span.start}-{span.end}/{self._size}"}
        prefix, _ = self._put(headers, _pieces(span, read), span.length)
        # More than was sent is not ours to believe; less than there was before is told by asking again.
        return max(0, min(prefix, span.stop) - span.start)

    def finished(self) -> dict[str, Any] | None:
        """What the server says of the file once it is whole; None while it is not."""
        _, document = self._put({"Content-Range": f"bytes */{self._size}"}, b"")
        return document

    def abort(self) -> None:
        # 499 is how it says that the upload was cancelled; what is gone already is as good.
        self._call("DELETE", self._uri, headers={"Content-Length": "0"})

    def _put(
        self, headers: dict[str, str], content: bytes | Iterator[bytes], length: int = 0
    ) -> tuple[int, dict[str, Any] | None]:
        reply = self._call("PUT", self._uri, headers={**headers, "Content-Length": str(length)}, content=content)
        if reply.status_code == 308:
            match = _RANGE.fullmatch(reply.headers.get("Range", ""))
            return (int(match[1]) + 1 if match else 0), None
        if reply.status_code in (200, 201):
            return self._size, _document(reply)
        if reply.status_code in (404, 410):
            raise TransferLost("Google no longer knows the upload.")
        raise trouble(reply)


def no_answer(error: Exception) -> RemoteTrouble:
    """That there is no connection. Only of which kind the error is: the text of some has the address in it."""
    name = type(error).__name__
    return RemoteTrouble(f"Google does not answer ({name}).", reason=reason_of_error(error), said=name)


def trouble(reply: Any) -> RemoteTrouble:
    """What Google's refusal means: come back later, or somebody has to do something first."""
    status = reply.status_code
    reasons = _reasons(_document(reply))
    reason = reasons[0] if reasons else ""
    told = _WORDS.get(reason) or f"Google says {reason or status}."
    kind = _REASONS.get(reason) or reason_of_status(status)
    said = reason or f"{status} {reply.reason_phrase}".strip()
    asked = reply.headers.get("Retry-After", "")
    retry_after = float(asked) if asked.isdigit() else None
    if status in (408, 429) or status >= 500 or (status == 403 and reason in _RATE):
        if reason == "dailyLimitExceeded":
            retry_after = max(retry_after or 0.0, DAILY_LIMIT_SECONDS)
        return RemoteTrouble(told, retry_after=retry_after, reason=kind, said=said)
    return RemoteTrouble(told, lasting=True, reason=kind, said=said)


def _reasons(document: dict[str, Any]) -> list[str]:
    error = document.get("error")
    listed = error.get("errors") if isinstance(error, dict) else None
    return [str(each.get("reason", "")) for each in listed or () if isinstance(each, dict)]


def _document(reply: Any) -> dict[str, Any]:
    try:
        value = reply.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _pieces(span: Span, read: ReadInto) -> Iterator[bytes]:
    for start in range(span.start, span.stop, UNIT_BYTES):
        piece = bytearray(min(UNIT_BYTES, span.stop - start))
        read(start, memoryview(piece))
        yield bytes(piece)
