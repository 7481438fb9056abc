"""Lists in pages: newest first, each page beginning where the one before it ended, whatever comes or goes meanwhile."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import InvalidRequest
from app.core.file_lists import Order, Place, Sort
from app.web.wire.json_body import parse

T = TypeVar("T")
Cursor = tuple[float, str]
"""Where an item stands in its list: its time in seconds since the epoch, and what tells it from others of that time."""
Spot = tuple[float | str, str]
"""The same of a list that may be sorted by something else."""
READ_AT_ONCE = 1000


class PageQuery(BaseModel):
    """What the address asks for. Without ``limit`` the whole list is meant."""

    model_config = ConfigDict(extra="ignore")

    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    cursor: str | None = None


def page(items: Iterable[T], cursor_of: Callable[[T], Cursor]) -> tuple[list[T], dict[str, str | None]]:
    """The page of ``items`` that this request asks for, and what its reply says of the next one: nothing where the
    whole list was asked for, which keeps the order of ``items``. Raises InvalidRequest."""
    query = parse(PageQuery, request.args.to_dict())
    if query.limit is None:
        return list(items), {}
    newest_first = sorted(items, key=cursor_of, reverse=True)
    if query.cursor:
        after = _parsed(query.cursor)
        newest_first = [item for item in newest_first if cursor_of(item) < after]
    shown = newest_first[: query.limit]
    more = len(newest_first) > len(shown)
    return shown, {"next_cursor": _text_of(cursor_of(shown[-1])) if more else None}


def read_page(
    read: Callable[[int, Cursor | None], list[T]], whole: Callable[[], Iterable[T]], cursor_of: Callable[[T], Cursor]
) -> tuple[list[T], dict[str, str | None]]:
    """The same of a list that is read by index: ``read`` tells so many items behind a cursor, newest first, and ``whole``
    all of them where no page is asked for. Raises InvalidRequest."""
    query = parse(PageQuery, request.args.to_dict())
    if query.limit is None:
        return list(whole()), {}
    found = read(query.limit + 1, _parsed(query.cursor) if query.cursor else None)
    shown = found[: query.limit]
    more = len(found) > len(shown)
    return shown, {"next_cursor": _text_of(cursor_of(shown[-1])) if more else None}


def read_sorted(
    read: Callable[[int, Place | None], list[tuple[T, Place]]], order: Order
) -> tuple[list[T], dict[str, str | None]]:
    """The same of a list that is sorted in one of several ways, the whole of which is read in pages, too. A cursor is good for the
    order that it is of. Raises InvalidRequest."""
    query = parse(PageQuery, request.args.to_dict())
    after = _parsed_place(query.cursor, order) if query.cursor else None
    if query.limit is None:
        return list(_all(read, after)), {}
    found = read(query.limit + 1, after)
    shown = found[: query.limit]
    more = _encoded([order.sort, *shown[-1][1]]) if len(found) > len(shown) else None
    return [item for item, _ in shown], {"next_cursor": more}


def read_ordered(
    read: Callable[[int, Spot | None], list[T]],
    whole: Callable[[], Iterable[T]],
    spot_of: Callable[[T], Spot],
    order: str,
) -> tuple[list[T], dict[str, str | None]]:
    """The same of a list that is read in an ``order``, whose name its cursors carry: one of another order leads nowhere."""
    query = parse(PageQuery, request.args.to_dict())
    if query.limit is None:
        return list(whole()), {}
    found = read(query.limit + 1, _spot(query.cursor, order) if query.cursor else None)
    shown = found[: query.limit]
    more = len(found) > len(shown)
    return shown, {"next_cursor": _encoded([*spot_of(shown[-1]), order]) if more else None}


def _spot(text: str, order: str) -> Spot:
    try:
        value, name, said = json.loads(_decoded(text))
        fits = isinstance(value, str if order.startswith("title") else int | float) and said == order
        if not fits or not isinstance(name, str) or not _can_be_kept(f"{value}{name}"):
            raise ValueError
        return value if isinstance(value, str) else float(value), name
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _unknown() from None


def _can_be_kept(text: str) -> bool:
    """Whether a database can even be asked for a text."""
    return "\0" not in text and text.isprintable()


def _all(read: Callable[[int, Place | None], list[tuple[T, Place]]], after: Place | None) -> Iterator[T]:
    while page := read(READ_AT_ONCE, after):
        yield from (item for item, _ in page)
        after = page[-1][1]


def _parsed_place(text: str, order: Order) -> Place:
    try:
        sort, key, at, name = json.loads(_decoded(text))
        if sort != order.sort or (not isinstance(key, str)) is not (order.sort in (Sort.RECEIVED, Sort.SIZE)):
            raise ValueError
        return key if isinstance(key, str) else float(key), float(at), str(name)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _unknown() from None


def _text_of(cursor: Cursor) -> str:
    return _encoded(cursor)


def _encoded(cursor: Sequence[str | float]) -> str:
    return base64.urlsafe_b64encode(json.dumps(cursor, allow_nan=False).encode()).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _parsed(text: str) -> Cursor:
    try:
        at, name = json.loads(_decoded(text))
        return float(at), str(name)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _unknown() from None


def _unknown() -> InvalidRequest:
    return InvalidRequest("The cursor is not one of this list.", fields={"cursor": "unknown"})
