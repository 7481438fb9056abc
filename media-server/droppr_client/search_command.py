"""``droppr search``: files that have arrived, found by what they say."""

from __future__ import annotations

import click

from droppr_client.api import JSON, Api
from droppr_client.options import as_json, server_options
from droppr_client.output import plain_text, print_json, say, time_text
from droppr_client.upload import wire

MOST = 50


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--entity", metavar="ID", multiple=True, help="Only files of this entity. Repeatable.")
@click.option("--limit", type=click.IntRange(1, MOST), default=10, help="How many files are shown [default: 10].")
@as_json
@server_options
def search(api: Api, words: tuple[str, ...], entity: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find files that have arrived by what they say: by words, and by meaning in sixteen languages."""
    found = api.search(" ".join(words), entity, limit)
    if as_json:
        print_json({"results": found})
        return
    for each in found:
        say(_heading(each))
        for passage in _passages(each):
            say(f"    {_place(passage)}{_marked(passage)}")
    if not found:
        say("Nothing was found.", err=True)


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
