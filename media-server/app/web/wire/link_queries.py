"""What addresses of links ask for, and how far their owner has seen them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.actors import Reach
from app.core.standing import LinkFilter, LinkOrder, LinkSort
from app.core.terms import MAX_COUNT


class ListQuery(BaseModel):
    """What the address of the list asks for."""

    active: bool | None = None
    sort: Annotated[
        Literal["created", "last_received", "title", "expires", "due"], Field(description="By what links are sorted.")
    ] = "created"
    direction: Annotated[
        Literal["asc", "desc"] | None,
        Field(description="Without it the newest come first, titles from A, and what expires or is due soonest."),
    ] = None
    state: Annotated[
        Literal["not_begun", "due", "late", "new", "open", "full", "expired", "closed"] | None,
        Field(
            description="Only links that are so; `not_begun`: nothing has come or is coming, and it is not closed; `due`: within a "
            "week; `late`: they were due, and somebody may still have to send."
        ),
    ] = None

    owner: Annotated[
        str | None, Field(max_length=200, description="Only links of this owner, such as `account:ann` or `team:tax`.")
    ] = None

    def owners_within(self, reach: Reach) -> Collection[str] | None:
        """Whose links are meant of those in reach; None for all."""
        if self.owner is None:
            return reach.owners
        return [self.owner] if reach.holds(self.owner) else []

    @property
    def order(self) -> LinkOrder:
        usual = LinkOrder.usual(LinkSort(self.sort))
        return usual if self.direction is None else usual._replace(descending=self.direction == "desc")

    @property
    def only(self) -> LinkFilter | None:
        return None if self.state is None else LinkFilter(self.state)


class Seen(BaseModel):
    """How far an owner has seen what a link has received."""

    model_config = ConfigDict(extra="ignore")

    files_arrived: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_COUNT,
            strict=True,
            description="As the list told it before the files that were shown were asked for.",
        ),
    ]


class ShowQuery(BaseModel):
    """What the address of a link asks for."""

    as_: Annotated[
        Literal["owner"] | None, Field(alias="as", description="`owner`: the link as its owner's list has it.")
    ] = None


class CloseQuery(BaseModel):
    """What the address of a DELETE asks for."""

    forget: bool = False
