"""Receipts: signed by the server, checked by anyone, offline."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.brand import Brand
from app.core.errors import FileNotFound, RateLimited, ReceiptNotReady
from app.core.links import ReceivedFile, RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Attempts, Clock
from app.core.ports.settings import Current
from app.core.ports.whole_files import NamedLocks
from app.core.receipts import canonical, key_fingerprint, receipt
from app.core.session import State
from app.services.receiving.file_digests import FileDigests
from app.services.receiving.uploads import Uploads

HASH_BYTES_PER_SECOND = 300 * 1024 * 1024
MAX_WAIT_SECONDS = 30
RECEIPT_LIMIT = "600 per hour"
"""Of one client: whoever waits for checksums asks every few seconds."""
MAX_HASHES_STARTED = 100
"""Checksums that one question starts; the next one starts those that follow."""


class ReceiptKey:
    """The key a server signs with (Ed25519, RFC 8032), from a secret of 32 bytes in base64url."""

    def __init__(self, secret: str) -> None:
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(
                base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
            )
        except (ValueError, binascii.Error):
            raise ValueError("The receipt key must be 32 bytes in base64url.") from None
        public = self._key.public_key()
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = base64.b64encode(raw).decode()
        """The 32 bytes of the public key in base64."""
        self.fingerprint = key_fingerprint(raw)
        self.pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, content: bytes) -> str:
        """The 64 bytes of the signature in base64."""
        return base64.b64encode(self._key.sign(content)).decode()


class Receipts:
    """Says in writing what has arrived, to whoever names the uploads that brought it."""

    def __init__(
        self,
        *,
        uploads: Uploads,
        requests: RequestStore,
        digests: FileDigests,
        key: ReceiptKey,
        attempts: Attempts,
        locks: NamedLocks,
        clock: Clock,
        brand: Current[Brand],
    ) -> None:
        self._uploads = uploads
        self._requests = requests
        self._digests = digests
        self._attempts = attempts
        self._locks = locks
        self._clock = clock
        self._brand = brand
        self.key = key

    def issue(self, hash: str, upload_ids: Sequence[str], server: str | None, client: str) -> dict[str, Any]:
        """A signed receipt for these uploads of one link, in this order, each once. ``server`` is its address
        as its owner has named it: what a request says of it, its sender chose.

        Raises RequestNotFound, UploadNotFound, UploadExpired; ReceiptNotReady while an upload is not complete or its
        SHA-256 is being computed, which this call sees to; FileNotFound where the owner took a file before that; Busy
        while another receipt of this link is written, and RateLimited.
        """
        link = self._requests.load(hash)
        with self._locks.hold_at_once(f"receipt {hash}"):
            key = f"receipts:{client}"
            if not self._attempts.hit(key, RECEIPT_LIMIT):
                wait = self._attempts.retry_after(key, RECEIPT_LIMIT)
                raise RateLimited(
                    "Too many receipts were asked for in a short time. Wait, then try again.", retry_after=wait
                )
            return self._issued(link, upload_ids, server)

    def _issued(self, link: RequestLink, upload_ids: Sequence[str], server: str | None) -> dict[str, Any]:
        wanted = list(dict.fromkeys(upload_ids))
        known = self._requests.files(link.hash, wanted)
        files = [known.get(upload_id) or self._file(link.hash, upload_id) for upload_id in wanted]
        self._wait_for_digests(link, [file for file in files if file.sha256 is None])
        document = receipt(
            server=server,
            hash=link.hash,
            title=link.terms.title,
            asker=self._brand().asker(link.terms),
            files=files,
            issued_at=self._clock(),
            public_key=self.key.public,
            key=self.key.fingerprint,
        )
        return {**document, "signature": self.key.sign(canonical(document))}

    def _file(self, hash: str, upload_id: str) -> ReceivedFile:
        complete = self._uploads.status(hash, upload_id).state is State.COMPLETE
        file = self._requests.file(hash, upload_id) if complete else None  # Delivered by that very question.
        if file is None:
            raise ReceiptNotReady("Not everything has arrived yet.", retry_after=MAX_WAIT_SECONDS)
        return file

    def _wait_for_digests(self, link: RequestLink, files: Sequence[ReceivedFile]) -> None:
        if not files:
            return
        for file in files[:MAX_HASHES_STARTED]:
            if not self._digests.ensure(link, file):
                raise FileNotFound(f"'{file.name}' was taken away before its SHA-256 was known. Ask without it.")
        left = sum(file.size for file in files)
        wait = min(1 + left // HASH_BYTES_PER_SECOND, MAX_WAIT_SECONDS)
        raise ReceiptNotReady(retry_after=wait, files_left=len(files), bytes_left=left)
