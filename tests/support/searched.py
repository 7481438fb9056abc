"""A server whose files are searched, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import urllib3

from app import create_app
from app.core.paths import RelPath
from app.core.receipts import link_fingerprint
from app.core.search.documents import Vector
from app.core.search.listing import DocumentState, ListedDocument
from app.core.search.words import prepare
from app.settings import Settings
from app.storage.sql.documents import SQLDocumentLists
from app.wiring import build
from tests.support.actors import OWNER

TOKEN = "owner-token-for-tests-0123456789"
BOATHOUSE = b"The rent for the boathouse rises in spring."


class FirstWord:
    """Takes texts for alike that begin with words of the same length."""

    model = "first-word"
    least = 0.5

    def __init__(self, *, gives_way: bool = False) -> None:
        self.gives_way = gives_way

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, query: str) -> Vector:
        length = min(len((prepare(query) or [""])[0]), 15)
        return bytes(100 if at == length else 0 for at in range(16))


def form(name: str, content: bytes, **fields: str) -> dict[str, Any]:
    """A file as an HTML form sends it."""
    parts: dict[str, Any] = {**fields, "file": (name, content)}
    body, kind = urllib3.encode_multipart_formdata(parts)
    return {"data": body, "content_type": kind}


class House:
    """A server in this process, which does nothing by itself: ``settle`` is all that would happen meanwhile."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.data = folder / "data"
        settings = Settings(data_dir=self.data, admin_token=TOKEN, _env_file=None, **more)  # type: ignore[call-arg]
        self.services = build(settings)
        self.client = create_app(settings, self.services).test_client()
        self.lists = SQLDocumentLists(self.services.ground.catalogue)
        self.indexer = self.services.entities.indexer

    def link(self, **terms: Any) -> str:
        return self.services.links.file_requests.create(RelPath.parse("in"), terms, OWNER).hash

    def edit(self, link: str, **terms: Any) -> None:
        self.services.links.file_requests.edit(link, terms, OWNER)

    def send(self, link: str, name: str, content: bytes = BOATHOUSE, **fields: str) -> str:
        status, reply = self.ask(f"/api/droppr/requests/{link}/upload", "POST", "", **form(name, content, **fields))
        assert status == 200, reply
        return next(each.upload_id for each in self.services.ground.requests.usage(link).files if each.name == name)

    def take_back(self, link: str, upload_id: str) -> None:
        reply = self.client.delete(f"/api/droppr/requests/{link}/uploads/{upload_id}")
        assert reply.status_code == 204, reply.text

    def settle(self) -> None:
        self.services.readers.catch_up()
        for document in self.due():
            self.indexer.index(document)

    def due(self) -> list[ListedDocument]:
        return self.lists.due(self.services.ground.clock(), 1000)

    def ask(self, path: str, method: str = "GET", token: str = TOKEN, **options: Any) -> Any:
        reply = self.client.open(path, method=method, headers={"X-Auth": token}, **options)
        return reply.status_code, reply.json

    def found(self, words: str, **options: Any) -> list[str]:
        status, reply = self.ask("/api/search", query_string={"q": words, **options})
        assert status == 200, reply
        return [each["name"] for each in reply["results"]]

    def states(self, link: str) -> dict[str, tuple[DocumentState, str | None]]:
        page = self.lists.page(link_fingerprint(link), 1000)
        return {each.name: (each.state, each.trouble) for each in page}

    def bytes_of_the_index(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted((self.data / "search").iterdir()))
