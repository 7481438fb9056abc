"""What addresses ask for of a link's files: lists, archives, deletions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.file_lists import Choice, Order, Sort
from app.core.terms import MAX_COUNT
from app.core.types import FileKind

MAX_FOLDER_LENGTH = 4096
MAX_SOUGHT_LENGTH = 200
MAX_SENDER_LENGTH = 300
MAX_SELECTIONS = 50
"""Names of selections in one address."""
MAX_CHOSEN = 5_000
"""Uploads behind one name: what a body of 256 KiB holds."""
MAX_LINKS = 200
"""Links of one archive."""
MAX_AT_ONCE = 1_000
"""Files that one call deletes or restores."""

Id = Annotated[str, StringConstraints(max_length=128)]
_Time = Annotated[float, Field(ge=0, le=MAX_COUNT)]
# No name that is kept holds one.
_NO_ZERO = r"^[^\x00]*$"


class ChoiceQuery(BaseModel):
    """Some of a link's files: of several, what all of them name."""

    model_config = ConfigDict(extra="ignore")

    q: Annotated[
        str,
        Field(
            max_length=MAX_SOUGHT_LENGTH,
            pattern=_NO_ZERO,
            description="Only files in whose path this stands, in upper or lower case, taken literally.",
        ),
    ] = ""
    sender: Annotated[
        str | None,
        Field(
            max_length=MAX_SENDER_LENGTH,
            pattern=_NO_ZERO,
            description="Only files of whoever has this name, or this e-mail address; empty: of senders who are not known.",
        ),
    ] = None
    type: Annotated[FileKind | None, Field(description="Only files of this kind, by their extension.")] = None
    since: Annotated[_Time | None, Field(description="Only what arrived after this time (`received_at`).")] = None
    until: Annotated[_Time | None, Field(description="Only what arrived at this time at the latest.")] = None

    item: Annotated[
        str | None, Field(max_length=64, pattern=_NO_ZERO, description="Only files for this item; empty: for none.")
    ] = None
    party: Annotated[
        str | None,
        Field(max_length=64, pattern=_NO_ZERO, description="Only files of this party, as `…/parties` tells them."),
    ] = None

    repeated: Annotated[
        bool, Field(description="Only files of which the link has another one with the same content (SHA-256).")
    ] = False

    @property
    def choice(self) -> Choice:
        return Choice(self.q, self.sender, self.type, self.since, self.until, self.item, self.party, self.repeated)


class Direction(StrEnum):
    ASCENDING = "asc"
    DESCENDING = "desc"


class FilesQuery(ChoiceQuery):
    """Which files a list tells, and in which order."""

    sort: Annotated[Sort, Field(description="What it is sorted by.")] = Sort.RECEIVED
    direction: Annotated[
        Direction | None,
        Field(description="Without it, names and senders go up, and the newest or largest come first."),
    ] = None
    new: Annotated[
        bool,
        Field(description="Only those that the owner has not seen, in the order of arrival; nothing else counts then."),
    ] = False
    count: Annotated[bool, Field(description="Whether to tell how much is found in all (`found`).")] = False
    copies: Annotated[
        bool,
        Field(description="With `limit`, of up to 200: tell of each file which other links have its content, too."),
    ] = False

    @property
    def order(self) -> Order:
        usual = Direction.ASCENDING if self.sort in (Sort.NAME, Sort.SENDER) else Direction.DESCENDING
        return Order(self.sort, (self.direction or usual) is Direction.DESCENDING)


class ArchiveQuery(ChoiceQuery):
    """Without any of these all that has arrived is meant; of several, what all of them name."""

    folder: Annotated[str, Field(max_length=MAX_FOLDER_LENGTH, description="Only what is below this folder.")] = ""
    files: Annotated[str | None, Field(description="Only the files of these uploads: their ids, apart by commas.")] = (
        None
    )
    selection: Annotated[
        str | None, Field(description="Only the files of these selections: their ids, apart by commas.")
    ] = None
    but: Annotated[str | None, Field(description="None of the files of these selections, in the same way.")] = None

    @property
    def upload_ids(self) -> tuple[str, ...] | None:
        return None if self.files is None else _apart(self.files)

    @property
    def selections(self) -> tuple[str, ...] | None:
        return None if self.selection is None else _apart(self.selection)

    @property
    def all_but(self) -> tuple[str, ...]:
        return _apart(self.but or "")


class ArchivesQuery(BaseModel):
    """Of which links everything is taken away in one archive."""

    links: Annotated[str, Field(min_length=1, description="Their hashes, apart by commas: up to 200.")]

    @property
    def hashes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_apart(self.links)))


def _apart(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


class ChosenBody(BaseModel):
    """Files of one link, by the ids of their uploads."""

    model_config = ConfigDict(strict=True, extra="ignore")

    uploads: Annotated[list[Id], Field(min_length=1, max_length=MAX_CHOSEN)]


class ManyBody(BaseModel):
    """Files of one link, by the ids of their uploads, for something that takes its time."""

    model_config = ConfigDict(strict=True, extra="ignore")

    uploads: Annotated[list[Id], Field(min_length=1, max_length=MAX_AT_ONCE)]


class RenameBody(BaseModel):
    """What a received file is to be called."""

    model_config = ConfigDict(extra="ignore")

    path: Annotated[str, Field(max_length=MAX_FOLDER_LENGTH, description="Its new path below the link's folder.")]
    upload_id: Annotated[
        str | None, Field(description="The upload that brought it; 404 where the newest of this name is another.")
    ] = None


class DeleteQuery(BaseModel):
    """Which file is meant, where several arrived under one name."""

    model_config = ConfigDict(extra="ignore")

    upload_id: Annotated[
        str | None, Field(description="The upload that brought it; 404 where the newest of this name is another.")
    ] = None
