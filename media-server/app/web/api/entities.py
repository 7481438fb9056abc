"""Finding files: owners' searches, and what is searched."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.web.wire.context import services
from app.web.wire.entity_views import document_view, entity_view, result_view
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import read_page
from app.web.wire.search_query import EntityQuery, SearchQuery, read_query

entities = Blueprint("entities", __name__, url_prefix="/api")
_ALL = 2**31 - 1


@entities.get("/search")
@owner_required
def search() -> Response:
    query = read_query(SearchQuery)
    return _found(query, query.entity)


@entities.get("/entities/<entity_id>/search")
@owner_required
def search_entity(entity_id: str) -> Response:
    query = read_query(EntityQuery)
    return _found(query, [services().entities.search.entity(entity_id).entity])


@entities.get("/entities")
@owner_required
def list_entities() -> Response:
    here = services().entities.search
    found, more = read_page(
        lambda most, after: here.page(most, after[1] if after else ""),
        lambda: here.page(_ALL),
        lambda each: (0.0, each.entity),
    )
    return jsonify(entities=[entity_view(each, here.title(each)) for each in found], **more)


@entities.get("/entities/<entity_id>/files")
@owner_required
def list_documents(entity_id: str) -> Response:
    here = services().entities.search
    found, more = read_page(
        lambda most, after: here.documents(entity_id, most, after),
        lambda: here.documents(entity_id, _ALL),
        lambda each: (each.at, each.document),
    )
    return jsonify(files=[document_view(each) for each in found], **more)


@entities.delete("/entities/<entity_id>")
@owner_required
def forget(entity_id: str) -> Response:
    services().entities.search.forget(entity_id, acting())
    return Response(status=204)


def _found(query: EntityQuery, named: list[str] | None) -> Response:
    found = services().entities.search.find(query.q, query.scope(named), query.limit, typing=query.typing)
    return jsonify(results=[result_view(each) for each in found])
