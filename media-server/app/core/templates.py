"""Templates: terms of a link under a name, to make others by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from app.core.errors import InvalidRequest
from app.core.terms import TERMS, Terms

MAX_TEMPLATES = 200
"""Of one owner."""
MAX_NAME = 100
_OF_ONE_LINK = frozenset(
    {
        "password_hash",
        "alias",
        "expires_at",
        "due_at",
        "recipient_name",
        "recipient_email",
        "recipient_language",
        "destination",
        "note",
        "active",
    }
)
"""What is about one link, its time or its people; and where files are passed on to, which is an admin's to say."""
KEPT = tuple(term for term in TERMS if term.field not in _OF_ONE_LINK)


@dataclass(frozen=True, slots=True)
class Template:
    """Of an owner, as ``RequestLink.owner`` names them; those of whoever holds the admin token are for all to use."""

    id: str
    name: str
    owner: str
    made_at: float
    terms: Terms

    @property
    def changes(self) -> dict[str, Any]:
        """What it sets on a new link, by the names of terms. Items and questions get ids of their own there."""
        return {term.name: getattr(self.terms, term.field) for term in KEPT if self._sets(term.field)}

    def _sets(self, field: str) -> bool:
        return bool(getattr(self.terms, field) != getattr(Terms(), field))


def template_terms(terms: Terms) -> Terms:
    """What of a link's terms a template keeps."""
    kept = {term.field: getattr(terms, term.field) for term in KEPT}
    kept["items"] = tuple(replace(each, id="") for each in terms.items)
    kept["questions"] = tuple(replace(each, id="") for each in terms.questions)
    return replace(Terms(), **kept)


def template_name(text: str) -> str:
    """A name that a template may have. Raises InvalidRequest."""
    name = " ".join(text.replace("\0", "").split())
    try:
        name.encode()
    except UnicodeEncodeError:
        raise _wrong("The name is not valid Unicode.") from None
    if not name or len(name) > MAX_NAME:
        raise _wrong(f"A name has 1 to {MAX_NAME} characters.")
    return name


def name_is_taken() -> InvalidRequest:
    return _wrong("There is a template of this name already. Take another name, or delete that one.")


def _wrong(sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, fields={"name": sentence})
