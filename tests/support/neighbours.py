"""A server in this process on which several people have links: what is one's is nobody else's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import request

from app.core.accounts import Account, Role
from app.core.actors import Actor
from app.core.items import Item
from app.core.messages import Channel, Message, MessageKind
from app.core.paths import RelPath
from app.core.receipts import link_fingerprint
from app.core.search.listing import ListedDocument
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.messages import SQLMessages
from app.wiring import Services
from tests.support.actors import OWNER
from tests.support.searched import FirstWord, House, form

BOB = Account("bob", Role.MEMBER)
ANN = Account("ann", Role.MEMBER, ("tax",))
EVE = Account("eve", Role.VIEWER, ("tax",))
ROOT = Account("root", Role.ADMIN)
PEOPLE = {each.name: each for each in (BOB, ANN, EVE, ROOT)}
AS = "X-Test-As"
"""Names the account by which a request is made."""
ITEM = Item("item0000", "Item")


@contextmanager
def recognised_by_name() -> Iterator[None]:
    """While this lasts, a request that names an account is that account's."""

    def recognised(token: str | None = None, way: str = "header") -> Actor | None:
        named = PEOPLE.get(token or request.headers.get(AS, ""))
        return named.acting("192.0.2.7", way) if named else None

    with pytest.MonkeyPatch.context() as patch:
        for module in ("wire.ownership", "api.system", "api.ws"):
            patch.setattr(f"app.web.{module}.recognised_owner", recognised)
        patch.setattr("app.wiring.entities.UniversalEmbedder", FirstWord)
        yield


class Belongings:
    """A link with one of everything that hangs on links."""

    def __init__(self, house: House, maker: Account, owner: str, word: str) -> None:
        self.word = word
        here = house.services
        actor = maker.acting("192.0.2.8", "header")
        terms = {"title": f"{word} papers", "items": (ITEM,), "search": True, "ask_name": "optional"}
        made = here.links.file_requests.create(RelPath.parse(word), terms, actor, owner=owner)
        self.hash, self.folder = made.hash, str(made.folder)
        self.entity = self.document = self.deleted = ""
        self.upload_id = self._sent(house, f"{word}.txt", f"What {word} says.".encode())
        self.deleted = self._sent(house, f"{word}-deleted.txt", b"gone")
        here.received.bin.delete(self.hash, self.deleted, actor)
        opening = {"path": f"{word}-coming.bin", "size": 9}
        reply = house.client.post(f"/api/droppr/requests/{self.hash}/uploads", json=opening)
        self.open = str((reply.json or {})["upload_id"])
        self.share = here.received.shares.make(self.hash, None, {"title": f"{word} share"}, actor).hash
        self.message = self._message(here)
        self.endpoint = here.messages.endpoints.make(f"https://93.184.215.14/{word}", None, self.hash, actor).id
        house.settle()
        [document] = self._documents(house)
        self.entity, self.document = document.entity, document.document

    def _sent(self, house: House, name: str, content: bytes) -> str:
        key = {"X-Sender-Key": "k" * 22}
        sent = form(name, content, item=ITEM.id)
        reply = house.client.post(f"/api/droppr/requests/{self.hash}/upload", headers=key, **sent)
        assert reply.status_code == 200, reply.json
        return next(
            each.upload_id for each in house.services.ground.requests.usage(self.hash).files if each.name == name
        )

    def _message(self, here: Services) -> str:
        made = Message(
            id=f"msg_{secrets.token_hex(8)}",
            kind=MessageKind.FILES_RECEIVED,
            channel=Channel.MAIL,
            recipient=f"{self.word}@example.org",
            link=self.hash,
            facts={"title": self.word, "files": 1, "bytes": 9},
            created_at=here.ground.clock(),
            next_at=None,
        )
        SQLMessages(here.ground.catalogue).add([made])
        return made.id

    def _documents(self, house: House) -> list[ListedDocument]:
        return house.lists.page(link_fingerprint(self.hash), 9)

    def named(self, rule: str) -> str:
        """The address of a call about these."""
        of_bin, of_open = "/bin/" in rule, rule.endswith("/uploads/<upload_id>")
        values = {
            "hash": self.hash,
            "anypath:path": f"{self.word}.txt",
            "upload_id": self.deleted if of_bin else self.open if of_open else self.upload_id,
            "share": self.share,
            "party": "unknown",
            "item": ITEM.id,
            "message_id": self.message,
            "endpoint_id": self.endpoint,
            "entity_id": self.entity,
            "document_id": self.document,
        }
        for name, value in values.items():
            rule = rule.replace(f"<{name}>", value)
        return rule


class Neighbours:
    """Bob has a link, Ann has another, and so has the team that she is in and that Eve may look at; a fourth is the server's."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder, smtp_url="smtp://127.0.0.1:9", mail_from="droppr@example.org")
        self.services = self.house.services
        accounts = SQLAccounts(self.services.ground.catalogue, clock=self.services.ground.clock)
        for each in PEOPLE.values():
            accounts.add(each, None, OWNER)
        self.bobs = Belongings(self.house, BOB, BOB.owner, "bobstuff")
        self.anns = Belongings(self.house, ANN, ANN.owner, "annstuff")
        self.teams = Belongings(self.house, ANN, "team:tax", "taxstuff")
        self.servers = Belongings(self.house, ROOT, "owner", "serverstuff")

    @property
    def foreign(self) -> tuple[Belongings, ...]:
        """What is neither Ann's nor her team's."""
        return self.bobs, self.servers

    def ask(self, who: Account, method: str, path: str, **options: Any) -> Any:
        return self.house.client.open(path, method=method, headers={AS: who.name}, **options)
