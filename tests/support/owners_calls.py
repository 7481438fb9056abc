"""Every call that is for owners, and what becomes of it where it is about what is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

R = "/api/droppr/requests"
H = f"{R}/<hash>"
F = f"{H}/files/<anypath:path>"
S = "/api/droppr/shares"
E = "/api/entities/<entity_id>"
D = f"{E}/files/<document_id>"


@dataclass(frozen=True)
class Row:
    """A call. ``others`` is what a member gets who makes it about what is somebody else's: 404 as if it were not there, 403 where it is
    the server's own, None where it names nothing and tells only what is one's own. ``looks``: who may only look may make it, too."""

    method: str
    rule: str
    others: int | None = 404
    looks: bool = False
    body: Any = None
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.rule}{self.query}"


def looks(rule: str, query: str = "") -> Row:
    return Row("GET", rule, looks=True, query=query)


def changes(method: str, rule: str, body: Any = None, query: str = "") -> Row:
    return Row(method, rule, body={} if body is None else body, query=query)


def servers(method: str, rule: str, body: Any = None) -> Row:
    return Row(method, rule, 403, body=body)


def ones_own(method: str, rule: str, body: Any = None, *, looks: bool = False) -> Row:
    return Row(method, rule, None, looks, body)


ROWS = [
    ones_own("POST", R, {"folder": "x"}),
    ones_own("GET", R, looks=True),
    looks(H, "?as=owner"),
    changes("PATCH", H, {"title": "mine now"}),
    changes("DELETE", H),
    Row("POST", f"{H}/seen", looks=True, body={"files_arrived": 0}),
    looks(f"{H}/files"),
    looks(f"{H}/senders"),
    looks(F),
    changes("PATCH", F, {"path": "else.txt"}),
    changes("DELETE", F),
    changes("POST", f"{F}/pass-on"),
    looks(f"{H}/archive"),
    looks("/api/droppr/archive", "?links=<hash>"),
    Row("POST", f"{H}/selections", looks=True, body={"uploads": ["x"]}),
    changes("POST", f"{H}/deletions", {"uploads": ["x"]}),
    changes("POST", f"{H}/restorations", {"uploads": ["x"]}),
    looks(f"{H}/bin"),
    changes("POST", f"{H}/bin/<upload_id>/restore"),
    changes("DELETE", f"{H}/bin/<upload_id>"),
    looks(f"{H}/looks/<upload_id>"),
    looks(f"{H}/copies/<upload_id>"),
    looks(f"{H}/looks/<upload_id>/picture"),
    looks(f"{H}/looks/<upload_id>/content"),
    looks(f"{H}/parties"),
    changes("PUT", f"{H}/parties/<party>/items/<item>", {"state": "accepted", "note": ""}),
    looks(f"{H}/uploads"),
    changes("DELETE", f"{H}/uploads"),
    changes("DELETE", f"{H}/uploads/<upload_id>", query="?as=owner"),
    changes("POST", f"{H}/invitations", {"to": ["x@example.org"]}),
    looks(f"{H}/reminders"),
    changes("POST", f"{H}/reminders", {"to": ["x@example.org"]}),
    changes("PUT", f"{H}/logo"),
    changes("DELETE", f"{H}/logo"),
    looks(f"{H}/shares"),
    ones_own("POST", S, {"link": "<hash>"}),
    changes("PATCH", f"{S}/<share>", {"title": "mine now"}),
    changes("DELETE", f"{S}/<share>"),
    ones_own("GET", "/api/messages", looks=True),
    looks("/api/messages/<message_id>"),
    changes("POST", "/api/messages/<message_id>/redelivery"),
    ones_own("POST", "/api/messages/test", {"endpoint": "<endpoint_id>"}),
    ones_own("GET", "/api/endpoints", looks=True),
    ones_own("POST", "/api/endpoints", {"url": "https://93.184.215.14/x", "link": "<hash>"}),
    changes("PATCH", "/api/endpoints/<endpoint_id>", {"active": False}),
    changes("DELETE", "/api/endpoints/<endpoint_id>"),
    changes("POST", "/api/endpoints/<endpoint_id>/secret"),
    ones_own("GET", "/api/search", looks=True),
    ones_own("GET", "/api/entities", looks=True),
    looks(E),
    changes("DELETE", E),
    looks(f"{E}/search", "?q=stuff"),
    looks(f"{E}/files"),
    looks(D),
    changes("DELETE", D),
    looks(f"{D}/similar"),
    changes("POST", f"{E}/files"),
    changes("POST", f"{E}/uploads", {"path": "x", "size": 1}),
    *(changes(each, f"{E}/upload-chunk") for each in ("POST", "PUT", "PATCH")),
    looks(f"{E}/uploads/<upload_id>"),
    changes("DELETE", f"{E}/uploads/<upload_id>"),
    ones_own("GET", "/api/droppr/audit", looks=True),
    servers("POST", "/api/droppr/audit/erasures", {"name": "bob"}),
    ones_own("GET", "/api/droppr/session", looks=True),
    ones_own("GET", "/api/droppr/news", looks=True),
    ones_own("GET", "/api/droppr/news/stream", looks=True),
    ones_own("GET", "/api/droppr/push", looks=True),
    ones_own("POST", "/api/droppr/push", {}, looks=True),
    ones_own("DELETE", "/api/droppr/push/<browser_id>", looks=True),
    ones_own("POST", "/api/droppr/push/<browser_id>/test", looks=True),
    ones_own("GET", "/api/sessions", looks=True),
    ones_own("DELETE", "/api/sessions", looks=True),
    ones_own("DELETE", "/api/sessions/<id>", looks=True),
    ones_own("POST", "/api/account/password", {}, looks=True),
    servers("GET", "/api/accounts"),
    servers("POST", "/api/accounts", {}),
    servers("PATCH", "/api/accounts/<name>", {}),
    servers("DELETE", "/api/accounts/<name>"),
    servers("GET", "/api/accounts/invitations"),
    servers("POST", "/api/accounts/invitations", {}),
    servers("DELETE", "/api/accounts/invitations/<id>"),
    servers("POST", "/api/accounts/invitations/<id>/mail"),
    ones_own("GET", "/api/account/second-factor", looks=True),
    ones_own("POST", "/api/account/second-factor", {}, looks=True),
    ones_own("POST", "/api/account/second-factor/confirmation", {}, looks=True),
    ones_own("POST", "/api/account/second-factor/removal", {}, looks=True),
    servers("DELETE", "/api/accounts/<name>/second-factor"),
    ones_own("GET", "/api/account/passkeys", looks=True),
    ones_own("POST", "/api/account/passkeys", {}, looks=True),
    ones_own("POST", "/api/account/passkeys/confirmation", {}, looks=True),
    ones_own("POST", "/api/account/passkeys/<id>/removal", {}, looks=True),
    ones_own("GET", "/api/account/identities", looks=True),
    ones_own("POST", "/api/account/identities", {}, looks=True),
    ones_own("DELETE", "/api/account/identities/<id>", looks=True),
    servers("GET", "/api/accounts/<name>/identities"),
    servers("DELETE", "/api/accounts/<name>/identities/<id>"),
    ones_own("GET", "/api/keys", looks=True),
    ones_own("POST", "/api/keys", {}, looks=True),
    ones_own("DELETE", "/api/keys/<id>", looks=True),
    ones_own("GET", "/api/templates", looks=True),
    ones_own("POST", "/api/templates", {"name": "x", "link": "nothing-0123456789abcdef"}),
    ones_own("GET", "/api/templates/<template_id>", looks=True),
    ones_own("PATCH", "/api/templates/<template_id>", {"name": "x"}),
    ones_own("DELETE", "/api/templates/<template_id>"),
    ones_own("GET", "/api/quotas", looks=True),
    servers("PUT", "/api/quotas/<owner>", {"most": 1}),
    servers("GET", "/api/settings"),
    servers("PATCH", "/api/settings", {}),
    servers("PUT", "/api/settings/logo"),
    servers("DELETE", "/api/settings/logo"),
    servers("POST", "/api/settings/test-mail", {}),
    servers("GET", "/api/v1/system/upload-status"),
    servers("GET", "/api/v1/system/upload-events"),
]
