#!/usr/bin/env python
"""Writes what is made of declarations in the code: docs/openapi.json, and between their markers the tables of a link's terms in
docs/api.md and docs/cli.md. With --check it writes nothing, names what is out of date and ends with 1.

The types of the pages are made of docs/openapi.json (`npm run contract` in nginx/).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from app.core.terms import TERMS, Audience, Kind, Term
from app.web.wire.openapi import document
from droppr_client.cli import main as droppr
from droppr_client.options import Written

ROOT = Path(__file__).resolve().parents[1]
_MARKED = re.compile(r"(<!-- made of (\S.*?) by `make generated` -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_BOUNDS = {Kind.TEXT: "text, up to {} characters", Kind.SECRET: "text, up to {} characters", Kind.HOURS: "hours"}
_KINDS = {
    Kind.SIZE: "bytes",
    Kind.COUNT: "number",
    Kind.EXTENSIONS: "list",
    Kind.ORIGINS: "list or null",
    Kind.ADDRESSES: "list or null",
    Kind.ADDRESS: "text",
    Kind.COLOUR: "colour",
    Kind.ALIAS: "text",
    Kind.SUBFOLDER: "path, up to {} characters",
    Kind.NAMING: "text, up to {} characters",
    Kind.ITEMS: "list",
    Kind.QUESTIONS: "list",
    Kind.DESTINATION: "object",
    Kind.SWITCH: "true or false",
    Kind.TIME: "time or null",
    Kind.DAYS: "list of days, up to {}",
}
_SEEN = {Audience.NOBODY: "nobody", Audience.OWNER: "the owner", Audience.SENDERS: "senders"}


def openapi() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def with_tables(text: str) -> str:
    """A page with what stands between its markers made anew."""

    def table(match: re.Match[str]) -> str:
        name = match[2]
        rows = _terms() if name == "core/terms.py" else _command(name)
        return match[1] + "".join(f"{row}\n" for row in rows) + match[4]

    return _MARKED.sub(table, text)


def _terms() -> Iterator[str]:
    yield "| field | | default | shown to | |"
    yield "|---|---|---|---|---|"
    for term in TERMS:
        names = [f"`{term.name}`", *(f"`{each}`" for each in term.spellings)]
        name = names[0] if len(names) == 1 else f"{names[0]} ({', '.join(names[1:])})"
        about = f"{term.help} {term.more}".strip().removesuffix(".")
        yield f"| {name} | {_kind(term)} | {_default(term)} | {_SEEN[term.audience]} | {about} |"


def _kind(term: Term) -> str:
    if term.choices:
        return ", ".join(f"`{each}`" for each in term.choices)
    return _BOUNDS.get(term.kind, _KINDS.get(term.kind, "")).format(f"{int(term.most or 0):,}")


def _default(term: Term) -> str:
    match term.kind:
        case Kind.TEXT | Kind.ADDRESS | Kind.SUBFOLDER | Kind.NAMING | Kind.COLOUR | Kind.ALIAS:
            return "empty"
        case Kind.ITEMS | Kind.QUESTIONS:
            return "none"
        case Kind.SECRET:
            return "none"
        case Kind.TIME | Kind.DAYS:
            return "none"
        case Kind.HOURS:
            return "a week"
        case Kind.EXTENSIONS:
            return "all"
        case Kind.DESTINATION:
            return "folder"
    return f"`{json.dumps(term.default)}`".replace('"', "")


def _command(name: str) -> Iterator[str]:
    """The options of a command, such as ``droppr request create``."""
    context = click.Context(droppr)
    for word in name.split()[1:]:
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, word)
        assert command, name
        context = click.Context(command, context)
    yield "| option | | variable |"
    yield "|---|---|---|"
    for option in context.command.params:
        if isinstance(option, click.Option) and not option.hidden:
            first, *others = sorted(option.opts, key=len, reverse=True)
            flags = [f"{first}{_value(option, context)}", *others, *option.secondary_opts]
            about = (option.help or "").removesuffix(".").replace("|", "\\|")
            yield f"| {', '.join(f'`{each}`' for each in flags)} | {about} | `{_variable(name, option)}` |"


def _value(option: click.Option, context: click.Context) -> str:
    if option.is_flag:
        return ""
    shown = option.make_metavar(context)
    named = {"FLOAT RANGE": "N", "INTEGER RANGE": "N", "FILENAME": "FILE"}.get(shown, shown)
    return f" {named}".replace("|", " \\| ")


def _variable(command: str, option: click.Option) -> str:
    if isinstance(option.envvar, str):
        return option.envvar
    own = option.written if isinstance(option, Written) else option.name
    return f"{command}_{own}".upper().replace(" ", "_")


FILES: dict[str, Callable[[str], str]] = {
    "docs/openapi.json": lambda _: openapi(),
    "docs/api.md": with_tables,
    "docs/cli.md": with_tables,
}


def main() -> int:
    check, stale = "--check" in sys.argv[1:], []
    for name, make in FILES.items():
        path = ROOT / name
        there = path.read_text() if path.exists() else ""
        made = make(there)
        if made != there:
            stale.append(name)
            if not check:
                path.write_text(made)
    for name in stale:
        print(f"{name} is out of date: run `make generated`." if check else f"{name} is made anew.")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
