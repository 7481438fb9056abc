"""The calls by which owners find files, a part of the table of calls."""

from __future__ import annotations

from typing import Any

from app.web.wire import entity_views, replies
from app.web.wire.declaring import BYTES, FORM, Call, Group, Header, Who
from app.web.wire.paging import PageQuery
from app.web.wire.search_query import AlikeQuery, DocumentsQuery, EntityQuery, SearchQuery, TextQuery
from app.web.wire.upload_bodies import OpenUploadBody

_ENTITY = "/api/entities/{entity_id}"
_DOCUMENT = f"{_ENTITY}/files/{{document_id}}"
_FOUND = entity_views.SearchReply | entity_views.ContextReply
"""What searches answer, the second by ``format``."""


def entity_calls(form: dict[str, Any], chunk: tuple[Header, ...]) -> tuple[Call, ...]:
    """All of them. Documents are sent as senders send files: by a ``form``, or by chunks with the headers ``chunk``."""
    return (*_FINDING, *_sending(form, chunk))


_FINDING = (
    Call(
        ("GET",),
        "/api/search",
        Group.FOUND,
        Who.OWNER,
        "Find files by what they say, by words and by meaning, the best first.",
        _FOUND,
        queries=(SearchQuery,),
    ),
    Call(
        ("GET",),
        "/api/entities",
        Group.FOUND,
        Who.OWNER,
        "All entities that have documents, in the order of their ids.",
        entity_views.EntityList,
        queries=(PageQuery,),
    ),
    Call(
        ("GET",),
        _ENTITY,
        Group.FOUND,
        Who.OWNER,
        "One entity that has documents.",
        entity_views.Entity,
    ),
    Call(
        ("DELETE",),
        _ENTITY,
        Group.FOUND,
        Who.OWNER,
        "Remove an entity's texts from the index; of a link, switch `search` off. Files stay.",
        status=204,
    ),
    Call(
        ("GET",),
        f"{_ENTITY}/search",
        Group.FOUND,
        Who.OWNER,
        "Find files of one entity.",
        _FOUND,
        queries=(EntityQuery,),
    ),
    Call(
        ("GET",),
        f"{_ENTITY}/files",
        Group.FOUND,
        Who.OWNER,
        "An entity's documents, and how far finding each has got, newest first.",
        entity_views.DocumentList,
        queries=(DocumentsQuery,),
    ),
    Call(
        ("GET",),
        _DOCUMENT,
        Group.FOUND,
        Who.OWNER,
        "A document, and a stretch of its text with words marked.",
        entity_views.DocumentWithText,
        queries=(TextQuery,),
    ),
    Call(
        ("DELETE",),
        _DOCUMENT,
        Group.FOUND,
        Who.OWNER,
        "Delete a document's file, from its link's folder and list as well.",
        status=204,
    ),
    Call(
        ("GET",),
        f"{_DOCUMENT}/similar",
        Group.FOUND,
        Who.OWNER,
        "Find documents that mean most nearly what this one does.",
        entity_views.SearchReply,
        queries=(AlikeQuery,),
    ),
)


def _sending(form: dict[str, Any], chunk: tuple[Header, ...]) -> tuple[Call, ...]:
    def call(methods: tuple[str, ...], path: str, about: str, reply: Any, status: int = 200, **more: Any) -> Call:
        return Call(methods, f"{_ENTITY}{path}", Group.FOUND, Who.OWNER, about, reply, status, **more)

    return (
        call(
            ("POST",),
            "/files",
            "Send one small document as an HTML form does.",
            replies.Finished,
            body=form,
            takes=FORM,
        ),
        call(
            ("POST",),
            "/uploads",
            "Open an upload of a document, as on a link.",
            replies.Opened,
            201,
            body=OpenUploadBody,
        ),
        call(("GET",), "/uploads/{upload_id}", "How an upload stands.", replies.UploadStatus),
        call(
            ("DELETE",),
            "/uploads/{upload_id}",
            "Cancel an upload; of a complete one, take the document back.",
            None,
            204,
        ),
        call(
            ("POST", "PUT", "PATCH"),
            "/upload-chunk",
            "Send one chunk of a document, in any order.",
            replies.ChunkReply,
            body={"type": "string", "format": "binary"},
            takes=BYTES,
            headers=chunk,
        ),
    )
