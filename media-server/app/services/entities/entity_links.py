"""EntityLinks: entities that owners name, each with a link that receives its documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re

from app.core.actors import Actor
from app.core.errors import InvalidRequest, RequestNotFound
from app.core.paths import RelPath
from app.core.ports.links import LinkStore
from app.core.ports.whole_files import NamedLocks
from app.core.search.documents import MAX_ENTITY_ID, EntityId, is_entity_id
from app.services.links.file_requests import FileRequests

HASH_CHARACTERS = 32
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


class EntityLinks:
    """Finds and makes them. A link's hash follows from the entity's id and a secret of the server, so that an entity has one link,
    whoever else asks at this moment, and nobody can guess it."""

    def __init__(self, *, requests: LinkStore, links: FileRequests, locks: NamedLocks, secret: str) -> None:
        self._requests = requests
        self._links = links
        self._locks = locks
        self._secret = secret.encode()

    def link(self, entity: EntityId, actor: Actor) -> str:
        """The hash of the entity's link, which is made where there is none, and searched from now on. Raises InvalidRequest, NotInstalled, RateLimited."""
        _check(entity)
        hash = self.hash(entity)
        with self._locks.hold([f"entity link {hash}"]):
            try:
                if not self._requests.load(hash).terms.search:
                    self._links.edit(hash, {"search": True}, actor)
            except RequestNotFound:
                folder = RelPath.parse(f"entities/{hashlib.sha256(entity.encode()).hexdigest()[:16]}")
                terms = {"title": entity, "expires_hours": 0, "search": True}
                self._links.create(folder, terms, actor, hash=hash, entity=entity)
        return hash

    def hash(self, entity: EntityId) -> str:
        """What the hash of the entity's link is, whether there is one or not."""
        for number in itertools.count():
            digest = hmac.digest(self._secret, f"{number} {entity}".encode(), "sha256")
            text = base64.urlsafe_b64encode(digest).decode()[:HASH_CHARACTERS]
            # As those of other links: mail programs leave a dash at the end of an address out.
            if text[0].isalnum() and text[-1].isalnum():
                return text
        raise AssertionError


def _check(entity: EntityId) -> None:
    if not is_entity_id(entity):
        raise InvalidRequest(
            f"An entity's id is printable and has up to {MAX_ENTITY_ID} characters.",
            fields={"entity_id": "not possible"},
        )
    if _FINGERPRINT.fullmatch(entity):
        raise InvalidRequest(
            "Ids of 16 hexadecimal digits are those of links: send to the link itself.",
            fields={"entity_id": "a link's"},
        )
