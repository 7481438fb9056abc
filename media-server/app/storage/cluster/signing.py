"""Signatures of requests to an S3 store (Amazon's version 4): of those that nodes send, and URLs by which whoever has one can put one
part of a multipart upload into the store, these very bytes, or fetch one object, for a while.

The store's own library signs as well, but makes the key of the day anew each time and looks at each request from all sides: that took
most of what a part costs a node that does not pass through it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from botocore.exceptions import NoCredentialsError

from app.core.disposition import content_disposition

DIGEST = "x-amz-checksum-sha256"
"""The header in which a sender repeats the digest. Its value is signed, as the length is."""
UNSIGNED = "UNSIGNED-PAYLOAD"
"""What stands for the digest of bytes that the signature does not say."""
_ALGORITHM = "AWS4-HMAC-SHA256"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Key:
    """The key of one day, which is made of a secret; whose it is, and where it counts."""

    day: str
    access: str
    secret: str
    token: str | None
    scope: str
    key: bytes


class Signer:
    """Signs for the S3 of ``region``. ``credentials`` are asked for with each signature, so keys may change."""

    def __init__(self, region: str, credentials: Callable[[], Any]) -> None:
        self._region = region
        self._credentials = credentials
        self._known: _Key | None = None

    def headers(
        self, method: str, host: str, path: str, query: str, told: Mapping[str, str], payload: str
    ) -> dict[str, str]:
        """``told`` and all that signs it. ``path`` and ``query`` are as they are sent, the query in the order of its names; ``payload`` is
        the SHA-256 of the body, or ``UNSIGNED``."""
        stamp, key = self._now()
        headers = {**told, "X-Amz-Date": stamp, "X-Amz-Content-SHA256": payload}
        if key.token:
            headers["X-Amz-Security-Token"] = key.token
        names, lines = _canonical({**headers, "Host": host})
        signature = _signature(key, stamp, f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}")
        headers["Authorization"] = (
            f"{_ALGORITHM} Credential={key.access}/{key.scope}, SignedHeaders={names}, Signature={signature}"
        )
        return headers

    def query(
        self, method: str, host: str, path: str, query: Mapping[str, str], told: Mapping[str, str], seconds: int
    ) -> str:
        """A query by which anybody may send that request for so long, with these headers and whatever body they let through."""
        stamp, key = self._now()
        names, lines = _canonical({**told, "Host": host})
        words = {
            **query,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{key.access}/{key.scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": names,
        }
        if key.token:
            words["X-Amz-Security-Token"] = key.token
        sent = queried(words)
        signature = _signature(key, stamp, f"{method}\n{path}\n{sent}\n{lines}\n{names}\n{UNSIGNED}")
        return f"{sent}&X-Amz-Signature={signature}"

    def _now(self) -> tuple[str, _Key]:
        """The time of a signature, and the key of its day."""
        found = self._credentials()
        if found is None:
            raise NoCredentialsError()
        frozen = found.get_frozen_credentials()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        known, wanted = self._known, (stamp[:8], frozen.access_key, frozen.secret_key, frozen.token)
        if known is None or (known.day, known.access, known.secret, known.token) != wanted:
            known = self._known = self._made(*wanted)
        return stamp, known

    def _made(self, day: str, access: str, secret: str, token: str | None) -> _Key:
        key = f"AWS4{secret}".encode()
        for word in (day, self._region, "s3", "aws4_request"):
            key = hmac.digest(key, word.encode(), "sha256")
        return _Key(day, access, secret, token, f"{day}/{self._region}/s3/aws4_request", key)


class PartSigner:
    """Signs for the store as senders reach it, at ``public_url``."""

    def __init__(self, public_url: str, signer: Signer, seconds: int) -> None:
        parts = urlsplit(public_url.rstrip("/"))
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.seconds = seconds
        self._below = parts.path
        self._host = host_of(parts)
        self._signer = signer

    def url(self, path: str, multipart: str, number: int, length: int, sha256: str) -> str:
        """``path`` is bucket and key."""
        target = f"{self._below}/{quoted(path)}"
        told = {DIGEST: digest_header(sha256), "content-length": str(length)}
        query = {"partNumber": str(number), "uploadId": multipart}
        return f"{self.origin}{target}?{self._signer.query('PUT', self._host, target, query, told, self.seconds)}"


class DownloadSigner:
    """Signs for the store where it is reached at ``url``, by whomever."""

    def __init__(self, url: str, signer: Signer, seconds: int) -> None:
        parts = urlsplit(url.rstrip("/"))
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._below = parts.path
        self._host = host_of(parts)
        self._signer = signer
        self._seconds = seconds

    def url(self, path: str, name: str) -> str:
        """Where anybody can fetch the object at ``path``, bucket and key, to be saved under ``name``."""
        target = f"{self._below}/{quoted(path)}"
        query = {
            "response-content-disposition": content_disposition(name),
            "response-content-type": "application/octet-stream",
        }
        return f"{self.origin}{target}?{self._signer.query('GET', self._host, target, query, {}, self._seconds)}"


def quoted(path: str) -> str:
    """A path as it is sent and signed."""
    return quote(path, safe="/-_.~")


def queried(words: Mapping[str, str]) -> str:
    """A query as it is sent and signed: in the order of its names."""
    return "&".join(f"{name}={_word(value)}" for name, value in sorted(words.items()))


@lru_cache(maxsize=256)
def _word(value: str) -> str:
    # Of the URLs for many parts only the numbers differ.
    return quote(value, safe="-_.~")


def host_of(address: SplitResult) -> str:
    """What a request to it says as ``Host``."""
    name = address.hostname or ""
    name = f"[{name}]" if ":" in name else name
    port = address.port
    return name if port is None or port == _PORTS.get(address.scheme) else f"{name}:{port}"


def _canonical(headers: Mapping[str, str]) -> tuple[str, str]:
    """The names of headers, and a line for each."""
    lower = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    return ";".join(name for name, _ in lower), "".join(f"{name}:{value}\n" for name, value in lower)


def _signature(key: _Key, stamp: str, request: str) -> str:
    digest = hashlib.sha256(request.encode()).hexdigest()
    return hmac.digest(key.key, f"{_ALGORITHM}\n{stamp}\n{key.scope}\n{digest}".encode(), "sha256").hex()


def digest_header(sha256: str) -> str:
    """What stands in the header for a digest in hexadecimal."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()
