"""Every call of the HTTP interface, declared once: who may make it, what it takes and what it answers.

docs/openapi.json is made of this table (``openapi.py``); a test holds it to the routes that there are, and the tests hold
every reply that they see to it.
"""

from __future__ import annotations

from app.web.wire import figures, link_views, replies
from app.web.wire.account_calls import ACCOUNT_CALLS
from app.web.wire.audit_calls import AUDIT_CALLS
from app.web.wire.brand_calls import brand_calls
from app.web.wire.checklist_views import SENDER_KEY, checklist_calls
from app.web.wire.declaring import BYTES, EVENTS, FORM, HTML, PACK, TEXT, Call, Group, Header, Messages, Who
from app.web.wire.direct_calls import WANT_DIGEST, direct_calls
from app.web.wire.entity_calls import entity_calls
from app.web.wire.factor_calls import FACTOR_CALLS
from app.web.wire.file_queries import FilesQuery
from app.web.wire.identity_calls import IDENTITY_CALLS
from app.web.wire.key_views import KEY_CALLS
from app.web.wire.link_queries import CloseQuery, ListQuery, ShowQuery
from app.web.wire.message_calls import MESSAGE_CALLS
from app.web.wire.paging import PageQuery
from app.web.wire.push_views import PUSH_CALLS
from app.web.wire.quota_views import QUOTA_CALLS
from app.web.wire.received_calls import received_calls
from app.web.wire.request_bodies import LinkTerms, NewLink
from app.web.wire.settings_calls import settings_calls
from app.web.wire.share_calls import SHARE_CALLS
from app.web.wire.socket_messages import BYTES_FROM_CLIENT, FromClient, FromServer, SocketQuery
from app.web.wire.template_views import TEMPLATE_CALLS
from app.web.wire.upload_bodies import FoldersBody, OpenUploadBody, UploadsBody

_LINK = "/api/droppr/requests/{hash}"
_UPLOAD = f"{_LINK}/uploads/{{upload_id}}"
_OPENING = (
    Header("X-Request-Password", "The link's password, percent-encoded UTF-8."),
    Header("X-Captcha-Token", "What solving the captcha gave; good for one opening."),
    SENDER_KEY,
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
    WANT_DIGEST,
    Header(
        "X-Upload-Key",
        "When opening: makes it repeatable. Else, in place of X-Upload-Id: the upload that was opened under it.",
    ),
    Header("X-Upload-Item", "The id of the item that the file is for, when a first chunk opens an upload."),
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
        "item": {"type": "string"},
    },
    "required": ["file"],
}
_PACK_BODY = {
    "type": "string",
    "format": "binary",
    "description": "For each file one line of JSON as when opening an upload, ended by a line feed; then exactly `size` bytes.",
}
_BYTES = {"type": "string", "format": "binary"}


def _page(path: str, summary: str) -> Call:
    return Call(("GET",), path, Group.PAGES, Who.ANYONE, summary, {"type": "string"}, answers=HTML)


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
        "All links with what each has received and what of it is new, newest first where nothing else is asked for.",
        link_views.LinkList,
        queries=(ListQuery, PageQuery),
    ),
    Call(
        ("GET",),
        _LINK,
        Group.LINKS,
        Who.SENDER,
        "What the sender's page needs to know. With `?as=owner`, the link as the owner's list has it, also a closed one.",
        link_views.SenderLink | link_views.ListedLink,
        queries=(ShowQuery,),
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
        queries=(FilesQuery, PageQuery),
    ),
    *received_calls(_LINK, _BYTES),
    *checklist_calls(_LINK, _OPENING),
    *SHARE_CALLS,
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
    *direct_calls(_UPLOAD),
    *entity_calls(_FORM_FIELDS, _CHUNK),
    *MESSAGE_CALLS,
    *PUSH_CALLS,
    *AUDIT_CALLS,
    *settings_calls(_BYTES),
    Call(
        ("GET",),
        "/ws_api/upload_parallel/{file_id}",
        Group.UPLOADS,
        Who.SENDER,
        "Send one file over a WebSocket, by the same rules.",
        status=101,
        queries=(SocketQuery,),
        messages=Messages(FromClient, FromServer, BYTES_FROM_CLIENT),
    ),
    Call(
        ("GET",), "/api/droppr/captcha", Group.UPLOADS, Who.ANYONE, "A challenge of our own captcha.", replies.Challenge
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
    *ACCOUNT_CALLS,
    *KEY_CALLS,
    *FACTOR_CALLS,
    *IDENTITY_CALLS,
    *QUOTA_CALLS,
    *TEMPLATE_CALLS,
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
        queries=(figures.OnceQuery,),
        events=figures.LiveFigures,
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
    _page("/api/docs", "This interface, to be read."),
    _page("/", "The first page."),
    _page("/admin", "The owner's page."),
    _page("/admin/audit", "The owner's page of who did what."),
    _page("/admin/document", "The owner's page of a file's text."),
    _page("/admin/links/{hash}", "The owner's page of one link."),
    _page("/request/{hash}", "The sender's page."),
    Call(
        ("GET",),
        "/admin/push-worker.js",
        Group.PAGES,
        Who.ANYONE,
        "What shows notifications of the owner's pages.",
        _BYTES,
        answers="text/javascript",
    ),
    Call(
        ("GET",),
        "/icon-{name}.png",
        Group.PAGES,
        Who.ANYONE,
        "Icons of the owner's pages as an app.",
        _BYTES,
        answers="*/*",
    ),
    Call(("GET",), "/assets/{name}", Group.PAGES, Who.ANYONE, "What the pages are made of.", _BYTES, answers="*/*"),
    *brand_calls(_LINK, _BYTES),
)
