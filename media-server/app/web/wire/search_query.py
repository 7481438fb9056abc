"""What the address of a search asks for."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from app.core.search.documents import EntityId, Scope
from app.core.search.listing import DocumentState
from app.core.search.shown import MOST_SHOWN, NOTHING_SHOWN, Shown
from app.settings import extension_list
from app.web.wire.json_body import parse
from app.web.wire.paging import PageQuery

MAX_QUERY = 1000
MOST_FOUND = 50
MOST_NAMED = 1000
_REPEATED = ("entity", "link", "type", "sender", "state")

Query = TypeVar("Query", bound=BaseModel)


def _named(value: Any) -> Any:
    if isinstance(value, list) and len(value) > MOST_NAMED:
        raise ValueError(f"At most {MOST_NAMED} can be named")
    return value


def _shown(value: Any) -> Shown:
    if isinstance(value, Shown):
        return value
    try:
        return Shown.parse(value) if value else NOTHING_SHOWN
    except (ValueError, TypeError):
        raise ValueError("The cursor is not one of this list") from None


Names = Annotated[list[str] | None, BeforeValidator(_named)]
Cursor = Annotated[
    Shown,
    PlainValidator(_shown),
    PlainSerializer(lambda shown: shown.text),
    WithJsonSchema({"type": "string"}),
    Field(description=f"`next_cursor` of the page before; up to {MOST_SHOWN} documents are told in all."),
]


# Written out, as what an address takes refers to nothing.
StateName = Annotated[
    DocumentState, WithJsonSchema({"type": "string", "enum": [state.value for state in DocumentState]})
]


class ScopeQuery(BaseModel):
    """Which documents are meant. Times are seconds since the epoch."""

    model_config = ConfigDict(extra="ignore")

    limit: Annotated[int, Field(ge=1, le=MOST_FOUND, description="How many documents are told; 10 if not said.")] = 10
    cursor: Cursor = NOTHING_SHOWN
    link: Annotated[Names, Field(description="Only files of the link with this hash; several may be named.")] = None
    type: Annotated[Names, Field(description="Only files with this extension; several may be named.")] = None
    sender: Annotated[
        Names, Field(description="Only files of this sender, as results tell it; several may be named.")
    ] = None
    since: Annotated[float | None, Field(allow_inf_nan=False, description="Only files received from then on.")] = None
    until: Annotated[float | None, Field(allow_inf_nan=False, description="Only files received before.")] = None

    def scope(self, *entities: frozenset[EntityId] | None) -> Scope:
        """The documents that are meant: of all entities, or of those that are in each of ``entities``."""
        named = [each for each in entities if each is not None]
        return Scope(
            entities=frozenset.intersection(*named) if named else None,
            kinds=None if self.type is None else frozenset(extension_list(self.type)),
            senders=None if self.sender is None else frozenset(self.sender),
            since=self.since,
            until=self.until,
        )


class EntityQuery(ScopeQuery):
    """Words, and which documents are meant. Times are seconds since the epoch."""

    q: Annotated[str, Field(max_length=MAX_QUERY, description="What is looked for.")]
    typing: Annotated[bool, Field(description="Whether the last word may go on.")] = False
    format: Annotated[
        Literal["results", "context"],
        Field(description="`context`: the best passages in full, for programs that read; `limit` counts these."),
    ] = "results"


class _Anywhere(BaseModel):
    entity: Annotated[Names, Field(description="Only files of this entity; several may be named.")] = None

    @property
    def named(self) -> frozenset[EntityId] | None:
        return None if self.entity is None else frozenset(self.entity)


class SearchQuery(EntityQuery, _Anywhere):
    """Words, and which documents are meant, of all entities or of those that are named."""


class AlikeQuery(ScopeQuery, _Anywhere):
    """Which of the documents that are like one are meant, of all entities or of those that are named."""


class DocumentsQuery(PageQuery):
    """Which of an entity's documents are meant. Without ``limit`` the whole list is."""

    state: Annotated[
        list[StateName] | None, Field(description="Only documents in this state; several may be named.")
    ] = None


class TextQuery(BaseModel):
    """Which stretch of a document's text is meant, and what is marked in it."""

    model_config = ConfigDict(extra="ignore")

    q: Annotated[str, Field(max_length=MAX_QUERY, description="Words to be marked.")] = ""
    typing: Annotated[bool, Field(description="Whether the last word may go on.")] = False
    page: Annotated[int | None, Field(ge=1, le=2**31, description="The beginning of this page.")] = None
    passage: Annotated[
        int | None, Field(ge=0, le=2**31, description="The stretch with this passage, whatever `page` says.")
    ] = None


def read_query(model: type[Query]) -> Query:
    """What this request's address asks for, in which some names may come several times. Raises InvalidRequest."""
    given: dict[str, Any] = request.args.to_dict()
    given |= {name: request.args.getlist(name) for name in _REPEATED if name in given}
    return parse(model, given)
