"""Identities: as whom somebody is known elsewhere, at a provider or to a proxy in front, and what that makes of them here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

from app.core.access_errors import NotAdmitted
from app.core.accounts import MAX_NAME, Role

PROXY = "header"
"""The issuer of those whom a proxy in front names."""
PROVIDER_WAY, PROXY_WAY = "oidc", "header"
"""By which ways people come whom others vouch for."""
VOUCHED_WAYS = frozenset({PROVIDER_WAY, PROXY_WAY})
MAX_SUBJECT = 255
MAX_IDENTITIES = 10
"""Identities of one account."""
MAX_GROUPS = 1000
_NAMES_TRIED = 100
_ROLES = (Role.ADMIN, Role.MEMBER, Role.VIEWER)
"""The one that may do most comes first."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What somebody else says of a person whom they know: a provider, or a proxy."""

    issuer: str
    subject: str
    """Theirs for good, and never another's: what a person is known by."""
    name: str = ""
    """What they log in by there."""
    email: str = ""
    """An address that the issuer has verified; empty where it has not."""
    display_name: str = ""
    groups: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """By what people recognise it."""
        return self.email or self.name or self.subject


@dataclass(frozen=True, slots=True)
class Identity:
    """That an account logs in by this. ``id`` names it to people and opens nothing."""

    id: str
    issuer: str
    subject: str
    account: str
    """Empty where the account was removed: whoever it was stays out until somebody lets them in again."""
    shown: str
    made_at: float
    used_at: float


@dataclass(frozen=True, slots=True)
class Admission:
    """Who is let in by others' word, and as what."""

    new_accounts: bool = False
    """Whether whoever is known there, and not here, gets an account."""
    domains: frozenset[str] = frozenset()
    """Of verified mail addresses; empty for any, and for none at all."""
    groups: dict[Role, frozenset[str]] = field(default_factory=dict)
    """Which groups make which role. With none named, roles are given here."""

    def check(self, vouched: Vouched) -> None:
        """Return where this person may come in at all. Raises NotAdmitted."""
        if self.domains and _domain(vouched.email) not in self.domains:
            raise NotAdmitted(
                "This server lets in only people with a verified mail address of certain domains. Ask whoever looks after it."
            )
        self.role(vouched)

    def role(self, vouched: Vouched) -> Role | None:
        """What their groups make of them; None where that is not theirs to say. Raises NotAdmitted where none of them is let in."""
        if not self.groups:
            return None
        for role in _ROLES:
            if self.groups.get(role, frozenset()) & vouched.groups:
                return role
        raise NotAdmitted("None of the groups that you are in is let in here. Ask whoever looks after this server.")


def wished_names(vouched: Vouched) -> list[str]:
    """Names that an account of this person may get, the best first."""
    for text in (vouched.name.partition("@")[0], vouched.email.partition("@")[0], vouched.display_name):
        if base := _as_name(text):
            break
    else:
        base = "user"
    return [base, *(f"{base[: MAX_NAME - 4]}-{number}" for number in range(2, _NAMES_TRIED))]


def way_of(issuer: str) -> str:
    """By which way people come whom this issuer vouches for."""
    return PROXY_WAY if issuer == PROXY else PROVIDER_WAY


def is_subject(text: str) -> bool:
    """Whether a person can be known by this text."""
    return 0 < len(text) <= MAX_SUBJECT and text.isprintable() and text == text.strip()


def group_names(texts: Collection[object]) -> frozenset[str]:
    """Groups as an issuer tells them; what is no text is passed over, and what lies beyond ``MAX_GROUPS``."""
    return frozenset(each for each in list(texts)[:MAX_GROUPS] if isinstance(each, str))


def _domain(address: str) -> str:
    name, _, domain = address.rpartition("@")
    return domain.lower() if name else ""


def _as_name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]+", "-", plain).lstrip("._-")[:MAX_NAME].rstrip("._-")
