"""Telling owners in their browsers: who carries it out."""

from __future__ import annotations

from typing import Protocol

from app.core.messages import Answer, Endpoint


class PushCarrier(Protocol):
    """Gives what is to be shown in a browser to that browser's push service, readable by the browser alone, and never to addresses that
    are not allowed."""

    @property
    def public_key(self) -> str:
        """By which browsers and their push services know this server, in base64url."""
        ...

    def check(self, url: str, p256dh: str, auth: str) -> None:
        """Return where a browser at ``url``, with these keys, may be told, as things are now. Raises EndpointNotAllowed."""
        ...

    def push(self, endpoint: Endpoint, content: bytes, topic: str) -> Answer:
        """What is waiting for the browser under the same ``topic`` is replaced. The answer is ``gone`` where the browser wants nothing
        more. Raises nothing: what goes wrong is the answer."""
        ...
