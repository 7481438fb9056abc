"""Finding files: owners' searches, and what is searched."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.errors import InvalidRequest
from app.core.search.documents import EntityId
from app.core.search.words import terms
from app.services.entities.search import DocumentSearch
from app.web.wire.context import services
from app.web.wire.entity_views import context_view, document_view, entity_view, found_view, text_view
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import read_page
from app.web.wire.reach import chooses_by_reach
from app.web.wire.search_query import AlikeQuery, DocumentsQuery, EntityQuery, SearchQuery, TextQuery, read_query
from app.web.wire.taken import note_shown

entities = Blueprint("entities", __name__, url_prefix="/api")
_ALL = 2**31 - 1


@entities.get("/search")
@owner_required
@chooses_by_reach
def search() -> Response:
    query = read_query(SearchQuery)
    return _found(query, query.named)


@entities.get("/entities/<entity_id>/search")
@owner_required
def search_entity(entity_id: str) -> Response:
    query = read_query(EntityQuery)
    return _found(query, frozenset({_here().entity(entity_id).entity}))


@entities.get("/entities")
@owner_required
@chooses_by_reach
def list_entities() -> Response:
    here, owned = _here(), _owned()
    found, more = read_page(
        lambda most, after: here.page(most, after[1] if after else "", owned),
        lambda: here.page(_ALL, owned=owned),
        lambda each: (0.0, each.entity),
    )
    return jsonify(entities=[entity_view(each, here.title(each)) for each in found], **more)


@entities.get("/entities/<entity_id>")
@owner_required
def show_entity(entity_id: str) -> Response:
    here = _here()
    entity = here.entity(entity_id)
    return jsonify(entity_view(entity, here.title(entity)))


@entities.delete("/entities/<entity_id>")
@owner_required
def forget(entity_id: str) -> Response:
    _here().forget(entity_id, acting())
    return Response(status=204)


@entities.get("/entities/<entity_id>/files")
@owner_required
def list_documents(entity_id: str) -> Response:
    here, states = _here(), read_query(DocumentsQuery).state
    found, more = read_page(
        lambda most, after: here.documents(entity_id, most, after, states),
        lambda: here.documents(entity_id, _ALL, None, states),
        lambda each: (each.at, each.document),
    )
    return jsonify(files=[document_view(each) for each in found], **more)


@entities.get("/entities/<entity_id>/files/<document_id>")
@owner_required
def show_document(entity_id: str, document_id: str) -> Response:
    query = read_query(TextQuery)
    document = _here().document(entity_id, document_id)
    text = _here().text(document, terms(query.q, query.typing), query.page, query.passage)
    if text is not None:
        note_shown(document.link, document.document, document.path)
    return jsonify(text_view(document, text))


@entities.delete("/entities/<entity_id>/files/<document_id>")
@owner_required
def delete_document(entity_id: str, document_id: str) -> Response:
    _here().delete(entity_id, document_id, acting())
    return Response(status=204)


@entities.get("/entities/<entity_id>/files/<document_id>/similar")
@owner_required
def list_similar(entity_id: str, document_id: str) -> Response:
    query = read_query(AlikeQuery)
    scope = query.scope(query.named, _of_links(query.link), _owned())
    found = _here().alike(entity_id, document_id, scope, query.limit, shown=query.cursor)
    return jsonify(found_view(found))


def _found(query: EntityQuery, named: frozenset[EntityId] | None) -> Response:
    scope = query.scope(named, _of_links(query.link), _owned())
    if query.format == "context":
        if query.cursor:
            raise InvalidRequest(
                "The best passages come in one page. Leave the cursor out.", fields={"cursor": "not with this format"}
            )
        return jsonify(context_view(query.q, _here().passages(query.q, scope, query.limit)))
    return jsonify(found_view(_here().find(query.q, scope, query.limit, typing=query.typing, shown=query.cursor)))


def _of_links(links: list[str] | None) -> frozenset[EntityId] | None:
    return None if links is None else _here().of_links(links)


def _owned() -> frozenset[EntityId] | None:
    """The entities within reach of who asks; None for all."""
    return services().links.whose.entities(acting().reach)


def _here() -> DocumentSearch:
    return services().entities.search
