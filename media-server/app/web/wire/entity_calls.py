"""The calls by which owners find files, a part of the table of calls."""

from __future__ import annotations

from app.web.wire import entity_views
from app.web.wire.declaring import Call, Group, Who
from app.web.wire.paging import PageQuery
from app.web.wire.search_query import EntityQuery, SearchQuery

_ENTITY = "/api/entities/{entity_id}"

ENTITY_CALLS = (
    Call(
        ("GET",),
        "/api/search",
        Group.FOUND,
        Who.OWNER,
        "Find files by what they say, by words and by meaning, the best first.",
        entity_views.SearchReply,
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
        entity_views.SearchReply,
        queries=(EntityQuery,),
    ),
    Call(
        ("GET",),
        f"{_ENTITY}/files",
        Group.FOUND,
        Who.OWNER,
        "An entity's documents, and how far finding each has got, newest first.",
        entity_views.DocumentList,
        queries=(PageQuery,),
    ),
)
