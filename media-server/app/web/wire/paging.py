"""Lists in pages: newest first, each page beginning where the one before it ended, whatever comes or goes meanwhile."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import InvalidRequest
from app.web.wire.json_body import parse

T = TypeVar("T")
Place = tuple[float, str]
"""Where an item stands in its list: its time in seconds since the epoch, and what tells it from others of that time."""


class PageQuery(BaseModel):
    """What the address asks for. Without ``limit`` the whole list is meant."""

    model_config = ConfigDict(extra="ignore")

    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    cursor: str | None = None


def page(items: Iterable[T], place: Callable[[T], Place]) -> tuple[list[T], dict[str, str | None]]:
    """The page of ``items`` that this request asks for, and what its reply says of the next one: nothing where the
    whole list was asked for, which keeps the order of ``items``. Raises InvalidRequest."""
    query = parse(PageQuery, request.args.to_dict())
    if query.limit is None:
        return list(items), {}
    newest_first = sorted(items, key=place, reverse=True)
    if query.cursor:
        after = _place(query.cursor)
        newest_first = [item for item in newest_first if place(item) < after]
    shown = newest_first[: query.limit]
    more = len(newest_first) > len(shown)
    return shown, {"next_cursor": _cursor(place(shown[-1])) if more else None}


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, allow_nan=False).encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        at, name = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return float(at), str(name)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidRequest("The cursor is not one of this list.", fields={"cursor": "unknown"}) from None
