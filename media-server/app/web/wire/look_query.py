"""What is asked of a picture of a received file, and how it can be looked at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.looks import MOST_PAGES, PictureSize


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6 else value


class PictureQuery(BaseModel):
    """Which one."""

    model_config = ConfigDict(extra="ignore")

    size: Annotated[
        PictureSize, BeforeValidator(_number), Field(description="Pixels that its longer side has at most.")
    ] = 160
    page: Annotated[int, Field(ge=1, le=MOST_PAGES, description="Of a document: which page.")] = 1


class Look(TypedDict):
    """How a received file can be looked at."""

    look: Annotated[
        Literal["picture", "pages", "video", "audio", "text", "none"],
        Field(description="`pages`: as pictures, page by page. `none`: not at all; `reason` and `problem` say why."),
    ]
    type: Annotated[
        str, Field(description="The type of its content; empty where that is not shown, but pictures of it at most.")
    ]
    pages: Annotated[int, Field(description="How many pictures of it there are, one for each page.")]
    reason: Annotated[str | None, Field(description="As with `no_picture`; or `not_installed`.")]
    problem: Annotated[str | None, Field(description="The same as a sentence.")]
