"""Templates: kept from links, and used for new ones by those whose they are. Those of whoever holds the admin token are for all to use."""

from __future__ import annotations

import secrets
from typing import Any

from app.core.actors import THE_OWNER, Actor, Reach
from app.core.audit import Act
from app.core.errors import TemplateNotFound
from app.core.ports.guards import Clock
from app.core.ports.links import LinkStore
from app.core.ports.templates import TemplateStore
from app.core.templates import Template, template_name, template_terms
from app.services.accounts.acts import Acts
from app.services.links.whose import Whose


class Templates:
    """Makes, lists, renames and removes templates. What is not within reach is answered as if it were not there."""

    def __init__(self, *, store: TemplateStore, links: LinkStore, whose: Whose, clock: Clock, acts: Acts) -> None:
        self._store = store
        self._links = links
        self._whose = whose
        self._clock = clock
        self._acts = acts

    def all(self, reach: Reach) -> list[Template]:
        """Those that may be used."""
        return self._store.all(None if reach.owners is None else {*reach.owners, THE_OWNER})

    def find(self, id: str, reach: Reach) -> Template:
        """One that may be used. Raises TemplateNotFound."""
        found = self._store.find(id)
        if found is None or not (found.owner == THE_OWNER or reach.holds(found.owner)):
            raise TemplateNotFound()
        return found

    def changes(self, id: str | None, reach: Reach) -> dict[str, Any]:
        """What a template sets on a new link; nothing for None. Raises TemplateNotFound."""
        return {} if id is None else self.find(id, reach).changes

    def save(self, name: str, hash: str, actor: Actor, owner: str | None = None) -> Template:
        """Keep a link's terms under a name. Raises RequestNotFound, InvalidRequest."""
        self._whose.link(hash, actor.reach)
        whose = self._whose.owner_of_new(actor, owner)
        terms = template_terms(self._links.load(hash).terms)
        made = Template(secrets.token_urlsafe(9), template_name(name), whose, self._clock(), terms)
        self._store.add(made)
        self._note(actor, Act.TEMPLATE_MADE, made, hash)
        return made

    def rename(self, id: str, name: str, actor: Actor) -> Template:
        """Raises TemplateNotFound, InvalidRequest."""
        before = self._own(id, actor.reach)
        self._store.rename(id, template_name(name))
        renamed = self._own(id, actor.reach)
        if renamed.name != before.name:
            self._note(actor, Act.TEMPLATE_CHANGED, renamed, before=before.name)
        return renamed

    def remove(self, id: str, actor: Actor) -> None:
        """Raises TemplateNotFound."""
        found = self._own(id, actor.reach)
        self._store.remove(id)
        self._note(actor, Act.TEMPLATE_REMOVED, found)

    def _note(self, actor: Actor, act: Act, template: Template, link: str | None = None, **facts: str) -> None:
        self._acts.note(actor, act, link, kept={"template": template.name, "owner": template.owner, **facts})

    def _own(self, id: str, reach: Reach) -> Template:
        found = self._store.find(id)
        if found is None or not reach.holds(found.owner):
            raise TemplateNotFound()
        return found
