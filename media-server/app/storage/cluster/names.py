"""The names of a link's folder within one transaction: which are taken, and which files get."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from app.core.numbering import NUMBERS_IN_ORDER, next_number
from app.core.paths import RelPath, disk_folder, disk_name, numbered, numbered_as_sent
from app.core.ports.inbox import Delivery
from app.storage.sql.database import Transaction

_LOOK = "SELECT place, identity FROM store_names WHERE place = ANY(%(places)s)"
_NAME = """
    INSERT INTO store_names (place, folder, disk_path, wanted, shown, identity)
    SELECT p, %(folder)s, d, w, s, i FROM unnest(
        %(places)s::bytea[], %(disk_paths)s::text[], %(wanted)s::text[], %(shown)s::text[], %(identities)s::text[]
    ) AS new (p, d, w, s, i)
"""
_FOUND = """
    SELECT wanted, identity, shown, disk_path FROM store_names WHERE identity = ANY(%(identities)s) AND folder = %(folder)s
    ORDER BY disk_path DESC
"""

Wanted = tuple[str, str]
"""Which path a file is to have, and its identity."""


class Names:
    """Names of ``folder``, for as long as the transaction lasts: looked up many at a time, and given with ``write``.

    With ``alone`` nobody else gives names there meanwhile. Else the transaction is one that only looks."""

    def __init__(self, tx: Transaction, folder: RelPath, *, alone: bool) -> None:
        self._tx = tx
        self._folder = folder
        self._there: dict[str, str | None] = {}
        """What lies at a path: the identity of a file, or None for a folder."""
        self._free: set[str] = set()
        self._new: list[tuple[str, str, str, str | None]] = []
        if alone:
            # One after the other in a folder, as many files may want one name. The primary key would decide without that, too.
            tx.alone(f"names {folder}", wait=False)

    def found(self, files: Sequence[Wanted]) -> dict[Wanted, Delivery]:
        """Those of these files that have their names already."""
        identities = [identity for _, identity in files]
        rows = self._tx.all(_FOUND, folder=str(self._folder), identities=identities)
        named = {(wanted, identity): Delivery(shown, disk, identity) for wanted, identity, shown, disk in rows}
        return {each: named[each] for each in files if each in named}

    def look(self, disk_paths: Iterable[str]) -> None:
        """Learn of all these paths at once whether anything lies there."""
        places = {
            place_of(self._folder, each): each
            for each in disk_paths
            if each not in self._there and each not in self._free
        }
        if places:
            rows = self._tx.all(_LOOK, places=list(places))
            self._there |= {places[bytes(place)]: identity for place, identity in rows}
            self._free.update(each for each in places.values() if each not in self._there)

    def look_ahead(self, paths: Iterable[RelPath]) -> None:
        """Learn what lies where these files are to be, unless something stands in their way."""
        above: set[str] = set()
        files: Counter[tuple[str, str]] = Counter()
        for path in paths:
            folders = list(map(disk_folder, path.folder))
            above.update("/".join(folders[:n]) for n in range(1, len(folders) + 1))
            files["/".join(folders), disk_name(path.name)] += 1
        self.look([*above, *(_joined(*each) for each in files)])
        taken = [each for each, count in files.items() if count > 1 or _joined(*each) in self._there]
        self.look(path for each in taken for path in _first_numbers(*each))

    def is_there(self, disk_path: str) -> bool:
        self.look([disk_path])
        return disk_path in self._there

    def is_file(self, disk_path: str) -> bool:
        return self.is_there(disk_path) and self._there[disk_path] is not None

    def give(self, path: RelPath, identity: str) -> Delivery:
        """Give a file a name, numbered where that is taken; folders are made where they are missing."""
        below, shown_below = self.below(path.folder)
        name = disk_name(path.name)
        number = self._number(below, name, self.is_there)
        disk_path = _joined(below, numbered(name, number))
        shown = _joined(shown_below, numbered_as_sent(path.name, number))
        self._put(disk_path, str(path), shown, identity)
        return Delivery(shown, disk_path, identity)

    def below(self, parts: Iterable[str]) -> tuple[str, str]:
        """The folder at ``parts``, made where it is missing: as it lies, and as people see it. Where a file has a name, it is numbered."""
        below, shown = "", ""
        for part in parts:
            name = disk_folder(part)
            number = self._number(below, name, self.is_file)
            below, shown = _joined(below, numbered(name, number)), _joined(shown, numbered_as_sent(part, number))
            if not self.is_there(below):
                self._put(below, shown, shown, None)
        return below, shown

    def write(self) -> None:
        """Write the names that were given; the last thing that is done with them."""
        rows: dict[str, list[Any]] = {
            "places": [place_of(self._folder, disk_path) for disk_path, *_ in self._new],
            "disk_paths": [disk_path for disk_path, *_ in self._new],
            "wanted": [wanted for _, wanted, _, _ in self._new],
            "shown": [shown for _, _, shown, _ in self._new],
            "identities": [identity for *_, identity in self._new],
        }
        if self._new:
            self._tx.run(_NAME, folder=str(self._folder), **rows)

    def _number(self, below: str, name: str, in_the_way: Any) -> int:
        def is_taken(number: int) -> bool:
            taken: bool = in_the_way(_joined(below, numbered(name, number)))
            return taken

        if not is_taken(0):
            return 0
        self.look(_first_numbers(below, name))
        return next_number(0, is_taken)

    def _put(self, disk_path: str, wanted: str, shown: str, identity: str | None) -> None:
        self._there[disk_path] = identity
        self._free.discard(disk_path)
        self._new.append((disk_path, wanted, shown, identity))


def place_of(folder: RelPath, disk_path: str) -> bytes:
    """Where something lies, short enough for an index however long the path is."""
    return hashlib.sha256(f"{folder}\0{disk_path}".encode()).digest()


def _first_numbers(below: str, name: str) -> list[str]:
    """Where a file is looked for a place that does not get its name: one look at all of them."""
    return [_joined(below, numbered(name, number)) for number in range(1, NUMBERS_IN_ORDER + 1)]


def _joined(below: str, name: str) -> str:
    return f"{below}/{name}" if below else name
