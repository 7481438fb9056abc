"""URLs by which whoever has one can put one part of a multipart upload into the store: these very bytes, for a while."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

DIGEST = "x-amz-checksum-sha256"
"""The header in which a sender repeats the digest. Its value is signed, as the length is."""


class PartSigner:
    """Signs for the store as senders reach it, at ``public_url``. ``credentials`` are asked for with each URL, so keys may change."""

    def __init__(self, public_url: str, region: str, credentials: Callable[[], Any], seconds: int) -> None:
        self._url = public_url.rstrip("/")
        parts = urlsplit(self._url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.seconds = seconds
        self._region = region
        self._credentials = credentials

    def url(self, path: str, multipart: str, number: int, length: int, sha256: str) -> str:
        """``path`` is bucket and key."""
        target = f"{self._url}/{quote(path, safe='/-_.~')}?partNumber={number}&uploadId={quote(multipart, safe='-_.~')}"
        headers = {DIGEST: base64.b64encode(bytes.fromhex(sha256)).decode(), "content-length": str(length)}
        request = AWSRequest("PUT", target, headers=headers)
        S3SigV4QueryAuth(self._credentials(), "s3", self._region, expires=self.seconds).add_auth(request)
        found: str = request.url
        return found
