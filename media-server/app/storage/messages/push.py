"""PushCarrier by Web Push (RFC 8030): one request to the browser's push service, encrypted for the browser (RFC 8291) and signed so that
the service knows this server again (RFC 8292).

The libraries for it open connections of their own, to wherever an address leads; here they are those of webhooks, and judged as such.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.errors import EndpointNotAllowed
from app.core.messages import Answer, Endpoint, Outcome
from app.storage.messages.webhooks import HTTPHooks

KEPT_SECONDS = 3 * 24 * 3600
"""How long a push service keeps a message for a browser that is not running."""
SIGNED_SECONDS = 12 * 3600
"""How long a signature is good; 24 hours at most by the RFC."""
GONE = (404, 410)
RECORD = 4096
SALT = 16
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class PushKey:
    """By which push services know this server: a key for ES256, from a secret of 32 bytes in base64url."""

    def __init__(self, secret: str) -> None:
        try:
            value = int.from_bytes(decoded(secret))
        except (ValueError, binascii.Error):
            raise ValueError("The push key must be 32 bytes in base64url.") from None
        self._key = ec.derive_private_key(value % (_ORDER - 1) + 1, _CURVE)
        self.public = encoded(_point(self._key.public_key()))

    def signed(self, url: str, now: float, contact: str | None) -> str:
        """The Authorization header for a request to ``url``."""
        parts = urlsplit(url)
        claims: dict[str, object] = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + SIGNED_SECONDS}
        claims |= {} if contact is None else {"sub": contact}
        said = f"{_document({'typ': 'JWT', 'alg': 'ES256'})}.{_document(claims)}"
        r, s = decode_dss_signature(self._key.sign(said.encode(), ec.ECDSA(SHA256())))
        return f"vapid t={said}.{encoded(r.to_bytes(32) + s.to_bytes(32))}, k={self.public}"


class WebPush:
    """Tells browsers. ``contact`` is an address by which whoever runs a push service finds who runs this server."""

    def __init__(self, hooks: HTTPHooks, key: PushKey, contact: str | None, clock: Callable[[], float]) -> None:
        """``hooks`` has to take ``GONE`` for what it is."""
        self._hooks = hooks
        self._key = key
        self._contact = contact
        self._clock = clock

    @property
    def public_key(self) -> str:
        return self._key.public

    def check(self, url: str, p256dh: str, auth: str) -> None:
        try:
            encrypted(b"", p256dh, auth)
        except ValueError:
            raise EndpointNotAllowed(
                "These are no keys of a browser. Load the page again, and try once more."
            ) from None
        self._hooks.check(url)

    def push(self, endpoint: Endpoint, content: bytes, topic: str) -> Answer:
        try:
            body = encrypted(content, endpoint.p256dh, endpoint.auth)
        except ValueError as error:
            return Answer(Outcome.NEVER, f"It cannot be encrypted: {error}")
        headers = {
            "Authorization": self._key.signed(endpoint.url, self._clock(), self._contact),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Topic": topic,
            "Urgency": "normal",
        }
        return self._hooks.post(endpoint.url, headers, body)


def encrypted(
    content: bytes,
    p256dh: str,
    auth: str,
    salt: bytes | None = None,
    own: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """``content`` as only the browser with these keys can read it: one record of RFC 8188. Each time with another salt and key; those of
    examples can be named. Raises ValueError where the keys are none, or the content is too long."""
    theirs, secret = decoded(p256dh), decoded(auth)
    if len(secret) != SALT:
        raise ValueError("The secret of a browser has 16 bytes.")
    if len(content) > RECORD - SALT - 1 - 86:
        raise ValueError("The content is too long.")
    public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs)
    own = own or ec.generate_private_key(_CURVE)
    ours, salt = _point(own.public_key()), salt or secrets.token_bytes(SALT)
    shared = own.exchange(ec.ECDH(), public)
    key = _derived(shared, secret, b"WebPush: info\0" + theirs + ours, 32)
    cipher = AESGCM(_derived(key, salt, b"Content-Encoding: aes128gcm\0", 16))
    nonce = _derived(key, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack("!LB", RECORD, len(ours)) + ours
    return head + cipher.encrypt(nonce, content + b"\2", None)


def encoded(data: bytes) -> str:
    """In base64url, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _document(value: dict[str, object]) -> str:
    return encoded(json.dumps(value, separators=(",", ":"), allow_nan=False).encode())


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
