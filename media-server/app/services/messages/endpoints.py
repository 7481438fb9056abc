"""Endpoints: where webhooks go to, as owners make and change them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import EndpointNotFound, InvalidRequest
from app.core.messages import CHAT_KINDS, HOOK_KINDS, PUSH_KINDS, Endpoint, MessageKind, Way, is_chat
from app.core.ports.guards import Clock
from app.core.ports.links import LinkStore
from app.core.ports.messages import EndpointStore, HookCarrier
from app.services.accounts.acts import Acts
from app.services.messages.chats import Chats
from app.services.messages.webhooks import new_secret

MAX_ENDPOINTS = 100
"""Every event is compared with every endpoint."""


class Endpoints:
    """The owner's endpoints."""

    def __init__(
        self, *, store: EndpointStore, links: LinkStore, hooks: HookCarrier, chats: Chats, clock: Clock, acts: Acts
    ) -> None:
        self._acts = acts
        self._store = store
        self._links = links
        self._hooks = hooks
        self._chats = chats
        self._clock = clock

    def all(self) -> list[Endpoint]:
        return self._store.all()

    def make(self, url: str, kinds: Sequence[MessageKind] | None, link: str | None, actor: Actor) -> Endpoint:
        """A new endpoint, with a secret of its own, told of one link or of all. Raises EndpointNotAllowed, RequestNotFound,
        InvalidRequest."""
        shown = self._checked(url)
        if link is not None:
            self._links.load(link)
        if len([each for each in self._store.all() if each.way is not Way.PUSH]) >= MAX_ENDPOINTS:
            raise InvalidRequest(f"There are {MAX_ENDPOINTS} endpoints already. Remove one first.")
        made = Endpoint(
            id=f"ep_{secrets.token_hex(8)}",
            url=url,
            secret="" if is_chat(url) else new_secret(),
            created_at=self._clock(),
            kinds=_kinds(Way.CHAT if is_chat(url) else Way.WEBHOOK, kinds),
            link=link,
            shown=shown,
            owner=str(actor),
        )
        self._store.add(made)
        self._acts.note(actor, Act.ENDPOINT_MADE, link, endpoint=made.id)
        return made

    def change(self, id: str, changes: Mapping[str, Any], actor: Actor) -> Endpoint:
        """Change ``url``, ``kinds`` or ``active``. Switched on again, what happened before is forgotten. Raises EndpointNotFound,
        EndpointNotAllowed, InvalidRequest."""
        before = self._store.load(id)
        if before is None:
            raise EndpointNotFound()
        more: dict[str, Any] = {"trouble": None, "failing_since": None} if changes.get("active") else {}
        if "url" in changes:
            if before.way is Way.PUSH:
                raise InvalidRequest(
                    "A browser has the address that it has. Remove it, and have it told anew from there."
                )
            if is_chat(changes["url"]) != (before.way is Way.CHAT):
                raise InvalidRequest("A webhook stays a webhook, and a chat a chat: make a new endpoint.")
            more["shown"] = self._checked(changes["url"])
        if "kinds" in changes:
            _kinds(before.way, changes["kinds"])
        changed = self._store.update(id, lambda each: replace(each, **changes, **more))
        if changed is None:
            raise EndpointNotFound()
        self._acts.note(actor, Act.ENDPOINT_CHANGED, changed.link, endpoint=id, changed=sorted(changes))
        return changed

    def renew_secret(self, id: str, actor: Actor) -> Endpoint:
        """The endpoint with another secret, which counts at once. Raises EndpointNotFound, InvalidRequest."""
        before = self._store.load(id)
        if before is not None and before.way is Way.PUSH:
            raise InvalidRequest("What a browser is told is not signed with a secret, but encrypted for it.")
        if before is not None and before.way is Way.CHAT:
            raise InvalidRequest("Messages to a chat are not signed. To change its token, change its address.")
        renewed = self._store.update(id, lambda each: replace(each, secret=new_secret()))
        if renewed is None:
            raise EndpointNotFound()
        self._acts.note(actor, Act.ENDPOINT_SECRET_RENEWED, renewed.link, endpoint=id)
        return renewed

    def remove(self, id: str, actor: Actor) -> None:
        """Raises EndpointNotFound."""
        if not self._store.remove(id):
            raise EndpointNotFound()
        self._acts.note(actor, Act.ENDPOINT_REMOVED, endpoint=id)

    def _checked(self, url: str) -> str | None:
        """How an address is shown; None where it is shown as it is. Raises EndpointNotAllowed."""
        if is_chat(url):
            return self._chats.check(url)
        self._hooks.check(url)
        return None


_KINDS = {Way.WEBHOOK: HOOK_KINDS, Way.CHAT: CHAT_KINDS, Way.PUSH: PUSH_KINDS}


def _kinds(way: Way, kinds: Sequence[MessageKind] | None) -> tuple[MessageKind, ...]:
    known = _KINDS[way]
    if kinds is None:
        return known
    if not {*kinds} <= {*known}:
        what = "browser" if way is Way.PUSH else "chat"
        raise InvalidRequest(f"A {what} is told of {', '.join(known)} only.", fields={"kinds": f"not for {what}s"})
    return tuple(kinds)
