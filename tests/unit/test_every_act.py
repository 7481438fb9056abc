"""Every call by which an owner changes something leaves a row in the audit that names who it was.

Each such row of the table of owners' calls is made here once so that it works, or stands among those that change nothing of which an audit
would tell, with the reason. One that is added fails by name until it does either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyotp
import pytest

from app.core.accounts import Role
from app.core.audit import ALL, Act
from app.core.identities import Vouched
from app.storage.sql.audit import SQLAudit
from tests.support.actors import OWNER
from tests.support.neighbours import ROOT, Belongings
from tests.support.owners_calls import ROWS, D, E, F, H, R, S
from tests.support.passkeys import SoftPasskey
from tests.support.pushes import PushBrowser
from tests.support.searched import FirstWord, House

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PASSWORD, NEXT_PASSWORD = "a right password", "another right password"
BUCKET = {"kind": "s3", "bucket": "papers"}

SILENT = {
    ("POST", f"{H}/seen"): "how far one has looked oneself, which nobody else is shown",
    ("POST", f"{H}/selections"): "a short name for files, which goes by itself",
    ("POST", "/api/account/second-factor"): "nothing counts before it is confirmed",
    ("POST", "/api/account/passkeys"): "the same",
    ("POST", "/api/account/identities"): "nothing counts before one has come back from there",
    ("POST", f"{E}/files"): "files arrive, as on any link; the ledger has them",
    ("POST", f"{E}/uploads"): "the same",
    **{(method, f"{E}/upload-chunk"): "the same" for method in ("POST", "PUT", "PATCH")},
}
CHANGING = {(row.method, row.rule) for row in ROWS if row.method != "GET"}
Make = Callable[["Office"], Any]


class Office:
    """A server with one link and all that hangs on it, and an admin who is logged in."""

    def __init__(self, folder: Path) -> None:
        more = {"s3_access_key": "key", "s3_secret_key": "secret", "public_url": "http://localhost"}
        self.house = House(folder, smtp_url="smtp://127.0.0.1:9", mail_from="droppr@example.org", **more)
        self.services = self.house.services
        self.audit = SQLAudit(self.services.ground.catalogue)
        people = self.services.accounts.people
        people.add(ROOT.name, Role.ADMIN, PASSWORD, OWNER)
        people.add("temp", Role.MEMBER, PASSWORD, OWNER, teams=["tax"])
        self.made = 0
        self.mine = Belongings(self.house, ROOT, "owner", "stuff")
        self.log_in(ROOT.name)

    def log_in(self, name: str, client: Any = None) -> None:
        said = {"name": name, "password": PASSWORD}
        assert (client or self.house.client).post("/api/droppr/session", json=said).status_code == 204

    def call(self, method: str, rule: str, body: Any = None, **options: Any) -> Any:
        sent = {"json": body} if body is not None else {}
        reply = self.house.client.open(self.mine.named(rule), method=method, **sent, **options)
        assert reply.status_code < 300, (method, rule, reply.status_code, reply.text)
        return reply.json if reply.is_json else None

    def told(self, after: int) -> list[tuple[str, str]]:
        """What was noted since: the act, and who it was."""
        rows = self.audit.page(1000, None, ALL)
        return [(row.act, f"{row.actor.kind}:{row.actor.name}") for row in rows if row.id > after]

    @property
    def newest(self) -> int:
        return max((row.id for row in self.audit.page(1000, None, ALL)), default=0)

    def sent(self, name: str) -> str:
        return self.mine._sent(self.house, name, name.encode())

    def deleted(self, name: str) -> str:
        upload = self.sent(name)
        self.call("DELETE", f"{H}/files/{name}")
        return upload

    def opened(self) -> str:
        return str(self.call("POST", f"{H}/uploads", {"path": "coming.bin", "size": 9})["upload_id"])

    def template(self) -> str:
        self.made += 1
        return str(self.call("POST", "/api/templates", {"name": f"T{self.made}", "link": self.mine.hash})["id"])

    def endpoint(self) -> str:
        self.made += 1
        url = f"https://93.184.215.14/{self.made}"
        return str(self.call("POST", "/api/endpoints", {"url": url, "link": self.mine.hash})["id"])

    def share(self) -> str:
        return str(self.call("POST", S, {"link": self.mine.hash})["hash"])

    def browser(self) -> str:
        self.made += 1
        said = PushBrowser(f"https://93.184.215.14/push/{self.made}").subscription()
        return str(self.call("POST", "/api/droppr/push", said)["id"])

    def key(self) -> str:
        self.made += 1
        return str(self.call("POST", "/api/keys", {"name": f"key-{self.made}", "scopes": ["links:read"]})["id"])

    def factor(self) -> str:
        """Begun: its secret."""
        self.services.accounts.factors.reset(ROOT.name, OWNER)
        return str(self.call("POST", "/api/account/second-factor", {"password": PASSWORD})["secret"])

    def with_factor(self, name: str) -> list[str]:
        """Has it on; its recovery codes."""
        factors = self.services.accounts.factors
        factors.reset(name, OWNER)
        secret, _ = factors.begin(name)
        return factors.confirm(name, pyotp.TOTP(secret).at(self.services.ground.clock()), OWNER)

    def passkey(self, asked: Any) -> str:
        """One that the browser makes of what it was ``asked``."""
        answer = SoftPasskey("http://localhost", "localhost").made(asked)
        reply = self.call("POST", "/api/account/passkeys/confirmation", {"name": "phone", "passkey": answer})
        return str(reply["id"])

    def asked_for_passkey(self) -> Any:
        return self.call("POST", "/api/account/passkeys", {"password": PASSWORD})

    def known_elsewhere(self, name: str) -> str:
        """As whom an account is known at a provider."""
        identities = self.services.accounts.identities
        self.made += 1
        identities.link(name, Vouched("https://login.example.org", f"someone-{self.made}"), OWNER)
        return identities.all(name)[-1].id

    def party(self) -> str:
        """Somebody who has sent what is asked for."""
        self.sent("asked.txt")
        return str(self.call("GET", f"{H}/parties")["parties"][0]["id"])

    def passed_on(self) -> str:
        """A file that is to go elsewhere, and has not."""
        made = self.call("POST", R, {"folder": "elsewhere", "destination": BUCKET})["hash"]
        self.house.send(made, "far.txt")
        return f"{R}/{made}/files/far.txt/pass-on"

    def change_password(self) -> None:
        """And back."""
        for old, new in ((PASSWORD, NEXT_PASSWORD), (NEXT_PASSWORD, PASSWORD)):
            self.call("POST", "/api/account/password", {"old": old, "new": new})

    def searched(self) -> str:
        """A document that is found."""
        self.call("PATCH", H, {"search": True})
        upload = self.sent(f"h-{self.newest}.txt")
        self.house.settle()
        return upload

    def brought(self) -> str:
        """A document of an entity that is named."""
        sent = {"X-Upload-Offset": "0", "X-Upload-Length": "4", "X-Upload-Name": "doc.txt"}
        reply = self.call("POST", "/api/entities/case-1/upload-chunk", data=b"text", headers=sent)
        return str(reply["upload_id"])

    def elsewhere(self) -> str:
        """A session of somebody, in another browser."""
        self.log_in("temp", self.house.client.application.test_client())
        [found] = [each for each in self.call("GET", "/api/sessions")["sessions"] if each["account"] == "temp"]
        return str(found["id"])


def link(office: Office) -> str:
    office.made += 1
    return str(office.call("POST", R, {"folder": f"more-{office.made}"})["hash"])


# What is needed for it, which is done before, and then the call with what that has made.
Before = Callable[[Office], Any]
CALLS: dict[tuple[str, str], tuple[Act, Before | None, Callable[[Office, Any], Any]]] = {
    ("POST", R): (Act.LINK_MADE, None, lambda o, _: link(o)),
    ("PATCH", H): (Act.LINK_CHANGED, None, lambda o, _: o.call("PATCH", H, {"note": "seen"})),
    ("DELETE", H): (Act.LINK_CLOSED, link, lambda o, made: o.call("DELETE", f"{R}/{made}")),
    ("PATCH", F): (
        Act.FILE_RENAMED,
        lambda o: o.sent("a.txt"),
        lambda o, _: o.call("PATCH", f"{H}/files/a.txt", {"path": "b.txt"}),
    ),
    ("DELETE", F): (Act.FILE_DELETED, lambda o: o.sent("c.txt"), lambda o, _: o.call("DELETE", f"{H}/files/c.txt")),
    ("POST", f"{F}/pass-on"): (Act.PASS_ON_ASKED, Office.passed_on, lambda o, path: o.call("POST", path)),
    ("POST", f"{H}/deletions"): (
        Act.FILE_DELETED,
        lambda o: o.sent("d.txt"),
        lambda o, made: o.call("POST", f"{H}/deletions", {"uploads": [made]}),
    ),
    ("POST", f"{H}/restorations"): (
        Act.FILE_RESTORED,
        lambda o: o.deleted("e.txt"),
        lambda o, made: o.call("POST", f"{H}/restorations", {"uploads": [made]}),
    ),
    ("POST", f"{H}/bin/<upload_id>/restore"): (
        Act.FILE_RESTORED,
        lambda o: o.deleted("f.txt"),
        lambda o, made: o.call("POST", f"{H}/bin/{made}/restore"),
    ),
    ("DELETE", f"{H}/bin/<upload_id>"): (
        Act.FILE_REMOVED,
        lambda o: o.deleted("g.txt"),
        lambda o, made: o.call("DELETE", f"{H}/bin/{made}"),
    ),
    ("PUT", f"{H}/parties/<party>/items/<item>"): (
        Act.ITEM_ACCEPTED,
        Office.party,
        lambda o, made: o.call("PUT", f"{H}/parties/{made}/items/<item>", {"state": "accepted", "note": ""}),
    ),
    ("DELETE", f"{H}/uploads"): (
        Act.UPLOAD_CANCELLED,
        Office.opened,
        lambda o, _: o.call("DELETE", f"{H}/uploads"),
    ),
    ("DELETE", f"{H}/uploads/<upload_id>"): (
        Act.UPLOAD_CANCELLED,
        Office.opened,
        lambda o, made: o.call("DELETE", f"{H}/uploads/{made}?as=owner"),
    ),
    ("POST", f"{H}/invitations"): (
        Act.LINK_SENT,
        None,
        lambda o, _: o.call("POST", f"{H}/invitations", {"to": ["x@example.org"]}),
    ),
    ("POST", f"{H}/reminders"): (
        Act.PEOPLE_REMINDED,
        lambda o: o.call("POST", f"{H}/invitations", {"to": ["y@example.org"]}),
        lambda o, _: o.call("POST", f"{H}/reminders", {"to": ["y@example.org"]}),
    ),
    ("PUT", f"{H}/logo"): (Act.LINK_CHANGED, None, lambda o, _: o.call("PUT", f"{H}/logo", data=PNG)),
    ("DELETE", f"{H}/logo"): (
        Act.LINK_CHANGED,
        lambda o: o.call("PUT", f"{H}/logo", data=PNG + b"x"),
        lambda o, _: o.call("DELETE", f"{H}/logo"),
    ),
    ("POST", S): (Act.SHARE_MADE, None, lambda o, _: o.share()),
    ("PATCH", f"{S}/<share>"): (
        Act.SHARE_CHANGED,
        Office.share,
        lambda o, made: o.call("PATCH", f"{S}/{made}", {"title": "x"}),
    ),
    ("DELETE", f"{S}/<share>"): (Act.SHARE_REMOVED, Office.share, lambda o, made: o.call("DELETE", f"{S}/{made}")),
    ("POST", "/api/messages/<message_id>/redelivery"): (
        Act.MESSAGE_ASKED_AGAIN,
        None,
        lambda o, _: o.call("POST", "/api/messages/<message_id>/redelivery"),
    ),
    ("POST", "/api/messages/test"): (
        Act.TEST_SENT,
        Office.endpoint,
        lambda o, made: o.call("POST", "/api/messages/test", {"endpoint": made}),
    ),
    ("POST", "/api/endpoints"): (Act.ENDPOINT_MADE, None, lambda o, _: o.endpoint()),
    ("PATCH", "/api/endpoints/<endpoint_id>"): (
        Act.ENDPOINT_CHANGED,
        Office.endpoint,
        lambda o, made: o.call("PATCH", f"/api/endpoints/{made}", {"active": False}),
    ),
    ("DELETE", "/api/endpoints/<endpoint_id>"): (
        Act.ENDPOINT_REMOVED,
        Office.endpoint,
        lambda o, made: o.call("DELETE", f"/api/endpoints/{made}"),
    ),
    ("POST", "/api/endpoints/<endpoint_id>/secret"): (
        Act.ENDPOINT_SECRET_RENEWED,
        Office.endpoint,
        lambda o, made: o.call("POST", f"/api/endpoints/{made}/secret"),
    ),
    ("DELETE", D): (
        Act.FILE_DELETED,
        Office.searched,
        lambda o, made: o.call("DELETE", f"{E}/files/{made}"),
    ),
    ("DELETE", f"{E}/uploads/<upload_id>"): (
        Act.FILE_TAKEN_BACK,
        Office.brought,
        lambda o, made: o.call("DELETE", f"/api/entities/case-1/uploads/{made}"),
    ),
    ("DELETE", E): (
        Act.ENTITY_FORGOTTEN,
        Office.searched,
        lambda o, _: o.call("DELETE", E),
    ),
    ("POST", "/api/droppr/audit/erasures"): (
        Act.AUDIT_ERASED,
        None,
        lambda o, _: o.call("POST", "/api/droppr/audit/erasures", {"name": "Nobody"}),
    ),
    ("POST", "/api/droppr/push"): (Act.ENDPOINT_MADE, None, lambda o, _: o.browser()),
    ("DELETE", "/api/droppr/push/<browser_id>"): (
        Act.ENDPOINT_REMOVED,
        Office.browser,
        lambda o, made: o.call("DELETE", f"/api/droppr/push/{made}"),
    ),
    ("POST", "/api/droppr/push/<browser_id>/test"): (
        Act.TEST_SENT,
        Office.browser,
        lambda o, made: o.call("POST", f"/api/droppr/push/{made}/test"),
    ),
    ("DELETE", "/api/sessions"): (
        Act.SESSION_ENDED,
        Office.elsewhere,
        lambda o, _: o.call("DELETE", "/api/sessions?account=temp"),
    ),
    ("DELETE", "/api/sessions/<id>"): (
        Act.SESSION_ENDED,
        Office.elsewhere,
        lambda o, made: o.call("DELETE", f"/api/sessions/{made}"),
    ),
    ("POST", "/api/account/password"): (
        Act.PASSWORD_CHANGED,
        None,
        lambda o, _: o.change_password(),
    ),
    ("POST", "/api/accounts"): (
        Act.ACCOUNT_MADE,
        None,
        lambda o, _: o.call("POST", "/api/accounts", {"name": "new", "password": PASSWORD}),
    ),
    ("PATCH", "/api/accounts/<name>"): (
        Act.ACCOUNT_CHANGED,
        None,
        lambda o, _: o.call("PATCH", "/api/accounts/temp", {"display_name": "Temp"}),
    ),
    ("DELETE", "/api/accounts/<name>"): (
        Act.ACCOUNT_REMOVED,
        lambda o: o.call("POST", "/api/accounts", {"name": "leaves", "password": PASSWORD}),
        lambda o, _: o.call("DELETE", "/api/accounts/leaves"),
    ),
    ("POST", "/api/accounts/invitations"): (
        Act.INVITATION_MADE,
        None,
        lambda o, _: o.call("POST", "/api/accounts/invitations", {}),
    ),
    ("DELETE", "/api/accounts/invitations/<id>"): (
        Act.INVITATION_REMOVED,
        lambda o: o.call("POST", "/api/accounts/invitations", {})["id"],
        lambda o, made: o.call("DELETE", f"/api/accounts/invitations/{made}"),
    ),
    ("POST", "/api/accounts/invitations/<id>/mail"): (
        Act.MESSAGE_ASKED_AGAIN,
        lambda o: o.call("POST", "/api/accounts/invitations", {"email": "z@example.org", "mail": True})["id"],
        lambda o, made: o.call("POST", f"/api/accounts/invitations/{made}/mail"),
    ),
    ("POST", "/api/account/passkeys/confirmation"): (
        Act.PASSKEY_ADDED,
        Office.asked_for_passkey,
        lambda o, asked: o.passkey(asked),
    ),
    ("POST", "/api/account/passkeys/<id>/removal"): (
        Act.PASSKEY_REMOVED,
        lambda o: o.passkey(o.asked_for_passkey()),
        lambda o, made: o.call("POST", f"/api/account/passkeys/{made}/removal", {"password": PASSWORD}),
    ),
    ("DELETE", "/api/account/identities/<id>"): (
        Act.IDENTITY_REMOVED,
        lambda o: o.known_elsewhere(ROOT.name),
        lambda o, made: o.call("DELETE", f"/api/account/identities/{made}"),
    ),
    ("DELETE", "/api/accounts/<name>/identities/<id>"): (
        Act.IDENTITY_REMOVED,
        lambda o: o.known_elsewhere("temp"),
        lambda o, made: o.call("DELETE", f"/api/accounts/temp/identities/{made}"),
    ),
    ("POST", "/api/account/second-factor/confirmation"): (
        Act.SECOND_FACTOR_ON,
        Office.factor,
        lambda o, made: o.call(
            "POST", "/api/account/second-factor/confirmation", {"code": pyotp.TOTP(made).at(o.services.ground.clock())}
        ),
    ),
    ("POST", "/api/account/second-factor/removal"): (
        Act.SECOND_FACTOR_OFF,
        lambda o: o.with_factor(ROOT.name),
        lambda o, codes: o.call("POST", "/api/account/second-factor/removal", {"code": codes[0]}),
    ),
    ("DELETE", "/api/accounts/<name>/second-factor"): (
        Act.SECOND_FACTOR_OFF,
        lambda o: o.with_factor("temp"),
        lambda o, _: o.call("DELETE", "/api/accounts/temp/second-factor"),
    ),
    ("POST", "/api/keys"): (Act.KEY_MADE, None, lambda o, _: o.key()),
    ("DELETE", "/api/keys/<id>"): (Act.KEY_REVOKED, Office.key, lambda o, made: o.call("DELETE", f"/api/keys/{made}")),
    ("POST", "/api/templates"): (Act.TEMPLATE_MADE, None, lambda o, _: o.template()),
    ("PATCH", "/api/templates/<template_id>"): (
        Act.TEMPLATE_CHANGED,
        Office.template,
        lambda o, made: o.call("PATCH", f"/api/templates/{made}", {"name": "Renamed"}),
    ),
    ("DELETE", "/api/templates/<template_id>"): (
        Act.TEMPLATE_REMOVED,
        Office.template,
        lambda o, made: o.call("DELETE", f"/api/templates/{made}"),
    ),
    ("PUT", "/api/quotas/<owner>"): (
        Act.ACCOUNT_CHANGED,
        None,
        lambda o, _: o.call("PUT", f"/api/quotas/{quote('team:tax')}", {"most": 10**9}),
    ),
    ("PATCH", "/api/settings"): (
        Act.SETTINGS_CHANGED,
        None,
        lambda o, _: o.call("PATCH", "/api/settings", {"brand_name": "Kanzlei"}),
    ),
    ("PUT", "/api/settings/logo"): (
        Act.SETTINGS_CHANGED,
        None,
        lambda o, _: o.call("PUT", "/api/settings/logo", data=PNG),
    ),
    ("DELETE", "/api/settings/logo"): (
        Act.SETTINGS_CHANGED,
        None,
        lambda o, _: o.call("DELETE", "/api/settings/logo"),
    ),
    ("POST", "/api/settings/test-mail"): (
        Act.TEST_SENT,
        None,
        lambda o, _: o.call("POST", "/api/settings/test-mail", {"to": "x@example.org"}),
    ),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.wiring.entities.UniversalEmbedder", FirstWord)
        yield Office(tmp_path_factory.mktemp("office"))


def test_every_call_that_changes_something_says_which_act_it_is() -> None:
    assert CALLS.keys() | SILENT.keys() == CHANGING
    assert not CALLS.keys() & SILENT.keys()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: " ".join(call))
def test_it_leaves_a_row_that_names_who_it_was(office: Office, call: tuple[str, str]) -> None:
    act, before, make = CALLS[call]
    made = before(office) if before is not None else None
    newest = office.newest
    make(office, made)
    assert (str(act), "account:root") in office.told(newest)
