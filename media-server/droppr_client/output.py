"""All that the program says, to people in a terminal and to programs. Nothing else prints.

Names, titles, sentences and numbers come from strangers: from senders by way of an honest server, or from a server that
is none. Whatever is printed here cannot move the cursor, change a colour or a title, turn a line around, or begin a line
of its own.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

# Imported where it is used: only the live display needs it.
if TYPE_CHECKING:
    from rich.text import Text

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
FAULT = 1
"""How a program ends that met what no part of it expected."""
UNKNOWN = "?"
"""Stands for what a server told in a way that makes no sense."""


def say(line: object, *, err: bool = False) -> None:
    """One line; to standard error with ``err``."""
    _put(visible(str(line)), err)


def say_event(value: Any) -> None:
    """One line of JSON."""
    _put_json(value, None)


def print_json(value: Any) -> None:
    """JSON over several lines."""
    _put_json(value, 2)


def print_cells(cells: Sequence[str]) -> None:
    """One line whose parts are separated by tabs."""
    _put("\t".join(map(visible, cells)), False)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need to be; the last is as long as it likes."""
    cells = [list(titles), *([visible(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles) - 1)]
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        say("  ".join([*padded, row[-1]]).rstrip())


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        say(f"{name.ljust(width)}  {value}".rstrip())


def ask_secret(question: str, *, twice: bool = False) -> str:
    """What is typed, unseen."""
    return str(click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True))


def ask_first(question: str) -> None:
    """Go on where somebody says yes. Raises click.Abort."""
    click.confirm(question, abort=True, err=True)


def shown(line: str, **style: Any) -> Text:
    """A line for the live display, taken as it is: no brackets in it are markup."""
    from rich.text import Text

    return Text(visible(line), **style)


def end_with(error: click.ClickException) -> NoReturn:
    """Say what was wrong, also with the command line itself, and end."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        for line in error.ctx.get_usage().splitlines():
            say(line, err=True)
        say(f"Try '{error.ctx.command_path} --help' for help.", err=True)
    say(f"Error: {error.format_message()}", err=True)
    sys.exit(error.exit_code)


def end_with_fault(error: BaseException) -> NoReturn:
    """Say that the program met something that no part of it expected, and where the details are, and end."""
    if isinstance(error, BrokenPipeError):  # Whoever read what we print has left.
        os._exit(FAULT)
    say(f"Error: {_fault_sentence(error)}", err=True)
    sys.exit(FAULT)


def tell_faults() -> None:
    """From now on say also what no part of the program expected, as a sentence: its details go into a file."""
    sys.excepthook = lambda _kind, error, _trace: say(f"Error: {_fault_sentence(error)}", err=True)
    threading.excepthook = lambda fault: say(f"Error: {_fault_sentence(fault.exc_value)}", err=True)


def _fault_sentence(error: BaseException | None) -> str:
    what = f"{error.strerror} ({error.filename})" if isinstance(error, OSError) and error.filename else str(error)
    return f"Something went wrong that droppr does not expect: {type(error).__name__}: {what}. {_put_details(error)}"


def _put_details(error: BaseException | None) -> str:
    """Write the details into a file of the user's own; say where."""
    place = Path(click.get_app_dir("droppr")) / "last-fault.txt"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", errors="replace") as file:
            file.write("".join(f"{visible(line)}\n" for line in _details(error)))
    except OSError as problem:
        return f"The details could not be written to {place} ({problem.strerror})."
    return f"The details are in {place}."


def _details(error: BaseException | None) -> Iterator[str]:
    chain: list[BaseException] = []
    # What one was raised in the middle of may lead back to it.
    while error is not None and all(each is not error for each in chain):
        chain.insert(0, error)
        error = error.__cause__ or error.__context__
    for each in chain:
        yield "Traceback (most recent call last):"
        for frame in traceback.format_tb(each.__traceback__):
            yield from frame.splitlines()
        yield f"{type(each).__name__}: {each}"


def visible(text: str) -> str:
    """Text of strangers, unable to move the cursor, turn the line around or end it."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _put(text: str, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    try:
        click.echo(text, err=err)
    except UnicodeEncodeError:  # a terminal that knows only some characters
        encoding = stream.encoding or "ascii"
        click.echo(text.encode(encoding, "replace").decode(encoding), err=err)


def _put_json(value: Any, indent: int | None) -> None:
    plain = json.dumps(value, indent=indent, ensure_ascii=False)
    # Outside of texts JSON is printable but for the ends of its lines, and inside it has no such ends. So what is
    # replaced here stands in a text, and reads back as the same one.
    safe = plain if plain.isprintable() else _UNPRINTABLE.sub(_escaped, plain)
    try:
        click.echo(safe)
    except UnicodeEncodeError:
        click.echo(json.dumps(value, indent=indent))


_UNPRINTABLE = re.compile(r"[^\x20-\x7e\n]")


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    return character if character.isprintable() else json.dumps(character)[1:-1]


def size_text(size: object) -> str:
    """``1.5 GiB`` for 1610612736."""
    if not isinstance(size, int) or not 0 <= size < 2**63:
        return UNKNOWN
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} byte{'' if size == 1 else 's'}"


def count_text(count: object, one: str, many: str | None = None) -> str:
    """``1 file``, ``2,000 files``."""
    number = f"{count:,}" if isinstance(count, int) and abs(count) < 2**63 else UNKNOWN
    return f"{number} {one if count == 1 else many or f'{one}s'}"


def duration_text(seconds: float) -> str:
    """``0.3 s``, ``42 s``, ``3:07``, ``1:02:03``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def limit_text(limit: object) -> str:
    return size_text(limit) if limit else "no limit"


def time_text(seconds: object) -> str:
    """A time since the epoch as this place's clocks show it. What a stranger told may be no time that a calendar has."""
    if seconds is None:
        return "never"
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return UNKNOWN
    try:
        return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds after 1970"


def plain_text(value: object) -> str:
    """A text of a server's; what is none is not shown."""
    return value if isinstance(value, str) else "" if value is None else UNKNOWN
