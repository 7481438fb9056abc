"""Items and questions of a link as owners write them: told which one is wrong, and why."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.core.items import (
    ID,
    MAX_CHOICE,
    MAX_CHOICES,
    MAX_DESCRIPTION,
    MAX_EXAMPLE,
    MAX_FILES_OF_ITEM,
    MAX_ITEMS,
    MAX_LABEL,
    MAX_QUESTIONS,
    MAX_TITLE,
    Item,
    Question,
    QuestionKind,
)
from app.core.terms import MAX_COUNT

NEW = ""
"""The id of what has none yet."""
_Id = Annotated[
    str | None,
    Field(pattern=f"^{ID}$", description="The server gives one where there is none; it stays through changes."),
]
Asked = TypeVar("Asked", Item, Question)


def _sound(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("The text is not valid Unicode.") from None
    return text.strip()


_Text = Annotated[str, AfterValidator(_sound)]


class ItemBody(BaseModel):
    """One thing that a link asks for."""

    model_config = ConfigDict(strict=True, extra="ignore", str_strip_whitespace=True)

    id: _Id = None
    title: Annotated[_Text, Field(min_length=1, max_length=MAX_TITLE)]
    description: Annotated[_Text, Field(max_length=MAX_DESCRIPTION)] = ""
    required: bool = True
    count: Annotated[
        int, Field(ge=1, le=MAX_FILES_OF_ITEM, description="How many files it takes to count as sent.")
    ] = 1
    most: Annotated[
        int, Field(ge=0, le=MAX_COUNT, description="The most files that it takes of one party; 0 is any number.")
    ] = 0
    extensions: Annotated[
        list[str] | str | None,
        Field(description="In place of the link's own, written like those; empty: as the link."),
    ] = None
    example: Annotated[_Text, Field(max_length=MAX_EXAMPLE, description="A text, or an address by HTTPS.")] = ""


class QuestionBody(BaseModel):
    """One thing that a link asks senders to say."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    id: _Id = None
    label: Annotated[_Text, Field(min_length=1, max_length=MAX_LABEL)]
    kind: QuestionKind = QuestionKind.TEXT
    required: Annotated[bool, Field(strict=True)] = False
    choices: Annotated[
        list[Annotated[_Text, Field(min_length=1, max_length=MAX_CHOICE)]],
        Field(max_length=MAX_CHOICES, description="For `choice`, and for no other."),
    ] = []


def items_of(value: object, extensions_of: Any) -> tuple[Item, ...]:
    """Items, of a list of objects; what has no id has ``NEW``. ``extensions_of`` reads a list of extensions. Raises ValueError."""
    found = []
    for number, body in enumerate(_read(value, ItemBody, MAX_ITEMS, "Item"), 1):
        try:
            extensions = tuple(extensions_of(body.extensions or None))
        except ValueError as error:
            raise ValueError(f"Item {number}: extensions: {error}") from None
        if 0 < body.most < body.count:
            raise ValueError(f"Item {number}: it needs {body.count} files and takes {body.most} at most.")
        more = {name: getattr(body, name) for name in ("title", "description", "required", "count", "most", "example")}
        found.append(Item(id=body.id or NEW, extensions=extensions, **more))
    return _unlike(found, "items")


def questions_of(value: object) -> tuple[Question, ...]:
    """Questions, of a list of objects, in the same way."""
    found = []
    for number, body in enumerate(_read(value, QuestionBody, MAX_QUESTIONS, "Question"), 1):
        choices = tuple(dict.fromkeys(body.choices))
        if body.kind is QuestionKind.CHOICE and len(choices) < 2:
            raise ValueError(f"Question {number}: give at least two answers to choose from, as choices.")
        if body.kind is not QuestionKind.CHOICE and choices:
            raise ValueError(f"Question {number}: only one of kind choice has choices.")
        found.append(Question(body.id or NEW, body.label, body.kind, body.required, choices))
    return _unlike(found, "questions")


def _read(value: object, body: type[Any], most: int, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("Input should be a list of objects, or null")
    if len(value) > most:
        raise ValueError(f"At most {most} are possible")
    try:
        found: list[Any] = TypeAdapter(list[body]).validate_python(value)  # type: ignore[valid-type]
        return found
    except ValidationError as error:
        problem = error.errors()[0]
        number, *where = problem["loc"]
        what = f"{where[0]}: " if where else ""
        said = problem["msg"].removeprefix("Value error, ")
        raise ValueError(f"{name} {int(number) + 1}: {what}{said}") from None


def _unlike(found: list[Asked], name: str) -> tuple[Asked, ...]:
    ids: list[str] = [each.id for each in found if each.id != NEW]
    if len({*ids}) < len(ids):
        raise ValueError(f"Two {name} have one id. Leave the id of a new one out")
    return tuple(found)
