"""The calls by which an owner takes received files away, declared."""

from __future__ import annotations

from app.web.wire import replies
from app.web.wire.archive_query import ArchiveQuery, DeleteQuery
from app.web.wire.declaring import ZIP, Call, Group, Who
from app.web.wire.paging import PageQuery
from app.web.wire.request_bodies import Seen


def received_calls(link: str, bytes: dict[str, str]) -> tuple[Call, ...]:
    """Those of a link, whose path is ``link``."""
    return (
        Call(
            ("POST",),
            f"{link}/seen",
            Group.RECEIVED,
            Who.OWNER,
            "Say up to which file the owner was shown what has arrived. Again changes nothing, and nothing goes back.",
            replies.SeenReply,
            body=Seen,
        ),
        Call(
            ("GET",),
            f"{link}/archive",
            Group.RECEIVED,
            Who.OWNER,
            "Download what has arrived as one archive (ZIP). Knows `Range`, `If-Range`, `If-None-Match` and `HEAD`.",
            bytes,
            answers=ZIP,
            queries=(ArchiveQuery,),
            also=((206, bytes), (304, None)),
        ),
        Call(
            ("DELETE",),
            f"{link}/files/{{path}}",
            Group.RECEIVED,
            Who.OWNER,
            "Delete a received file; it lies in the bin for a while.",
            replies.Deleted,
            queries=(DeleteQuery,),
        ),
        Call(
            ("GET",),
            f"{link}/bin",
            Group.RECEIVED,
            Who.OWNER,
            "Deleted files that can be restored.",
            replies.DeletedList,
            queries=(PageQuery,),
        ),
        Call(
            ("POST",),
            f"{link}/bin/{{upload_id}}/restore",
            Group.RECEIVED,
            Who.OWNER,
            "Restore a deleted file.",
            replies.Restored,
        ),
        Call(
            ("DELETE",),
            f"{link}/bin/{{upload_id}}",
            Group.RECEIVED,
            Who.OWNER,
            "Remove a deleted file for good.",
            status=204,
        ),
    )
