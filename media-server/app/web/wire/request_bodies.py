"""The bodies of the owner's calls on links: made of ``core.terms``, parsed once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, create_model, field_validator
from typing_extensions import TypedDict

from app.core.addresses import address_list, mail_address
from app.core.colours import accent_colour
from app.core.errors import InvalidPath
from app.core.items import Item, Question
from app.core.origins import origin_list
from app.core.paths import RelPath
from app.core.remotes import RemoteTarget, TargetKind
from app.core.subfolders import name_rule, subfolder_rule
from app.core.terms import (
    ALIAS,
    MAX_EXTENSION_LENGTH,
    MAX_EXTENSIONS,
    MAX_NOTIFIED,
    MAX_ORIGINS,
    MAX_REMINDERS,
    TERMS,
    Kind,
    Term,
)
from app.settings import extension_list
from app.web.wire.item_bodies import ItemBody, QuestionBody, items_of, questions_of
from app.web.wire.replies import FolderDestination

MAX_PREFIX_BYTES = 512
MAX_TIME = 253_370_764_800
"""The year 9999, the last that calendars have."""
# Names as Amazon has them; other stores have no others.
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_DRIVE_ID = r"[A-Za-z0-9_-]{1,128}"


class IntoBucket(TypedDict):
    """Into a bucket of S3, below ``prefix``."""

    kind: Literal["s3"]
    bucket: Annotated[str, Field(pattern=f"^{_BUCKET}$")]
    prefix: NotRequired[str | None]


class IntoDriveFolder(TypedDict):
    """Into a folder of Google Drive, whose id is the last part of its address in the browser."""

    kind: Literal["drive"]
    folder_id: Annotated[str, Field(pattern=f"^{_DRIVE_ID}$")]


Destination = Annotated[FolderDestination | IntoBucket | IntoDriveFolder, Field(discriminator="kind")]


class LinkChanges(BaseModel):
    """What to set on a link: what is absent stays as it is, and unknown fields are passed over."""

    model_config = ConfigDict(extra="ignore", loc_by_alias=False, arbitrary_types_allowed=True)

    owner: Annotated[
        str | None,
        Field(
            max_length=200,
            description="Whose the link is: `account:NAME`, `team:NAME`, or `owner`, which is whoever holds the admin token. Members "
            "name themselves or a team of theirs, admins anybody.",
        ),
    ] = None

    def terms(self) -> dict[str, Any]:
        """What the body named, and nothing that it did not."""
        return {term.name: getattr(self, term.name) for term in TERMS if term.name in self.model_fields_set}


class _WithFolder(LinkChanges):
    """A new link: the folder that files go into, relative to `files/` in the data folder, and its terms."""

    folder: Annotated[
        RelPath, Field(validation_alias=AliasChoices("folder", "path", "dir"), json_schema_extra={"type": "string"})
    ]

    template: Annotated[
        str | None, Field(max_length=64, description="The id of a template: its terms count where the body names none.")
    ] = None

    @field_validator("folder", mode="before", json_schema_input_type=str)
    @classmethod
    def _folder(cls, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError("Input should be a path such as photos/2026")
        try:
            return RelPath.parse(value.rstrip("/"))
        except InvalidPath as error:
            raise ValueError(error.message) from None


def _number(value: Any) -> Any:
    """Numbers and their spelling as text; null is no limit. True is not one."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return 0 if value is None else value


def _text(value: Any) -> Any:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("The text is not valid Unicode.") from None
    return "" if value is None else value


def _extensions(value: object) -> object:
    texts = [value] if isinstance(value, str) else value or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("Input should be a list of extensions, or one text with commas")
    found = extension_list(texts)
    _text("".join(found))
    if len(found) > MAX_EXTENSIONS or any(len(each) > MAX_EXTENSION_LENGTH or "/" in each for each in found):
        raise ValueError(f"At most {MAX_EXTENSIONS} extensions of {MAX_EXTENSION_LENGTH} characters are possible")
    return found


def _origins(value: object) -> object:
    if value is None or value == "":
        return None
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("Input should be a list of addresses such as https://www.example.org, or '*' or 'none'")
    found = origin_list(texts)
    if len(found) > MAX_ORIGINS:
        raise ValueError(f"At most {MAX_ORIGINS} addresses are possible")
    return found


def _addresses(value: object) -> object:
    if value is None or value == "":
        return None
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("Input should be a list of addresses such as anna@example.org, or 'none'")
    found = address_list(texts)
    if len(found) > MAX_NOTIFIED:
        raise ValueError(f"At most {MAX_NOTIFIED} addresses are possible")
    return found


def _address(value: object) -> object:
    if not isinstance(value, str | None):
        raise ValueError("Input should be an address such as anna@example.org, or ''")
    return mail_address(value) if value and value.strip() else ""


def _subfolder(value: object) -> object:
    if not isinstance(value, str | None):
        raise ValueError("Input should be a path such as {sender}/{date}, or ''")
    return subfolder_rule(_text(value))


def _naming(value: object) -> object:
    if not isinstance(value, str | None):
        raise ValueError("Input should be a text such as {date}-{sender}-{name}, or ''")
    return name_rule(_text(value))


def _colour(value: object) -> object:
    if not isinstance(value, str | None):
        raise ValueError("Input should be a colour such as #0b6f66, or ''")
    return accent_colour(value or "")


def _alias(value: object) -> object:
    text = value.strip().lower() if isinstance(value, str) else value or ""
    if text and (not isinstance(text, str) or re.fullmatch(ALIAS, text) is None):
        raise ValueError("Input should be 3 to 64 of a to z, 0 to 9 and dashes, such as anna-roth")
    return text


def _items(value: object) -> object:
    return items_of(value, _extensions)


def _time(value: object) -> object:
    """A time, of seconds since the epoch or of a text in ISO 8601 that says its zone; null or empty is none."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
            at = datetime.fromisoformat(value.strip())
            if at.tzinfo is None:
                raise ValueError
            value = at.timestamp()
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        seconds = -1.0
    if not 0 < seconds <= MAX_TIME:
        raise ValueError("Input should be seconds since 1970, or a time with its zone such as 2026-07-03T18:00+02:00")
    return seconds


def _days(value: object) -> object:
    """Days before a time, those after it negative, the first of them first."""
    written = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value or []
    wrong = ValueError("Input should be a list of days such as [7, 1, -1]: seven and one before, one after")
    if not isinstance(written, list):
        raise wrong
    days = set()
    for each in written:
        if each == "":
            continue
        if isinstance(each, bool) or not re.fullmatch(r"[+-]?\d{1,4}", str(each)):
            raise wrong
        days.add(int(each))
    if len(days) > MAX_REMINDERS:
        raise ValueError(f"At most {MAX_REMINDERS} reminders are possible")
    return tuple(sorted(days, reverse=True))


def _destination(value: Any) -> RemoteTarget | None:
    """Where to pass files on to, as ``{"kind": "s3", "bucket": …}`` says it; None for the folder alone."""
    if value is None:
        return None
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "folder":
        return None
    if kind == "s3":
        bucket, prefix = value.get("bucket"), value.get("prefix") or ""
        if not isinstance(bucket, str) or not re.fullmatch(_BUCKET, bucket):
            raise ValueError("The bucket's name is missing or not one that S3 has")
        return RemoteTarget(TargetKind.S3, bucket=bucket, prefix=_prefix(prefix))
    if kind == "drive":
        folder = value.get("folder_id")
        if not isinstance(folder, str) or not re.fullmatch(_DRIVE_ID, folder):
            raise ValueError("The folder_id is missing: it is the last part of the folder's address in the browser")
        return RemoteTarget(TargetKind.DRIVE, folder_id=folder)
    raise ValueError("The kind should be 'folder', 's3' or 'drive'")


def _prefix(text: Any) -> str:
    if not isinstance(text, str) or len(text.encode(errors="surrogatepass")) > MAX_PREFIX_BYTES:
        raise ValueError(f"The prefix should be a path of at most {MAX_PREFIX_BYTES} bytes")
    try:
        return str(RelPath.parse(text.strip("/"))) if text.strip("/") else ""
    except InvalidPath as error:
        raise ValueError(error.message) from None


Texts = list[str] | str


# Lists, or one text: what is kept, and how it is read.
_LISTS: dict[Kind, tuple[Any, Callable[[Any], Any]]] = {
    Kind.EXTENSIONS: (tuple[str, ...], _extensions),
    Kind.ORIGINS: (tuple[str, ...] | None, _origins),
    Kind.ADDRESSES: (tuple[str, ...] | None, _addresses),
}


def _read(type: Any, validate: Callable[[Any], Any], written: Any) -> Any:
    """What ``validate`` makes ``type`` of; the contract says that it is ``written``, or null."""
    return Annotated[type, BeforeValidator(validate, json_schema_input_type=written | None)]


def _bounded(type: Any, term: Term, **bounds: Any) -> Any:
    return Annotated[type, Field(ge=0, le=term.most, **bounds)]


def _text_type(term: Term) -> Any:
    text = Annotated[str, Field(max_length=term.most)]
    return _read(text, _text, text)


def _hours_type(term: Term) -> Any:
    hours = _bounded(float, term, allow_inf_nan=False)
    return _read(hours, _number, hours)


def _count_type(term: Term) -> Any:
    count = _bounded(int, term)
    return _read(count, _number, count)


def _list_type(term: Term) -> Any:
    kept, read = _LISTS[term.kind]
    return _read(kept, read, Texts)


def _days_type(term: Term) -> Any:
    day = Annotated[int, Field(ge=-(term.most or 0), le=term.most)]
    return _read(tuple[day, ...], _days, list[day] | str)


# How a term of each kind is read.
_READ: dict[Kind, Callable[[Term], Any]] = {
    Kind.TEXT: _text_type,
    Kind.ADDRESS: lambda _: _read(str, _address, str),
    Kind.SECRET: lambda term: Annotated[str, Field(max_length=term.most)] | None,
    Kind.HOURS: _hours_type,
    Kind.SIZE: _count_type,
    Kind.COUNT: _count_type,
    Kind.CHOICE: lambda term: term.choices,
    Kind.EXTENSIONS: _list_type,
    Kind.ORIGINS: _list_type,
    Kind.ADDRESSES: _list_type,
    Kind.ITEMS: lambda _: _read(tuple[Item, ...], _items, list[ItemBody]),
    Kind.QUESTIONS: lambda _: _read(tuple[Question, ...], questions_of, list[QuestionBody]),
    Kind.DESTINATION: lambda _: _read(Any, _destination, Destination),
    Kind.TIME: lambda _: _read(float | None, _time, float | str),
    Kind.DAYS: _days_type,
    Kind.SUBFOLDER: lambda term: _read(str, _subfolder, Annotated[str, Field(max_length=term.most)]),
    Kind.NAMING: lambda term: _read(str, _naming, Annotated[str, Field(max_length=term.most)]),
    Kind.COLOUR: lambda _: _read(str, _colour, str),
    Kind.ALIAS: lambda _: _read(str, _alias, str),
    Kind.SWITCH: lambda _: bool,
}


def _field(term: Term) -> Any:
    aliases = AliasChoices(term.name, *term.spellings)
    return _READ[term.kind](term), Field(None, validation_alias=aliases, description=f"{term.help} {term.more}".strip())


_FIELDS: dict[str, Any] = {term.name: _field(term) for term in TERMS}
LinkTerms = create_model("LinkTerms", __base__=LinkChanges, __doc__=LinkChanges.__doc__, **_FIELDS)
NewLink = create_model("NewLink", __base__=_WithFolder, __doc__=_WithFolder.__doc__, **_FIELDS)
