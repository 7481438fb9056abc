"""Passkeys: added, used alone or beside a password, refused in whatever is wrong with them, and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.core.access_errors import LastWayIn, PasskeysUnavailable, WrongPasskey
from app.core.accounts import Role
from app.core.audit import ALL
from app.core.errors import InvalidRequest
from app.core.passkeys import MAX_PASSKEYS, Answer, passkey_name, relying_party, url_bytes, url_text
from app.services.accounts.challenges import Challenges
from app.services.accounts.log_ins import Browser
from app.services.accounts.passkeys import Passkeys
from app.services.accounts.wrong_tokens import CLIENT_LIMIT
from app.storage.sql.counts import SQLCounts
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.support.passkeys import PRESENT, SoftPasskey
from tests.support.searched import House

PASSWORD = "a right password"
SESSION, OWN = "/api/droppr/session", "/api/account/passkeys"
ASK = f"{SESSION}/passkey"


@pytest.mark.parametrize(
    ("origin", "id"),
    [
        ("https://files.example.org", "files.example.org"),
        ("https://files.example.org:8443", "files.example.org"),
        ("http://localhost:8000", "localhost"),
        ("http://drop.localhost", "drop.localhost"),
    ],
)
def test_they_belong_to_the_name_of_the_server(origin: str, id: str) -> None:
    party = relying_party(origin)
    assert (party.id, party.origin) == (id, origin)


@pytest.mark.parametrize(
    ("origin", "word"),
    [
        (None, "Set DROPPR_PUBLIC_URL"),
        ("http://files.example.org", "https alone"),
        ("https://192.0.2.7", "not to an IP address"),
        ("https://[2001:db8::1]:8443", "not to an IP address"),
        ("http://127.0.0.1:8000", "not to an IP address"),
        ("http://evillocalhost", "https alone"),
    ],
)
def test_where_there_can_be_none_it_is_said_what_to_set(origin: str | None, word: str) -> None:
    with pytest.raises(PasskeysUnavailable, match=word):
        relying_party(origin)


def test_names_are_made_visible_and_bounded() -> None:
    assert passkey_name(" my\u202e\n phone ") == "my phone"
    for bad in ("", " \x00", "x" * 61):
        with pytest.raises(InvalidRequest):
            passkey_name(bad)
    assert [url_bytes(each) for each in ("AQ", "AR", "AQ==", "ä", 7, "A")] == [b"\x01", None, None, None, None, None]


def test_a_challenge_is_for_one_purpose_five_minutes_and_one_use(tmp_path: Path) -> None:
    now = Now()
    attempts = SQLCounts(catalogue(tmp_path), now)
    challenges = Challenges("s" * 43, attempts, now)
    challenge, kept = challenges.new("log in")
    assert challenges.read(kept, "log in") == challenge
    other = Challenges("t" * 43, attempts, now).new("log in")[1]
    for wrong, purpose in (
        (kept, "add ann"),
        (kept[:-1], "log in"),
        (other, "log in"),
        (None, "log in"),
        ("\ud800.", ""),
    ):
        assert challenges.read(wrong, purpose) is None
    assert (challenges.use(challenge), challenges.use(challenge)) == (True, False)
    now.at += 299
    assert challenges.read(kept, "log in") == challenge
    now.at += 2
    assert challenges.read(kept, "log in") is None
    now.at -= 1000
    assert challenges.read(kept, "log in") is None, "the clock was set back"


@pytest.fixture(scope="module")
def cheap() -> Iterator[None]:
    """Hashes that cost nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.services.links.passwords.PasswordHasher", lambda: PasswordHasher(1, 8, 1))
        yield


@pytest.fixture(scope="module")
def address(cheap: None, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("data"), public_url="https://files.example.org")


@pytest.fixture
def house(address: House) -> Iterator[House]:
    """One in which Ann and Bob have accounts as they were made."""
    people = address.services.accounts.people
    for name in ("ann", "bob"):
        people.add(name, Role.MEMBER, PASSWORD, OWNER)
    yield address
    for name in ("ann", "bob"):
        people.remove(name, OWNER)
    for each in ("droppr_owner", "droppr_known", "droppr_passkey"):
        address.client.delete_cookie(each)
    address.services.ground.attempts.clear("token:127.0.0.1", CLIENT_LIMIT)


def said(house: House, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    reply = house.client.open(path, method=method, json=body, headers={"Sec-Fetch-Site": "same-origin"})
    return reply.status_code, reply.json


def logged_in(house: House, name: str = "ann") -> None:
    assert said(house, "POST", SESSION, {"name": name, "password": PASSWORD})[0] == 204


def added(house: House, passkey: SoftPasskey | None = None, name: str = "phone") -> SoftPasskey:
    passkey = passkey or SoftPasskey()
    status, options = said(house, "POST", OWN, {"password": PASSWORD})
    assert status == 200, options
    body = {"name": name, "passkey": passkey.made(options)}
    assert said(house, "POST", f"{OWN}/confirmation", body)[0] == 201
    return passkey


def challenge(house: House) -> Any:
    status, options = said(house, "POST", ASK)
    assert status == 200, options
    assert options["userVerification"] == "required"
    return options


def log_in(house: House, passkey: SoftPasskey, **more: Any) -> tuple[int, Any]:
    status, told = said(house, "POST", SESSION, {"passkey": passkey.signed(challenge(house)), **more})
    return status, told and told.get("code")


def acts(house: House) -> list[tuple[str, str]]:
    rows = house.services.audit.log.page(99, None, ALL)
    return [(str(each.act), each.actor.way) for each in rows]


def test_one_is_added_opens_by_itself_and_is_removed(house: House) -> None:
    logged_in(house)
    other = house.services.accounts.log_ins.enter("ann", Browser("192.0.2.9"))
    phone = added(house)
    assert house.services.accounts.sessions.account(other.cookie, "") is None, "it was begun without"
    status, told = said(house, "GET", OWN)
    assert (status, told["unavailable"], told["password"]) == (200, "", True)
    [shown] = told["passkeys"]
    assert (shown["name"], shown["used_at"]) == ("phone", None)
    assert said(house, "GET", SESSION)[1]["second_factor"]
    said(house, "DELETE", SESSION)
    assert log_in(house, phone) == (204, None)
    assert said(house, "GET", SESSION)[1]["name"] == "ann"
    assert said(house, "GET", OWN)[1]["passkeys"][0]["used_at"]
    assert ("logged_in", "passkey") in acts(house)
    removal = f"{OWN}/{shown['id']}/removal"
    assert said(house, "POST", removal, {})[1]["fields"].keys() == {"password"}
    assert said(house, "POST", f"{OWN}/nothing/removal", {"password": PASSWORD})[1]["code"] == "passkey_not_found"
    lost = house.services.accounts.log_ins.enter("ann", Browser("192.0.2.9"))
    assert said(house, "POST", removal, {"password": PASSWORD})[0] == 204
    assert house.services.accounts.sessions.account(lost.cookie, "") is None, "on the phone that was lost"
    assert not said(house, "GET", SESSION)[1]["second_factor"]
    said(house, "DELETE", SESSION)
    assert log_in(house, phone) == (401, "wrong_passkey")
    assert said(house, "GET", SESSION)[0] == 401
    assert {("passkey_added", "session"), ("passkey_removed", "session"), ("log_in_failed", "passkey")} <= {
        *acts(house)
    }


def test_beside_a_password_it_stands_for_the_code(house: House) -> None:
    logged_in(house, "bob")
    foreign = added(house)
    said(house, "DELETE", SESSION)
    logged_in(house)
    phone = added(house)
    said(house, "DELETE", SESSION)
    login = {"name": "ann", "password": PASSWORD}
    status, told = said(house, "POST", SESSION, login)
    assert (status, told["code"], told["ways"]) == (401, "second_factor_needed", ["passkey"])
    assert log_in(house, foreign, **login) == (401, "wrong_passkey")
    assert log_in(house, phone, **{**login, "password": "a wrong one"}) == (401, "wrong_log_in")
    assert said(house, "POST", SESSION, {**login, "code": "000000"})[1]["code"] == "wrong_code"
    assert log_in(house, phone, **login) == (204, None)
    # An admin takes all of it away.
    assert house.ask("/api/accounts/ann/second-factor", "DELETE")[0] == 204
    said(house, "DELETE", SESSION)
    assert log_in(house, phone) == (401, "wrong_passkey")
    logged_in(house)


WRONG: dict[str, Callable[[SoftPasskey], SoftPasskey]] = {
    "another origin": lambda each: replace(each, origin="https://files.example.org.evil.example"),
    "http": lambda each: replace(each, origin="http://files.example.org"),
    "another relying party": lambda each: replace(each, party="example.org"),
    "nobody verified": lambda each: replace(each, flags=PRESENT),
    "nobody present": lambda each: replace(each, flags=4),
    "another key": lambda each: replace(SoftPasskey(), id=each.id, handle=each.handle),
    "unknown": lambda each: replace(SoftPasskey(), handle=each.handle),
    "takes itself for another's": lambda each: replace(each, handle=url_text(b"x" * 32)),
}


def test_whatever_is_wrong_is_answered_alike(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    logged_in(house)
    phone = added(house)
    said(house, "DELETE", SESSION)
    counted: list[str] = []
    # They are more than one address may send.
    monkeypatch.setattr(house.services.accounts.log_ins._wrong, "note", lambda _, way: counted.append(way))
    answers = {name: log_in(house, wrong(phone)) for name, wrong in WRONG.items()}
    # Of another challenge, of none, of one that is over; and a right answer again.
    old = challenge(house)
    challenge(house)
    answers["another challenge"] = post(house, phone.signed(old))
    house.client.delete_cookie("droppr_passkey")
    answers["no challenge"] = post(house, phone.signed(old))
    right = phone.signed(challenge(house))
    cookie = house.client.get_cookie("droppr_passkey")
    assert cookie
    assert (cookie.http_only, cookie.same_site) == (True, "Strict")
    assert post(house, right) == (204, None)
    said(house, "DELETE", SESSION)
    house.client.set_cookie("droppr_passkey", cookie.value)
    answers["again"] = post(house, right)
    for nonsense in ("", "AAAA", "!", "x" * 1400):
        wrong = phone.signed(challenge(house))
        for field in ("clientDataJSON", "authenticatorData", "signature"):
            sent = {**wrong, "response": {**wrong["response"], field: nonsense}}
            answers[f"{field} {nonsense[:9]!r}"] = post(house, sent)
        answers[f"id {nonsense[:9]!r}"] = post(house, {**wrong, "id": nonsense})
    assert {name: each for name, each in answers.items() if each != (401, "wrong_passkey")} == {}
    assert said(house, "GET", SESSION)[0] == 401
    assert counted == ["passkey"] * len(answers)
    assert log_in(house, phone) == (204, None)


def test_many_wrong_ones_are_refused_and_never_a_right_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.client.environ_base, "REMOTE_ADDR", "192.0.2.77")
    logged_in(house)
    phone = added(house)
    said(house, "DELETE", SESSION)
    wrong = replace(SoftPasskey(), handle=phone.handle)
    answers = [log_in(house, wrong) for _ in range(12)]
    assert answers == [(401, "wrong_passkey")] * 10 + [(429, "too_many_attempts")] * 2
    assert log_in(house, phone) == (204, None)


def test_a_stranger_makes_the_server_keep_next_to_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.client.environ_base, "REMOTE_ADDR", "192.0.2.78")

    def kept() -> tuple[int, int]:
        with house.services.ground.catalogue.read() as tx:
            used, counted = (tx.one(f"SELECT count(*) FROM {each}") for each in ("used_tokens", "counts"))
        assert used
        assert counted
        return int(used[0]), int(counted[0])

    challenge(house)  # Whatever is tidied by the way is tidied now.
    before = kept()
    for _ in range(30):
        challenge(house)
    assert kept() == before
    stranger = SoftPasskey()
    for _ in range(30):
        log_in(house, stranger)
    used, counted = kept()
    assert used == before[0]
    # What counts an address up to its limit, and the rows of the audit that tell of it.
    assert counted - before[1] <= 3 * 10


def post(house: House, passkey: Any) -> tuple[int, Any]:
    status, told = said(house, "POST", SESSION, {"passkey": passkey})
    return status, told and told.get("code")


def test_one_that_may_be_a_copy_is_refused_and_told_of(house: House) -> None:
    logged_in(house)
    original = added(house, SoftPasskey(counter=5))
    copy = replace(original)
    assert log_in(house, original) == (204, None)
    assert log_in(house, copy) == (401, "wrong_passkey")
    assert ("passkey_copied", "passkey") in acts(house)
    assert log_in(house, original) == (204, None)
    zero = replace(original, counter=0)
    assert log_in(house, zero) == (401, "wrong_passkey")


def test_of_many_at_once_one_counts(house: House) -> None:
    logged_in(house)
    phone = added(house)
    passkeys: Passkeys = house.services.accounts.factors.passkeys
    challenge, kept = passkeys.ask()
    answer = Answer(phone.signed({"challenge": url_text(challenge)}), kept)

    def once(_: int) -> str:
        try:
            return passkeys.judge(answer, "192.0.2.1").name
        except WrongPasskey:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == ["ann", "refused", "refused", "refused"]


def test_adding_is_for_the_one_who_began_it(house: House) -> None:
    logged_in(house)
    assert said(house, "POST", OWN, {"password": "a wrong one"})[1]["fields"].keys() == {"password"}
    phone = SoftPasskey()
    options = said(house, "POST", OWN, {"password": PASSWORD})[1]
    assert options["rp"]["id"] == "files.example.org"
    made = phone.made(options)
    logged_in(house, "bob")
    confirm = f"{OWN}/confirmation"
    assert said(house, "POST", confirm, {"name": "x", "passkey": made})[0] == 400, "it is for ann"
    logged_in(house)
    for wrong in (
        replace(phone, origin="https://evil.example"),
        replace(phone, flags=PRESENT),
        replace(phone, party="x"),
    ):
        assert said(house, "POST", confirm, {"name": "x", "passkey": wrong.made(options)})[0] == 400
    assert said(house, "POST", confirm, {"name": " ", "passkey": made})[1]["fields"].keys() == {"name"}
    assert said(house, "POST", confirm, {"name": "x", "passkey": made})[0] == 201
    assert said(house, "POST", confirm, {"name": "x", "passkey": made})[0] == 400, "once"
    logged_in(house, "bob")
    options = said(house, "POST", OWN, {"password": PASSWORD})[1]
    told = said(house, "POST", confirm, {"name": "mine", "passkey": phone.made(options)})[1]
    assert told["code"] == "passkey_exists", "one belongs to one account"
    for number in range(MAX_PASSKEYS):
        added(house, name=f"key {number}")
    options = said(house, "POST", OWN, {"password": PASSWORD})[1]
    assert len(options["excludeCredentials"]) == MAX_PASSKEYS
    told = said(house, "POST", confirm, {"name": "one more", "passkey": SoftPasskey().made(options)})[1]
    assert told["code"] == "too_many_passkeys"


def test_the_last_way_in_stays(house: House) -> None:
    people = house.services.accounts
    logged_in(house)
    added(house)
    added(house, name="key")
    kept = people.factors.passkeys.all("ann")
    house.services.accounts.people._accounts.change("ann", lambda each: replace(each, password_hash=None), OWNER)
    people.factors.passkeys.remove("ann", kept[0].id, OWNER)
    with pytest.raises(LastWayIn):
        people.factors.passkeys.remove("ann", kept[1].id, OWNER)
    assert len(people.factors.passkeys.all("ann")) == 1


def test_one_who_is_switched_off_is_told_so_and_stays_out(house: House) -> None:
    logged_in(house)
    phone = added(house)
    house.services.accounts.people.change("ann", OWNER, disabled=True)
    status, told = said(house, "POST", SESSION, {"passkey": phone.signed(challenge(house))})
    assert (status, told["code"]) == (401, "wrong_log_in")
    assert "switched off" in told["error"]


def test_it_is_what_the_server_asks_everybody_for(tmp_path: Path, cheap: None) -> None:
    house = House(tmp_path, public_url="http://localhost:8000", second_factor_required=True)
    house.services.accounts.people.add("ann", Role.MEMBER, PASSWORD, OWNER)
    logged_in(house)
    assert said(house, "GET", "/api/droppr/requests")[1]["code"] == "second_factor_required"
    phone = added(house, SoftPasskey("http://localhost:8000", "localhost"))
    assert said(house, "GET", "/api/droppr/requests")[0] == 200
    said(house, "DELETE", SESSION)
    assert log_in(house, phone) == (204, None)
    assert said(house, "GET", "/api/droppr/requests")[0] == 200


def test_without_an_address_it_is_said_what_to_set(tmp_path: Path, cheap: None) -> None:
    house = House(tmp_path)
    house.services.accounts.people.add("ann", Role.MEMBER, PASSWORD, OWNER)
    logged_in(house)
    for method, path in (("POST", ASK), ("POST", OWN)):
        status, told = said(house, method, path, {"password": PASSWORD})
        assert (status, told["code"]) == (409, "passkeys_unavailable")
        assert "DROPPR_PUBLIC_URL" in told["error"]
    assert "DROPPR_PUBLIC_URL" in said(house, "GET", OWN)[1]["unavailable"]
    assert post(house, SoftPasskey().signed({"challenge": url_text(bytes(32))})) == (409, "passkeys_unavailable")


def test_a_page_of_somebody_else_and_the_admin_token_get_none(house: House) -> None:
    foreign = house.client.post(ASK, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert "foreign_page" in foreign.text
    assert house.ask(OWN)[0] == 400
