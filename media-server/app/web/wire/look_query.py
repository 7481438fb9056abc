"""What is asked of a picture of a received file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

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
