"""Whom a proxy in front names: believed where it is one of those that are trusted, and by nginx where nginx says that it was one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from app.core.access_errors import NotVouched
from app.core.addresses import mail_address
from app.core.identities import PROXY, Vouched, group_names, is_subject
from app.web.server.door import came_by_nginx, door
from app.web.server.proxies import is_trusted
from app.web.wire.context import services

_BY_NGINX = {"login": "X-Droppr-Login-Name", "email": "X-Droppr-Login-Email", "groups": "X-Droppr-Login-Groups"}
"""Under what nginx passes on what a trusted proxy said, with its secret in front: a configuration from before it knew these, which would pass
on what anybody sends, has no such text."""
AMBIGUOUS = (
    "The proxy in front names two people at once. Whoever looks after it has to replace the header, not to add to it."
)


@dataclass(frozen=True, slots=True)
class _Said:
    name: str
    email: str
    groups: str


def vouched_by_proxy() -> Vouched | None:
    """Whom the proxy in front names with this request; None where there is no such proxy, or it names nobody. Raises NotVouched where what it
    says cannot be understood."""
    said = _said()
    if said is None or not said.name:
        return None
    # Two headers of one name arrive as one, with a comma: the first may be what a client sent.
    if "," in said.name:
        raise NotVouched(AMBIGUOUS)
    name = said.name.lower()
    if not is_subject(name):
        raise NotVouched()
    groups = group_names([each.strip() for each in said.groups.split(",") if each.strip()])
    return Vouched(PROXY, name, name=name, email=_address(said.email), groups=groups)


def _said() -> _Said | None:
    """What a proxy says that is believed."""
    settings, environ = services().settings, request.environ
    header = settings.login_header
    if header is None:
        return None
    if came_by_nginx(environ, settings):
        return _Said(*(_from_nginx(each) for each in _BY_NGINX.values()))
    if not is_trusted(request.remote_addr, settings.trusted_proxies, by_nginx=False):
        return None
    others = (settings.login_email_header, settings.login_groups_header)
    return _Said(_text(header), *("" if each is None else _text(each) for each in others))


def _from_nginx(header: str) -> str:
    key, _, text = request.headers.get(header, "").partition(" ")
    return _decoded(text) if text and door(services().settings).admits(key) else ""


def _text(header: str) -> str:
    return _decoded(request.headers.get(header, ""))


def _decoded(text: str) -> str:
    """A header's text; bytes beyond ASCII are UTF-8, as proxies write it."""
    try:
        return text.encode("latin-1").decode().strip()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return ""


def _address(text: str) -> str:
    try:
        return mail_address(text) if text else ""
    except ValueError:
        return ""
