"""PushCarrier by Web Push (RFC 8030): one request to the browser's push service, encrypted for the browser (RFC 8291) and signed so that
the service knows this server again (RFC 8292).

What sends it is not the library's, which opens connections to wherever an address leads: here they are those of webhooks, and judged as such.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import jwt

from app.core.errors import EndpointNotAllowed
from app.core.messages import Answer, Endpoint, Outcome
from app.core.ports.settings import Current
from app.core.reasons import Reason
from app.storage.messages.webhooks import HTTPHooks

KEPT_SECONDS = 3 * 24 * 3600
"""How long a push service keeps a message for a browser that is not running."""
SIGNED_SECONDS = 12 * 3600
"""How long a signature is good; 24 hours at most by the RFC."""
GONE = (404, 410)
MOST_BYTES = 3993
"""As much as every push service takes, encrypted 4096 bytes in one record."""
SECRET_BYTES = 16
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class PushKey:
    """By which push services know this server: a key for ES256, from a secret of 32 bytes in base64url."""

    def __init__(self, secret: str) -> None:
        try:
            value = int.from_bytes(decoded(secret))
        except (ValueError, binascii.Error):
            raise ValueError("The push key must be 32 bytes in base64url.") from None
        # Not each 32 bytes are a key, and which secrets there are is not for this to say.
        self._key = ec.derive_private_key(value % (_ORDER - 1) + 1, _CURVE)
        self.public = encoded(self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def signed(self, url: str, now: float, contact: str | None) -> str:
        """The Authorization header for a request to ``url``."""
        parts = urlsplit(url)
        claims: dict[str, object] = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + SIGNED_SECONDS}
        claims |= {} if contact is None else {"sub": contact}
        return f"vapid t={jwt.sign(claims, self._key)}, k={self.public}"


class WebPush:
    """Tells browsers. ``contact`` is an address by which whoever runs a push service finds who runs this server."""

    def __init__(
        self, hooks: HTTPHooks, key: PushKey, contact: Current[str | None], clock: Callable[[], float]
    ) -> None:
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
            return Answer(Outcome.NEVER, f"It cannot be encrypted: {error}", reason=Reason.HERE)
        headers = {
            "Authorization": self._key.signed(endpoint.url, self._clock(), self._contact()),
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
    secret = decoded(auth)
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"The secret of a browser has {SECRET_BYTES} bytes.")
    if len(content) > MOST_BYTES:
        raise ValueError("The content is too long.")
    try:
        sealed: bytes = http_ece.encrypt(
            content,
            salt=salt,
            private_key=own or ec.generate_private_key(_CURVE),
            dh=decoded(p256dh),
            auth_secret=secret,
            version="aes128gcm",
        )
    except http_ece.ECEException as error:
        raise ValueError(str(error)) from None
    return sealed


def encoded(data: bytes) -> str:
    """In base64url, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
