"""Reach: whether what a call of an owner is about is theirs, judged by its address, before its view or its body is looked at.

Nothing has to be remembered for a new call: one that names a link, a share, a message, an endpoint or an entity is for those whose it
is, one that names none of these for admins, and all that may change something for those who may change things. What differs from that
is marked on its view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import current_app, request

from app.core.actors import Actor, Reach
from app.core.errors import AdminsOnly, ReadOnly
from app.services.links.whose import Whose
from app.web.wire.context import services
from app.web.wire.rights import BODILESS
from app.web.wire.scopes import judge_scopes

View = TypeVar("View", bound=Callable[..., object])

_JUDGES: dict[str, Callable[[Whose, str, Reach], None]] = {
    "hash": Whose.link,
    "share": Whose.share,
    "message_id": Whose.message,
    "endpoint_id": Whose.endpoint,
    "entity_id": Whose.entity,
}
"""By what an address names; what is below one of these, such as a file, is found through it alone."""


def chooses_by_reach(view: View) -> View:
    """Mark a view that is for everybody with an account, and tells and takes by itself only what is theirs."""
    view.chooses_by_reach = True  # type: ignore[attr-defined]
    return view


def changes_nothing(view: View) -> View:
    """Mark a view that is for those, too, who may only look, whatever its method says."""
    view.changes_nothing = True  # type: ignore[attr-defined]
    return view


def judge_reach(actor: Actor) -> None:
    """Return where this request is about what is the actor's, and something that they may do. Raises what an unknown one raises where it
    is not theirs; AdminsOnly, ReadOnly; ScopeMissing where they came by a key that is not for it."""
    reach = actor.reach
    view = current_app.view_functions[request.endpoint or ""]
    named = request.view_args or {}
    judged = [name for name in _JUDGES if name in named]
    for name in judged:
        _JUDGES[name](services().links.whose, named[name], reach)
    judge_scopes(reach, request.method, request.url_rule.rule if request.url_rule else "")
    if not judged and not hasattr(view, "chooses_by_reach"):
        judge_admin(actor)
    if not (reach.may_change or request.method in BODILESS or hasattr(view, "changes_nothing")):
        raise ReadOnly()


def judge_admin(actor: Actor) -> None:
    """Raises AdminsOnly for everybody else."""
    if not actor.reach.may_administer:
        raise AdminsOnly()
