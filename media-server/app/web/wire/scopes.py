"""Which scopes a key needs for a call: told in this one place, from how the call is declared (``calls.py``).

What is told nowhere here needs ``admin``. Where one scope would lend what another is for, both are needed: who shares a link's files,
or has a program told of each, can read them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from app.core.access_errors import ScopeMissing
from app.core.actors import Reach, Scope
from app.web.wire.declaring import Call, Group
from app.web.wire.rights import BODILESS

Needs = frozenset[Scope]

ANY: Needs = frozenset()
"""Every key will do."""
DENIED: Needs = frozenset({Scope.ADMIN})
_READ_LINKS: Needs = frozenset({Scope.LINKS_READ})
_WRITE_LINKS: Needs = frozenset({Scope.LINKS_WRITE})
_READ_FILES: Needs = frozenset({Scope.FILES_READ})
_DELETE_FILES: Needs = frozenset({Scope.FILES_DELETE})
_OPEN_FILES: Needs = _WRITE_LINKS | _READ_FILES

_BY_GROUP: Mapping[Group, tuple[Needs, Needs]] = {
    Group.LINKS: (_READ_LINKS, _WRITE_LINKS),
    Group.RECEIVED: (_READ_FILES, _DELETE_FILES),
    Group.UPLOADS: (_READ_FILES, _DELETE_FILES),
    Group.SHARES: (_READ_LINKS | _READ_FILES, _OPEN_FILES),
    Group.FOUND: (_READ_FILES, _WRITE_LINKS),
    Group.MESSAGES: (_READ_LINKS, _WRITE_LINKS),
}
"""For calls that look, and for those that change."""
_LINK = "/api/droppr/requests/{hash}"
_ENTITY = "/api/entities/{entity_id}"
_ENDPOINT = "/api/endpoints/{endpoint_id}"
_OTHERWISE: Mapping[tuple[str, str], Needs] = {
    ("GET", "/api/droppr/session"): ANY,
    ("GET", "/api/droppr/news"): _READ_LINKS,
    ("GET", "/api/droppr/news/stream"): _READ_LINKS,
    # They tell a sum over links, which whoever lists those can make.
    ("GET", "/api/quotas"): _READ_LINKS,
    # They only note what somebody has seen, and choose what to take.
    ("POST", f"{_LINK}/seen"): _READ_FILES,
    ("POST", f"{_LINK}/selections"): _READ_FILES,
    ("PUT", f"{_LINK}/parties/{{party}}/items/{{item}}"): _WRITE_LINKS,
    ("POST", f"{_LINK}/files/{{path}}/pass-on"): _WRITE_LINKS,
    ("DELETE", _ENTITY): _DELETE_FILES,
    ("DELETE", f"{_ENTITY}/files/{{document_id}}"): _DELETE_FILES,
    ("DELETE", f"{_ENTITY}/uploads/{{upload_id}}"): _DELETE_FILES,
    ("POST", "/api/endpoints"): _OPEN_FILES,
    ("PATCH", _ENDPOINT): _OPEN_FILES,
    ("POST", f"{_ENDPOINT}/secret"): _OPEN_FILES,
    # Browsers of people.
    ("GET", "/api/droppr/push"): DENIED,
    ("POST", "/api/droppr/push"): DENIED,
    ("DELETE", "/api/droppr/push/{browser_id}"): DENIED,
    ("POST", "/api/droppr/push/{browser_id}/test"): DENIED,
}
_NAMED = re.compile(r"<(?:\w+:)?(\w+)>")


def needed(method: str, rule: str) -> Needs:
    """What a key needs for a call of this route, as Flask writes it."""
    return _table().get(("GET" if method == "HEAD" else method, _NAMED.sub(r"{\1}", rule)), DENIED)


def judge_scopes(reach: Reach, method: str, rule: str) -> None:
    """Raises ScopeMissing where somebody came by a key that is not for this call."""
    missing = reach.lacks(needed(method, rule))
    if missing:
        names = sorted(missing)
        raise ScopeMissing(
            f"The key that was sent is not for this: it lacks {', '.join(names)}. Make one that is for it.",
            scopes=names,
        )


@cache
def _table() -> Mapping[tuple[str, str], Needs]:
    # The table of calls is made of all that is shown, and this is asked while a request is judged: so it is looked at late.
    from app.web.wire.calls import CALLS

    return {(method, call.path): _needs(method, call) for call in CALLS for method in call.methods}


def _needs(method: str, call: Call) -> Needs:
    special = _OTHERWISE.get((method, call.path))
    if special is not None:
        return special
    looking, changing = _BY_GROUP.get(call.group, (DENIED, DENIED))
    return looking if method in BODILESS else changing
