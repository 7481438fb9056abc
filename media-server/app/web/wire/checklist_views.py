"""Checklists over HTTP: what senders and owners are shown of them, what they say, and how the calls are declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator
from typing_extensions import TypedDict

from app.core.checklists import (
    MAX_NOTE,
    NOTHING,
    ItemState,
    Party,
    PartyState,
    Verdict,
    can_be_noted,
    is_finished,
    is_late,
    note_for_sender,
    party_state,
    state_of,
)
from app.core.links import ReceivedFile, RequestLink
from app.services.senders.checklists import MOST_FILES, Checklist
from app.web.wire.context import services
from app.web.wire.declaring import Call, Group, Header, Who
from app.web.wire.paging import PageQuery
from app.web.wire.replies import NextCursor

SENDER_KEY = Header(
    "X-Sender-Key",
    "22 characters (base64url) that the client made at random for this link and keeps: what it sends and says is one party's.",
)
_Answers = Annotated[dict[str, str | bool], Field(description="By the ids of questions.")]


class SentFile(TypedDict):
    """A file that its sender has sent for an item."""

    upload_id: str
    name: str
    size: int
    received_at: float


class ItemStanding(TypedDict):
    """How an item stands for whoever asks."""

    id: str
    state: ItemState
    note: Annotated[str, Field(description="What the owner said, as long as nothing was sent after it.")]
    files: Annotated[
        list[SentFile], Field(description=f"The newest {MOST_FILES}, newest first; of many items fewer of each.")
    ]
    files_total: int


class OwnChecklist(TypedDict):
    """How far a sender has got; of others nothing."""

    items: Annotated[list[ItemStanding], Field(description="In the order of the link, which has their texts.")]
    answers: _Answers
    finished: Annotated[bool, Field(description="Nothing that is required is missing.")]


class PartyItem(TypedDict):
    """How an item stands for one party."""

    state: ItemState
    note: Annotated[str, Field(description="What the owner said last.")]
    files: int
    at: Annotated[float | None, Field(description="When a file arrived last, or the owner judged.")]


class PartyView(TypedDict):
    """Somebody who sends to a link."""

    id: Annotated[str, Field(description="`recipient` of a personal link, `unknown` for all who sent no key.")]
    name: str | None
    email: str | None
    first_at: Annotated[float | None, Field(description="Null before anything came.")]
    last_at: Annotated[float | None, Field(description="When the last file arrived.")]
    files: Annotated[int, Field(description="Files that are there, also those for no item.")]
    bytes: int
    state: PartyState
    late: bool
    items: Annotated[dict[str, PartyItem], Field(description="Every item of the link, by its id.")]
    answers: _Answers


class PartyList(TypedDict):
    """Who sends to a link, whoever came last first."""

    parties: list[PartyView]
    next_cursor: NotRequired[NextCursor]


class AnswersBody(RootModel[dict[str, Any]]):
    """Answers by the ids of questions: a text, for `agree` true. What is not named stays; null takes an answer back."""


class JudgeBody(BaseModel):
    """What an owner says to what was sent for an item."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[
        Literal["accepted", "returned", "sent"], Field(description="`sent`: neither, as it was before it was judged.")
    ]
    note: Annotated[
        str,
        Field(max_length=MAX_NOTE, description="For the sender. What is sent back needs one.", validate_default=True),
    ] = ""

    @field_validator("note")
    @classmethod
    def _note(cls, value: str, info: Any) -> str:
        if not can_be_noted(value):
            raise ValueError("The note holds characters that cannot be shown.")
        if info.data.get("state") == "returned" and not value.strip():
            raise ValueError("Say what is missing or wrong, so that it can be sent again.")
        return value.strip()

    @property
    def verdict(self) -> Verdict | None:
        return None if self.state == "sent" else Verdict(self.state)


def checklist_view(found: Checklist) -> OwnChecklist:
    terms, party = found.link.terms, found.party
    items: list[ItemStanding] = []
    for item in terms.items:
        record = party.items.get(item.id, NOTHING)
        state = state_of(item, record)
        items.append(
            {
                "id": item.id,
                "state": state,
                "note": note_for_sender(state, record),
                "files": [_sent(each) for each in found.files.get(item.id, ())],
                "files_total": record.files,
            }
        )
    return {"items": items, "answers": dict(party.answers), "finished": is_finished(terms, party)}


def party_view(link: RequestLink, party: Party) -> PartyView:
    terms, state = link.terms, party_state(link.terms, party)
    items: dict[str, PartyItem] = {}
    for item in terms.items:
        record = party.items.get(item.id, NOTHING)
        known: PartyItem = {
            "state": state_of(item, record),
            "note": record.note,
            "files": record.files,
            "at": record.at or None,
        }
        items[item.id] = known
    begun = state is not PartyState.NOT_BEGUN
    return {
        "id": party.id,
        "name": party.name,
        "email": party.email,
        "first_at": party.first_at if begun else None,
        "last_at": party.last_at or None,
        "files": party.files,
        "bytes": party.bytes,
        "state": state,
        "late": is_late(terms, state, services().ground.clock()),
        "items": items,
        "answers": dict(party.answers),
    }


def _sent(file: ReceivedFile) -> SentFile:
    return {"upload_id": file.upload_id, "name": file.name, "size": file.size, "received_at": file.received_at}


def checklist_calls(link: str, opening: tuple[Header, ...]) -> tuple[Call, ...]:
    """The calls about the checklist of a link, whose path is ``link``."""
    return (
        Call(
            ("GET",),
            f"{link}/checklist",
            Group.UPLOADS,
            Who.SENDER,
            "What this sender has sent for each item, and said.",
            OwnChecklist,
            headers=opening,
        ),
        Call(
            ("PUT",),
            f"{link}/answers",
            Group.UPLOADS,
            Who.SENDER,
            "Answer questions of the link.",
            OwnChecklist,
            body=AnswersBody,
            headers=opening,
        ),
        Call(
            ("GET",),
            f"{link}/parties",
            Group.RECEIVED,
            Who.OWNER,
            "Who sends to the link, and how far each has got.",
            PartyList,
            queries=(PageQuery,),
        ),
        Call(
            ("PUT",),
            f"{link}/parties/{{party}}/items/{{item}}",
            Group.RECEIVED,
            Who.OWNER,
            "Accept what a party has sent for an item, or send it back with a note.",
            PartyView,
            body=JudgeBody,
        ),
    )
