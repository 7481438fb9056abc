"""Entities, their documents and what was found of them, as owners are shown them. Times are seconds since the epoch, sizes bytes."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from app.core.search.listing import DocumentState, ListedDocument, ListedEntity
from app.services.entities.search import FoundDocument, FoundPassage
from app.web.wire.replies import NextCursor


class Document(TypedDict):
    """A file whose texts are searched, and how far finding it has got."""

    document: Annotated[str, Field(description="Its id: of a link's file, that of its upload.")]
    entity: str
    link: Annotated[str | None, Field(description="The hash of the link that it came by.")]
    path: str
    name: str
    size: int
    received_at: float
    sender: Annotated[str, Field(description="Name and e-mail address of who has sent it, as far as they are known.")]
    state: DocumentState
    reason: Annotated[str | None, Field(description="Why there is no text, or not all of it, in a sentence.")]


class DocumentList(TypedDict):
    files: list[Document]
    next_cursor: NotRequired[NextCursor]


class Entity(TypedDict):
    """Whoever documents belong to."""

    entity: str
    title: str
    link: Annotated[str | None, Field(description="The hash of the link that it is.")]
    documents: int
    states: Annotated[dict[DocumentState, int], Field(description="How many of its documents are in which state.")]


class EntityList(TypedDict):
    entities: list[Entity]
    next_cursor: NotRequired[NextCursor]


Mark = Annotated[tuple[int, int], Field(description="From where up to where, in Unicode characters of `text`.")]


class Passage(TypedDict):
    """A part of a file's text, with the places of what was looked for."""

    page: Annotated[
        int | None, Field(description="The page, slide or sheet, counted from 1; null where there are none.")
    ]
    text: str
    marks: list[Mark]


class Result(Document):
    """A file that was found."""

    score: Annotated[float, Field(description="More is better; only comparable within one answer.")]
    passages: Annotated[list[Passage], Field(description="Up to three, the best first.")]


class SearchReply(TypedDict):
    results: list[Result]


def document_view(document: ListedDocument) -> Document:
    return {
        "document": document.document,
        "entity": document.entity,
        "link": document.link,
        "path": document.path,
        "name": document.name,
        "size": document.size,
        "received_at": document.at,
        "sender": document.sender,
        "state": document.state,
        "reason": document.trouble.sentence if document.trouble else None,
    }


def entity_view(entity: ListedEntity, title: str) -> Entity:
    return {
        "entity": entity.entity,
        "title": title,
        "link": entity.link,
        "documents": entity.documents,
        "states": entity.states,
    }


def result_view(found: FoundDocument) -> Result:
    return {
        **document_view(found.document),
        "score": found.score,
        "passages": [_passage_view(each) for each in found.passages],
    }


def _passage_view(passage: FoundPassage) -> Passage:
    return {"page": passage.page, "text": passage.snippet.text, "marks": list(passage.snippet.marks)}
