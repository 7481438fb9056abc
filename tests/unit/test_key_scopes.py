"""What a key is for: a table of every call of owners, and what it needs; and that no key does more than that, or than its account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from app.core.accounts import Account, Role
from app.core.actors import EVERYTHING, Actor, ActorKind, Reach, Scope
from app.core.errors import AdminsOnly
from app.core.remotes import RemoteTarget, TargetKind
from app.core.terms import Terms
from app.services.links.whose import check_change
from app.web.wire.scopes import DENIED, needed
from tests.support.actors import OWNER
from tests.support.neighbours import ANN, BOB, EVE, ROOT, Neighbours
from tests.support.owners_calls import ROWS, D, E, F, H, R, S
from tests.support.searched import TOKEN, FirstWord

ANY: frozenset[Scope] = frozenset()
READ, WRITE, OPEN, DELETE, ADMIN = (frozenset({each}) for each in Scope)
SHOW = READ | OPEN
LEND = WRITE | OPEN
TABLE: dict[tuple[str, str], frozenset[Scope]] = {
    ("POST", R): WRITE,
    ("GET", R): READ,
    ("GET", H): READ,
    ("PATCH", H): WRITE,
    ("DELETE", H): WRITE,
    ("POST", f"{H}/seen"): OPEN,
    ("GET", f"{H}/files"): OPEN,
    ("GET", f"{H}/senders"): OPEN,
    ("GET", F): OPEN,
    ("PATCH", F): DELETE,
    ("DELETE", F): DELETE,
    ("POST", f"{F}/pass-on"): WRITE,
    ("GET", f"{H}/archive"): OPEN,
    ("GET", "/api/droppr/archive"): OPEN,
    ("POST", f"{H}/selections"): OPEN,
    ("POST", f"{H}/deletions"): DELETE,
    ("POST", f"{H}/restorations"): DELETE,
    ("GET", f"{H}/bin"): OPEN,
    ("POST", f"{H}/bin/<upload_id>/restore"): DELETE,
    ("DELETE", f"{H}/bin/<upload_id>"): DELETE,
    ("GET", f"{H}/looks/<upload_id>"): OPEN,
    ("GET", f"{H}/copies/<upload_id>"): OPEN,
    ("GET", f"{H}/looks/<upload_id>/picture"): OPEN,
    ("GET", f"{H}/looks/<upload_id>/content"): OPEN,
    ("GET", f"{H}/parties"): OPEN,
    ("PUT", f"{H}/parties/<party>/items/<item>"): WRITE,
    ("GET", f"{H}/uploads"): OPEN,
    ("DELETE", f"{H}/uploads"): DELETE,
    ("DELETE", f"{H}/uploads/<upload_id>"): DELETE,
    ("POST", f"{H}/invitations"): WRITE,
    ("GET", f"{H}/reminders"): READ,
    ("POST", f"{H}/reminders"): WRITE,
    ("PUT", f"{H}/logo"): WRITE,
    ("DELETE", f"{H}/logo"): WRITE,
    ("GET", f"{H}/shares"): SHOW,
    ("POST", S): LEND,
    ("PATCH", f"{S}/<share>"): LEND,
    ("DELETE", f"{S}/<share>"): LEND,
    ("GET", "/api/messages"): READ,
    ("GET", "/api/messages/<message_id>"): READ,
    ("POST", "/api/messages/<message_id>/redelivery"): WRITE,
    ("POST", "/api/messages/test"): WRITE,
    ("GET", "/api/endpoints"): READ,
    ("POST", "/api/endpoints"): LEND,
    ("PATCH", "/api/endpoints/<endpoint_id>"): LEND,
    ("DELETE", "/api/endpoints/<endpoint_id>"): WRITE,
    ("POST", "/api/endpoints/<endpoint_id>/secret"): LEND,
    ("GET", "/api/search"): OPEN,
    ("GET", "/api/entities"): OPEN,
    ("GET", E): OPEN,
    ("DELETE", E): DELETE,
    ("GET", f"{E}/search"): OPEN,
    ("GET", f"{E}/files"): OPEN,
    ("GET", D): OPEN,
    ("DELETE", D): DELETE,
    ("GET", f"{D}/similar"): OPEN,
    ("POST", f"{E}/files"): WRITE,
    ("POST", f"{E}/uploads"): WRITE,
    ("POST", f"{E}/upload-chunk"): WRITE,
    ("PUT", f"{E}/upload-chunk"): WRITE,
    ("PATCH", f"{E}/upload-chunk"): WRITE,
    ("GET", f"{E}/uploads/<upload_id>"): OPEN,
    ("DELETE", f"{E}/uploads/<upload_id>"): DELETE,
    ("GET", "/api/droppr/session"): ANY,
    ("GET", "/api/droppr/news"): READ,
    ("GET", "/api/droppr/news/stream"): READ,
    ("GET", "/api/quotas"): READ,
    ("GET", "/api/templates"): READ,
    ("POST", "/api/templates"): WRITE,
    ("GET", "/api/templates/<template_id>"): READ,
    ("PATCH", "/api/templates/<template_id>"): WRITE,
    ("DELETE", "/api/templates/<template_id>"): WRITE,
    **dict.fromkeys(
        [
            ("GET", "/api/droppr/audit"),
            ("POST", "/api/droppr/audit/erasures"),
            ("GET", "/api/droppr/push"),
            ("POST", "/api/droppr/push"),
            ("DELETE", "/api/droppr/push/<browser_id>"),
            ("POST", "/api/droppr/push/<browser_id>/test"),
            ("GET", "/api/sessions"),
            ("DELETE", "/api/sessions"),
            ("DELETE", "/api/sessions/<id>"),
            ("POST", "/api/account/password"),
            ("GET", "/api/accounts"),
            ("POST", "/api/accounts"),
            ("PATCH", "/api/accounts/<name>"),
            ("DELETE", "/api/accounts/<name>"),
            ("GET", "/api/accounts/invitations"),
            ("POST", "/api/accounts/invitations"),
            ("DELETE", "/api/accounts/invitations/<id>"),
            ("POST", "/api/accounts/invitations/<id>/mail"),
            ("GET", "/api/account/second-factor"),
            ("POST", "/api/account/second-factor"),
            ("POST", "/api/account/second-factor/confirmation"),
            ("POST", "/api/account/second-factor/removal"),
            ("DELETE", "/api/accounts/<name>/second-factor"),
            ("GET", "/api/account/passkeys"),
            ("POST", "/api/account/passkeys"),
            ("POST", "/api/account/passkeys/confirmation"),
            ("POST", "/api/account/passkeys/<id>/removal"),
            ("GET", "/api/account/identities"),
            ("POST", "/api/account/identities"),
            ("DELETE", "/api/account/identities/<id>"),
            ("GET", "/api/accounts/<name>/identities"),
            ("DELETE", "/api/accounts/<name>/identities/<id>"),
            ("GET", "/api/keys"),
            ("POST", "/api/keys"),
            ("DELETE", "/api/keys/<id>"),
            ("PUT", "/api/quotas/<owner>"),
            ("GET", "/api/settings"),
            ("PATCH", "/api/settings"),
            ("PUT", "/api/settings/logo"),
            ("DELETE", "/api/settings/logo"),
            ("POST", "/api/settings/test-mail"),
            ("GET", "/api/v1/system/upload-status"),
            ("GET", "/api/v1/system/upload-events"),
        ],
        ADMIN,
    ),
}


def test_every_call_of_owners_needs_what_the_table_says() -> None:
    assert {(row.method, row.rule): needed(row.method, row.rule) for row in ROWS} == TABLE


def test_what_is_told_nowhere_needs_everything() -> None:
    assert needed("POST", "/api/something/new") == needed("TRACE", R) == DENIED
    assert needed("HEAD", R) == READ


ACCOUNT_REACHES = [ROOT.reach, ANN.reach, EVE.reach, EVERYTHING]


@pytest.mark.parametrize("reach", ACCOUNT_REACHES)
def test_a_key_has_never_more_than_its_account(reach: Reach) -> None:
    for scopes in (ANY, READ, WRITE, OPEN, DELETE, ADMIN, frozenset(Scope)):
        left = reach.narrowed(scopes)
        assert left.owners == reach.owners
        assert left.may_change <= reach.may_change
        assert left.may_administer <= reach.may_administer
        assert left.may_administer <= (scopes >= ADMIN)
        assert left.scopes is not None
        assert left.scopes <= scopes
        assert bool(left.lacks(DENIED)) == (not left.may_administer)
        ruling = Actor(ActorKind.ACCOUNT, name="ann", reach=left).rules("account:ann")
        assert not ruling or (reach.may_change and bool(scopes & (WRITE | ADMIN)))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.wiring.entities.UniversalEmbedder", FirstWord)
        yield Neighbours(tmp_path_factory.mktemp("neighbours"))


NUMBERS = count()


def key_of(here: Neighbours, who: Account | None, *scopes: Scope) -> str:
    return here.services.accounts.keys.make(who, f"key-{next(NUMBERS)}", [*scopes], 1, OWNER)[1]


def ask(here: Neighbours, key: str, method: str, path: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return here.house.client.open(path, method=method, headers=headers, **options)


def test_a_key_that_lacks_a_scope_is_told_which_by_every_call(here: Neighbours) -> None:
    for scope in Scope:
        for who in (ANN, None) if scope is not Scope.ADMIN else ():
            key = key_of(here, who, scope)
            before = ask(here, TOKEN, "GET", R).text
            for row in ROWS:
                missing = TABLE[row.method, row.rule] - {scope}
                if missing and "message_id" not in row.rule:
                    path = here.anns.named(row.rule).replace("<", "").replace(">", "") + row.query
                    reply = ask(here, key, row.method, path, **({} if row.body is None else {"json": row.body}))
                    told = (reply.status_code, reply.json["code"], reply.json["scopes"])
                    assert told == (403, "scope_missing", sorted(missing)), (row, who)
            assert ask(here, TOKEN, "GET", R).text == before
    # One may not lend by another call what one has not.
    key = key_of(here, None, Scope.LINKS_WRITE)
    writer = here.services.accounts.keys.actor(key, "")
    assert writer is not None
    with pytest.raises(AdminsOnly):
        check_change(Terms(), Terms(destination=RemoteTarget(TargetKind.S3, bucket="elsewhere")), writer)
    assert ask(here, key, "POST", "/api/endpoints", json={"url": "https://93.184.215.14/x"}).status_code == 403


def test_a_key_does_what_it_is_for_and_reaches_what_its_account_reaches(here: Neighbours) -> None:
    key = key_of(here, ANN, Scope.LINKS_READ, Scope.LINKS_WRITE, Scope.FILES_READ)
    listed = ask(here, key, "GET", R).json["requests"]
    assert {each["owner"] for each in listed} == {ANN.owner, "team:tax"}
    for others in here.foreign:
        assert ask(here, key, "GET", f"{R}/{others.hash}/files").json["code"] == "request_not_found"
        assert ask(here, key, "GET", f"{R}/{others.hash}/shares").json["code"] == "request_not_found"
    made = ask(here, key, "POST", R, json={"folder": "by-key"})
    assert made.json["owner"] == ANN.owner
    assert ask(here, key, "GET", here.anns.named(F)).data == f"What {here.anns.word} says.".encode()
    who = ask(here, key, "GET", "/api/droppr/session").json
    assert (who["name"], who["scopes"]) == ("ann", ["files:read", "links:read", "links:write"])
    [row] = ask(here, TOKEN, "GET", f"/api/droppr/audit?link={made.json['hash']}").json["entries"]
    assert (row["actor"], row["act"]) == ("account:ann", "link_made")
    assert row["way"].startswith("key key-")
    assert ask(here, key, "GET", "/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).json["code"] == "admins_only"


def test_an_admins_key_is_an_admins_as_long_as_they_are_one(here: Neighbours) -> None:
    people, key = here.services.accounts.people, key_of(here, ROOT, Scope.ADMIN)
    assert ask(here, key, "GET", "/api/accounts").status_code == 200
    key_of(here, ANN, Scope.LINKS_READ)
    assert {"ann", "root"} <= {each["account"] for each in ask(here, key, "GET", "/api/keys").json["keys"]}
    people.change("root", OWNER, role=Role.MEMBER)
    for path in ("/api/accounts", "/api/keys", R):
        assert ask(here, key, "GET", path).json["code"] == "scope_missing"
    people.change("root", OWNER, role=Role.ADMIN)
    assert ask(here, key, "GET", "/api/accounts").status_code == 200
    people.change("root", OWNER, disabled=True)
    assert ask(here, key, "GET", "/api/accounts").json["code"] == "unauthorized"
    people.change("root", OWNER, disabled=False)
    assert ask(here, key, "GET", "/api/accounts").json["code"] == "unauthorized", "what has ended stays so"


def test_keys_are_made_listed_and_taken_back_by_whose_they_are(here: Neighbours) -> None:
    keys = here.services.accounts.keys
    body = {"name": "nightly", "scopes": ["files:read", "files:read"], "expires_days": 0}
    made = ask(here, TOKEN, "POST", "/api/keys", json=body)
    assert made.status_code == 201
    told = made.json
    assert told["key"].startswith(told["hint"])
    assert (told["scopes"], told["expires_at"], told["account"]) == (["files:read"], None, "")
    assert ask(here, TOKEN, "POST", "/api/keys", json=body).json["code"] == "key_exists"
    listed = ask(here, TOKEN, "GET", "/api/keys?account=eve")
    assert listed.json == {"keys": []}
    assert told["key"] not in ask(here, TOKEN, "GET", "/api/keys").text
    assert ask(here, told["key"], "GET", "/api/droppr/session").status_code == 200
    [mine] = [each for each in keys.listed("") if each.name == "nightly"]
    assert mine.used_at is not None
    bobs, _ = keys.make(BOB, "bobs", [Scope.LINKS_READ], 1, OWNER)
    assert not here.services.accounts.keys._store.remove(bobs.id, "ann", OWNER)
    assert ask(here, TOKEN, "DELETE", f"/api/keys/{bobs.id}").status_code == 204
    assert ask(here, TOKEN, "DELETE", f"/api/keys/{bobs.id}").json["code"] == "key_not_found"
    assert ask(here, TOKEN, "DELETE", f"/api/keys/{told['id']}").status_code == 204
    for wrong, field in (
        ({**body, "name": "Two words"}, "name"),
        ({**body, "scopes": []}, "scopes"),
        ({**body, "scopes": ["everything"]}, "scopes"),
        ({**body, "expires_days": -1}, "expires_days"),
        ({**body, "expires_days": 10**9}, "expires_days"),
        ({**body, "expires_days": True}, "expires_days"),
    ):
        reply = ask(here, TOKEN, "POST", "/api/keys", json=wrong)
        assert (reply.status_code, [*reply.json["fields"]]) == (400, [field]), reply.text


def test_a_wrong_key_is_counted_as_a_wrong_token_and_one_that_is_over_is_not(here: Neighbours) -> None:
    clock = here.services.ground.clock
    address = {"REMOTE_ADDR": "198.51.100.9"}
    _, over = here.services.accounts.keys.make(BOB, "over", [Scope.LINKS_READ], 1, OWNER)
    keys = here.services.accounts.keys
    keys._clock = lambda: clock() + 2 * 24 * 3600
    try:
        for _ in range(12):
            assert "over" in ask(here, over, "GET", R, environ_base=address).json["error"]
    finally:
        keys._clock = clock
    assert ask(here, over, "GET", R, environ_base=address).status_code == 200
    codes = [ask(here, f"droppr_{'0' * 48}", "GET", R, environ_base=address).json["code"] for _ in range(12)]
    assert codes[:10] == ["unauthorized"] * 10
    assert codes[-1] == "too_many_attempts"
    # Nobody guesses it, so nobody is locked out of it.
    assert ask(here, over, "GET", R, environ_base=address).status_code == 200


def test_whose_something_is_counts_before_what_a_key_is_for(here: Neighbours) -> None:
    key = key_of(here, BOB, Scope.FILES_READ)
    assert ask(here, key, "PATCH", f"{R}/{here.anns.hash}", json={}).json["code"] == "request_not_found"
    assert ask(here, key, "PATCH", f"{R}/{here.bobs.hash}", json={}).json["code"] == "scope_missing"
