"""The calls by which an owner takes received files away, declared."""

from __future__ import annotations

from app.web.wire import bin_replies, figures, replies
from app.web.wire.declaring import EVENTS, ZIP, Call, Group, Who
from app.web.wire.file_queries import ArchiveQuery, ArchivesQuery, ChosenBody, DeleteQuery, ManyBody, RenameBody
from app.web.wire.link_queries import Seen
from app.web.wire.look_query import Look, PictureQuery
from app.web.wire.paging import PageQuery

_NEWS = (
    Call(
        ("GET",),
        "/api/droppr/news",
        Group.RECEIVED,
        Who.OWNER,
        "Whether anything has happened: a number, which is all that open pages ask for while nothing does.",
        replies.NewsReply,
    ),
    Call(
        ("GET",),
        "/api/droppr/news/stream",
        Group.RECEIVED,
        Who.OWNER,
        "The same at once as it changes, and every 15 seconds while it does not.",
        {"type": "string"},
        answers=EVENTS,
        queries=(figures.FollowQuery,),
        events=replies.NewsReply | figures.LiveFigures,
    ),
)


def received_calls(link: str, bytes: dict[str, str]) -> tuple[Call, ...]:
    """Those of a link, whose path is ``link``."""
    return (
        *_NEWS,
        Call(
            ("POST",),
            f"{link}/seen",
            Group.RECEIVED,
            Who.OWNER,
            "Say up to which file the owner was shown what has arrived. Again changes nothing, and nothing goes back.",
            replies.SeenReply,
            body=Seen,
        ),
        *_archives(link, bytes),
        *_looks(f"{link}/looks/{{upload_id}}", bytes),
        *_calls_about_one(link),
        *_calls_about_many(link),
        Call(
            ("GET",),
            f"{link}/bin",
            Group.RECEIVED,
            Who.OWNER,
            "Deleted files that can be restored.",
            bin_replies.DeletedList,
            queries=(PageQuery,),
        ),
        Call(
            ("POST",),
            f"{link}/bin/{{upload_id}}/restore",
            Group.RECEIVED,
            Who.OWNER,
            "Restore a deleted file.",
            bin_replies.Restored,
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


def _calls_about_one(link: str) -> tuple[Call, ...]:
    return (
        Call(
            ("GET",),
            f"{link}/copies/{{upload_id}}",
            Group.RECEIVED,
            Who.OWNER,
            "Files with the content of this one on other links that the caller may see.",
            replies.CopyList,
        ),
        Call(
            ("PATCH",),
            f"{link}/files/{{path}}",
            Group.RECEIVED,
            Who.OWNER,
            "Rename a received file, or move it to another folder of its link.",
            bin_replies.Renamed,
            body=RenameBody,
        ),
        Call(
            ("DELETE",),
            f"{link}/files/{{path}}",
            Group.RECEIVED,
            Who.OWNER,
            "Delete a received file; it lies in the bin for a while.",
            bin_replies.Deleted,
            queries=(DeleteQuery,),
        ),
    )


def _calls_about_many(link: str) -> tuple[Call, ...]:
    return (
        Call(
            ("POST",),
            f"{link}/deletions",
            Group.RECEIVED,
            Who.OWNER,
            "Delete several received files; what cannot be deleted undoes nothing of the rest.",
            bin_replies.DeletedMany,
            body=ManyBody,
        ),
        Call(
            ("POST",),
            f"{link}/restorations",
            Group.RECEIVED,
            Who.OWNER,
            "Restore several deleted files, in the same way.",
            bin_replies.RestoredMany,
            body=ManyBody,
        ),
        Call(
            ("POST",),
            f"{link}/selections",
            Group.RECEIVED,
            Who.OWNER,
            "Give files a name by which an archive of them is asked for.",
            bin_replies.Selected,
            201,
            body=ChosenBody,
        ),
        Call(
            ("GET",),
            f"{link}/senders",
            Group.RECEIVED,
            Who.OWNER,
            "Who has sent how many of the files that are there.",
            replies.SenderList,
        ),
    )


def _archives(link: str, bytes: dict[str, str]) -> tuple[Call, ...]:
    return (
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
            ("GET",),
            "/api/droppr/archive",
            Group.RECEIVED,
            Who.OWNER,
            "Download what several links have received as one archive (ZIP), each in a folder of its own.",
            bytes,
            answers=ZIP,
            queries=(ArchivesQuery,),
            also=((206, bytes), (304, None)),
        ),
    )


def _looks(file: str, bytes: dict[str, str]) -> tuple[Call, ...]:
    """Looking at a file, whose path is ``file``."""
    return (
        Call(
            ("GET",),
            file,
            Group.RECEIVED,
            Who.OWNER,
            "How a received file can be looked at.",
            Look,
        ),
        Call(
            ("GET",),
            f"{file}/picture",
            Group.RECEIVED,
            Who.OWNER,
            "A small picture of a received file, made here. Knows `If-None-Match`.",
            bytes,
            answers="image/*",
            queries=(PictureQuery,),
            also=((304, None),),
        ),
        Call(
            ("GET",),
            f"{file}/content",
            Group.RECEIVED,
            Who.OWNER,
            "The file itself to be looked at, of a type that this server has found. Knows `Range`, but of texts.",
            bytes,
            answers="*/*",
            also=((206, bytes), (304, None)),
        ),
    )
