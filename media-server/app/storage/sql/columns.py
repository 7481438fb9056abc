"""What all tables of the catalogue are made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Text, text
from sqlalchemy.sql.expression import ColumnElement, literal_column

metadata = MetaData()
# SQLite numbers rows by itself only where the column's type is called INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")
# Sorted by what its characters are, as SQLite does anyway.
Sorted = Text().with_variant(Text(collation="C"), "postgresql")
NOTHING = text("0")


def number(value: int) -> ColumnElement[int]:
    """A number that stands in the statement itself: planners use an index on some of the rows only where they can see
    that the statement asks for no others."""
    return literal_column(str(int(value)), Integer())


def some(name: str, *columns: Column[object], only: ColumnElement[bool], unique: bool = False) -> Index:
    """An index on those rows of a table that a condition names."""
    return Index(name, *columns, unique=unique, sqlite_where=only, postgresql_where=only)
