"""Checklists: who sends what a link asks for, and how far each has got. Pure.

A *party* is one who sends to a link: a browser or a program that keeps a key, or on a personal link everybody who opens it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from app.core.errors import AnswersRequired, InvalidRequest, ItemNotFound
from app.core.items import Item, Question, QuestionKind
from app.core.links import RequestLink
from app.core.terms import Terms

RECIPIENT = "recipient"
"""The party of a personal link."""
UNKNOWN = "unknown"
"""Under whom an owner sees what came for items without a key."""
PARTY = rf"[0-9a-f]{{16}}|{RECIPIENT}|{UNKNOWN}"
SENDER_KEY = r"[A-Za-z0-9_-]{22}"
MAX_PARTIES = 10_000
"""So many parties a link remembers: everybody who has it can make one."""
MAX_ANSWER = 2000
MAX_ANSWERS_BYTES = 16 * 1024
"""All answers of a party together, in UTF-8."""
MAX_NOTE = 2000

Answer = str | bool
# Controls but for tabs and line breaks, and halves of characters.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class ItemState(StrEnum):
    """How an item stands for one party."""

    NEEDED = "needed"
    SENT = "sent"
    ACCEPTED = "accepted"
    RETURNED = "returned"


class Verdict(StrEnum):
    """What an owner says to what was sent for an item."""

    ACCEPTED = "accepted"
    RETURNED = "returned"


class PartyState(StrEnum):
    NOT_BEGUN = "not_begun"
    BEGUN = "begun"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What is noted of an item and one party."""

    files: int = 0
    """Received files that are there."""
    coming: int = 0
    """Those on their way."""
    verdict: Verdict | None = None
    """The owner's; it ends with the next file where the item was returned."""
    note: str = ""
    """What the owner said last."""
    at: float = 0.0
    """When a file arrived last or the owner judged, in seconds since the epoch."""


NOTHING = ItemRecord()


@dataclass(frozen=True, slots=True)
class Party:
    """What is noted of a party. Times are seconds since the epoch, 0 before anything came."""

    id: str
    name: str | None = None
    email: str | None = None
    first_at: float = 0.0
    last_at: float = 0.0
    files: int = 0
    bytes: int = 0
    answers: Mapping[str, Answer] = field(default_factory=dict)
    items: Mapping[str, ItemRecord] = field(default_factory=dict)
    language: str | None = None
    """That of the browser it sent with last."""


def party_of(link: RequestLink, key: str | None) -> str | None:
    """The party of who sends with this key; None for somebody who is not known. From a party no key can be told."""
    if link.terms.is_personal:
        return RECIPIENT
    return None if key is None else hashlib.sha256(f"{link.hash}\n{key}".encode()).hexdigest()[:16]


def item_of(terms: Terms, item_id: str | None) -> Item | None:
    """The item of this id, None where there is none."""
    return next((each for each in terms.items if each.id == item_id), None)


def check_item(terms: Terms, item_id: str | None) -> None:
    """Raises ItemNotFound where a file is to be for an item that the link does not ask for."""
    if item_id is not None and item_of(terms, item_id) is None:
        raise ItemNotFound()


def narrowed(link: RequestLink, item_id: str | None) -> RequestLink:
    """The link as it judges files of an item: by the types of that, where it has its own."""
    item = item_of(link.terms, item_id) if item_id else None
    if item is None or not item.extensions:
        return link
    return replace(link, terms=replace(link.terms, allowed_extensions=item.extensions))


def state_of(item: Item, record: ItemRecord) -> ItemState:
    """How an item stands for whom ``record`` is of."""
    if record.verdict is not None:
        return ItemState(record.verdict)
    return ItemState.SENT if record.files >= item.count else ItemState.NEEDED


def note_for_sender(state: ItemState, record: ItemRecord) -> str:
    """What the owner said, as long as it is about what is there now."""
    return "" if state is ItemState.SENT else record.note


def is_finished(terms: Terms, party: Party) -> bool:
    """Whether a party has sent and said all that it has to; where nothing is required, whether anything has come."""
    required = [each for each in terms.items if each.required]
    asked = [each for each in terms.questions if each.required]
    if not required and not asked:
        return party.files > 0
    done = (ItemState.SENT, ItemState.ACCEPTED)
    return not unanswered(asked, party.answers) and all(
        state_of(each, party.items.get(each.id, NOTHING)) in done for each in required
    )


def steps(terms: Terms) -> int:
    """How many things a link asks for that have to be there; where none has to, how many there are."""
    return sum(1 for _ in _steps(terms))


def steps_done(terms: Terms, party: Party) -> int:
    """How many of them a party has sent or said."""
    done = (ItemState.SENT, ItemState.ACCEPTED)
    return sum(
        1
        for each in _steps(terms)
        if (
            state_of(each, party.items.get(each.id, NOTHING)) in done
            if isinstance(each, Item)
            else not unanswered([each], party.answers)
        )
    )


def _steps(terms: Terms) -> Sequence[Item | Question]:
    asked: list[Item | Question] = [*terms.items, *terms.questions]
    return [each for each in asked if each.required] or asked


def party_state(terms: Terms, party: Party) -> PartyState:
    """How far a party has got."""
    if is_finished(terms, party):
        return PartyState.FINISHED
    judged = any(each.files or each.verdict for each in party.items.values())
    return PartyState.BEGUN if party.files or party.answers or judged else PartyState.NOT_BEGUN


def is_late(terms: Terms, state: PartyState, now: float) -> bool:
    """Whether a party should have finished by now."""
    return terms.due_at is not None and state is not PartyState.FINISHED and now > terms.due_at


def unanswered(questions: Iterable[Question], answers: Mapping[str, Answer]) -> list[Question]:
    """The questions that have no answer, or one that was good before they were changed."""
    return [each for each in questions if each.id not in answers or _problem(each, answers[each.id])]


def check_answered(terms: Terms, party: str | None, answers: Mapping[str, Answer]) -> None:
    """Raises AnswersRequired unless this party may send files, as far as questions go."""
    missing = unanswered([each for each in terms.questions if each.required], answers)
    if missing and party is None:
        raise AnswersRequired(
            "This link asks questions, whose answers belong to whoever sends. Send a key of your own as X-Sender-Key, with "
            "the answers and with the files.",
            questions=[each.id for each in missing],
        )
    if missing:
        labels = ", ".join(f"“{each.label}”" for each in missing)
        raise AnswersRequired(f"Answer first what this link asks: {labels}", questions=[each.id for each in missing])


def answered(
    questions: Sequence[Question], before: Mapping[str, Answer], given: Mapping[str, object]
) -> dict[str, Answer]:
    """All answers after some were given; null or an empty text takes one back, where it may be. Raises InvalidRequest with a sentence for each
    that cannot be."""
    known = {each.id: each for each in questions}
    problems = {id[:64]: "This link asks no such question." for id in given if id not in known}
    answers = {id: value for id, value in before.items() if id in known}
    for id, value in given.items():
        question = known.get(id)
        if question is None:
            continue
        if value in (None, "", False):
            answers.pop(id, None)
            if question.required:
                problems[id] = "This has to be answered."
        elif problem := _problem(question, value):
            problems[id] = problem
        elif isinstance(value, str | bool):
            answers[id] = value
    if problems:
        told = " ".join(f"{_label(known.get(id), id)}: {problem}" for id, problem in problems.items())
        raise InvalidRequest(f"Some answers are not right. {told}", fields=problems)
    if sum(len(each.encode()) for each in answers.values() if isinstance(each, str)) > MAX_ANSWERS_BYTES:
        raise InvalidRequest(f"The answers are longer than {MAX_ANSWERS_BYTES} bytes together. Say it shorter.")
    return answers


def _label(question: Question | None, id: str) -> str:
    return question.label if question else id


def _problem(question: Question, value: object) -> str | None:
    """What is wrong with an answer; None where it is good."""
    if question.kind is QuestionKind.AGREE:
        return None if value is True else "Answer with true, or leave it out."
    if not isinstance(value, str):
        return "The answer should be a text."
    if question.kind is QuestionKind.CHOICE:
        return None if value in question.choices else "Choose one of the answers that there are."
    if question.kind is QuestionKind.DATE:
        return None if _is_day(value) else "Write the day as 2026-07-31."
    if len(value) > MAX_ANSWER:
        return f"The answer is longer than {MAX_ANSWER} characters."
    return "The answer holds characters that cannot be shown." if _UNPRINTABLE.search(value) else None


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def can_be_noted(text: str) -> bool:
    """Whether a note holds nothing that cannot be shown."""
    return _UNPRINTABLE.search(text) is None
