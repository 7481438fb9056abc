"""Names of files as statements compare them, the same on both kinds of database, whatever language the server speaks."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_

from app.storage.sql.database import Database, value

_WILD = re.compile(r"([*?\[])")
_NO_WORD = re.compile(r"([!-/:-@\[-`{-~])")


def is_postgresql(database: Database) -> bool:
    return database.dialect.name == "postgresql"


def folded(database: Database, column: Any) -> Any:
    """``column`` with Latin letters in lower case, which compares by its bytes."""
    if not is_postgresql(database):
        return sa.func.lower(column)
    return sa.collate(sa.func.lower(sa.collate(column, "C")), "C")


def extension(database: Database, column: Any) -> Any:
    """What stands behind the last dot of ``column``, in lower case; empty where there is none."""
    if is_postgresql(database):
        found = sa.func.substring(column, sa.literal_column(r"'\.([^.]*)$'"))
        return folded(database, sa.func.coalesce(found, sa.literal_column("''")))
    dot: Any = sa.literal_column("'.'")
    nothing: Any = sa.literal_column("''")
    # SQLite finds no last place of anything: what is cut off at the end is all that holds no dot.
    before = sa.func.rtrim(column, sa.func.replace(column, dot, nothing))
    behind = sa.func.lower(sa.func.substr(column, sa.func.length(before) + sa.literal_column("1")))
    return sa.case((sa.func.instr(column, dot) > sa.literal_column("0"), behind), else_=nothing)


def holds(database: Database, column: Any, ascii: bool) -> Any:
    """That a text, filled in by ``sought``, stands somewhere in ``column``, in upper or lower case."""
    if ascii:
        place = sa.func.strpos if is_postgresql(database) else sa.func.instr
        return place(folded(database, column), value("sought")) > sa.literal_column("0")
    likens = "~" if is_postgresql(database) else "GLOB"
    return or_(*(column.op(likens, is_comparison=True)(value(name, sa.Text)) for name in ("composed", "decomposed")))


def sought(database: Database, text: str) -> dict[str, str]:
    """What ``holds`` asks to be filled in. Each letter stands for both of its cases; with accents, as one character or as two."""
    if text.isascii():
        return {"sought": text.lower()}
    pattern = _expression if is_postgresql(database) else _glob
    return {
        "composed": pattern(unicodedata.normalize("NFC", text)),
        "decomposed": pattern(unicodedata.normalize("NFD", text)),
    }


def _glob(text: str) -> str:
    return "*" + "".join(_cases(each) or _WILD.sub(r"[\1]", each) for each in text) + "*"


def _expression(text: str) -> str:
    return "".join(_cases(each) or _NO_WORD.sub(r"\\\1", each) for each in text)


def _cases(letter: str) -> str | None:
    """A letter in all its cases, of which any may stand there; None for what has but one."""
    cases = sorted({letter, *(each for each in (letter.lower(), letter.upper(), letter.title()) if len(each) == 1)})
    return f"[{''.join(cases)}]" if len(cases) > 1 else None
