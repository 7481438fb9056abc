"""``droppr search``: files that have arrived, found by what they say."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from droppr_client.api import FOUND_AT_ONCE, JSON, Api
from droppr_client.options import as_json, hash_of, server_options
from droppr_client.output import plain_text, print_json, say, time_text
from droppr_client.upload import wire

DAYS = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--entity", metavar="ID", multiple=True, help="Only files of this entity. Repeatable.")
@click.option("--link", metavar="LINK", multiple=True, help="Only files of this link. Repeatable.")
@click.option("--type", metavar="EXTENSION", multiple=True, help="Only files of this type, such as pdf. Repeatable.")
@click.option(
    "--sender", metavar="TEXT", multiple=True, help="Only files of this sender, as results tell it. Repeatable."
)
@click.option(
    "--since", type=DAYS, metavar="DATE", help="Only files that arrived from this day or time on, such as 2026-11-28."
)
@click.option("--until", type=DAYS, metavar="DATE", help="Only files that arrived before.")
@click.option("--limit", type=click.IntRange(1), default=10, help="How many files are shown [default: 10].")
@click.option("--all", "every", is_flag=True, help="All that the server tells: up to 400 files, the best first.")
@click.option("--context", is_flag=True, help="The best passages in full, as JSON for programs that read: up to 50.")
@as_json
@server_options
def search(
    api: Api, words: tuple[str, ...], limit: int, every: bool, context: bool, as_json: bool, **narrowed: object
) -> None:
    """Find files that have arrived by what they say: by words, and by meaning in sixteen languages."""
    asked = {"q": [" ".join(words)], **_asked(narrowed)}
    if context:
        print_json(api.passages(asked, FOUND_AT_ONCE if every else min(limit, FOUND_AT_ONCE)))
        return
    found = api.search(asked, sys.maxsize if every else limit)
    if as_json:
        print_json({"results": found})
        return
    for each in found:
        say(_heading(each))
        for passage in _passages(each):
            say(f"    {_place(passage)}{_marked(passage)}")
    if not found:
        say("Nothing was found.", err=True)


def _asked(narrowed: Mapping[str, object]) -> dict[str, Sequence[str]]:
    """What was named of that by which a search is narrowed, as the call takes it."""
    asked: dict[str, Sequence[str]] = {}
    for name, value in narrowed.items():
        if isinstance(value, datetime):
            asked[name] = [str(value.timestamp())]
        elif isinstance(value, tuple) and value:
            asked[name] = [hash_of(each) if name == "link" else each for each in value]
    return asked


def _heading(result: JSON) -> str:
    known = [plain_text(result.get("path")), plain_text(result.get("sender")), time_text(result.get("received_at"))]
    return "  ".join([*filter(None, known), f"({plain_text(result.get('entity'))})"])


def _passages(result: JSON) -> list[JSON]:
    found = result.get("passages")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _place(passage: JSON) -> str:
    page = wire.whole(passage.get("page"), 1, 2**31)
    return "" if page is None else f"page {page}: "


def _marked(passage: JSON) -> str:
    """The passage in one line, with what was looked for between brackets."""
    text, marks = wire.text(passage.get("text")) or "", passage.get("marks")
    parts, done = [], 0
    for mark in marks if isinstance(marks, list) else []:
        start, end = mark if isinstance(mark, list) and len(mark) == 2 else (None, None)
        start, end = wire.whole(start, done, len(text)), wire.whole(end, done, len(text))
        if start is not None and end is not None and start < end:
            parts += [text[done:start], "[", text[start:end], "]"]
            done = end
    return " ".join(plain_text("".join([*parts, text[done:]])).split())
