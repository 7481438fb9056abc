"""What every AccountStore, SessionStore and InvitationStore promises, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.accounts import (
    MAX_ACCOUNTS,
    MAX_INVITATIONS,
    MAX_SESSIONS,
    Account,
    Invitation,
    KeptAccount,
    Role,
    Session,
)
from app.core.actors import THE_OWNER
from app.core.audit import ALL
from app.core.errors import AccountExists, InvitationNotFound, TooManyAccounts, UploadError
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.storage.sql.account_sessions import SQLAccountSessions
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.audit import SQLAudit
from app.storage.sql.database import Database
from app.storage.sql.files import SQLRequests
from app.storage.sql.invitations import SQLInvitations
from tests.contracts.conftest import databases
from tests.support.actors import OWNER

Open = Callable[[], Database]
ANN = Account("ann", Role.MEMBER, ("law", "tax"), "Ann Ä.", "ann@example.org", created_at=5.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


@pytest.fixture
def store(opened: Open) -> SQLAccounts:
    return SQLAccounts(opened(), clock=lambda: 60.0)


@pytest.fixture
def sessions(opened: Open) -> SQLAccountSessions:
    return SQLAccountSessions(opened(), clock=lambda: 60.0)


@pytest.fixture
def invitations(opened: Open) -> SQLInvitations:
    return SQLInvitations(opened(), clock=lambda: 60.0)


def told(opened: Open) -> list[tuple[str, str, dict[str, object]]]:
    """What the audit has, the oldest first."""
    rows = SQLAudit(opened()).page(100, None, ALL)
    return [(str(row.act), str(row.actor), dict(row.facts)) for row in reversed(rows)]


def kept(store: SQLAccounts, name: str) -> KeptAccount:
    found = store.find(name)
    assert found is not None
    return found


def session(id: str, account: str = "ann", seen: float = 10.0) -> Session:
    return Session(id, account, 10.0, seen, "192.0.2.1", "Browser", 1000.0)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_an_account_is_found_changed_and_removed(store: SQLAccounts, opened: Open) -> None:
    store.add(ANN, "hash", OWNER)
    store.add(Account("ada", Role.ADMIN), None, OWNER)
    assert kept(store, "ann").account == ANN
    assert (kept(store, "ann").password_hash, kept(store, "ada").password_hash) == ("hash", None)
    assert [each.name for each in store.all()] == ["ada", "ann"]
    with pytest.raises(AccountExists):
        store.add(replace(ANN, role=Role.ADMIN), "other", OWNER)
    changed = store.change("ann", lambda each: replace(each, account=replace(each.account, email="")), OWNER)
    assert changed is not None
    assert changed == kept(store, "ann")
    assert changed.account == replace(ANN, email="")
    assert store.change("ann", lambda each: each, OWNER) == changed
    for unknown in ("ben", "", "\0", "Ann", "ä" * 50):
        assert store.find(unknown) is None
        assert store.change(unknown, lambda each: each, OWNER) is None
        assert store.remove(unknown, OWNER) is None
    assert store.remove("ann", OWNER) == (0,)
    assert (store.find("ann"), store.remove("ann", OWNER)) == (None, None)
    assert told(opened) == [
        ("account_made", "owner", {"account": "ann", "role": "member", "teams": ["law", "tax"]}),
        ("account_made", "owner", {"account": "ada", "role": "admin", "teams": []}),
        ("account_changed", "owner", {"account": "ann", "details": True}),
        ("account_removed", "owner", {"account": "ann", "links": 0}),
    ]


def test_of_many_who_want_one_name_one_has_it(opened: Open) -> None:
    stores = [SQLAccounts(opened(), clock=lambda: 1.0) for _ in range(4)]

    def add(number: int) -> str:
        try:
            stores[number % 4].add(replace(ANN, display_name=str(number)), "hash", OWNER)
        except AccountExists:
            return "taken"
        return str(number)

    with ThreadPoolExecutor(8) as pool:
        ended = sorted(pool.map(add, range(8)))
    assert ended.count("taken") == 7
    assert kept(stores[0], "ann").account.display_name == ended[0]


def test_links_of_a_removed_account_go_to_the_owner(store: SQLAccounts, opened: Open) -> None:
    requests = SQLRequests(opened(), clock=lambda: 50.0)
    owners = {"own": ANN.owner, "other": "account:anna", "team": "team:ann", "first": THE_OWNER}
    for name, owner in owners.items():
        requests.create(RequestLink(f"{name}-0123456789abcdef", RelPath.parse(name), 1.0, owner=owner), OWNER)
    titled = replace(requests.load("other-0123456789abcdef").terms, title='"account:ann"')
    requests.update("other-0123456789abcdef", lambda each: replace(each, terms=titled), OWNER)
    assert requests.load("own-0123456789abcdef").owner == ANN.owner
    store.add(ANN, "hash", OWNER)
    assert store.remove("ann", OWNER) == (1,)
    found = {name: requests.load(f"{name}-0123456789abcdef").owner for name in owners}
    assert found == owners | {"own": THE_OWNER}
    assert told(opened)[-1] == ("account_removed", "owner", {"account": "ann", "links": 1})


def test_there_are_only_so_many_accounts(store: SQLAccounts, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_ACCOUNTS >= 100
    monkeypatch.setattr("app.storage.sql.accounts.MAX_ACCOUNTS", 2)
    store.add(ANN, "hash", OWNER)
    store.add(replace(ANN, name="ben"), "hash", OWNER)
    with pytest.raises(TooManyAccounts):
        store.add(replace(ANN, name="cid"), "hash", OWNER)
    assert store.find("cid") is None


def test_a_session_goes_on_until_its_end(store: SQLAccounts, sessions: SQLAccountSessions) -> None:
    store.add(ANN, "hash", OWNER)
    first = session("one")
    assert sessions.begin(digest("a"), first, kept(store, "ann").generation)
    assert sessions.find(digest("a"), 999.0) == (ANN, first)
    assert sessions.find(digest("a"), 1000.0) is None
    assert sessions.find(digest("b"), 20.0) is None
    sessions.saw(digest("a"), 80.0, "192.0.2.9")
    sessions.saw(digest("a"), 70.0, "192.0.2.8")
    assert sessions.all("ann", 90.0, 9) == [replace(first, seen=80.0, address="192.0.2.9")]
    assert (sessions.all("ben", 90.0, 9), sessions.all(None, 1000.0, 9)) == ([], [])
    assert (sessions.end(digest("a")), sessions.end(digest("a"))) == (True, False)
    assert sessions.find(digest("a"), 20.0) is None
    assert sessions.begin(digest("c"), session("three"), kept(store, "ann").generation)
    assert (sessions.prune(999.0), sessions.prune(1000.0)) == (0, 1)


CHANGES: dict[str, Callable[[KeptAccount], KeptAccount]] = {
    "role": lambda each: replace(each, account=replace(each.account, role=Role.ADMIN)),
    "password": lambda each: replace(each, password_hash="other"),
    "state": lambda each: replace(each, account=replace(each.account, disabled=True)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_with_another_role_password_or_state_sessions_have_ended(
    store: SQLAccounts, sessions: SQLAccountSessions, change: str
) -> None:
    store.add(ANN, "hash", OWNER)
    before = kept(store, "ann").generation
    assert sessions.begin(digest("a"), session("one"), before)
    store.change("ann", CHANGES[change], OWNER)
    assert sessions.find(digest("a"), 20.0) is None
    assert not sessions.begin(digest("b"), session("two"), before), "who proved themselves before it"
    assert sessions.all(None, 20.0, 9) == []
    now = kept(store, "ann")
    assert sessions.begin(digest("c"), session("three"), now.generation) is not now.account.disabled


def test_teams_change_within_a_session(store: SQLAccounts, sessions: SQLAccountSessions) -> None:
    store.add(ANN, "hash", OWNER)
    assert sessions.begin(digest("a"), session("one"), kept(store, "ann").generation)
    store.change("ann", lambda each: replace(each, account=replace(each.account, teams=())), OWNER)
    found = sessions.find(digest("a"), 20.0)
    assert found is not None
    assert found[0].teams == ()


def test_a_session_of_a_removed_account_is_none_of_another_of_its_name(
    store: SQLAccounts, sessions: SQLAccountSessions
) -> None:
    store.add(ANN, "hash", OWNER)
    before = kept(store, "ann").generation
    assert sessions.begin(digest("a"), session("one"), before)
    store.remove("ann", OWNER)
    store.add(ANN, "hash", OWNER)
    assert sessions.find(digest("a"), 20.0) is None
    assert not sessions.begin(digest("b"), session("two"), before)


def test_an_account_has_only_so_many_sessions(store: SQLAccounts, sessions: SQLAccountSessions) -> None:
    store.add(ANN, "hash", OWNER)
    store.add(replace(ANN, name="ben"), "hash", OWNER)
    assert sessions.begin(digest("ben"), session("ben", "ben", 1.0), kept(store, "ben").generation)
    for number in range(MAX_SESSIONS + 2):
        assert sessions.begin(
            digest(str(number)), session(f"s{number}", seen=10.0 + number), kept(store, "ann").generation
        )
    assert sessions.find(digest("1"), 20.0) is None
    assert sessions.find(digest("2"), 20.0) is not None
    assert len(sessions.all("ann", 20.0, 99)) == MAX_SESSIONS
    assert len(sessions.all(None, 20.0, 99)) == MAX_SESSIONS + 1
    assert [each.id for each in sessions.all(None, 20.0, 2)] == ["s21", "s20"]


def test_sessions_are_ended_by_their_ids_and_all_but_one(
    store: SQLAccounts, sessions: SQLAccountSessions, opened: Open
) -> None:
    store.add(ANN, "hash", OWNER)
    for each in "abcd":
        assert sessions.begin(digest(each), session(each), kept(store, "ann").generation)
    assert not sessions.end_named("a", "ben", OWNER), "it is none of ben's"
    assert not sessions.end_named("\0", None, OWNER)
    assert sessions.end_named("a", "ann", OWNER)
    assert sessions.end_named("b", None, OWNER)
    assert not sessions.end_named("b", None, OWNER)
    assert sessions.end_others("ann", digest("c"), OWNER) == 1
    assert [each.id for each in sessions.all("ann", 20.0, 9)] == ["c"]
    assert sessions.end_others("ann", None, OWNER) == 1
    assert sessions.end_others("ann", None, OWNER) == 0
    assert [each for each in told(opened) if each[0] == "session_ended"] == [
        ("session_ended", "owner", {"account": "ann", "sessions": 1})
    ] * 4


def invitation(id: str, role: Role = Role.VIEWER) -> Invitation:
    return Invitation(id, role, ("tax",), "ben@example.org", "owner", 10.0, 100.0)


def test_an_invitation_makes_one_account(invitations: SQLInvitations, store: SQLAccounts, opened: Open) -> None:
    first, second = invitation("one"), replace(invitation("two"), made_at=11.0)
    invitations.add(digest("x"), first, OWNER)
    invitations.add(digest("y"), second, OWNER)
    assert invitations.all(20.0) == [second, first]
    assert (invitations.find(digest("x"), 99.0), invitations.find(digest("x"), 100.0)) == (first, None)
    assert invitations.find(digest("z"), 20.0) is None
    store.add(ANN, "hash", OWNER)
    with pytest.raises(AccountExists):
        invitations.take(digest("x"), replace(ANN, role=Role.ADMIN), "hash", 20.0, OWNER)
    assert invitations.find(digest("x"), 20.0) == first, "a taken name uses nothing up"
    ben = replace(ANN, name="ben")

    def take(_: int) -> str:
        try:
            SQLInvitations(opened(), clock=lambda: 60.0).take(digest("x"), ben, "hash", 20.0, OWNER)
        except UploadError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == ["invitation_not_found"] * 3 + ["made"]
    assert kept(store, "ben").account == ben
    with pytest.raises(InvitationNotFound):
        invitations.take(digest("y"), replace(ANN, name="cid"), "hash", 100.0, OWNER)
    assert store.find("cid") is None
    assert (invitations.remove("two", OWNER), invitations.remove("two", OWNER)) == (True, False)
    assert not invitations.remove("\0", OWNER)
    assert [each[0] for each in told(opened)] == [
        "invitation_made",
        "invitation_made",
        "account_made",
        "account_made",
        "invitation_removed",
    ]
    assert told(opened)[3][2]["invited_by"] == "owner"


def test_there_are_only_so_many_invitations(invitations: SQLInvitations, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_INVITATIONS >= 100
    monkeypatch.setattr("app.storage.sql.invitations.MAX_INVITATIONS", 1)
    invitations.add(digest("x"), invitation("one"), OWNER)
    with pytest.raises(TooManyAccounts):
        invitations.add(digest("y"), invitation("two"), OWNER)
    assert (invitations.prune(99.0), invitations.prune(100.0)) == (0, 1)
    invitations.add(digest("y"), invitation("two"), OWNER)
