"""Which documents earlier pages of an answer have told. Ranks move when more is looked at or something new arrives, so that is what
the next page goes by: nothing is told twice, and nothing that fits is passed over."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from app.core.search.documents import DocumentId, EntityId

MOST_SHOWN = 400
"""Documents that can be told page by page; whoever looks further is helped more by another query."""
_BYTES = 5
"""Of a digest, for each document: enough to tell some hundreds from all others, and little enough for an address."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A set of documents, as short as an address needs it."""

    marks: frozenset[bytes] = frozenset()

    def __len__(self) -> int:
        return len(self.marks)

    def has(self, entity: EntityId, document: DocumentId) -> bool:
        return bool(self.marks) and _mark(entity, document) in self.marks

    def with_these(self, documents: Iterable[tuple[EntityId, DocumentId]]) -> Shown:
        return Shown(self.marks | {_mark(*each) for each in documents})

    @property
    def text(self) -> str:
        """For an address."""
        return base64.urlsafe_b64encode(b"".join(sorted(self.marks))).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Shown:
        """What ``text`` has made. Raises ValueError."""
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if not data or len(data) % _BYTES or len(data) > MOST_SHOWN * _BYTES:
            raise ValueError("not made by Shown")
        return cls(frozenset(data[at : at + _BYTES] for at in range(0, len(data), _BYTES)))


NOTHING_SHOWN = Shown()


def _mark(entity: EntityId, document: DocumentId) -> bytes:
    said = f"{len(entity)} {entity} {document}".encode(errors="surrogatepass")
    return hashlib.sha256(said).digest()[:_BYTES]
