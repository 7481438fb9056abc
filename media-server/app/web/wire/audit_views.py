"""The audit, as owners are shown it and ask for it. Times are seconds since the epoch."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NotRequired, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from app.core.actors import ActorKind, actor_named
from app.core.audit import LONGEST, SHORTEST, Act, AuditRow, Wanted
from app.services.operations.observer import shortened
from app.web.wire.replies import NextCursor

MAX_WORDS = 200
_COLUMNS = ("time", "act", "actor", "address", "way", "link", "upload_id", "facts")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet would reckon with."""


class AuditEntry(TypedDict):
    """One act."""

    id: int
    at: float
    act: Act
    actor: Annotated[
        str, Field(description="`owner`, `sender`, `service:retention`: a kind, and where there are several, a name.")
    ]
    address: Annotated[str, Field(description="As limits count clients; empty where nobody called.")]
    way: Annotated[str, Field(description="How the actor was known: `session`, `header`, `login`, `command`.")]
    link: Annotated[str | None, Field(description="The hash of a link, which may be deleted by now.")]
    upload_id: str | None
    facts: Annotated[dict[str, Any], Field(description="What else there is to say, such as `path` or `changed`.")]


class AuditList(TypedDict):
    """Acts, newest first."""

    entries: list[AuditEntry]
    next_cursor: NotRequired[NextCursor]


class Erased(TypedDict):
    rows: Annotated[int, Field(description="In how many rows it stood.")]


def _time(value: object) -> object:
    """Seconds since the epoch, or a day or time as ISO 8601 writes it, in UTC where it names no zone."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("Write a day such as 2026-11-29, or seconds since 1970.") from None


def _actor(value: object) -> object:
    try:
        return None if value in (None, "") else str(actor_named(str(value)))
    except ValueError:
        raise ValueError(f"Begin with one of {', '.join(ActorKind)}; a name may follow a colon.") from None


def _nothing(value: object) -> object:
    return None if value == "" else value


Time = Annotated[float | None, BeforeValidator(_time, json_schema_input_type=float | str), BeforeValidator(_nothing)]


class AuditQuery(BaseModel):
    """Which acts are meant: those for which all that is named is so."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    actor: Annotated[
        Annotated[str | None, BeforeValidator(_actor, json_schema_input_type=str)],
        Field(description="Who: a kind such as `owner` or `sender`, or one of that kind: `service:retention`."),
    ] = None
    act: Annotated[Act | None, BeforeValidator(_nothing), Field(description="What was done.")] = None
    link: Annotated[str | None, Field(max_length=200, description="On this link, by its hash.")] = None
    since: Annotated[
        Time, Field(description="From this time on: seconds, or a day or time such as `2026-11-29`, in UTC.")
    ] = None
    until: Annotated[Time, Field(description="Before this time.")] = None
    q: Annotated[
        str, Field(max_length=MAX_WORDS, description="Stands in a name, an address, a path or another fact.")
    ] = ""
    format: Annotated[
        Literal["csv", "jsonl"] | None, Field(description="All that is meant as a file, newest first, in no pages.")
    ] = None

    def wanted(self) -> Wanted:
        actor = actor_named(self.actor) if self.actor else None
        return Wanted(
            kind=actor.kind.value if actor else None,
            name=(actor.name or None) if actor else None,
            act=self.act and self.act.value,
            link=_askable(self.link or "") or None,
            since=self.since,
            until=self.until,
            text=_askable(self.q.strip()),
        )


class ErasureBody(BaseModel):
    """Whose name is to be erased: exactly one of the three. It is taken out where it stands as a whole, in upper or lower case."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str | None, Field(min_length=SHORTEST, max_length=LONGEST)] = None
    email: Annotated[str | None, Field(min_length=SHORTEST, max_length=LONGEST)] = None
    address: Annotated[str | None, Field(min_length=SHORTEST, max_length=LONGEST)] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1 or not self.text.strip(" \t\r\n."):
            raise ValueError("Name one of name, email and address.")
        return self

    @property
    def kind(self) -> str:
        return next(iter(self.model_fields_set))

    @property
    def text(self) -> str:
        return (getattr(self, self.kind) or "").strip()


def _askable(text: str) -> str:
    """What a database can be asked for."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def entry_view(row: AuditRow) -> AuditEntry:
    return {
        "id": row.id,
        "at": row.at,
        "act": cast(Act, row.act),
        "actor": str(row.actor),
        "address": row.actor.address,
        "way": row.actor.way,
        "link": row.link,
        "upload_id": row.upload,
        "facts": dict(row.facts),
    }


def exported(pages: Iterable[list[AuditRow]], form: str) -> Iterator[bytes]:
    """A file of all rows, piece by piece. Links and uploads are only named by their first letters: nothing in it opens anything."""
    if form == "csv":
        yield _csv([_COLUMNS])
    for rows in pages:
        views = [_shown(row) for row in rows]
        if form == "csv":
            yield _csv([_cell(view[name]) for name in _COLUMNS] for view in views)
        else:
            yield "".join(f"{json.dumps(view, allow_nan=False)}\n" for view in views).encode()


def _shown(row: AuditRow) -> dict[str, Any]:
    return {
        "time": datetime.fromtimestamp(row.at, UTC).isoformat(timespec="milliseconds"),
        **entry_view(row),
        "link": None if row.link is None else shortened(row.link),
        "upload_id": None if row.upload is None else shortened(row.upload),
    }


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """A value as a cell that no spreadsheet reckons with and no terminal obeys, on one line."""
    text = (
        value
        if isinstance(value, str)
        else ""
        if value in (None, {})
        else json.dumps(value, ensure_ascii=False, allow_nan=False)
    )
    harmless = f"'{text}" if text.startswith(_FORMULA) else text
    return "".join("\ufffd" if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp") else each for each in harmless)
