"""Subscriptions: browsers that are told what arrives, as their owners make them. Each is an endpoint of whoever is logged in there."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import EndpointNotFound, InvalidRequest
from app.core.messages import PUSH_KINDS, Endpoint, Message, Way
from app.core.ports.guards import Clock
from app.core.ports.messages import EndpointStore
from app.core.ports.pushes import PushCarrier
from app.services.accounts.acts import Acts
from app.services.messages.content import clean
from app.services.messages.message_log import MessageLog
from app.services.messages.push_words import push_language

MAX_BROWSERS = 20
"""Of one owner."""
MAX_OF_ALL = 200
"""Every event is compared with every endpoint."""
MAX_NAME = 60


class Subscriptions:
    """Browsers, each its owner's alone."""

    def __init__(
        self, *, store: EndpointStore, carrier: PushCarrier, log: MessageLog, clock: Clock, acts: Acts
    ) -> None:
        self._store = store
        self._carrier = carrier
        self._log = log
        self._clock = clock
        self._acts = acts

    @property
    def public_key(self) -> str:
        """What browsers are to be subscribed with."""
        return self._carrier.public_key

    def of(self, actor: Actor) -> list[Endpoint]:
        return [each for each in self._pushes() if each.owner == str(actor)]

    def subscribe(self, url: str, keys: tuple[str, str], name: str, language: str, actor: Actor) -> Endpoint:
        """Have the browser at ``url`` told, which has made the ``keys`` ``p256dh`` and ``auth``. Once more changes nothing but what is
        new about it; whoever was told there before is not any more. Raises EndpointNotAllowed, InvalidRequest."""
        p256dh, auth = keys
        self._carrier.check(url, p256dh, auth)
        browsers, owner = self._pushes(), str(actor)
        for other in browsers:
            if other.url == url and other.owner != owner:
                self._store.remove(other.id)
                self._acts.note(actor, Act.ENDPOINT_REMOVED, endpoint=other.id)
        named = clean(name, MAX_NAME) or "A browser"
        id = _id(owner, url)
        made = Endpoint(
            id=id,
            url=url,
            secret="",
            created_at=self._clock(),
            kinds=PUSH_KINDS,
            shown=f"{url.split('/')[2]} ({named})",
            owner=owner,
            name=named,
            language=push_language(language),
            p256dh=p256dh,
            auth=auth,
        )
        again = self._store.update(id, lambda each: replace(made, created_at=each.created_at, kinds=each.kinds))
        if again is not None:
            return again
        if len([each for each in browsers if each.owner == owner]) >= MAX_BROWSERS:
            raise InvalidRequest(f"{MAX_BROWSERS} browsers of yours are told already. Remove one first.")
        if len(browsers) >= MAX_OF_ALL:
            raise InvalidRequest(f"{MAX_OF_ALL} browsers are told already. One has to be removed first.")
        self._store.add(made)
        self._acts.note(actor, Act.ENDPOINT_MADE, endpoint=id)
        return made

    def remove(self, id: str, actor: Actor) -> None:
        """Raises EndpointNotFound, also where it is somebody else's."""
        self._own(id, actor)
        if not self._store.remove(id):
            raise EndpointNotFound()
        self._acts.note(actor, Act.ENDPOINT_REMOVED, endpoint=id)

    def test(self, id: str, actor: Actor) -> Message:
        """Have a test shown there. Raises EndpointNotFound, also where it is somebody else's."""
        self._own(id, actor)
        return self._log.test(actor, None, id)[0]

    def _own(self, id: str, actor: Actor) -> Endpoint:
        found = self._store.load(id)
        if found is None or found.way is not Way.PUSH or found.owner != str(actor):
            raise EndpointNotFound()
        return found

    def _pushes(self) -> list[Endpoint]:
        return [each for each in self._store.all() if each.way is Way.PUSH]


def _id(owner: str, url: str) -> str:
    """The same for one browser of one owner, however often it is told to be there."""
    return f"ep_{hashlib.sha256(repr((owner, url)).encode(errors='surrogatepass')).hexdigest()[:24]}"
