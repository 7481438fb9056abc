"""What can be set on a link, as options: made of ``core.terms``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import click

from app.core.terms import TERMS, Kind, Term
from droppr_client.options import Size, first_line
from droppr_client.output import ask_secret

_SAMPLE = "Tax return:pdf"
_ITEM = re.compile(r"(.*\S)\s*:([A-Za-z0-9.]+(?:,[A-Za-z0-9.]+)*)", re.DOTALL)
AnyCommand = TypeVar("AnyCommand", bound=Callable[..., Any])


class Destination(click.ParamType[dict[str, str]]):
    """Where files go after a link's folder, as the API says it: ``folder``, ``s3://BUCKET/PREFIX`` or ``drive:FOLDER_ID``."""

    name = "destination"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        text = str(value)
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        if text.startswith("s3://") and bucket:
            return {"kind": "s3", "bucket": bucket, "prefix": prefix}
        if text.startswith("drive:"):
            return {"kind": "drive", "folder_id": text.removeprefix("drive:")}
        if text != "folder":
            self.fail(f"{value!r} is no place. Write folder, s3://BUCKET/PREFIX or drive:FOLDER_ID.", param, ctx)
        return {"kind": "folder"}


class ObjectList(click.ParamType[list[Any]]):
    """A file that holds a list of JSON objects; ``none`` is an empty one."""

    name = "list"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        if isinstance(value, list):
            return value
        if value == "none":
            return []
        try:
            with click.open_file(str(value), encoding="utf-8-sig") as file:
                found = json.load(file)
        except OSError as error:
            self.fail(f"The file {str(value)!r} cannot be read: {error.strerror or error}", param, ctx)
        except (ValueError, RecursionError) as error:
            self.fail(f"The file {str(value)!r} holds no JSON: {error}", param, ctx)
        if not isinstance(found, list):
            self.fail(f"The file {str(value)!r} should hold a list: [{{…}}, …].", param, ctx)
        return found


class When(click.ParamType[str]):
    """A time as the API takes it: with a zone, that of this machine where none is written."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if not text:
            return ""
        try:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.astimezone()).isoformat()
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time. Write it as 2026-07-03T18:00, or with a zone.", param, ctx)


_WRITTEN: dict[Kind, dict[str, Any]] = {
    Kind.HOURS: {"type": click.FloatRange(0)},
    Kind.SIZE: {"type": Size()},
    Kind.COUNT: {"type": click.IntRange(0)},
    Kind.EXTENSIONS: {"metavar": "LIST"},
    Kind.ORIGINS: {"metavar": "LIST"},
    Kind.ADDRESSES: {"metavar": "LIST"},
    Kind.ADDRESS: {"metavar": "ADDRESS"},
    Kind.ALIAS: {"metavar": "WORD"},
    Kind.COLOUR: {"metavar": "COLOUR"},
    Kind.SUBFOLDER: {"metavar": "PATH"},
    Kind.NAMING: {"metavar": "RULE"},
    Kind.ITEMS: {"type": ObjectList(), "metavar": "FILE"},
    Kind.QUESTIONS: {"type": ObjectList(), "metavar": "FILE"},
    Kind.DESTINATION: {"type": Destination(), "metavar": "PLACE"},
    Kind.TIME: {"type": When(), "metavar": "TIME"},
    Kind.DAYS: {"metavar": "DAYS"},
}
"""How the command line takes a term of each kind; one that is not here is a text."""


def terms_options(command: AnyCommand) -> AnyCommand:
    """Add an option for everything that can be set on a link, but for whether it is open."""
    for term in reversed(TERMS):
        for option in reversed(list(_options(term))):
            command = option(command)
    return command


def _options(term: Term) -> Iterator[Callable[[AnyCommand], AnyCommand]]:
    flag = f"--{(term.option or term.name).replace('_', '-')}"
    if term.field == "active":
        return
    match term.kind:
        case Kind.SWITCH:
            yield click.option(f"{flag}/--no-{flag.removeprefix('--')}", default=None, help=term.help)
        case Kind.SECRET:
            yield click.option(flag, help=f"{term.help} '-' asks for it.")
            its_file = "Its first line is what senders must know; - is standard input."
            yield click.option(f"{flag}-file", type=click.File(), help=its_file)
        case Kind.CHOICE if term.choices:
            yield click.option(flag, type=click.Choice([each.value for each in term.choices]), help=term.help)
        case Kind.ITEMS | Kind.QUESTIONS:
            one = f"One of them: a title, and after a colon the types that it takes, such as {_SAMPLE!r}. Repeatable."
            yield click.option(flag, help=f"{term.help} A list in JSON; none takes all away.", **_WRITTEN[term.kind])
            if term.kind is Kind.ITEMS:
                yield click.option("--item", multiple=True, metavar="TITLE", help=one)
        case _:
            such = " Such as 2GiB." if term.kind is Kind.SIZE else ""
            yield click.option(flag, term.name, help=f"{term.help}{such}", **_WRITTEN.get(term.kind, {}))


def named_terms(options: dict[str, Any]) -> dict[str, Any]:
    """The terms that were named on the command line; a password of '-' is asked for."""
    terms = {name: value for name, value in options.items() if value is not None}
    if short := [_item(text) for text in terms.pop("item", ())]:
        terms["items"] = [*terms.get("items", ()), *short]
    file = terms.pop("password_file", None)
    if file is not None:
        terms.setdefault("password", first_line(file))
    if terms.get("password") == "-":
        terms["password"] = ask_secret("Password", twice=True)
    return terms


def _item(text: str) -> dict[str, Any]:
    """An item as it is written in short."""
    match = _ITEM.fullmatch(text.strip())
    return {"title": match[1], "extensions": match[2].split(",")} if match else {"title": text.strip()}
