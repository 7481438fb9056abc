"""Which programs may work on which schema, so that those of two versions can do so at once.

A migration says by its ``kind`` what it does to programs of the version before: ``expand`` leaves them working, ``contract`` takes away
what they need. The database says which schema a program has to know at least; code says which it has to find at least.
"""

from __future__ import annotations

from app.storage.disk.data_folder import UnusableDataFolder
from app.storage.sql.schema import NEEDED, REVISION

EXPAND, CONTRACT = "expand", "contract"
WITHOUT_KIND = "0032"
"""Migrations up to this one say nothing of their kind: programs of before any of them did not bear it."""
OLDEST = "oldest_schema"
"""The fact that says which schema a program has to know at least to work on this database."""
FIND_OLDEST = f"SELECT value FROM facts WHERE name = '{OLDEST}'"
_TOO_OLD = (
    "The database has {has}, and this Droppr needs {needed}. Run 'droppr migrate'; where that does not know the schema, a newer Droppr has "
    "been here: start that one."
)
_TOO_NEW = "The database has the schema {found}, which a newer Droppr has made and this one, which knows {known}, cannot work on. Start the newer one."


class UnusableCatalogue(UnusableDataFolder):
    """The catalogue has another schema than this code can work on. The text says what to do."""


def trouble(found: str | None, oldest: str | None, *, known: str = REVISION, needed: str = NEEDED) -> str | None:
    """Why a program must not work on the schema ``found``, in a sentence; None where it may. ``oldest`` is what the database says of the
    programs that may."""
    if found is None or found < needed:
        has = "no tables yet" if found is None else f"the schema {found}"
        return _TOO_OLD.format(has=has, needed=needed)
    if found > known and (oldest is None or oldest > known):
        return _TOO_NEW.format(found=found, known=known)
    return None
