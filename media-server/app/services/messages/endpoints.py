"""Endpoints: where webhooks go to, as owners make and change them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.core.actors import Actor
from app.core.errors import EndpointNotFound, InvalidRequest
from app.core.messages import HOOK_KINDS, Endpoint, MessageKind
from app.core.ports.guards import Clock
from app.core.ports.links import LinkStore
from app.core.ports.messages import EndpointStore, HookCarrier
from app.services.accounts import acts
from app.services.messages.webhooks import new_secret

MAX_ENDPOINTS = 100
"""Every event is compared with every endpoint."""


class Endpoints:
    """The owner's endpoints."""

    def __init__(self, *, store: EndpointStore, links: LinkStore, hooks: HookCarrier, clock: Clock) -> None:
        self._store = store
        self._links = links
        self._hooks = hooks
        self._clock = clock

    def all(self) -> list[Endpoint]:
        return self._store.all()

    def make(self, url: str, kinds: Sequence[MessageKind] | None, link: str | None, actor: Actor) -> Endpoint:
        """A new endpoint, with a secret of its own, told of one link or of all. Raises EndpointNotAllowed, RequestNotFound,
        InvalidRequest."""
        self._hooks.check(url)
        if link is not None:
            self._links.load(link)
        if len(self._store.all()) >= MAX_ENDPOINTS:
            raise InvalidRequest(f"There are {MAX_ENDPOINTS} endpoints already. Remove one first.")
        made = Endpoint(
            id=f"ep_{secrets.token_hex(8)}",
            url=url,
            secret=new_secret(),
            created_at=self._clock(),
            kinds=tuple(kinds or HOOK_KINDS),
            link=link,
        )
        self._store.add(made)
        acts.note(actor, "endpoint made", link, endpoint=made.id)
        return made

    def change(self, id: str, changes: Mapping[str, Any], actor: Actor) -> Endpoint:
        """Change ``url``, ``kinds`` or ``active``. Switched on again, what happened before is forgotten. Raises EndpointNotFound,
        EndpointNotAllowed."""
        if "url" in changes:
            self._hooks.check(changes["url"])
        forgotten: dict[str, Any] = {"trouble": None, "failing_since": None} if changes.get("active") else {}
        changed = self._store.update(id, lambda each: replace(each, **changes, **forgotten))
        if changed is None:
            raise EndpointNotFound()
        acts.note(actor, "endpoint changed", changed.link, endpoint=id, changed=sorted(changes))
        return changed

    def renew_secret(self, id: str, actor: Actor) -> Endpoint:
        """The endpoint with another secret, which counts at once. Raises EndpointNotFound."""
        renewed = self._store.update(id, lambda each: replace(each, secret=new_secret()))
        if renewed is None:
            raise EndpointNotFound()
        acts.note(actor, "endpoint has a new secret", renewed.link, endpoint=id)
        return renewed

    def remove(self, id: str, actor: Actor) -> None:
        """Raises EndpointNotFound."""
        if not self._store.remove(id):
            raise EndpointNotFound()
        acts.note(actor, "endpoint removed", endpoint=id)
