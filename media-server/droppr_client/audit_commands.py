"""``droppr audit``: who did what on the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from droppr_client.api import JSON, Api
from droppr_client.options import as_json, hash_of, server_options
from droppr_client.output import ask_first, count_text, plain_text, print_json, print_table, say, time_text

DAYS = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
MOST = 1000
MAX_LINE_BYTES = 1024 * 1024


@click.group()
def audit() -> None:
    """Who did what: links made, changed and deleted, files taken away, log-ins, and what the server did by itself."""


@audit.command("list")
@click.option(
    "--actor", metavar="WHO", help="Only of owner, sender, stranger or service, or of one: service:retention."
)
@click.option("--act", metavar="ACT", help="Only this, such as file_downloaded or log_in_failed.")
@click.option("--link", help="Only on this link.")
@click.option("--since", type=DAYS, metavar="DATE", help="Only from this day or time on, such as 2026-11-28.")
@click.option("--until", type=DAYS, metavar="DATE", help="Only what was before.")
@click.option("--search", metavar="TEXT", help="Only where this stands in a name, an address, a path or another fact.")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, help="How many are shown [default: 100].")
@click.option("--format", type=click.Choice(["csv", "jsonl"]), help="All of them for a file, whatever --limit says.")
@as_json
@server_options
def list_acts(api: Api, limit: int, format: str | None, search: str | None, as_json: bool, **narrowed: Any) -> None:
    """What was done, newest first."""
    asked = {"q": search, **{name: _asked(name, value) for name, value in narrowed.items()}}
    wanted = {name: value for name, value in asked.items() if value is not None}
    if format is not None:
        for line in _lines(api.audit_file(format, wanted)):
            say(line)
        return
    found = api.audit(limit, wanted)
    if as_json:
        print_json({"entries": found})
    else:
        print_table(("TIME", "ACT", "WHO", "ADDRESS", "LINK", "FACTS"), [_row(each) for each in found])


@audit.command()
@click.option("--name", help="A person's name.")
@click.option("--email", help="Their mail address.")
@click.option("--address", help="A network address.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@server_options
def erase(api: Api, yes: bool, **whom: str | None) -> None:
    """Take a person's name or address out of all that was noted, for good. What was done stays."""
    named = {kind: text for kind, text in whom.items() if text}
    if len(named) != 1:
        raise click.UsageError("Name one of --name, --email and --address.")
    if not yes:
        ask_first("It cannot be brought back. Erase it?")
    say(f"Erased in {count_text(api.erase_in_audit(named), 'row')}.")


def _asked(name: str, value: object) -> str | None:
    if isinstance(value, datetime):
        return str(value.astimezone().timestamp())
    return None if value is None else hash_of(str(value)) if name == "link" else str(value)


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Whole lines; an end in the middle of one is the server's, who then has not told all."""
    left = b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        yield from (each.decode(errors="replace").rstrip("\r") for each in whole)
        if len(left) > MAX_LINE_BYTES:
            break
    if left:
        raise click.ClickException("The list ends in the middle: the server did not tell all of it.")


def _row(entry: JSON) -> tuple[str, ...]:
    link = plain_text(entry.get("link"))
    facts = entry.get("facts")
    return (
        time_text(entry.get("at")),
        plain_text(entry.get("act")),
        plain_text(entry.get("actor")),
        plain_text(entry.get("address") or "-"),
        f"{link[:6]}…" if link else "-",
        _facts(facts) if isinstance(facts, dict) else "",
    )


def _facts(facts: JSON) -> str:
    def told(value: object) -> str:
        if isinstance(value, list):
            return ", ".join(map(told, value))
        return value if isinstance(value, str) else json.dumps(value)

    return "; ".join(f"{plain_text(name)}: {told(value)}" for name, value in facts.items())
