"""Whose: what belongs to whom. What is not somebody's is answered as if it were not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from app.core.actors import THE_OWNER, Actor, Reach
from app.core.errors import (
    AdminsOnly,
    EndpointNotFound,
    EntityNotFound,
    InvalidRequest,
    MessageNotFound,
    RequestNotFound,
    ShareNotFound,
)
from app.core.paths import RelPath
from app.core.ports.entities import DocumentLists
from app.core.ports.links import LinkStore
from app.core.ports.messages import EndpointStore, MessageStore
from app.core.ports.shares import ShareStore
from app.core.search.documents import EntityId, is_entity_id
from app.core.terms import Terms

OWNER = re.compile(rf"{THE_OWNER}|(account|team):[a-z0-9][a-z0-9._-]{{0,39}}")
"""How an owner is written."""
FOLDERS = {"account": "accounts", "team": "teams"}
"""Where the folders of those lie who have not the whole server."""
NO_OWNER = "Give a link to yourself, as account:NAME, or to a team of yours, as team:NAME."
NOBODY = "There is no such account or team."
OTHERS_PLACE = "Only an admin has files of a link passed on: that is done with what the server may do elsewhere."


class Kept(NamedTuple):
    """Where what hangs on links lives."""

    links: LinkStore
    shares: ShareStore
    messages: MessageStore
    endpoints: EndpointStore
    documents: DocumentLists


class Whose:
    """The one judge of what is whose. Each call returns where the thing is within ``reach``, and raises what an unknown one raises where
    it is not, after the same look into the same table."""

    def __init__(self, kept: Kept, exists: Callable[[str], bool]) -> None:
        """``exists`` says whether there is such an account or team."""
        self._kept = kept
        self._exists = exists

    def link(self, hash: str, reach: Reach) -> None:
        """Raises RequestNotFound."""
        if reach.owners is not None and not reach.holds(self._kept.links.load(hash).owner):
            raise RequestNotFound()

    def share(self, hash: str, reach: Reach) -> None:
        """Raises ShareNotFound."""
        if reach.owners is not None:
            share = self._kept.shares.load(hash)
            if share is None or not self._has(share.link, reach):
                raise ShareNotFound()

    def message(self, id: str, reach: Reach) -> None:
        """Those about a link are its owner's. Raises MessageNotFound."""
        if reach.owners is not None:
            message = self._kept.messages.load(id)
            if message is None or not self._has(message.link, reach):
                raise MessageNotFound()

    def endpoint(self, id: str, reach: Reach) -> None:
        """Those of one link are its owner's. Raises EndpointNotFound."""
        if reach.owners is not None:
            endpoint = self._kept.endpoints.load(id)
            if endpoint is None or not self._has(endpoint.link, reach):
                raise EndpointNotFound()

    def entity(self, id: EntityId, reach: Reach) -> None:
        """Those that links receive for are the links' owners'. Raises EntityNotFound."""
        if reach.owners is not None:
            entity = self._kept.documents.entity(id) if is_entity_id(id) else None
            if entity is None or not self._has(entity.link, reach):
                raise EntityNotFound()

    def entities(self, reach: Reach) -> frozenset[EntityId] | None:
        """All entities within reach that have documents; None for every one."""
        return None if reach.owners is None else self._kept.documents.of_owners(reach.owners)

    def holds(self, hash: str | None, reach: Reach) -> bool:
        """Whether what is about this link, or about none, is within reach."""
        return reach.owners is None or self._has(hash, reach)

    def owner_of_new(self, actor: Actor, wanted: str | None) -> str:
        """Whose a link is that ``actor`` makes. Raises InvalidRequest."""
        return str(actor) if wanted is None else self.owner(actor, wanted)

    def owner(self, actor: Actor, wanted: str) -> str:
        """``wanted``, where the actor may give a link to them: an admin to everybody that there is, others to themselves and to their
        teams. Raises InvalidRequest, in the same words for those that there are not and those that there are."""
        reach = actor.reach
        if OWNER.fullmatch(wanted) is None or (reach.owners is not None and wanted not in reach.owners):
            raise InvalidRequest(NO_OWNER, fields={"owner": NO_OWNER})
        if reach.owners is None and wanted != THE_OWNER and not self._exists(wanted):
            raise InvalidRequest(NOBODY, fields={"owner": NOBODY})
        return wanted

    def _has(self, hash: str | None, reach: Reach) -> bool:
        if hash is None:
            return False
        try:
            return reach.holds(self._kept.links.load(hash).owner)
        except RequestNotFound:
            return False


def folder_of_new(folder: RelPath, owner: str, actor: Actor) -> RelPath:
    """Where a new link's files go; raises InvalidPath where that is too long. Those who have not the whole server have a folder each, so that nobody's files meet those of others,
    nor does anybody learn which folders there are. What lies there already is not put there again."""
    if actor.reach.owners is None:
        return folder
    kind, _, name = owner.partition(":")
    first = (FOLDERS[kind], name)
    return (
        folder
        if folder.parts[:2] == first and len(folder.parts) > 2
        else RelPath.parse("/".join((*first, str(folder))))
    )


def check_change(before: Terms, after: Terms, actor: Actor) -> None:
    """Raises AdminsOnly where only an admin may set what has become another."""
    moved = after.destination is not None and after.destination != before.destination
    if moved and not actor.reach.may_administer:
        raise AdminsOnly(OTHERS_PLACE, fields={"destination": OTHERS_PLACE})
