"""What people read in a terminal: tables, sizes and times. Programs get JSON instead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need to be; the last is as long as it likes."""
    cells = [list(titles), *([visible(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles) - 1)]
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*padded, row[-1]]).rstrip())


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        click.echo(f"{name.ljust(width)}  {visible(value)}".rstrip())


def visible(text: str) -> str:
    """Text of strangers, unable to move the cursor or turn the line around."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def size_text(size: int) -> str:
    """``1.5 GiB`` for 1610612736."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} bytes"


def count_text(count: int, one: str, many: str | None = None) -> str:
    """``1 file``, ``2,000 files``."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def duration_text(seconds: float) -> str:
    """``0.3 s``, ``42 s``, ``3:07``, ``1:02:03``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def limit_text(limit: int) -> str:
    return size_text(limit) if limit else "no limit"


def time_text(seconds: float | None) -> str:
    return "never" if seconds is None else datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
