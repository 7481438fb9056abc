"""The terms of a link as they are kept: in JSON's types, by the names of their fields."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core.items import Item, Question
from app.core.remotes import RemoteTarget
from app.core.terms import TERMS, Kind, Term, Terms


def document_of(terms: Terms) -> dict[str, Any]:
    """The terms as they are kept, in JSON's types."""
    return asdict(terms)


def terms_of(document: dict[str, Any]) -> Terms:
    """The terms that ``document_of`` wrote, or that stand in a document among other things; what is not known is passed
    over, as a later version may have written it."""
    return Terms(**{each.field: _value(each, document[each.field]) for each in TERMS if each.field in document})


def _value(term: Term, kept: Any) -> Any:
    match term.kind:
        case Kind.CHOICE if term.choices:
            return term.choices(kept)
        case Kind.EXTENSIONS | Kind.ORIGINS | Kind.ADDRESSES | Kind.DAYS:
            return None if kept is None else tuple(kept)
        case Kind.ITEMS:
            return tuple(map(Item.of, kept))
        case Kind.QUESTIONS:
            return tuple(map(Question.of, kept))
        case Kind.DESTINATION:
            return RemoteTarget.of(kept)
    return kept
