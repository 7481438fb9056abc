"""What can be set on a link, as options: made of ``core.terms``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from app.core.terms import TERMS, Kind, Term
from droppr_client.options import Size, first_line
from droppr_client.output import ask_secret

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


_WRITTEN: dict[Kind, dict[str, Any]] = {
    Kind.HOURS: {"type": click.FloatRange(0)},
    Kind.SIZE: {"type": Size()},
    Kind.COUNT: {"type": click.IntRange(0)},
    Kind.EXTENSIONS: {"metavar": "LIST"},
    Kind.ORIGINS: {"metavar": "LIST"},
    Kind.ADDRESSES: {"metavar": "LIST"},
    Kind.ADDRESS: {"metavar": "ADDRESS"},
    Kind.DESTINATION: {"type": Destination(), "metavar": "PLACE"},
}
"""How the command line takes a term of each kind; one that is not here is a text."""


def terms_options(command: AnyCommand) -> AnyCommand:
    """Add an option for everything that can be set on a link, but for whether it is open."""
    for term in reversed(TERMS):
        for option in reversed(list(_options(term))):
            command = option(command)
    return command


def _options(term: Term) -> Iterator[Callable[[AnyCommand], AnyCommand]]:
    flag = f"--{term.name.replace('_', '-')}"
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
        case _:
            such = " Such as 2GiB." if term.kind is Kind.SIZE else ""
            yield click.option(flag, help=f"{term.help}{such}", **_WRITTEN.get(term.kind, {}))


def named_terms(options: dict[str, Any]) -> dict[str, Any]:
    """The terms that were named on the command line; a password of '-' is asked for."""
    terms = {name: value for name, value in options.items() if value is not None}
    file = terms.pop("password_file", None)
    if file is not None:
        terms.setdefault("password", first_line(file))
    if terms.get("password") == "-":
        terms["password"] = ask_secret("Password", twice=True)
    return terms
