"""The pages, when no nginx serves them: built files.

Pages name what they need relative to themselves, so each has one address; others lead there, relatively, as a proxy in front may
have taken off the beginning of theirs.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, request, send_from_directory

from app.core.chat_previews import Preview, preview_of_link
from app.core.errors import NotFound, RequestNotFound
from app.core.links import RequestLink
from app.web.wire.chat_preview import link_tags
from app.web.wire.context import client_address, services

pages = Blueprint("pages", __name__)

SENDERS_PAGE = "pages.request_page"


@pages.get("/")
def home() -> Response:
    # Below a path, and without the slash behind that.
    return _page("index.html") if request.environ["PATH_INFO"] else _moved(f"{request.script_root}/")


@pages.get("/admin", strict_slashes=False)
def admin() -> Response:
    return _moved("../admin") if request.path.endswith("/") else _page("admin.html")


@pages.get("/admin/document", strict_slashes=False)
def document() -> Response:
    return _moved("../document") if request.path.endswith("/") else _page("document.html")


@pages.get("/admin/settings", strict_slashes=False)
def settings() -> Response:
    return _moved("../settings") if request.path.endswith("/") else _page("settings.html")


@pages.get("/admin/audit", strict_slashes=False)
def audit() -> Response:
    return _moved("../audit") if request.path.endswith("/") else _page("audit.html")


@pages.get("/admin/push-worker.js")
def push_worker() -> Response:
    """It stands below the owner's pages, as it is for those alone."""
    return _page("push-worker.js")


@pages.get("/icon-<name>.png")
def icon(name: str) -> Response:
    return send_from_directory(_built(), f"icon-{name}.png", max_age=0)


@pages.get("/admin/links/<hash>", strict_slashes=False)
def admin_link(hash: str) -> Response:
    """The same for every link, also for one that there is not: the page asks for it itself, once its reader is the owner."""
    return _moved(f"../{quote(hash, safe='')}") if request.path.endswith("/") else _page("admin.link.html")


@pages.get("/request/<hash>", strict_slashes=False)
def request_page(hash: str) -> Response:
    """The same for every link, also for one that there is not: the page asks for it itself, and says so."""
    if request.path.endswith("/"):
        return _moved(f"../{quote(hash, safe='')}")
    response = _page(_in_their_language(), conditional=False)
    try:
        link = services().links.file_requests.link(hash)
        preview = preview_of(link)
        if preview is not None:
            response = _with_head(_in_their_language(), link_tags(preview, services().settings.language))
        # The page asks what the link says of itself, and the browser does so before it has read the page.
        response.headers["Link"] = (
            f"<../api/droppr/requests/{quote(hash, safe='')}>; rel=preload; as=fetch; crossorigin"
        )
    except RequestNotFound:
        response.status_code = 404
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/to/<alias>", strict_slashes=False)
def readable(alias: str) -> Response:
    """A readable address leads to the link's page. One that there is not is answered as a link that there is not."""
    try:
        hash = services().links.file_requests.readable(alias.lower(), client_address())
    except RequestNotFound:
        response = _page(_in_their_language(), conditional=False)
        response.status_code = 404
    else:
        up = "../../" if request.path.endswith("/") else "../"
        response = Response(status=302, headers={"Location": f"{up}request/{hash}"})
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/assets/<path:name>")
def asset(name: str) -> Response:
    # Built names carry a hash of their content.
    return send_from_directory(_built() / "assets", name, max_age=31536000)


def preview_of(link: RequestLink) -> Preview | None:
    """What chats may show of a link; None for nothing, and then the page is the same for all."""
    here = services()
    return preview_of_link(link.terms, here.links.brand(), here.settings.chat_preview == "yes", here.ground.clock())


def _with_head(name: str, tags: str) -> Response:
    """A page with these tags in its head."""
    head, end, rest = (_built() / name).read_text().partition("</head>")
    response = Response(f"{head}{tags}{end}{rest}", mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def _moved(address: str) -> Response:
    return Response(status=301, headers={"Location": address, "Cache-Control": "no-store"})


def _in_their_language() -> str:
    """The sender's page that names the words which the browser will want: of the language that was chosen there, else of the first of
    the browser's that there is, else English."""
    there = {path.name.split(".")[1] for path in _built().glob("request.??.html")}
    wanted = [request.cookies.get("droppr_language", ""), *request.headers.get("Accept-Language", "").split(","), "en"]
    names = (re.split("[-;]", each.strip().lower(), maxsplit=1)[0] for each in wanted)
    return next((f"request.{name}.html" for name in names if name in there), "request.html")


def _page(name: str, conditional: bool = True) -> Response:
    if not (_built() / name).is_file():
        raise NotFound("The pages have not been built yet. Run 'make run', or 'npm run build' in nginx/.")
    return send_from_directory(_built(), name, max_age=0, conditional=conditional)


def _built() -> Path:
    return services().settings.pages_dir
