"""Templates of links over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.web.wire.context import services
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, owner_required
from app.web.wire.reach import chooses_by_reach
from app.web.wire.template_views import NewTemplate, TemplateName, template_view, whole_template_view

MAX_BODY_BYTES = 4096

templates = Blueprint("templates", __name__, url_prefix="/api")


@templates.get("/templates")
@owner_required
@chooses_by_reach
def list_templates() -> Response:
    return jsonify(templates=[template_view(each) for each in services().links.templates.all(acting().reach)])


@templates.post("/templates")
@owner_required
@chooses_by_reach
def save() -> tuple[Response, int]:
    body = read_json(NewTemplate, MAX_BODY_BYTES)
    made = services().links.templates.save(body.name, body.link, acting(), body.owner)
    return jsonify(whole_template_view(made)), 201


@templates.get("/templates/<template_id>")
@owner_required
@chooses_by_reach
def show(template_id: str) -> Response:
    return jsonify(whole_template_view(services().links.templates.find(template_id, acting().reach)))


@templates.patch("/templates/<template_id>")
@owner_required
@chooses_by_reach
def rename(template_id: str) -> Response:
    name = read_json(TemplateName, MAX_BODY_BYTES).name
    return jsonify(template_view(services().links.templates.rename(template_id, name, acting())))


@templates.delete("/templates/<template_id>")
@owner_required
@chooses_by_reach
def remove(template_id: str) -> Response:
    services().links.templates.remove(template_id, acting())
    return Response(status=204)
