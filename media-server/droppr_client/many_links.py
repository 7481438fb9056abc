"""``droppr request create --csv``: a link for each row of a table, and the table again with the links in it.

What FOLDER and the texts of a link say in braces is filled in from the row's column of that name. A row that has a link already is
left alone, so a run that ended halfway is called again with what it has printed.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import IO, Any

import click

from app.core.addresses import mail_address
from app.core.terms import TERMS, Kind, Language
from droppr_client.api import JSON

LINK = "link"
"""The column that the address of a made link is put into."""
MOST_ROWS = 10_000
_RULES = {term.name for term in TERMS if term.kind in (Kind.SUBFOLDER, Kind.NAMING)}
_PLACE = re.compile(r"\{([^{}]*)\}")
_SEPARATORS = re.compile(r"[/\\]+")
_LOOKED_AT = 4096
MAX_NAME = 200
_MAIL_COLUMNS = ("email", "e-mail", "mail", "address")
"""What a column may be called that says where whom a link is for gets mail. An address without an @ is one in the post."""
_LANGUAGES = tuple(each.value for each in Language)

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under the names of their columns, and how they were written."""

    columns: Sequence[str]
    rows: Sequence[Row]
    delimiter: str

    def line(self, row: Row | None = None) -> str:
        """A row as it was read, with its link; without one, the names of the columns. Never with tabs, which are not printed."""
        out = StringIO()
        head = [*self.columns, *([] if LINK in self.columns else [LINK])]
        delimiter = ";" if self.delimiter == ";" else ","
        csv.writer(out, delimiter=delimiter, lineterminator="").writerow(
            head if row is None else [row[name] for name in head]
        )
        return out.getvalue()


def read_table(file: IO[bytes]) -> Table:
    """A table in CSV, in UTF-8, with commas, semicolons or tabs. Raises click.UsageError."""
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError("The table is not in UTF-8. Save it as 'CSV UTF-8'.") from None
    first = text[:_LOOKED_AT].partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = [line for line in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(line)]
    except csv.Error as error:
        raise click.UsageError(f"The table cannot be read: {error}.") from None
    if len(lines) < 2:
        raise click.UsageError("The table has no rows. Its first line names the columns, such as: name,folder")
    columns = [name.strip() for name in lines[0]]
    if twice := [name for name, count in Counter(columns).items() if count > 1 or not name]:
        raise click.UsageError(f"Two columns are called {twice[0]!r}." if twice[0] else "A column has no name.")
    if len(lines) - 1 > MOST_ROWS:
        raise click.UsageError(f"The table has more than {MOST_ROWS:,} rows.")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if len(line) > len(columns):
            raise click.UsageError(f"Row {number} has more columns than the first line.")
        cells = [" ".join(cell.split()) for cell in line] + [""] * (len(columns) - len(line))
        rows.append(dict(zip(columns, cells, strict=True)))
    return Table(columns, rows, delimiter)


def bodies(table: Table, folder: str, terms: Mapping[str, Any]) -> list[JSON | None]:
    """What is asked for each row, None where it has its link; all of them are looked at before the first link is made. Raises
    click.UsageError."""
    made = [None if row.get(LINK) else _body(number, row, folder, terms) for number, row in enumerate(table.rows, 2)]
    folders = Counter(body["folder"] for body in made if body is not None)
    if _PLACE.search(folder) and (twice := [name for name, count in folders.items() if count > 1]):
        raise click.UsageError(
            f"Two rows would share the folder {str(twice[0])!r}. Name a column that tells them apart."
        )
    return made


def filled(table: Table, wanted: Sequence[JSON | None], make: Callable[[JSON], str]) -> Iterator[Row]:
    """The rows with their links, each as soon as its own is made."""
    for row, body in zip(table.rows, wanted, strict=True):
        yield row if body is None else {**row, LINK: make(body)}


def _body(number: int, row: Row, folder: str, terms: Mapping[str, Any]) -> JSON:
    # What stands in braces in a rule is filled in by the server.
    texts = {
        name: _told(number, row, each) if isinstance(each, str) and name not in _RULES else each
        for name, each in terms.items()
    }
    # A name with a slash in it is one folder, not two.
    return {
        "folder": _told(number, row, folder, lambda text: _SEPARATORS.sub("-", text)),
        **_for_whom(number, row),
        **texts,
    }


def _for_whom(number: int, row: Row) -> dict[str, str]:
    """For whom the link of a row is, as its columns say."""
    written = {name.casefold(): text for name, text in row.items() if text}
    found = {"recipient_name": written["name"][:MAX_NAME]} if written.get("name") else {}
    address = next((written[name] for name in _MAIL_COLUMNS if "@" in written.get(name, "")), "")
    if address:
        try:
            found["recipient_email"] = mail_address(address)
        except ValueError as error:
            raise click.UsageError(f"Row {number}: {error}") from None
    if language := written.get("language", "").casefold():
        if language not in _LANGUAGES:
            raise click.UsageError(
                f"Row {number}: write the language as one of {', '.join(_LANGUAGES)}, or leave it out."
            )
        found["recipient_language"] = language
    return found


def _told(number: int, row: Row, text: str, change: Callable[[str], str] = str) -> str:
    def value(place: re.Match[str]) -> str:
        name = place[1].strip()
        if name not in row:
            raise click.UsageError(f"The table has no column {name!r}; it has {', '.join(row)}.")
        if not row[name]:
            raise click.UsageError(f"Row {number} says nothing under {name!r}.")
        return change(row[name])

    return _PLACE.sub(value, text)
