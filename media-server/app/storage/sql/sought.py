"""Names of files as statements compare them, the same on both kinds of database, whatever language the server speaks."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, or_

from app.core.types import EXTENSIONS_OF
from app.storage.sql.columns import number
from app.storage.sql.database import Database, value

ENDINGS = tuple(
    sorted({1 + len(each) for known in EXTENSIONS_OF.values() for each in known}, key=lambda each: abs(each - 4))
)
"""How long extensions are, with their dots; the usual first."""
_PLAIN = re.compile(r"[\x00-\x7f]*")
_WILD = re.compile(r"([*?\[])")
_NO_WORD = re.compile(r"([!-/:-@\[-`{-~])")


def is_postgresql(database: Database) -> bool:
    return database.dialect.name == "postgresql"


def folded(database: Database, column: Any) -> Any:
    """``column`` with Latin letters in lower case, which compares by its bytes."""
    if not is_postgresql(database):
        return sa.func.lower(column)
    return sa.collate(sa.func.lower(sa.collate(column, "C")), "C")


def ending(database: Database, column: Any) -> Any:
    """The last dot of ``column`` and what stands behind it, in lower case; of what is no extension that anything is known of, anything
    else without a dot in front."""
    if is_postgresql(database):
        last = folded(database, sa.func.right(column, number(max(ENDINGS))))
        found = sa.func.substring(last, sa.literal_column(r"'\.[a-z0-9]+$'"))
        return sa.collate(sa.func.coalesce(found, sa.literal_column("''")), "C")
    # SQLite finds no last place of anything, and to cut off letters at the end takes it twice as long as to look where a dot may be.
    # Where that is not the last one, what stands behind it is no extension.
    return sa.case(
        *(
            (
                sa.func.substr(column, number(-length), number(1)) == sa.literal_column("'.'"),
                sa.func.lower(sa.func.substr(column, number(-length))),
            )
            for length in ENDINGS
        ),
        else_=sa.literal_column("''"),
    )


def holds(database: Database, column: Any, ascii: bool) -> Any:
    """That a text, filled in by ``sought``, stands somewhere in ``column``, in upper or lower case."""
    if ascii:
        place = sa.func.strpos if is_postgresql(database) else sa.func.instr
        return place(folded(database, column), value("sought")) > sa.literal_column("0")
    likens = "~" if is_postgresql(database) else "GLOB"
    either = or_(*(column.op(likens, is_comparison=True)(value(name, sa.Text)) for name in ("composed", "decomposed")))
    # What has no accents of it is quickly looked for, and hardly any other name holds that.
    return and_(holds(database, column, ascii=True), either)


def sought(database: Database, text: str) -> dict[str, str]:
    """What ``holds`` asks to be filled in. Each letter stands for both of its cases; with accents, as one character or as two."""
    if text.isascii():
        return {"sought": text.lower()}
    pattern = _expression if is_postgresql(database) else _glob
    composed = unicodedata.normalize("NFC", text)
    return {
        "sought": max(_PLAIN.findall(composed), key=len).lower(),
        "composed": pattern(composed),
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
