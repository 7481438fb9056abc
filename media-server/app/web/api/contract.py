"""The HTTP interface, told by the server itself: as an OpenAPI document, and as a page to be read that needs nothing else."""

from __future__ import annotations

import json
import re
from functools import cache

from flask import Blueprint, Response, render_template, request
from jinja2 import Undefined
from markupsafe import Markup, escape

from app.web.wire.declaring import HTML, JSON
from app.web.wire.openapi import document

contract = Blueprint("contract", __name__, url_prefix="/api", template_folder="templates")

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


@contract.app_template_filter("marked")
def _marked(text: str | Undefined) -> Markup:
    """A sentence of the document: what stands between backticks is code. Nothing where there is none."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text or ""))))


@contract.get("/openapi.json")
def openapi() -> Response:
    return Response(_document(request.script_root), mimetype=JSON)


@contract.get("/docs")
def docs() -> Response:
    reply = Response(_page(), mimetype=HTML)
    reply.headers["Content-Security-Policy"] = _POLICY
    return reply


@cache
def _document(below: str) -> str:
    """The document of a server whose addresses begin with ``below``, which its settings say and no request."""
    return json.dumps({**document(), "servers": [{"url": f"{below}/"}]}, ensure_ascii=False, allow_nan=False)


@cache
def _page() -> str:
    return render_template("contract.html", document=document())
