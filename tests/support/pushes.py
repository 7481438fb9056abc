"""A push service on loopback, and browsers that it reaches: it judges what it is sent as RFC 8030 and 8292 have it, and only the browser can
read it (RFC 8291)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.files import eventually
from tests.support.receivers import Hook, HookReceiver, hook_receiver

SECONDS = 30.0
CURVE = ec.SECP256R1()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class PushBrowser:
    """A browser that was subscribed: its keys, and its address at the push service."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._key = ec.generate_private_key(CURVE)
        self._public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._secret = encoded(self._public[:16])

    def subscription(self, **more: Any) -> dict[str, Any]:
        """As browsers write it in JSON."""
        keys = {"p256dh": encoded(self._public), "auth": self._secret}
        return {"endpoint": self.url, "expirationTime": None, "keys": keys, "name": "Chromium on Linux", **more}

    def read(self, body: bytes) -> dict[str, Any]:
        """What a message says. Fails where it is not for this browser."""
        salt, theirs, cipher = body[:16], body[21 : 21 + body[20]], body[21 + body[20] :]
        assert int.from_bytes(body[16:20]) >= len(cipher)
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
        info = b"WebPush: info\0" + self._public + theirs
        secret = HKDF(SHA256(), 32, decoded(self._secret), info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
        plain = AESGCM(key).decrypt(nonce, cipher, None).rstrip(b"\0")
        assert plain[-1:] == b"\2"
        found: dict[str, Any] = json.loads(plain[:-1])
        return found


@dataclass
class PushService:
    """What a push service was sent. ``answer`` says what it answers, as that of a ``HookReceiver``."""

    receiver: HookReceiver
    browsers: list[PushBrowser] = field(default_factory=list)

    @property
    def answer(self) -> Callable[[BaseHTTPRequestHandler], int | tuple[int, dict[str, str]] | None]:
        return self.receiver.answer

    @answer.setter
    def answer(self, answer: Callable[[BaseHTTPRequestHandler], int | tuple[int, dict[str, str]] | None]) -> None:
        self.receiver.answer = answer

    def browser(self) -> PushBrowser:
        """One more browser."""
        browser = PushBrowser(f"{self.receiver.url}/{len(self.browsers)}-{encoded(bytes(30))}")
        self.browsers.append(browser)
        return browser

    def sent(self, browser: PushBrowser) -> list[Hook]:
        return [each for each in list(self.receiver.hooks) if browser.url.endswith(each.path)]

    def shown(self, browser: PushBrowser, count: int = 1) -> list[dict[str, Any]]:
        """What so many messages to a browser say, once they are there."""
        eventually(lambda: len(self.sent(browser)) >= count, seconds=SECONDS, what=f"push number {count}")
        return [browser.read(each.body) for each in self.sent(browser)]


def judge(hook: Hook, service_url: str, key: str) -> dict[str, Any]:
    """Whether a push service would take a message from whoever has this key; what was claimed."""
    headers = hook.headers
    assert headers["content-encoding"] == "aes128gcm"
    assert 0 < int(headers["ttl"]) <= 28 * 24 * 3600
    assert len(headers["topic"]) <= 32
    assert set(decoded(headers["topic"])) != set()
    assert len(hook.body) <= 4096
    scheme, _, rest = headers["authorization"].partition(" ")
    given = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, given["k"]) == ("vapid", key)
    head, claims, signature = given["t"].split(".")
    raw = decoded(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decoded(key))
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    said: dict[str, Any] = json.loads(decoded(claims))
    address = urlsplit(service_url)
    assert said["aud"] == f"{address.scheme}://{address.netloc}"
    assert time.time() < said["exp"] <= time.time() + 24 * 3600
    return said


@contextmanager
def push_service() -> Iterator[PushService]:
    with hook_receiver() as receiver:
        receiver.answer = lambda request: 201
        yield PushService(receiver)
