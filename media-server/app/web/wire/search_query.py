"""What the address of a search asks for."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.core.search.documents import EntityId, Scope
from app.settings import extension_list
from app.web.wire.json_body import parse

MAX_QUERY = 1000
MOST_FOUND = 50
MOST_NAMED = 1000
_REPEATED = ("entity", "type", "sender")

Query = TypeVar("Query", bound="EntityQuery")


def _named(value: Any) -> Any:
    if isinstance(value, list) and len(value) > MOST_NAMED:
        raise ValueError(f"At most {MOST_NAMED} can be named")
    return value


Names = Annotated[list[str] | None, BeforeValidator(_named)]


class EntityQuery(BaseModel):
    """Words, and which documents are meant. Times are seconds since the epoch."""

    model_config = ConfigDict(extra="ignore")

    q: Annotated[str, Field(max_length=MAX_QUERY, description="What is looked for.")]
    limit: Annotated[int, Field(ge=1, le=MOST_FOUND, description="How many documents are told; 10 if not said.")] = 10
    typing: Annotated[bool, Field(description="Whether the last word may go on.")] = False
    type: Annotated[Names, Field(description="Only files with this extension; several may be named.")] = None
    sender: Annotated[
        Names, Field(description="Only files of this sender, as results tell it; several may be named.")
    ] = None
    since: Annotated[float | None, Field(allow_inf_nan=False, description="Only files received from then on.")] = None
    until: Annotated[float | None, Field(allow_inf_nan=False, description="Only files received before.")] = None

    def scope(self, entities: list[EntityId] | None) -> Scope:
        """The documents that are meant, of these entities or of all."""
        return Scope(
            entities=None if entities is None else frozenset(entities),
            kinds=None if self.type is None else frozenset(extension_list(self.type)),
            senders=None if self.sender is None else frozenset(self.sender),
            since=self.since,
            until=self.until,
        )


class SearchQuery(EntityQuery):
    """Words, and which documents are meant, of all entities or of those that are named."""

    entity: Annotated[Names, Field(description="Only files of this entity; several may be named.")] = None


def read_query(model: type[Query]) -> Query:
    """What this request's address asks for, in which some names may come several times. Raises InvalidRequest."""
    given: dict[str, Any] = request.args.to_dict()
    given |= {name: request.args.getlist(name) for name in _REPEATED if name in given}
    return parse(model, given)
