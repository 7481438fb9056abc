"""Replies about files that are chosen, deleted or restored."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from app.web.wire.replies import NextCursor


class Deleted(TypedDict):
    upload_id: str
    restorable_until: Annotated[float | None, Field(description="Null where the file is gone for good.")]


class Renamed(TypedDict):
    upload_id: str
    path: Annotated[str, Field(description="Numbered where another file got the name at that moment.")]
    name: str


class FileRefused(TypedDict):
    """A file with which something was not done, and why."""

    upload_id: str
    error: Annotated[str, Field(description="A sentence for a person.")]
    code: Annotated[str, Field(description="Stable, for programs.")]
    status: int


class DeletedMany(TypedDict):
    files: Annotated[list[Deleted | FileRefused], Field(description="One for each, in their order.")]
    left: Annotated[int, Field(description="How many at the end of the list the call did not come to.")]


class Selected(TypedDict):
    """A name for many files."""

    id: str
    expires_at: float


class DeletedFile(TypedDict):
    """A file that was deleted and can be restored, as the link's owner sees it."""

    upload_id: str
    path: str
    name: str
    size: int
    received_at: float
    deleted_at: float
    deleted_by: Annotated[str, Field(description="Who did it: `owner`, or `service:retention`.")]
    restorable_until: float


class DeletedList(TypedDict):
    files: list[DeletedFile]
    next_cursor: NotRequired[NextCursor]


class Restored(TypedDict):
    upload_id: str
    path: Annotated[str, Field(description="Numbered where another file has the name by now.")]


class RestoredMany(TypedDict):
    files: Annotated[list[Restored | FileRefused], Field(description="One for each, in their order.")]
    left: Annotated[int, Field(description="How many at the end of the list the call did not come to.")]
