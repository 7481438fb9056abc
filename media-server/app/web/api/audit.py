"""The audit over HTTP: the owner's calls."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.audit import Wanted
from app.core.errors import InvalidRequest
from app.core.ports.audit import Place
from app.web.wire.audit_views import AuditQuery, Erased, ErasureBody, entry_view, exported
from app.web.wire.context import services
from app.web.wire.declaring import CSV, JSON_LINES
from app.web.wire.json_body import parse, read_json
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import Cursor, read_page
from app.web.wire.reach import chooses_by_reach

audit = Blueprint("audit", __name__, url_prefix="/api/droppr/audit")
_NEWEST = 1000
"""What is told where no page is asked for."""
_TYPES = {"csv": CSV, "jsonl": JSON_LINES}


@audit.get("")
@owner_required
@chooses_by_reach
def entries() -> Response:
    log, query = services().audit.log, parse(AuditQuery, request.args.to_dict())
    wanted = query.wanted()._replace(owners=acting().reach.owners)
    if query.format is not None:
        return _file(query, wanted)
    found, more = read_page(
        lambda most, after: log.page(most, _place(after), wanted),
        lambda: log.page(_NEWEST, None, wanted),
        lambda each: (each.at, str(each.id)),
    )
    return jsonify(entries=[entry_view(each) for each in found], **more)


@audit.post("/erasures")
@owner_required
def erase() -> Response:
    body = read_json(ErasureBody)
    return jsonify(Erased(rows=services().audit.log.erase(body.text, body.kind, acting())))


def _file(query: AuditQuery, wanted: Wanted) -> Response:
    assert query.format is not None
    if request.method == "HEAD":
        reply = Response()
    else:
        pages = services().audit.log.export(wanted, query.format, acting())
        reply = Response(exported(pages, query.format))
    reply.headers["Content-Type"] = f"{_TYPES[query.format]}; charset=utf-8"
    reply.headers["Content-Disposition"] = f'attachment; filename="droppr-audit.{query.format}"'
    reply.headers["X-Content-Type-Options"] = "nosniff"
    return reply


def _place(after: Cursor | None) -> Place | None:
    if after is None:
        return None
    at, id = after
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise InvalidRequest("The cursor is not one of this list.", fields={"cursor": "unknown"})
    return at, int(id)
