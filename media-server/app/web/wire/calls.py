"""Every call of the HTTP interface, declared once: who may make it, what it takes and what it answers.

docs/openapi.json is made of this table (``openapi.py``); a test holds it to the routes that there are, and the tests hold
every reply that they see to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.web.wire import figures, link_views, replies
from app.web.wire.paging import PageQuery
from app.web.wire.request_bodies import CloseQuery, LinkTerms, ListQuery, Login, NewLink
from app.web.wire.upload_bodies import FoldersBody, OpenUploadBody, UploadsBody

JSON = "application/json"
BYTES = "application/octet-stream"
FORM = "multipart/form-data"
PACK = "application/vnd.droppr.pack"
HTML = "text/html"
TEXT = "text/plain"
EVENTS = "text/event-stream"


class Who(StrEnum):
    OWNER = "the owner"
    SENDER = "anyone with the link"
    UPLOADER = "anyone who names the upload"
    ANYONE = "anyone"


class Group(StrEnum):
    """The parts of the interface, in the order in which they are told."""

    LINKS = "Links"
    UPLOADS = "Uploads"
    RECEIVED = "What has arrived"
    PROOF = "Receipts and handoffs"
    SESSION = "The owner's session"
    SERVER = "The server"
    PAGES = "Pages"


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a call takes, and may come without."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Call:
    """``path`` as the docs write it, with ``{hash}``. ``reply`` and ``body`` are types that pydantic knows, None where
    there is nothing in JSON; ``also`` are replies of further statuses that are no errors as all others are."""

    methods: tuple[str, ...]
    path: str
    group: Group
    who: Who
    about: str
    reply: Any = None
    status: int = 200
    answers: str = JSON
    body: Any = None
    takes: str = JSON
    headers: tuple[Header, ...] = ()
    queries: tuple[Any, ...] = ()
    also: tuple[tuple[int, Any], ...] = ()


_LINK = "/api/droppr/requests/{hash}"
_UPLOAD = f"{_LINK}/uploads/{{upload_id}}"
_OPENING = (
    Header("X-Request-Password", "The link's password, percent-encoded UTF-8."),
    Header("X-Captcha-Token", "What solving the captcha gave; good for one opening."),
)
_CHUNK = (
    Header("X-Upload-Id", "The upload; absent on a first chunk at offset 0, which then opens one."),
    Header("Content-Range", "`bytes a-b/total`; b inclusive; total may be `*`. Or the three that follow."),
    Header("X-Upload-Offset", "The first byte, with Content-Length."),
    Header("X-Upload-End", "The last byte, inclusive."),
    Header("X-Upload-Length", "The size of the file."),
    Header("X-Chunk-Index", "The position in the client's own numbering; never trusted for order."),
    Header("X-Upload-Path", "Percent-encoded UTF-8: the name, when a first chunk opens an upload."),
    Header("X-Upload-Name", "The same."),
    Header("Content-Digest", "`sha-256=:…:` (RFC 9530), checked before the chunk counts."),
    Header("Want-Repr-Digest", "`sha-256=1` (RFC 9530): have the reply that completes the file tell its `sha256`."),
    Header("X-Upload-Key", "When opening: makes it repeatable."),
    Header("X-Upload-Opening", "In place of path, name, length and key: the JSON of opening an upload, in ASCII."),
    *_OPENING,
)
_FORM_FIELDS = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "relative_path": {"type": "string"},
        "sender_name": {"type": "string"},
        "sender_email": {"type": "string"},
    },
    "required": ["file"],
}
_PACK_BODY = {
    "type": "string",
    "format": "binary",
    "description": "For each file one line of JSON as when opening an upload, ended by a line feed; then exactly `size` bytes.",
}
_BYTES = {"type": "string", "format": "binary"}

CALLS = (
    Call(
        ("POST",),
        "/api/droppr/requests",
        Group.LINKS,
        Who.OWNER,
        "Make a link.",
        link_views.OwnerLink,
        201,
        body=NewLink,
    ),
    Call(
        ("GET",),
        "/api/droppr/requests",
        Group.LINKS,
        Who.OWNER,
        "All links with what each has received, newest first.",
        link_views.LinkList,
        queries=(ListQuery, PageQuery),
    ),
    Call(
        ("GET",),
        _LINK,
        Group.LINKS,
        Who.SENDER,
        "What the sender's page needs to know.",
        link_views.SenderLink,
    ),
    Call(
        ("PATCH",),
        _LINK,
        Group.LINKS,
        Who.OWNER,
        "Change what the body names, and nothing else.",
        link_views.OwnerLink,
        body=LinkTerms,
    ),
    Call(
        ("DELETE",),
        _LINK,
        Group.LINKS,
        Who.OWNER,
        "Close the link; received files stay. With `forget`, delete a closed or expired one for good.",
        status=204,
        queries=(CloseQuery,),
    ),
    Call(
        ("GET",),
        f"{_LINK}/files",
        Group.RECEIVED,
        Who.OWNER,
        "What has arrived.",
        replies.FileList,
        queries=(PageQuery,),
    ),
    Call(
        ("GET",),
        f"{_LINK}/files/{{path}}",
        Group.RECEIVED,
        Who.OWNER,
        "Download a file; the path may hold slashes. Knows `Range`, `If-Range`, `If-None-Match` and `HEAD`.",
        _BYTES,
        answers=BYTES,
        also=((206, _BYTES), (304, None)),
    ),
    Call(
        ("POST",),
        f"{_LINK}/files/{{path}}/pass-on",
        Group.RECEIVED,
        Who.OWNER,
        "Pass a received file on now, however often that failed.",
        replies.PassedOnReply,
        202,
    ),
    Call(
        ("POST",),
        f"{_LINK}/uploads",
        Group.UPLOADS,
        Who.SENDER,
        "Open an upload, or find the one that was opened under the same key. A size of 0 is complete at once.",
        replies.Opened,
        201,
        body=OpenUploadBody,
        headers=(
            *_OPENING,
            Header("X-Next-Hop-Protocol", "What a browser calls the protocol of its connection."),
        ),
    ),
    Call(("GET",), _UPLOAD, Group.UPLOADS, Who.SENDER, "How an upload stands.", replies.UploadStatus),
    Call(
        ("DELETE",),
        _UPLOAD,
        Group.UPLOADS,
        Who.SENDER,
        "Cancel an upload; of a complete one, take the file back until `removable_until`. The owner, with the admin token or "
        "with `?as=owner`, cancels what is open and takes nothing back.",
        status=204,
    ),
    Call(
        ("POST", "PUT", "PATCH"),
        f"{_LINK}/upload-chunk",
        Group.UPLOADS,
        Who.SENDER,
        "Send one chunk, in any order.",
        replies.ChunkReply,
        body=_BYTES,
        takes=BYTES,
        headers=_CHUNK,
    ),
    Call(
        ("POST",),
        f"{_LINK}/pack",
        Group.UPLOADS,
        Who.SENDER,
        "Send many small files in one request.",
        replies.PackReply,
        body=_PACK_BODY,
        takes=PACK,
        headers=_OPENING,
    ),
    Call(
        ("POST",),
        f"{_LINK}/upload",
        Group.UPLOADS,
        Who.SENDER,
        "Send one small file as an HTML form does.",
        replies.Finished,
        body=_FORM_FIELDS,
        takes=FORM,
        headers=_OPENING,
    ),
    Call(
        ("POST",),
        f"{_LINK}/folders",
        Group.UPLOADS,
        Who.SENDER,
        "Make empty folders. Again changes nothing.",
        replies.FoldersMade,
        201,
        body=FoldersBody,
        headers=_OPENING,
    ),
    Call(
        ("POST",),
        f"{_LINK}/arrived",
        Group.UPLOADS,
        Who.SENDER,
        "Which of these uploads have arrived and were not taken back.",
        replies.Arrived,
        body=UploadsBody,
    ),
    Call(
        ("GET",),
        f"{_LINK}/uploads",
        Group.RECEIVED,
        Who.OWNER,
        "What is on its way.",
        replies.OpenUploadList,
        queries=(PageQuery,),
    ),
    Call(
        ("DELETE",),
        f"{_LINK}/uploads",
        Group.RECEIVED,
        Who.OWNER,
        "Cancel all that is on its way, as far as one call goes.",
        replies.Stopped,
    ),
    Call(
        ("GET",),
        "/api/droppr/captcha",
        Group.UPLOADS,
        Who.ANYONE,
        "A challenge of the self-hosted captcha.",
        replies.Challenge,
    ),
    Call(
        ("POST",),
        f"{_LINK}/receipts",
        Group.PROOF,
        Who.SENDER,
        "A signed receipt for these uploads.",
        replies.Receipt,
        body=UploadsBody,
    ),
    Call(
        ("GET",),
        "/api/droppr/receipt-key",
        Group.PROOF,
        Who.ANYONE,
        "What receipts of this server are signed with.",
        replies.ReceiptKey,
    ),
    Call(
        ("POST",),
        f"{_LINK}/handoffs",
        Group.PROOF,
        Who.SENDER,
        "A short code by which these uploads go on elsewhere.",
        replies.HandoffMade,
        201,
        body=UploadsBody,
    ),
    Call(
        ("GET",),
        f"{_LINK}/handoffs/{{code}}",
        Group.PROOF,
        Who.SENDER,
        "The uploads that a code stands for.",
        replies.Handoff,
    ),
    Call(
        ("POST",),
        "/api/droppr/session",
        Group.SESSION,
        Who.ANYONE,
        "Log in: the reply sets a cookie, for this server's own pages.",
        status=204,
        body=Login,
    ),
    Call(("GET",), "/api/droppr/session", Group.SESSION, Who.OWNER, "Whether there is a session.", status=204),
    Call(("DELETE",), "/api/droppr/session", Group.SESSION, Who.ANYONE, "Log out.", status=204),
    Call(("GET",), "/healthz", Group.SERVER, Who.ANYONE, "Whether it is alive.", replies.Alive),
    Call(
        ("GET",),
        "/readyz",
        Group.SERVER,
        Who.ANYONE,
        "Whether it can do its work.",
        replies.Ready,
        also=((503, replies.NotReady),),
    ),
    Call(
        ("GET",),
        "/metrics",
        Group.SERVER,
        Who.OWNER,
        "For Prometheus; without a token from the machine itself.",
        {"type": "string"},
        answers=TEXT,
    ),
    Call(
        ("GET",),
        "/api/v1/system/upload-status",
        Group.SERVER,
        Who.OWNER,
        "How busy it is.",
        figures.ServerStatus,
    ),
    Call(
        ("GET",),
        "/api/v1/system/upload-events",
        Group.SERVER,
        Who.OWNER,
        "The same as it changes, every two seconds.",
        {"type": "string"},
        answers=EVENTS,
    ),
    Call(
        ("GET",),
        "/api/v1/system/upload-progress/{upload_id}",
        Group.SERVER,
        Who.UPLOADER,
        "How far one upload is.",
        figures.Progress,
    ),
    Call(
        ("GET",),
        "/api/openapi.json",
        Group.SERVER,
        Who.ANYONE,
        "This interface, as OpenAPI 3.1.",
        {"type": "object", "additionalProperties": True},
    ),
    Call(
        ("GET",), "/api/docs", Group.PAGES, Who.ANYONE, "This interface, to be read.", {"type": "string"}, answers=HTML
    ),
    Call(("GET",), "/", Group.PAGES, Who.ANYONE, "The first page.", {"type": "string"}, answers=HTML),
    Call(("GET",), "/admin", Group.PAGES, Who.ANYONE, "The owner's page.", {"type": "string"}, answers=HTML),
    Call(("GET",), "/request/{hash}", Group.PAGES, Who.ANYONE, "The sender's page.", {"type": "string"}, answers=HTML),
    Call(("GET",), "/assets/{name}", Group.PAGES, Who.ANYONE, "What the pages are made of.", _BYTES, answers="*/*"),
    Call(("GET",), "/logo", Group.PAGES, Who.ANYONE, "The owner's logo.", _BYTES, answers="image/*"),
)
