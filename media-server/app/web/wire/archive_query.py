"""What the address of an archive asks for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.terms import MAX_COUNT

MAX_FOLDER_LENGTH = 4096
MAX_SENDER_LENGTH = 300


class ArchiveQuery(BaseModel):
    """Without any of these all that has arrived is meant; of several, what all of them name."""

    model_config = ConfigDict(extra="ignore")

    folder: Annotated[str, Field(max_length=MAX_FOLDER_LENGTH, description="Only what is below this folder.")] = ""
    since: Annotated[
        float | None, Field(ge=0, le=MAX_COUNT, description="Only what arrived after this time (`received_at`).")
    ] = None
    until: Annotated[
        float | None, Field(ge=0, le=MAX_COUNT, description="Only what had arrived by this time (`received_at`).")
    ] = None
    sender: Annotated[
        str | None,
        Field(
            max_length=MAX_SENDER_LENGTH,
            description="Only what came from this name or e-mail address; empty: from nobody known.",
        ),
    ] = None
    files: Annotated[str | None, Field(description="Only the files of these uploads: their ids, apart by commas.")] = (
        None
    )

    @property
    def upload_ids(self) -> tuple[str, ...] | None:
        return None if self.files is None else tuple(filter(None, self.files.split(",")))


class DeleteQuery(BaseModel):
    """Which file is meant, where several arrived under one name."""

    model_config = ConfigDict(extra="ignore")

    upload_id: Annotated[
        str | None, Field(description="The upload that brought it; 404 where the newest of this name is another.")
    ] = None
